"""Checks that recorded spans make sense: a suite can be green while parents are wrong.

What must hold in every file that a complete run wrote:

- ids are unique, every span ends, and none ends before it starts;
- a parent is in the files, in the same trace, unless it is remote;
- calls nest: two calls of plain functions in one thread lie one inside the other or apart, and a plain
  call lies inside the plain call that is its parent. A call whose context was copied and which was run
  later (`call_soon`, a task) starts after its parent has ended; that is allowed only in a thread that
  also runs coroutines;
- where no coroutine runs, the parent of a plain call is the innermost plain call around it.

Generators and coroutines are exempt from containing others: their time includes that in which they are
suspended. They are told by the attribute `telemetry.kind`, threads by `thread.id`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from telemetry_inject.report.span_file import Ignored, Span, load_spans

EXAMPLES = 5
"""So many problems of one kind are written out; the others are counted."""

Thread = tuple[str, object]
Finding = tuple[str, str]  # which rule was broken, and where


def check_spans(paths: Sequence[Path], *, cut_off: bool = False) -> list[str]:
    """What is wrong with the spans in `paths`, one line each; empty when nothing is.

    `cut_off` says that the run was killed or that spans were dropped: a parent may then be missing.

    Raises:
        UsageError: a file cannot be opened.
    """
    ignored = Ignored()
    spans: dict[str, Span] = {}
    found: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()

    def note(findings: Iterator[Finding]) -> None:
        for rule, where in findings:
            counts[rule] += 1
            if counts[rule] <= EXAMPLES:
                found[rule].append(where)

    for span in load_spans(paths, ignored):
        note(_check_alone(span, spans))
        spans[span.span_id] = span
    if ignored.lines or ignored.spans or (ignored.cut_off and not cut_off):
        note(iter([("the file is damaged", str(ignored))]))

    threads: dict[Thread, list[Span]] = defaultdict(list)
    for span in spans.values():
        threads[_thread(span)].append(span)
    with_coroutines = {thread for thread, calls in threads.items() if any(map(_is_coroutine, calls))}
    for span in spans.values():
        note(_check_parent(span, spans, cut_off, _thread(span) in with_coroutines))
    for thread, calls in threads.items():
        note(_check_nesting(calls, spans, thread in with_coroutines))
    return [line for rule in found for line in _lines(rule, found[rule], counts[rule])]


def _lines(rule: str, examples: list[str], count: int) -> Iterator[str]:
    yield from (f"{rule}: {where}" for where in examples)
    if count > len(examples):
        yield f"{rule}: {count - len(examples)} more"


def _check_alone(span: Span, before: dict[str, Span]) -> Iterator[Finding]:
    if span.span_id in before:
        yield "the id is not unique", f"{_show(span)} and {_show(before[span.span_id])}"
    if span.end == 0:
        yield "never ended", _show(span)
    elif span.end < span.start:
        yield "ends before it starts", _show(span)


def _check_parent(
    span: Span, spans: dict[str, Span], cut_off: bool, thread_has_coroutines: bool
) -> Iterator[Finding]:
    if not span.parent_id:
        return
    parent = spans.get(span.parent_id)
    if parent is None:
        if not (span.parent_is_remote or cut_off):
            yield "the parent is missing", _show(span)
        return
    if parent.trace_id != span.trace_id:
        yield "the parent is in another trace", f"{_show(span)} below {_show(parent)}"
    if span.start < parent.start:
        yield "starts before its parent", f"{_show(span)} below {_show(parent)}"
    if not (_is_plain(span) and _is_plain(parent)) or _thread(span) != _thread(parent):
        return
    if span.start > parent.end:
        if not thread_has_coroutines:
            yield "starts after its parent has ended", f"{_show(span)} below {_show(parent)}"
    elif span.end > parent.end:
        yield "ends after its parent", f"{_show(span)} below {_show(parent)}"


def _check_nesting(calls: list[Span], spans: dict[str, Span], has_coroutines: bool) -> Iterator[Finding]:
    """Sweeps over the plain calls of one thread with a stack, as the thread itself had one."""
    stack: list[Span] = []
    for span in sorted(filter(_is_plain, calls), key=lambda span: (span.start, -span.end)):
        while stack and stack[-1].end <= span.start:
            stack.pop()
        around = stack[-1] if stack else None
        if around and span.end > around.end:
            yield "ends out of order", f"{_show(span)} overlaps {_show(around)}"
        elif not has_coroutines and around and _is_strictly_inside(span, around):
            parent = spans.get(span.parent_id)
            if parent is not None and _is_plain(parent) and _is_strictly_inside(around, parent):
                yield "has too distant a parent", f"{_show(span)} is inside {_show(around)}"
            elif span.parent_id == "":
                yield "has no parent", f"{_show(span)} is inside {_show(around)}"
        stack.append(span)


def _is_strictly_inside(inner: Span, outer: Span) -> bool:
    """Where the clock did not tick between two calls, which was first cannot be known."""
    return outer.start < inner.start and inner.end < outer.end


def _is_coroutine(span: Span) -> bool:
    return span.kind in ("async", "coroutine", "async_generator")


def _is_plain(span: Span) -> bool:
    return not (span.is_generator or _is_coroutine(span))


def _thread(span: Span) -> Thread:
    return span.process, span.attributes.get("thread.id")


def _show(span: Span) -> str:
    line = span.attributes.get("code.line.number")
    return f"{span.function}{f':{line}' if line else ''} [{span.span_id}]"
