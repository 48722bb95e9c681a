"""Three languages in one tree: one run instruments them, one report shows them."""

from __future__ import annotations

import json
import sys

import pytest
from examples_support import (
    LEVELS,
    Copy,
    Example,
    Spans,
    call,
    check_it_can_be_taken_back,
    instrumented,
    original,
    tool,
)

from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import load_spans

pytestmark = pytest.mark.xdist_group("mixed")

EXAMPLE = Example(
    folder="mixed",
    needs=("node", "go"),
    suites=(
        ("", ("{python}", "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "no:xdist", ".")),
        ("routes", ("go", "test", "-json", "./...")),
        ("labels", ("node", "--test", "--test-reporter=tap")),
    ),
    programs={
        "parcels": ("{python}", "dispatch.py", "data/parcels.json"),
        "usage": ("{python}", "dispatch.py"),
    },
)

CALLS = {
    # Python
    ("", "main"),
    ("main", "read_parcels"),
    ("main", "build_routes"),
    ("main", "call"),
    ("main", "priced"),
    ("main", "manifest"),
    # Go
    ("main", "run"),
    ("run", "ReadGraph"),
    ("ReadGraph", "Graph.connect"),
    ("run", "route"),
    ("route", "Graph.Shortest"),
    # JavaScript
    ("labelOf", "codeOf"),
    ("labelOf", "stops"),
    ("codeOf", "checkDigit"),
    ("checkDigit", "checkDigit.<anonymous>"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return original(EXAMPLE, tmp_path_factory.mktemp("mixed"))


@pytest.fixture(scope="module", params=LEVELS)
def copy(source: Copy, request: pytest.FixtureRequest) -> Copy:
    return instrumented(source, request.param)


def test_its_own_tests_pass_before_and_after(source: Copy, copy: Copy) -> None:
    before = source.test()
    assert set(before.values()) == {"PASSED", "pass", "ok"}  # of all three
    assert copy.test() == before


@pytest.mark.parametrize("program", EXAMPLE.programs)
def test_the_program_prints_the_same(source: Copy, copy: Copy, program: str) -> None:
    assert copy.run(program) == source.results[program]


def test_one_run_instruments_three_languages(source: Copy) -> None:
    room = source.folder.parent
    report = json.loads(tool(source.folder, "--use-scripts", "-o", room / "json", "--no-cache", "--json", cwd=room))
    done = {file["language"] for file in report["files"] if file["status"] == "instrumented"}
    assert done == {"go", "javascript", "python"}
    helpers = {path.relative_to(room / "json").as_posix() for path in (room / "json").rglob("*telemetry_inject.*")}
    assert helpers == {"_telemetry_inject.py", "labels/_telemetry_inject.mjs", "labels/_telemetry_inject.cjs"}
    assert (room / "json/routes/internal/telemetryinject/span.go").exists()


def test_spans_of_all_three_nest_below_each_programs_main(copy: Copy) -> None:
    copy.run("parcels")
    spans = copy.spans("parcels")
    assert spans.edges >= CALLS
    assert len([span for span in spans.all if span.name == "main" and not span.parent_id]) == 3
    assert len({span.process for span in spans.all}) == 3


def test_each_program_writes_a_file_and_one_report_shows_them_all(copy: Copy) -> None:
    done = call([sys.executable, "dispatch.py", "data/parcels.json"], copy.folder)
    assert done.code == 0, done.err
    files = sorted((copy.folder / "telemetry").glob("*.jsonl"))
    assert [path.name.rpartition("-")[0].rpartition("_")[2] for path in files] == ["node", "python", "routes"]
    assert check_spans(files) == []
    assert len(Spans(list(load_spans(files))).all) > 100
    words = tool("report", cwd=copy.folder)
    assert "3 files" in words.splitlines()[0]
    for name in ("read_parcels", "Graph.Shortest", "labelOf"):
        assert name in words


def test_it_can_be_taken_back_and_done_again(source: Copy, copy: Copy) -> None:
    check_it_can_be_taken_back(source, copy, copy.folder.name)
