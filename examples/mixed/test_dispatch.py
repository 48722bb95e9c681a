"""The Python part alone, and all three together."""

import json
from pathlib import Path

import dispatch
import pytest

HERE = Path(__file__).parent


def test_parcels_without_an_address_stay_here(tmp_path: Path) -> None:
    path = tmp_path / "parcels.json"
    path.write_text(json.dumps([{"id": 1, "to": "Bree"}, {"id": 2}]))
    assert [parcel["id"] for parcel in dispatch.read_parcels(path)] == [1]


def test_weight_and_way_make_the_price() -> None:
    (route,) = dispatch.priced([{"kilograms": 2, "kilometres": 100}])
    assert route["price"] == 7.2


def test_a_program_that_fails_is_named() -> None:
    with pytest.raises(dispatch.ProgramFailed, match=r"node: .*no parcel"):
        dispatch.call(["node", HERE / "labels" / "labels.mjs"], [{"id": "x"}])


def test_all_three(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch.main([str(HERE / "data" / "parcels.json")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "4 parcels, 45.82"
