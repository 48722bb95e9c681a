"""Three services, one per language: instrumented by one command, each order is followed through all of them."""

from __future__ import annotations

import sys

import pytest
from examples_support import (
    LEVELS,
    Copy,
    Example,
    Outcome,
    Spans,
    call,
    check_it_can_be_taken_back,
    instrumented,
    original,
)

from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import load_spans

pytestmark = pytest.mark.xdist_group("three_services")

EXAMPLE = Example(
    folder="three_services",
    needs=("node", "go"),
    suites=(),
    programs={
        "orders": ("{python}", "run.py"),
        "one": ("{python}", "run.py", "lamp:1:NO"),
    },
)

# (service and name of the caller, of the called): what crosses from one process to another.
CROSSINGS = {
    ("run place", "shop Handler.do_GET"),
    ("shop ask", "stock handle"),
    ("stock quote", "freight handler.func"),
    ("freight exchangeRate", "shop Handler.do_GET"),
    ("run start", "shop main"),
    ("run start", "stock <anonymous>"),
    ("run start", "freight main"),
    ("run start", "freight main.func"),  # a goroutine of its own
}
ON = {"TELEMETRY_INJECT_PROPAGATE": "true"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return original(EXAMPLE, tmp_path_factory.mktemp("three_services"))


@pytest.fixture(scope="module", params=LEVELS)
def copy(source: Copy, request: pytest.FixtureRequest) -> Copy:
    return instrumented(source, request.param)


def run(copy: Copy, program: str, **environment: str) -> Outcome:
    """Run the example in its own folder, as a person does; each process writes a file."""
    for path in copy.folder.glob("telemetry/*"):
        path.unlink()
    return call(copy._filled(EXAMPLE.programs[program]), copy.folder, **environment)


def spans(copy: Copy) -> Spans:
    """What all processes wrote."""
    files = sorted(copy.folder.glob("telemetry/*.jsonl"))
    assert len(files) == 4 and check_spans(files) == []
    return Spans(list(load_spans(files)))


def crossings(found: Spans) -> set[tuple[str, str]]:
    """The calls that lead from one service to another, each with its service."""
    services = {
        one.span_id: f"{one.service if 'unknown' not in one.service else 'run'} {one.name}" for one in found.all
    }
    edges = {(services[one.parent_id], services[one.span_id]) for one in found.all if one.parent_id}
    return {(above, below) for above, below in edges if above.split()[0] != below.split()[0]}


def test_they_answer_the_same(source: Copy, copy: Copy) -> None:
    assert "86.10 EUR" in source.results["orders"].out and "heavier than 30 kg" in source.results["orders"].out
    assert run(copy, "orders") == source.results["orders"]
    assert run(copy, "orders", **ON) == source.results["orders"]


def test_all_of_it_is_one_trace(copy: Copy) -> None:
    run(copy, "orders", **ON)
    found = spans(copy)
    assert len({one.trace_id for one in found.all}) == 1
    assert [one.name for one in found.all if not one.parent_id] == ["main"]
    late = {("run start", "shop stop_at_end_of_input")}  # a daemon thread, which may not see the end
    assert crossings(found) - late == CROSSINGS
    orders = [one for one in found.all if one.name == "Handler.do_GET" and found.parent(one) == "place"]
    assert len(orders) == 6 and all(one.parent_is_remote for one in orders)


def test_one_order_goes_through_all_services_and_back(copy: Copy) -> None:
    run(copy, "one", **ON)
    found = spans(copy)
    (rate,) = [one for one in found.all if one.name == "rate"]
    by_id, path = {one.span_id: one for one in found.all}, [rate]
    while path[-1].parent_id:
        path.append(by_id[path[-1].parent_id])
    way = [one.service for one in path if "unknown" not in one.service]
    assert [one for one, after in zip(way, [*way[1:], ""], strict=True) if one != after] == [
        "shop",
        "freight",
        "stock",
        "shop",
    ]


def test_unless_it_is_asked_for_each_process_has_traces_of_its_own(copy: Copy) -> None:
    run(copy, "one")
    found = spans(copy)
    assert crossings(found) == set() and len({one.trace_id for one in found.all}) >= 4
    assert not any(one.parent_is_remote for one in found.all)


def test_the_report_shows_them_together(copy: Copy) -> None:
    run(copy, "orders", **ON)
    files = sorted(copy.folder.glob("telemetry/*.jsonl"))
    command = [sys.executable, "-m", "telemetry_inject", "report", *files]
    text = call(command, copy.folder, COLUMNS="200").out
    assert "in 1 trace, 4 files" in text
    tree = text[text.index("call tree") : text.index("hottest")]
    found = [tree.index(name) for name in ("place ", "do_GET [shop]", "handle [stock]", "handler.func [freight]")]
    assert found == sorted(found)


def test_it_can_be_taken_back(source: Copy, copy: Copy) -> None:
    check_it_can_be_taken_back(source, copy, copy.folder.name)
