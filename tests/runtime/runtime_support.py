"""Reads the spans of a program with the official OpenTelemetry packages, and checks their tree."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

HELPER = Path(__file__).parents[2] / "src/telemetry_inject/packs/python/runtime/_telemetry_inject.py"
PYTHONS = {
    version: path
    for version in ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
    for path in sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))[-1:]
} | {"{}.{}".format(*sys.version_info): Path(sys.executable)}
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "PYTHON"))}


@dataclass(frozen=True)
class Span:
    """A span as read back, with its resource's and scope's attributes."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...]
    failed: bool
    flags: int
    lost_events: int
    resource: dict[str, Any]
    scope: dict[str, Any]
    scope_name: str
    state: str = ""


def parse_request(text: str | bytes) -> ExportTraceServiceRequest:
    """An OTLP/JSON request, whose ids are hexadecimal, as the official message; unknown fields are errors."""
    data = json.loads(text)
    for resource in data["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    if key in span:
                        assert span[key] == span[key].lower()
                        span[key] = base64.b64encode(bytes.fromhex(span[key])).decode()
    return json_format.ParseDict(data, ExportTraceServiceRequest())


def _plain(attributes: Any) -> dict[str, Any]:
    keys = [item.key for item in attributes]
    assert len(keys) == len(set(keys)), f"an attribute twice: {keys}"
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in attributes}


def spans_of(text: str | bytes) -> list[Span]:
    """The spans of one request."""
    return [
        Span(
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            _plain(span.attributes),
            tuple((event.name, _plain(event.attributes)) for event in span.events),
            span.status.code == 2,
            span.flags,
            span.dropped_events_count,
            _plain(resource.resource.attributes),
            _plain(scope.scope.attributes),
            scope.scope.name,
            span.trace_state,
        )
        for resource in parse_request(text).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def check_tree(spans: list[Span]) -> None:
    """Every span ended once; a child on its parent's thread lies within it and shares its trace."""
    ids = {span.span_id: span for span in spans}
    assert len(ids) == len(spans)
    for span in spans:
        assert 0 < span.start <= span.end
        assert len(span.trace_id) == 32 and len(span.span_id) == 16 and int(span.trace_id, 16)
        parent = ids.get(span.parent_id)
        if parent is not None:
            assert parent.trace_id == span.trace_id
            if parent.attributes["thread.id"] == span.attributes["thread.id"]:
                assert parent.start <= span.start and span.end <= parent.end, (parent.name, span.name)


@dataclass
class Outcome:
    """What a program left behind."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("telemetry/*.jsonl"))

    @property
    def spans(self) -> list[Span]:
        return [span for file in self.files for line in file.read_text().splitlines() for span in spans_of(line)]

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Span:
        (span,) = self.named(name)
        return span

    def parents(self) -> dict[str, str]:
        """Name -> name of the parent ("" for none, "?" for one that is not in the files)."""
        spans = self.spans
        ids = {span.span_id: span.name for span in spans}
        return {span.name: ids.get(span.parent_id, "?") if span.parent_id else "" for span in spans}


Run = Callable[..., Outcome]
