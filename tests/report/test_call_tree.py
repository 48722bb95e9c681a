"""Adding calls up: the same sums as a simple program that holds all of them, whatever has to be forgotten on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spans_support import batch, lines_of, random_spans, span, write
from telemetry_inject.report import call_sweep, span_catalogue
from telemetry_inject.report.call_paths import Node
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.span_catalogue import DistinctCount
from telemetry_inject.report.span_file import load_spans
from telemetry_inject.report.span_report import render_report

Figures = dict[tuple[str, ...], list[int]]


def expected(spans: list[dict[str, Any]]) -> Figures:
    """Calls, errors, total and self time by path. A call in a call of its own function belongs to the outer one."""
    by_id = {each["spanId"]: each for each in spans}
    times = {each["spanId"]: (int(each["startTimeUnixNano"]), int(each["endTimeUnixNano"])) for each in spans}
    own = {number: end - start for number, (start, end) in times.items()}
    children: dict[str, list[str]] = defaultdict(list)
    for each in spans:
        if each.get("parentSpanId") in by_id and not each["name"].startswith("g"):
            children[each["parentSpanId"]].append(each["spanId"])
    for parent, found in children.items():
        covered, end = times[parent]
        for child in sorted(found, key=lambda number: times[number]):
            begin, until = max(times[child][0], covered), min(times[child][1], end)
            own[parent] -= max(until - begin, 0)
            covered = max(covered, until)
    figures: Figures = {}
    for each in spans:
        names: list[str] = [each["name"]]
        above = by_id.get(each.get("parentSpanId", ""))
        missing = above is None and "parentSpanId" in each
        while above is not None:
            names.append(above["name"])
            missing = missing or ("parentSpanId" in above and above["parentSpanId"] not in by_id)
            above = by_id.get(above.get("parentSpanId", ""))
        path: tuple[str, ...] = ("?",) if missing else ()
        paths = []
        for name in reversed(names):
            path = path[: path.index(name) + 1] if name in path else (*path, name)
            paths.append(path)
        start, end = times[each["spanId"]]
        row = figures.setdefault(path, [0, 0, 0, 0])
        row[0] += 1
        row[1] += "status" in each
        row[2] += 0 if path in paths[:-1] else end - start
        row[3] += 0 if each["name"].startswith("g") else own[each["spanId"]]
    return figures


def found_in(spans: Spans) -> Figures:
    def below(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[int]]]:
        for child in node.children.values():
            here = (*path, spans.labels[child.label].name if child.label else "?")
            stats = child.stats
            if stats.calls:
                yield here, [stats.calls, stats.errors, stats.total, stats.own]
            yield from below(child, here)

    return dict(below(spans.tree()[0], ()))


@pytest.mark.parametrize("generation", [3, 50_000])
@pytest.mark.parametrize("seed", range(12))
def test_sums_are_those_of_a_simple_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, generation: int
) -> None:
    monkeypatch.setattr(call_sweep, "GENERATION", generation)
    made = random_spans(seed, 250)
    spans = Spans()
    spans.read([write(tmp_path / "s.jsonl", *lines_of(made))])
    assert found_in(spans) == expected(made)


def test_spans_of_an_iterable_and_of_a_file_are_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", *lines_of(random_spans(1, 250, circles=True)))
    read = Spans()
    read.read([file])
    taken = Spans(load_spans([file]))
    assert found_in(read) == found_in(taken)
    assert read.labels == taken.labels


@pytest.mark.parametrize("seed", range(8))
def test_circles_lose_no_call(tmp_path: Path, seed: int) -> None:
    made = random_spans(seed, 200, circles=True)
    spans = Spans()
    spans.read([write(tmp_path / "s.jsonl", batch(made))])
    root, functions = spans.tree()
    assert sum(figures[0] for figures in found_in(spans).values()) == 200
    assert Counter(each["name"] for each in made) == {
        spans.labels[label].name: stats.calls for label, stats in functions.items()
    }


def test_calls_on_too_many_paths_are_still_counted_for_their_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_sweep, "MOST_PLACES", 20)
    spans = [span(n, f"f{n}", n, n + 5) for n in range(1, 16)]
    spans += [span(100 + n, "leaf", n + 1, n + 2, parent=n) for n in range(1, 16)]
    text = render_report([write(tmp_path / "s.jsonl", batch(spans))])
    assert "gaps, in spans: 10 on too many paths to show, only in the list of functions" in text
    assert any(line.split()[:2] == ["app.leaf", "15"] for line in text.splitlines())


def test_too_many_functions_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(span_catalogue, "MOST_LABELS", 5)
    spans = [span(n, f"f{n}", n, n + 5) for n in range(1, 11)]
    text = render_report([write(tmp_path / "s.jsonl", batch(spans))])
    assert any(line.split()[:3] == ["(other", "functions)", "6"] for line in text.splitlines())
    assert "gaps, in spans: 6 of too many functions to tell apart" in text


def test_a_function_that_moved_in_its_file_is_one_function(tmp_path: Path) -> None:
    before, after = span(1, "f", 0, 1), span(2, "f", 5, 6)
    after["attributes"][2]["value"]["intValue"] = "99"
    spans = Spans()
    spans.read([write(tmp_path / "s.jsonl", batch([before, after]))])
    assert found_in(spans) == {("f",): [2, 0, 2, 2]}


def test_functions_without_a_name_are_told_apart_by_their_line(tmp_path: Path) -> None:
    one, other = span(1, "f.<anonymous>", 0, 1), span(2, "f.<anonymous>", 5, 6)
    other["attributes"][2]["value"]["intValue"] = "99"
    spans = Spans()
    spans.read([write(tmp_path / "s.jsonl", batch([one, other]))])
    assert sorted(label.line for label in spans.labels[1:]) == [7, 99]


def test_traces_are_counted_in_bounded_memory() -> None:
    count = DistinctCount()
    for number in range(300_000):
        count.add(number * 0x9E37_79B9_7F4A_7C15 % (1 << 64) >> 8)
        count.add(5)
    assert not count.exact
    assert len(count) == pytest.approx(300_001, rel=0.01)
