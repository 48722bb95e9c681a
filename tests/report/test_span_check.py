"""What the check of recorded spans accepts, and what it finds wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telemetry_inject.report.span_check import check_spans

TRACE = "0af7651916cd43dd8448eb211c80319c"


def call(
    number: int, start: int, end: int, parent: int = 0, *, kind: str = "", thread: int = 1, **other: Any
) -> dict[str, Any]:
    """One span, named by its number."""
    attributes = [{"key": "thread.id", "value": {"intValue": str(thread)}}]
    if kind:
        attributes.append({"key": "telemetry.kind", "value": {"stringValue": kind}})
    raw = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": f"f{number}",
        "startTimeUnixNano": str(1000 + start),
        "endTimeUnixNano": str(1000 + end),
        "attributes": attributes,
    }
    return raw | other


def check(tmp_path: Path, *spans: dict[str, Any], **options: Any) -> list[str]:
    file = tmp_path / "spans.jsonl"
    file.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}) + "\n")
    return [problem.split(":")[0] for problem in check_spans([file], **options)]


ACCEPTED = {
    "nothing": [],
    "calls one inside the other and one after the other": [
        call(2, 1, 3, 1),
        call(3, 3, 9, 1),
        call(1, 0, 10),
        call(4, 10, 11),
    ],
    "calls within one tick of the clock": [call(1, 5, 5), call(2, 5, 5, 1), call(3, 5, 5, 2)],
    "calls that overlap in two threads": [call(1, 0, 5), call(2, 3, 9, 1, thread=2)],
    "a generator that outlives its caller": [call(1, 0, 5), call(2, 1, 9, 1, kind="generator")],
    "a call made while a generator is suspended": [
        call(2, 1, 9, 1, kind="generator"),
        call(1, 0, 20),
        call(3, 4, 12, 1),
    ],
    "coroutines that overlap": [
        call(1, 0, 20),
        call(2, 1, 9, 1, kind="async"),
        call(3, 5, 12, 1, kind="async"),
    ],
    "a callback with a copied context, run by the loop": [
        call(1, 0, 20, kind="async"),
        call(2, 1, 3, 1),
        call(3, 8, 9, 2),
    ],
    "a remote parent": [call(1, 0, 1, 7, flags=0x300)],
}


@pytest.mark.parametrize("spans", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(tmp_path: Path, spans: list[dict[str, Any]]) -> None:
    assert check(tmp_path, *spans) == []


WRONG = {
    "the id is not unique": [call(1, 0, 5), call(1, 6, 7)],
    "never ended": [call(1, 0, 5, endTimeUnixNano="0")],
    "ends before it starts": [call(1, 5, 4)],
    "the parent is missing": [call(1, 0, 5, 7)],
    "the parent is in another trace": [call(1, 0, 5), call(2, 1, 2, 1, traceId=TRACE[::-1])],
    "starts before its parent": [call(1, 5, 9), call(2, 1, 7, 1, thread=2)],
    "starts after its parent has ended": [call(1, 0, 5), call(2, 6, 7, 1)],
    "has too distant a parent": [call(1, 0, 9), call(2, 1, 8, 1), call(3, 3, 4, 1)],
    "has no parent": [call(1, 0, 9), call(2, 1, 8)],
    "ends out of order": [call(1, 0, 5), call(2, 3, 9)],
    "the file is damaged": [call(1, 0, 5), call(2, 0, 5) | {"spanId": "?"}],
}


@pytest.mark.parametrize("problem", WRONG)
def test_found(tmp_path: Path, problem: str) -> None:
    assert check(tmp_path, *WRONG[problem]) == [problem]


def test_a_plain_call_that_outlives_its_plain_parent_is_found_both_ways(tmp_path: Path) -> None:
    assert check(tmp_path, call(1, 0, 5), call(2, 3, 9, 1)) == ["ends after its parent", "ends out of order"]


def test_a_parent_may_be_missing_when_the_run_was_cut_off(tmp_path: Path) -> None:
    assert check(tmp_path, call(1, 0, 5, 7), cut_off=True) == []


def test_many_problems_of_one_kind_are_counted(tmp_path: Path) -> None:
    (tmp_path / "spans.jsonl").write_text("")
    file = tmp_path / "many.jsonl"
    spans = [call(number, 5, 4) for number in range(1, 21)]
    file.write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}) + "\n")
    problems = check_spans([file])
    assert problems[0] == "ends before it starts: f1 [0000000000000001]"
    assert problems[5:] == ["ends before it starts: 15 more"]
