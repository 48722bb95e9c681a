"""What a page says about all spans of a run: places, processes, exceptions, branches and loops, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from telemetry_inject.report.page_columns import ERROR, REMOTE, Columns, exact
from telemetry_inject.report.span_file import Span, attributes_of
from telemetry_inject.report.span_format import MALFORMED

MOST_KINDS = 2_000
"""So many kinds of exception are kept apart, by type, message, function and stack."""

_COUNTED = {"telemetry.branch.": "branch", "telemetry.loop.": "loop", "telemetry.handled.": "handled"}
_OF_A_PLACE = ("code.function.name", "code.file.path", "code.line.number", "telemetry.kind")
_THREAD = ("thread.id", "thread.name")
_KNOWN = frozenset((*_OF_A_PLACE, *_THREAD))
_COUNTED_KEYS = tuple(_COUNTED)
_KINDS = {2: "server", 3: "client", 4: "producer", 5: "consumer"}  # opentelemetry.proto.trace.v1.Span.SpanKind
_DROPPED = {"x": "droppedAttributesCount", "y": "droppedEventsCount", "z": "droppedLinksCount"}
_INTERNAL = (None, 0, 1, "SPAN_KIND_INTERNAL", "SPAN_KIND_UNSPECIFIED")


@dataclass(frozen=True, slots=True)
class Place:
    """A function as it stands in the code."""

    function: str
    name: str
    file: str
    line: int
    kind: str
    language: str
    service: str


@dataclass(slots=True)
class Failure:
    """One kind of exception: where it came from, how often."""

    type: str
    message: str
    stack: str
    place: int
    count: int = 0


@dataclass(slots=True)
class Count:
    """How often a branch was taken, a loop went round or an exception was handled."""

    kind: str
    label: str
    times: int = 0
    calls: int = 0
    types: set[str] = field(default_factory=set)


class Facts:
    """Adds up what the page says of all spans, and hands each on to the columns."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.places: dict[Place, int] = {}
        self.calls: list[int] = []
        """Of each place."""
        self.processes: dict[tuple[str, ...], int] = {}
        self.resources: list[tuple[str, Mapping[str, Any]]] = []
        self.lanes: dict[tuple[int, str, str], int] = {}
        self.failures: dict[tuple[str, str, str, int], int] = {}
        self.failed: list[Failure] = []
        self.counts: dict[int, dict[str, Count]] = {}
        self.errors = self.unfinished = self.backwards = 0

    def watch(self, spans: Iterator[Span]) -> Iterator[Span]:
        """The same spans, each noted when it passes."""
        for span in spans:
            self._note(span)
            yield span

    def _note(self, span: Span) -> None:
        found = span.attributes
        place = self._place(span)
        self.calls[place] += 1
        self.errors += span.error
        self.unfinished += span.end == 0
        self.backwards += 0 < span.end < span.start
        own: dict[str, Any] = {}
        for key, value in found.items():
            if key not in _KNOWN:
                own[str(key)] = value if type(value) is str else exact(value)
                if isinstance(key, str) and key.startswith(_COUNTED_KEYS):
                    self._count(place, key, value)
        self._columns.add(
            span_id=int(span.span_id, 16),
            parent_id=int(span.parent_id, 16) if span.parent_id else 0,
            trace=int(span.trace_id, 16),
            start=span.start,
            end=span.end,
            site=place,
            lane=self._lane(span),
            error=self._failure(span, place),
            flags=(ERROR if span.error else 0) | (REMOTE if span.parent_is_remote else 0),
            details=_details(span, own),
        )

    def _place(self, span: Span) -> int:
        found = span.attributes
        line = found.get("code.line.number", found.get("code.lineno"))
        place = Place(
            span.function,
            span.name,
            str(found.get("code.file.path") or found.get("code.filepath") or ""),
            line if isinstance(line, int) and 0 < line < 1 << 31 else 0,
            span.kind,
            span.language,
            span.service,
        )
        number = self.places.setdefault(place, len(self.places))
        if number == len(self.calls):
            self.calls.append(0)
        return number

    def _lane(self, span: Span) -> int:
        key = (span.process, span.language, span.service, str(span.resource.get("service.instance.id", "")))
        process = self.processes.setdefault(key, len(self.processes))
        if process == len(self.resources):
            self.resources.append((span.process, span.resource))
        thread, name = (str(span.attributes.get(attribute, "")) for attribute in _THREAD)
        return self.lanes.setdefault((process, thread, name), len(self.lanes))

    def _failure(self, span: Span, place: int) -> int:
        """The number of the kind of the span's last exception + 1, 0 when it recorded none."""
        if not span.error and not span.raw.get("events"):
            return 0
        number = 0
        for kind, message, stack in _exceptions(span):
            key = (kind, message, stack, place)
            if key not in self.failures and len(self.failures) >= MOST_KINDS:
                key = (kind, "(any message)", "", place)
            at = self.failures.setdefault(key, len(self.failures))
            if at == len(self.failed):
                self.failed.append(Failure(*key))
            self.failed[at].count += 1
            number = at + 1
        return number

    def _count(self, place: int, key: str, value: Any) -> None:
        """Note one of the attributes that the levels `flow` and `full` record: `telemetry.branch.if+4`."""
        for prefix, kind in _COUNTED.items():
            if key.startswith(prefix):
                label = key[len(prefix) :]
                of_type = kind == "handled" and label.endswith(".type")
                label = label.removesuffix(".type") if of_type else label
                counts = self.counts.setdefault(place, {})
                count = counts.setdefault(f"{kind} {label}", Count(kind, label))
                if of_type:
                    if len(count.types) < 20:
                        count.types.add(str(value))
                elif isinstance(value, int):
                    count.times += value
                    count.calls += 1


