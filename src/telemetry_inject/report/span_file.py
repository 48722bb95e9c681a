"""Reads spans back from OTLP/JSON-lines files, one at a time, and survives what is broken in them.

The format is that of the OpenTelemetry file exporter
(https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/): one `TracesData` object a line, ids as
hexadecimal text, 64-bit integers as text, enumerations as numbers. Other spellings of it are read as well
(span_format.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telemetry_inject.report.span_format import MALFORMED, repaired, resource_spans_of, scopes_of
from telemetry_inject.report.span_lines import LONGEST_LINE, read_lines

STATUS_ERROR = 2
"""`Status.StatusCode.STATUS_CODE_ERROR` of the OTLP definitions."""

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200  # opentelemetry.proto.trace.v1.SpanFlags
_HEX = re.compile(r"[0-9a-fA-F]+")
_PRETTY, _PRETTY_END = (b"{\n", b"{\r"), (b"}\n", b"}\r", b"}")
GENERATORS = ("generator", "async_generator")


@dataclass(frozen=True, slots=True)
class Span:
    """One recorded call. Times are nanoseconds since 1970; `end` is 0 when the span never ended."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    start: int
    end: int
    attributes: Mapping[str, Any]
    error: bool
    exceptions: tuple[tuple[str, str], ...]
    parent_is_remote: bool
    process: str
    language: str = ""  # as in `telemetry.sdk.language`
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # with events, links
    resource: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # attributes of the process

    @property
    def service(self) -> str:
        """The name of the service, as the process was told it."""
        return str(self.resource.get("service.name") or "")

    @property
    def duration(self) -> int:
        """Nanoseconds from start to end; 0 when the span never ended."""
        return max(self.end - self.start, 0)

    @property
    def function(self) -> str:
        """The full name of the function where it is known, else the name of the span."""
        return str(self.attributes.get("code.function.name") or self.name)

    @property
    def kind(self) -> str:
        """ "function", "async", "generator" or "async_generator"."""
        return str(self.attributes.get("telemetry.kind") or "function")

    @property
    def is_generator(self) -> bool:
        """Whether the span covers time in which its function was suspended by `yield`."""
        return self.kind in GENERATORS


@dataclass(slots=True)
class Ignored:
    """Counts what could not be used while spans are loaded, and what the program had to drop itself."""

    lines: int = 0
    cut_off: int = 0
    spans: int = 0
    other_signals: int = 0
    dropped_by: dict[str, int] = field(default_factory=dict)

    @property
    def dropped(self) -> int:
        """Spans that the programs dropped, by their own count."""
        return sum(self.dropped_by.values())

    def __str__(self) -> str:
        parts = (
            (self.lines, "unreadable line"),
            (self.cut_off, "cut-off last line"),
            (self.spans, "malformed span"),
            (self.other_signals, "metrics or logs line"),
        )
        return ", ".join(f"{count} {what}{'s' * (count != 1)}" for count, what in parts if count)


def load_spans(paths: Iterable[Path], ignored: Ignored | None = None) -> Iterator[Span]:
    """All spans of the files, in the order in which they were written.

    Lines and spans that cannot be understood are passed over and counted in `ignored`.

    Raises:
        UsageError: a file cannot be opened.
    """
    ignored = Ignored() if ignored is None else ignored
    for path in paths:
        for document in read_documents(path, ignored):
            for resource_spans in document:
                resource = resource_spans.get("resource")
                process, language, attributes = process_of(resource)
                for scope_spans in scopes_of(resource_spans):
                    note_dropped(scope_spans.get("scope"), process, ignored)
                    for raw in scope_spans["spans"]:
                        span = span_of(raw, process, language, attributes)
                        if span is None:
                            ignored.spans += 1
                        else:
                            yield span


def read_documents(path: Path, ignored: Ignored) -> Iterator[list[dict[str, Any]]]:
    """The list of `ResourceSpans` of each line of a file; what is none is counted in `ignored`.

    Raises:
        UsageError: the file cannot be read.
    """
    lines = read_lines(path)
    for line in lines:
        if line[:2] in _PRETTY:
            line = _whole_object(line, lines)
        document = read_document(line, ignored)
        if document is not None:
            yield document


def _whole_object(line: bytes, lines: Iterator[bytes]) -> bytes:
    """The text of an object that was printed over several lines, as by `jq .`."""
    parts, size = [line], 0
    for line in lines:
        parts.append(line)
        size += len(line)
        if line[:2] in _PRETTY_END or size > LONGEST_LINE:
            break
    return b"".join(parts)


