"""A budget for time: the functions that are called most are left out first, and only as many as it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from telemetry_inject.proving.overhead import Hot, enough_to_end, hottest, noise, share
from telemetry_inject.proving.suite import Run
from telemetry_inject.proving.variants import Item

from .conftest import Verify


def run(cpu: float, calls: Mapping[str, tuple[float, float]] | None = None, timed_out: bool = False) -> Run:
    counted = {name: list(entry) for name, entry in (calls or {}).items()}
    return Run({}, {}, True, 0, timed_out, cpu, cpu, "", 0, 0, [], 0, counted)


ITEMS = {name: [Item("a.py", name, 1)] for name in ("hot", "warm", "slow", "rare")}
CALLS = {"hot": (800.0, 0.08), "warm": (150.0, 0.01), "slow": (400.0, 300.0), "rare": (50.0, 0.01)}


def names(budget: float, cpu: float = 2.4) -> list[str]:
    found = hottest([run(1.0), run(1.1)], [run(cpu + 1, CALLS), run(cpu, CALLS)], budget, ITEMS, ())
    return [each.item.name for each in found]


def test_the_hottest_go_first_and_only_as_many_as_it_takes() -> None:
    assert names(1.2) == ["hot"]
    assert names(0.5) == ["hot", "warm"]
    assert names(2.0) == []


def test_functions_that_take_long_themselves_stay() -> None:
    assert "slow" not in names(0.0)


def test_nothing_is_to_be_saved_where_nothing_is_lost() -> None:
    assert names(0.1, cpu=0.9) == []


def test_shares_are_of_the_fastest_runs() -> None:
    assert share([run(2.0), run(1.0)], [run(3.0), run(1.1)]) == 1.1 / 1.0 - 1
    assert noise([run(2.0), run(1.0)]) == 1.0


def test_a_run_that_was_cut_off_is_not_the_fastest() -> None:
    cut_off = run(0.0, {}, timed_out=True)
    assert share([run(1.0)], [run(1.5), cut_off]) == 0.5
    assert noise([run(1.5), cut_off]) == 0.0
    assert share([run(1.0)], [cut_off]) > 1000
    assert [each.item.name for each in hottest([run(1.0)], [cut_off, run(2.4, CALLS)], 1.2, ITEMS, ())] == ["hot"]


def tries(needed_to_end: set[str], needed_for_the_same: set[str]) -> tuple[list[str], list[list[str]]]:
    """What is left out of a suite that ends, or ends the same, without these; and what was tried."""
    tried = []

    def without(hot: Sequence[Hot]) -> tuple[bool, bool]:
        names = {each.item.name for each in hot}
        tried.append(sorted(names))
        return names >= needed_to_end, names >= needed_to_end | needed_for_the_same

    calls = {name: [count, 0.1] for name, count in {"hot": 800.0, "warm": 150.0, "rare": 45.0, "slow": 5.0}.items()}
    found = enough_to_end(calls, ITEMS, (), without)
    return sorted(each.item.name for each in found), tried


def test_no_more_is_left_out_than_lets_a_suite_end_as_it_did() -> None:
    assert tries({"hot"}, set()) == (["hot"], [["hot", "warm"], ["hot"]])
    assert tries({"hot"}, {"warm"}) == (["hot", "warm"], [["hot", "warm"], ["hot"]])
    assert tries({"warm"}, {"rare"})[0] == ["hot", "rare", "warm"]


def test_a_suite_that_ends_but_not_as_it_did_keeps_what_ended_it() -> None:
    assert tries({"hot"}, {"nobody"})[0] == ["hot", "rare", "warm"]
    assert tries({"nobody"}, set())[0] == []


def test_a_suite_that_calls_one_function_very_often(
    project: Callable[[Mapping[str, str]], Path], verify: Verify
) -> None:
    app = (
        "def hot(value):\n    value += 1\n    return value\n\n\ndef seldom(count):\n    value = 0\n"
        "    for _ in range(count):\n        value = hot(value)\n    return value\n"
    )
    project({"pyproject.toml": "", "app.py": app, "check.py": "import app\nassert app.seldom(20000) == 20000\n"})
    found = verify("python check.py", "--include", "/app.py", "--all-functions", "--max-overhead", "900%")
    assert found.code in (0, 5)
    assert found.tests["within_budget"] is True
    assert set(found.left) <= {"app.py:hot"}
    found = verify(
        "python check.py", "--include", "/app.py", "--all-functions", "--max-overhead", "0.01%", "--no-cache"
    )
    assert found.code == 5
    assert "app.py:hot" in found.left
    assert "spans in the tests" in found.left["app.py:hot"]


def test_a_suite_that_does_not_end_in_time_is_tried_without_what_it_calls_most(
    project: Callable[[Mapping[str, str]], Path], verify: Verify
) -> None:
    app = (
        "def hot(value):\n    value += 1\n    return value\n\n\ndef seldom(count):\n    value = 0\n"
        "    for _ in range(count):\n        value = hot(value)\n    return value\n"
    )
    test = "from app import seldom\n\n\ndef test_many():\n    assert seldom(8_000_000) == 8_000_000\n"
    project({"app.py": app, "test_app.py": test + "\n\ndef test_few():\n    assert seldom(3) == 3\n", "pyproject.toml": ""})
    done = verify(f"{sys.executable} -m pytest -q", "--include", "/app.py", "--all-functions", "--verify-timeout", "10")
    assert (done.code, done.status) == (5, "repaired")
    assert list(done.left) == ["app.py:hot"] and done.left["app.py:hot"].endswith("did not end in 10 s")
    assert done.tests["runs"] <= 7 and not done.tests["changed"]
    assert "_tlm(" in (done.output / "app.py").read_text().split("def seldom")[1]
