"""The Trace Event Format, which Perfetto's viewer (https://ui.perfetto.dev) and chrome://tracing read.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU defines it. A call is a complete event
(`ph` X) on a track of its thread; calls that overlap in one thread (coroutines) get tracks of their own. What a span
recorded in between is an instant event (`ph` i). Arrows lead from a caller to what it called in another thread or
process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.exports.lanes import Placed, on_lanes
from telemetry_inject.report.exports.output import as_json
from telemetry_inject.report.span_catalogue import Process
from telemetry_inject.report.span_file import Span, attributes_of, span_of
from telemetry_inject.report.span_format import MALFORMED
from telemetry_inject.report.span_store import UNFINISHED

_OF_THE_TRACK = ("thread.id", "thread.name")


def write(spans: Spans, out: IO[str]) -> None:
    """Write all spans."""
    ran = [process for process in spans.processes if process.spans]
    origin = min((process.first for process in ran), default=0)
    crossing = spans.store.callers_elsewhere()
    pids = _pids(spans.processes)
    out.write(f'{{"displayTimeUnit":"ns","otherData":{{"start_unix_nano":"{origin}"}},"traceEvents":[\n')
    comma = ""
    for process in ran:
        out.write(comma + as_json(_named("process_name", _process_name(process), pids[process.number], 0)))
        comma = ",\n"
    tracks: dict[tuple[int, int, int], int] = {}
    for placed in on_lanes(spans.store.by_thread()):
        row = placed.row
        process = spans.processes[row[6]]
        track = (row[6], row[7], placed.lane)
        pid = pids[row[6]]
        if track not in tracks:
            tracks[track] = len(tracks) + 1
            name = f"thread {row[7]}" + (f", {placed.lane + 1}" if placed.lane else "")
            out.write(comma + as_json(_named("thread_name", name, pid, tracks[track])))
            comma = ",\n"
        for event in _events(placed, process, origin, pid, tracks[track], crossing):
            out.write(comma + event)
            comma = ",\n"
    out.write("\n]}\n")


def _pids(processes: list[Process]) -> list[int]:
    """The numbers of the processes: their own where they differ, else counted."""
    own = [int(process.pid) if process.pid.isascii() and process.pid.isdigit() else 0 for process in processes]
    if all(0 < pid < 1 << 31 for pid in own) and len(set(own)) == len(own):
        return own
    return [process.number + 1 for process in processes]


def _process_name(process: Process) -> str:
    where = " ".join(part for part in (process.pid and f"pid {process.pid}", process.host) if part)
    name = f"{process.service or '(no name)'}{f' ({process.language})' if process.language else ''}"
    return f"{name} {where}".strip()


def _named(what: str, name: str, pid: int, tid: int) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": name}}


def _events(
    placed: Placed, process: Process, origin: int, pid: int, track: int, crossing: set[int]
) -> Iterator[str]:
    start, end, key, parent, _, flags, _, _, _, text = placed.row
    raw = json.loads(text)
    span = span_of(raw, "", process.language, process.resource)
    if span is None:  # cannot be: it was read before
        return
    where = f'"pid":{pid},"tid":{track}'
    flow = ""
    if key in crossing:
        flow += f',"bind_id":"0x{key:x}","flow_out":true'
    elif parent in crossing and placed.lane == 0:
        flow += f',"bind_id":"0x{parent:x}","flow_in":true'
    name, category = as_json(span.name or "?"), as_json(process.service or "span")
    yield (
        f'{{"ph":"X","name":{name},"cat":{category},"ts":{_microseconds(start - origin)},'
        f'"dur":{_microseconds(end - start)},{where}{flow},"args":{as_json(_arguments(span, flags))}}}'
    )
    for name_, at, found in _recorded(span):
        if start <= at <= end:
            yield (
                f'{{"ph":"i","s":"t","name":{as_json(name_)},"cat":{category},'
                f'"ts":{_microseconds(at - origin)},{where},"args":{as_json(found)}}}'
            )


def _microseconds(nanoseconds: int) -> str:
    """Microseconds with three digits, and 0.2 ns more: readers multiply by 1000 and round, or cut off."""
    whole, rest = divmod(nanoseconds, 1000)
    return f"{whole}.{rest:03}2"


def _arguments(span: Span, flags: int) -> dict[str, Any]:
    found: dict[str, Any] = {"trace_id": span.trace_id, "span_id": span.span_id}
    if span.parent_id:
        found["parent_id"] = span.parent_id
    if span.error:
        found["error"] = True
    if flags & UNFINISHED:
        found["never_ended"] = True
    found |= {key: value for key, value in span.attributes.items() if key not in _OF_THE_TRACK and value is not None}
    return found


def _recorded(span: Span) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Name, time and attributes of what the span recorded while it ran."""
    events = span.raw.get("events")
    for event in events if isinstance(events, list) else ():
        try:
            yield str(event.get("name") or "event"), int(event["timeUnixNano"]), attributes_of(event.get("attributes"))
        except MALFORMED:
            continue