def read_document(line: bytes, ignored: Ignored) -> list[dict[str, Any]] | None:
    """The list of `ResourceSpans` of one line, or None when it has none: then it is counted in `ignored`."""
    try:
        document = _decoded(line)
    except (ValueError, RecursionError):
        if line.endswith(b"\n"):
            ignored.lines += 1
        else:
            ignored.cut_off += 1
        return None
    found = resource_spans_of(document)
    if found is None:
        if isinstance(document, dict) and ("resourceMetrics" in document or "resourceLogs" in document):
            ignored.other_signals += 1
        else:
            ignored.lines += 1
    return found


def _decoded(line: bytes) -> Any:
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        return json.loads(line.decode("utf-8", "replace"))


def process_of(resource: object) -> tuple[str, str, dict[str, Any]]:
    """What tells one process from another in the same files, the process's language, and all that is said of it."""
    try:
        attributes = attributes_of(resource.get("attributes")) if isinstance(resource, dict) else {}
    except MALFORMED:
        attributes = {}
    process = f"{attributes.get('host.name', '')}:{attributes.get('process.pid', '')}"
    return process, str(attributes.get("telemetry.sdk.language", "")), attributes


def note_dropped(scope: object, process: str, ignored: Ignored) -> None:
    """The helper counts what it drops and says the sum so far with each batch."""
    if not isinstance(scope, dict) or not scope.get("attributes"):
        return
    try:
        dropped = int(attributes_of(scope["attributes"]).get("telemetry.dropped_spans", 0))
    except MALFORMED:
        return
    if dropped:
        ignored.dropped_by[process] = max(dropped, ignored.dropped_by.get(process, 0))


def span_of(raw: Any, process: str, language: str, resource: Mapping[str, Any]) -> Span | None:
    """One span in whatever spelling; None when it cannot be understood."""
    try:
        return _span(raw, process, language, resource)
    except MALFORMED:
        try:
            return _span(repaired(raw), process, language, resource)
        except MALFORMED:
            return None


def _span(raw: Mapping[str, Any], process: str, language: str, resource: Mapping[str, Any]) -> Span:
    flags = int(raw.get("flags") or 0)
    status = raw.get("status") or {}
    return Span(
        trace_id=_hex_id(raw["traceId"], 32),
        span_id=_hex_id(raw["spanId"], 16),
        parent_id=_hex_id(raw["parentSpanId"], 16) if raw.get("parentSpanId") else "",
        name=str(raw.get("name", "")),
        start=_time(raw["startTimeUnixNano"]),
        end=_time(raw.get("endTimeUnixNano") or 0),
        attributes=attributes_of(raw.get("attributes")),
        error=status.get("code") in (STATUS_ERROR, "STATUS_CODE_ERROR"),
        exceptions=tuple(exceptions_of(raw.get("events"))),
        parent_is_remote=flags & (_HAS_IS_REMOTE | _IS_REMOTE) == _HAS_IS_REMOTE | _IS_REMOTE,
        process=process,
        language=language,
        raw=raw,
        resource=resource,
    )


def _hex_id(text: str, digits: int) -> str:
    if len(text) != digits or not _HEX.fullmatch(text):
        raise ValueError(f"not an id of {digits} hexadecimal digits: {text!r}")
    return text.lower()


def _time(raw: str | int) -> int:
    time = int(raw)
    if isinstance(raw, float) or not 0 <= time < 1 << 63:
        raise ValueError(f"not a time in nanoseconds: {time}")
    return time


def exceptions_of(events: object) -> Iterator[tuple[str, str]]:
    """Type and message of each recorded exception."""
    for event in _objects(events):
        if event.get("name") == "exception":
            found = attributes_of(event.get("attributes"))
            yield str(found.get("exception.type", "")), str(found.get("exception.message", ""))


def attributes_of(raw: object) -> dict[str, Any]:
    """The Python values of a list of OTLP `KeyValue`.

    Raises one of MALFORMED when it is something else.
    """
    if isinstance(raw, dict):
        raise TypeError("attributes are a list")
    return {item["key"]: _value(item.get("value")) for item in _objects(raw) if "key" in item}


def _value(raw: object) -> Any:
    """The Python value of an OTLP `AnyValue`."""
    if not isinstance(raw, dict) or not raw:
        return None
    kind, value = next(iter(raw.items()))
    if kind == "intValue":
        return int(value)
    if kind == "arrayValue":
        return [_value(item) for item in value.get("values") or ()]
    if kind == "kvlistValue":
        return attributes_of(value.get("values"))
    return value


def _objects(raw: object) -> Iterator[dict[str, Any]]:
    return (item for item in raw if isinstance(item, dict)) if isinstance(raw, list) else iter(())
