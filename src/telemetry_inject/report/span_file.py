"""Reads spans back from OTLP/JSON-lines files, one at a time, and survives what is broken in them.

The format is that of the OpenTelemetry file exporter
(https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/): one `TracesData` object a line, ids as
hexadecimal text, 64-bit integers as text, enumerations as numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telemetry_inject.errors import UsageError

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is ignored, so that a file without line ends cannot fill the memory."""

STATUS_ERROR = 2
"""`Status.StatusCode.STATUS_CODE_ERROR` of the OTLP definitions."""

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200  # opentelemetry.proto.trace.v1.SpanFlags
_HEX = re.compile(r"[0-9a-fA-F]+")
_MALFORMED = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
_GENERATORS = ("generator", "async_generator")


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
        return self.kind in _GENERATORS


@dataclass(slots=True)
class Ignored:
    """Counts what could not be used while spans are loaded, and what the program had to drop itself."""

    lines: int = 0
    cut_off: int = 0
    spans: int = 0
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
        for line, complete in _lines(path, ignored):
            try:
                batch = json.loads(line)
            except (ValueError, RecursionError):
                if complete:
                    ignored.lines += 1
                else:
                    ignored.cut_off += 1
                continue
            yield from _spans_of_batch(batch, ignored)


def _lines(path: Path, ignored: Ignored) -> Iterator[tuple[bytes, bool]]:
    """The lines that are not empty, each with whether its line end is there."""
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    ignored.lines += 1
                    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                        pass
                elif line.strip():
                    yield line, line.endswith(b"\n")
    except OSError as error:
        raise UsageError(
            f"cannot read the span file {path}: {error.strerror or error}",
            "Give the files that the instrumented program wrote.",
        ) from error


def _spans_of_batch(batch: object, ignored: Ignored) -> Iterator[Span]:
    """The spans of one line; the line counts as unreadable when it holds no list of them."""
    if not isinstance(batch, dict) or not isinstance(batch.get("resourceSpans"), list):
        ignored.lines += 1
        return
    for resource_spans in _objects(batch["resourceSpans"]):
        try:
            process, language = _process(resource_spans.get("resource"))
        except _MALFORMED:
            process = language = ""
        for scope_spans in _objects(resource_spans.get("scopeSpans")):
            _note_dropped(scope_spans.get("scope"), process, ignored)
            spans = scope_spans.get("spans")
            for raw in spans if isinstance(spans, list) else ():
                try:
                    yield _span(raw, process, language)
                except _MALFORMED:
                    ignored.spans += 1


def _process(resource: object) -> tuple[str, str]:
    """What tells one process from another in the same files, and the process's language."""
    attributes = _attributes(resource.get("attributes")) if isinstance(resource, dict) else {}
    process = f"{attributes.get('host.name', '')}:{attributes.get('process.pid', '')}"
    return process, str(attributes.get("telemetry.sdk.language", ""))


def _note_dropped(scope: object, process: str, ignored: Ignored) -> None:
    """The helper counts what it drops and says the sum so far with each batch."""
    if not isinstance(scope, dict) or "attributes" not in scope:
        return
    try:
        dropped = int(_attributes(scope["attributes"]).get("telemetry.dropped_spans", 0))
    except _MALFORMED:
        return
    if dropped:
        ignored.dropped_by[process] = max(dropped, ignored.dropped_by.get(process, 0))


def _span(raw: Mapping[str, Any], process: str, language: str) -> Span:
    flags = int(raw.get("flags") or 0)
    status = raw.get("status") or {}
    return Span(
        trace_id=_hex_id(raw["traceId"], 32),
        span_id=_hex_id(raw["spanId"], 16),
        parent_id=_hex_id(raw["parentSpanId"], 16) if raw.get("parentSpanId") else "",
        name=str(raw.get("name", "")),
        start=_time(raw["startTimeUnixNano"]),
        end=_time(raw.get("endTimeUnixNano") or 0),
        attributes=_attributes(raw.get("attributes")),
        error=status.get("code") in (STATUS_ERROR, "STATUS_CODE_ERROR"),
        exceptions=tuple(_exceptions(raw.get("events"))),
        parent_is_remote=flags & (_HAS_IS_REMOTE | _IS_REMOTE) == _HAS_IS_REMOTE | _IS_REMOTE,
        process=process,
        language=language,
    )


def _hex_id(text: str, digits: int) -> str:
    if len(text) != digits or not _HEX.fullmatch(text):
        raise ValueError(f"not an id of {digits} hexadecimal digits: {text!r}")
    return text.lower()


def _time(raw: str | int) -> int:
    time = int(raw)
    if not 0 <= time < 1 << 63:
        raise ValueError(f"not a time in nanoseconds: {time}")
    return time


def _exceptions(events: object) -> Iterator[tuple[str, str]]:
    """Type and message of each recorded exception."""
    for event in _objects(events):
        if event.get("name") == "exception":
            found = _attributes(event.get("attributes"))
            yield str(found.get("exception.type", "")), str(found.get("exception.message", ""))


def _attributes(raw: object) -> dict[str, Any]:
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
        return _attributes(value.get("values"))
    return value


def _objects(raw: object) -> Iterator[dict[str, Any]]:
    return (item for item in raw if isinstance(item, dict)) if isinstance(raw, list) else iter(())
