"""The JSON that Jaeger's user interface takes by "Upload" and its query service answers with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.exports.output import as_json, plain
from telemetry_inject.report.span_catalogue import Process
from telemetry_inject.report.span_file import Span, attributes_of, span_of
from telemetry_inject.report.span_format import MALFORMED
from telemetry_inject.report.span_store import UNFINISHED

_KINDS = {2: "server", 3: "client", 4: "producer", 5: "consumer"}  # opentelemetry.proto.trace.v1.Span.SpanKind


def write(spans: Spans, out: IO[str]) -> None:
    """Write all spans, trace by trace."""
    out.write('{"data":[')
    current = -1
    used: set[int] = set()
    for row in spans.store.by_trace():
        process = spans.processes[row[6]]
        span = span_of(json.loads(row[9]), "", process.language, process.resource)
        if span is None:  # cannot be: it was read before
            continue
        if row[8] != current:
            if current >= 0:
                out.write(_processes(spans, used) + ",")
            out.write(f'\n{{"traceID":"{span.trace_id}","spans":[\n')
            current, used = row[8], set()
        else:
            out.write(",\n")
        used.add(process.number)
        out.write(as_json(_span(span, process.number, row[0], row[1], row[5])))
    if current >= 0:
        out.write(_processes(spans, used))
    out.write("\n]}\n")


def _processes(spans: Spans, used: set[int]) -> str:
    found = {f"p{number}": _process(spans.processes[number]) for number in sorted(used)}
    return f'\n],"processes":{as_json(found)}}}'


def _process(process: Process) -> dict[str, Any]:
    tags = {key: value for key, value in process.resource.items() if key != "service.name"}
    return {"serviceName": process.service or "(no name)", "tags": list(_tags(tags))}


def _span(span: Span, process: int, start: int, end: int, flags: int) -> dict[str, Any]:
    reference = {"refType": "CHILD_OF", "traceID": span.trace_id, "spanID": span.parent_id}
    return {
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name or "?",
        "references": [reference] if span.parent_id else [],
        "startTime": start // 1000,
        "duration": end // 1000 - start // 1000,
        "tags": list(_tags(_said(span))),
        "logs": list(_logs(span)),
        "processID": f"p{process}",
        "warnings": ["the span never ended"] if flags & UNFINISHED else None,
    }


def _said(span: Span) -> dict[str, Any]:
    kind = span.raw.get("kind")
    more: dict[str, Any] = {}
    if isinstance(kind, str):
        kind = next((number for number, name in _KINDS.items() if kind == f"SPAN_KIND_{name.upper()}"), 0)
    if isinstance(kind, int) and kind in _KINDS:
        more["span.kind"] = _KINDS[kind]
    if span.error:
        more |= {"error": True, "otel.status_code": "ERROR"}
    return {**span.attributes, **more}


def _logs(span: Span) -> Iterator[dict[str, Any]]:
    events = span.raw.get("events")
    for event in events if isinstance(events, list) else ():
        try:
            fields = {"event": str(event.get("name", "")), **attributes_of(event.get("attributes"))}
            yield {"timestamp": int(event["timeUnixNano"]) // 1000, "fields": list(_tags(fields))}
        except MALFORMED:
            continue


def _tags(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key, value in values.items():
        if value is None:
            continue
        if isinstance(value, bool):
            yield {"key": key, "type": "bool", "value": value}
        elif isinstance(value, (int, float)) and plain(value) == value:
            yield {"key": key, "type": "int64" if isinstance(value, int) else "float64", "value": value}
        else:
            yield {"key": key, "type": "string", "value": value if isinstance(value, str) else as_json(value)}
