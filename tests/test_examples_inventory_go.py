"""The Go example behaves the same when instrumented, and its spans tell what happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

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

pytestmark = pytest.mark.xdist_group("inventory_go")

EXAMPLE = Example(
    folder="inventory_go",
    needs=("go",),
    suites=(("", ("go", "test", "-json", "./...")),),
    programs={
        "plan": ("{bin}/inventory", "plan", "data/stock.csv"),
        "usage": ("{bin}/inventory",),
        "missing": ("{bin}/inventory", "plan", "data/absent.csv"),
        "unknown": ("{bin}/inventory", "steal", "data/stock.csv"),
    },
    build=("go", "build", "-o", "{bin}/inventory", "."),
)

CALLS = {
    ("", "main"),
    ("main", "open"),
    ("open", "Load"),
    ("Load", "parseItem"),
    ("main", "Reorder"),
    ("Reorder", "Store.Items"),
    ("Reorder", "Reorder.func"),  # a goroutine each, by the context that they use
    ("Reorder.func", "ask"),
    ("main", "report"),
    ("report", "Total"),
}


def planned(run: Callable[[], object], file: Path) -> Spans:
    """The spans of a run of `plan`, once more if some are lost: its last goroutine calls Done before its own span ends,
    and where the program is faster to its end, that span is not there (docs/go.md)."""
    for _ in range(3):
        file.unlink(missing_ok=True)
        run()
        problems = check_spans([file])
        if not problems:
            break
    assert problems == []
    return Spans(list(load_spans([file])))


def plan(copy: Copy) -> Spans:
    return planned(lambda: copy.run("plan"), copy.spans_file("plan"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return original(EXAMPLE, tmp_path_factory.mktemp("inventory_go"))


@pytest.fixture(scope="module", params=LEVELS)
def copy(source: Copy, request: pytest.FixtureRequest) -> Copy:
    return instrumented(source, request.param)


def test_its_own_tests_pass_before_and_after(source: Copy, copy: Copy) -> None:
    before = source.test()
    assert set(before.values()) == {"pass"}
    assert copy.test() == before


@pytest.mark.parametrize("program", EXAMPLE.programs)
def test_the_program_prints_the_same(source: Copy, copy: Copy, program: str) -> None:
    assert copy.run(program) == source.results[program]


def test_it_is_still_formatted_and_vetted(copy: Copy) -> None:
    sources = sorted(path.name for path in copy.folder.glob("*.go"))
    assert call(["gofmt", "-l", *sources], copy.folder).out == ""
    vetted = call(["go", "vet", "./..."], copy.folder)
    assert (vetted.code, vetted.out + vetted.err) == (0, "")


def test_every_span_lies_below_the_call_that_made_it(copy: Copy) -> None:
    spans = plan(copy)
    assert spans.edges >= CALLS
    (reorder,) = [span for span in spans.all if span.name == "Reorder"]
    asked = [span for span in spans.all if span.name == "ask"]
    launched = {span.span_id: span for span in spans.all if span.name == "Reorder.func"}
    assert [launched[span.parent_id].parent_id for span in asked] == [reorder.span_id] * 5
    assert len({span.trace_id for span in (reorder, *asked)}) == 1


def test_errors_are_recorded_once_where_they_came_from(copy: Copy) -> None:
    spans = plan(copy)
    assert ("offer", "asking umbrella: context deadline exceeded") in spans.errors
    assert ("ask", "closed for holidays") in spans.errors  # the supplier itself is too small to be recorded
    assert [message for _, message in spans.errors if "deadline" in message] == [
        "asking umbrella: context deadline exceeded"
    ]
    assert {"ask", "offer"} <= spans.failed
    assert not {"main", "Reorder", "report"} & spans.failed


def test_a_recovered_panic_is_an_error_of_the_function_that_recovered(copy: Copy) -> None:
    nobody = "flask: runtime error: invalid memory address or nil pointer dereference"
    assert ("ask", nobody) in plan(copy).errors


@pytest.mark.parametrize(("program", "names"), [("missing", {"main", "open"}), ("usage", {"main"})])
def test_a_program_that_exits_at_once_has_written_its_spans(copy: Copy, program: str, names: set[str]) -> None:
    copy.run(program)
    assert copy.spans(program).names == names


def test_spans_of_the_http_handler(copy: Copy) -> None:
    copy.test()
    files = list(copy.folder.parent.glob(f"{copy.folder.name}.tests-*.jsonl"))
    spans = Spans(list(load_spans(files)))
    assert ("takeHandler.func", "Store.Take") in spans.edges
    assert ("Store.Take", 'taking "piano": unknown article') in spans.errors


def test_what_each_level_adds(copy: Copy) -> None:
    spans, level = plan(copy), copy.folder.name
    (looped,) = spans.values("Load", "telemetry.loop.for+6") or [0]
    assert looped == (0 if level == "function" else 7)
    assert sorted(spans.values("offer", "telemetry.arg.cents")) == ([10, 90, 125] if level == "full" else [])


def test_it_can_be_taken_back_and_done_again(source: Copy, copy: Copy) -> None:
    check_it_can_be_taken_back(source, copy, copy.folder.name)


@pytest.mark.parametrize("level", LEVELS)
def test_an_overlay_builds_the_same_program_and_leaves_the_tree_alone(source: Copy, level: str) -> None:
    room = source.folder.parent
    overlay = room / f"overlay-{level}.json"
    before = source.bytes()
    options = ("--use-scripts", "--level", level, "--overlay", overlay, "-o", room / f"overlay-{level}")
    tool(source.folder, *options, "--cache-dir", room / "cache", cwd=room)
    assert source.bytes() == before
    assert set(json.loads(overlay.read_text())) == {"Replace"}
    program, spans = room / f"built-{level}", room / f"overlay-{level}.jsonl"
    built = call(["go", "build", "-overlay", overlay, "-o", program, "."], source.folder)
    assert (built.code, built.err) == (0, "")

    def run() -> None:
        done = call([program, "plan", "data/stock.csv"], source.folder, TELEMETRY_INJECT_FILE=str(spans))
        assert done == source.results["plan"]

    assert planned(run, spans).edges >= CALLS
    tested = call(["go", "test", "-vet=off", "-overlay", overlay, "./..."], source.folder)
    assert tested.code == 0, tested.out + tested.err