def _details(span: Span, own: dict[str, Any]) -> dict[str, Any]:
    """What no other span needs to know: own attributes, events, links, and what is unusual."""
    raw = span.raw
    details: dict[str, Any] = {"a": own} if own else {}
    if raw.get("events"):
        details["e"] = [
            [str(event.get("name", "")), _since(span.start, event.get("timeUnixNano")), _exact(event.get("attributes"))]
            for event in _objects(raw["events"])
        ]
    if raw.get("links"):
        details["l"] = [
            [str(link.get("traceId", "")), str(link.get("spanId", "")), _exact(link.get("attributes"))]
            for link in _objects(raw["links"])
        ]
    kind = raw.get("kind")
    if kind not in _INTERNAL:
        details["k"] = _KINDS.get(kind, str(kind)) if isinstance(kind, int) else str(kind)
    status = raw.get("status")
    if isinstance(status, dict) and status.get("message"):
        details["m"] = str(status["message"])
    if raw.get("traceState"):
        details["s"] = str(raw["traceState"])
    for key, dropped in _DROPPED.items():
        if raw.get(dropped):
            details[key] = str(raw[dropped])
    return details


def _since(start: int, raw: object) -> int | None:
    """Nanoseconds from a span's start to its event."""
    try:
        return int(raw) - start  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError, OverflowError):
        return None


def _exact(raw: object) -> dict[str, Any]:
    try:
        return {str(key): exact(value) for key, value in attributes_of(raw).items()}
    except MALFORMED:
        return {}


def _exceptions(span: Span) -> Iterator[tuple[str, str, str]]:
    """Type, message and stack of what a span recorded; without an exception, the message of its status."""
    none = True
    for event in _objects(span.raw.get("events")):
        if event.get("name") == "exception":
            none = False
            found = _exact(event.get("attributes"))
            yield (
                _text(found, "exception.type"),
                _text(found, "exception.message"),
                _text(found, "exception.stacktrace"),
            )
    status = span.raw.get("status")
    if none and span.error and isinstance(status, dict) and status.get("message"):
        yield str(span.attributes.get("error.type", "")), str(status["message"]), ""


def _text(attributes: Mapping[str, Any], key: str) -> str:
    return str(attributes.get(key, ""))


def _objects(raw: object) -> Iterator[dict[str, Any]]:
    return (item for item in raw if isinstance(item, dict)) if isinstance(raw, list) else iter(())
