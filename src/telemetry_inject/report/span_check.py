"""Checks that recorded spans make sense: a suite can be green while parents are wrong.

What must hold in every file that a complete run wrote:

- ids are unique, every span ends, and none ends before it starts;
- a parent is in the files, in the same trace, unless it is remote;
- calls nest: two calls of plain functions in one thread lie one inside the other or apart, and a plain
  call lies inside the plain call that is its parent. A call whose context was copied and which was run
  later (`call_soon`, a task) starts after its parent has ended; that is allowed in JavaScript, and in a thread that
  also runs coroutines;
- where no coroutine runs, the parent of a plain call is the innermost plain call around it.

Generators and coroutines are exempt from containing others: their time includes that in which they are
suspended. They are told by the attribute `telemetry.kind`, threads by `thread.id`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry_inject.report.span_file import Ignored, Span, load_spans

EXAMPLES = 5
"""So many problems of one kind are written out; the others are counted."""

Thread = tuple[str, object]
Finding = tuple[str, str]  # which rule was broken, and where


@dataclass(slots=True)
class _Call:
    """What the rules need of a span: a suite writes millions, and all are held at once."""

    span_id: int
    parent_id: int
    trace_id: int
    start: int
    end: int
    thread: Thread
    name: str
    plain: bool
    coroutine: bool
    remote: bool
    late: bool

    def __str__(self) -> str:
        return f"{self.name} [{self.span_id:016x}]"


class _Findings:
    """Broken rules with some examples each."""

    def __init__(self) -> None:
        self.examples: dict[str, list[str]] = defaultdict(list)
        self.counts: Counter[str] = Counter()

    def add(self, findings: Iterable[Finding]) -> None:
        for rule, where in findings:
            self.counts[rule] += 1
            if self.counts[rule] <= EXAMPLES:
                self.examples[rule].append(where)

    def lines(self) -> Iterator[str]:
        for rule, examples in self.examples.items():
            yield from (f"{rule}: {where}" for where in examples)
            if self.counts[rule] > len(examples):
                yield f"{rule}: {self.counts[rule] - len(examples)} more"


_CALLBACKS = ("nodejs", "webjs")  # where every callback has the context of who asked for it


def check_spans(paths: Sequence[Path], *, cut_off: bool = False) -> list[str]:
    """What is wrong with the spans in `paths`, one line each; empty when nothing is.

    `cut_off` says that the run was killed or that spans were dropped: a parent may then be missing.

    Raises:
        UsageError: a file cannot be opened.
    """
    ignored, findings = Ignored(), _Findings()
    calls: dict[int, _Call] = {}
    threads: dict[Thread, list[_Call]] = defaultdict(list)
    shared: dict[object, Any] = {}  # equal names and threads are one object
    for span in load_spans(paths, ignored):
        call = _call(span, shared)
        findings.add(_check_alone(call, calls))
        calls[call.span_id] = call
        threads[call.thread].append(call)
    if ignored.lines or ignored.spans or (ignored.cut_off and not cut_off):
        findings.add([("the file is damaged", str(ignored))])
    if ignored.dropped and not cut_off:
        findings.add([("spans were dropped", str(ignored.dropped))])

    with_coroutines = {thread for thread, inside in threads.items() if any(call.coroutine for call in inside)}
    for call in calls.values():
        findings.add(_check_parent(call, calls, cut_off, call.thread in with_coroutines))
    for thread, inside in threads.items():
        findings.add(_check_nesting(inside, calls, thread in with_coroutines))
    return list(findings.lines())


def _call(span: Span, shared: dict[object, Any]) -> _Call:
    line = span.attributes.get("code.line.number")
    name = f"{span.function}:{line}" if line else span.function
    thread = (span.process, span.attributes.get("thread.id"))
    coroutine = span.kind in ("async", "coroutine", "async_generator")
    return _Call(
        span_id=int(span.span_id, 16),
        parent_id=int(span.parent_id or "0", 16),
        trace_id=int(span.trace_id, 16),
        start=span.start,
        end=span.end,
        thread=shared.setdefault(thread, thread),
        name=shared.setdefault(name, name),
        plain=not (coroutine or span.is_generator),
        coroutine=coroutine,
        remote=span.parent_is_remote,
        late=span.language in _CALLBACKS,
    )


def _check_alone(call: _Call, before: dict[int, _Call]) -> Iterator[Finding]:
    if call.span_id in before:
        yield "the id is not unique", f"{call} and {before[call.span_id]}"
    if call.end == 0:
        yield "never ended", str(call)
    elif call.end < call.start:
        yield "ends before it starts", str(call)


def _check_parent(
    call: _Call, calls: dict[int, _Call], cut_off: bool, thread_has_coroutines: bool
) -> Iterator[Finding]:
    if not call.parent_id:
        return
    parent = calls.get(call.parent_id)
    if parent is None:
        if not (call.remote or cut_off):
            yield "the parent is missing", str(call)
        return
    where = f"{call} below {parent}"
    if parent.trace_id != call.trace_id:
        yield "the parent is in another trace", where
    if call.start < parent.start:
        yield "starts before its parent", where
    if not (call.plain and parent.plain) or call.thread != parent.thread:
        return
    if call.start > parent.end:
        if not (thread_has_coroutines or call.late):
            yield "starts after its parent has ended", where
    elif call.end > parent.end:
        yield "ends after its parent", where


def _check_nesting(inside: list[_Call], calls: dict[int, _Call], has_coroutines: bool) -> Iterator[Finding]:
    """Sweeps over the plain calls of one thread with a stack, as the thread itself had one."""
    stack: list[_Call] = []
    plain = (call for call in inside if call.plain)
    for call in sorted(plain, key=lambda call: (call.start, -call.end)):
        while stack and stack[-1].end <= call.start:
            stack.pop()
        around = stack[-1] if stack else None
        if around and call.end > around.end:
            yield "ends out of order", f"{call} overlaps {around}"
        elif not has_coroutines and around and _is_strictly_inside(call, around):
            parent = calls.get(call.parent_id)
            if parent is not None and parent.plain and _is_strictly_inside(around, parent):
                yield "has too distant a parent", f"{call} is inside {around}"
            elif not call.parent_id:
                yield "has no parent", f"{call} is inside {around}"
        stack.append(call)


def _is_strictly_inside(inner: _Call, outer: _Call) -> bool:
    """Where the clock did not tick between two calls, which was first cannot be known."""
    return outer.start < inner.start and inner.end < outer.end
