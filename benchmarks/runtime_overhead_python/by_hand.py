"""The OpenTelemetry SDK as a program configures it: a batch processor, and an exporter that writes OTLP to a file.

The exporter serialises with the SDK's own encoder (protobuf: the SDK's usual encoding, and quicker than its JSON) and
writes what an OTLP/HTTP exporter would send, each batch after its size.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class ToFile(SpanExporter):
    """Writes batches to the file OVERHEAD_SPANS names, and at the end their number of spans beside it."""

    def __init__(self) -> None:
        self.path = Path(os.environ["OVERHEAD_SPANS"])
        self.file = self.path.open("wb")
        self.count = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Serialise one batch and write it."""
        data = encode_spans(spans).SerializeToString()
        self.file.write(len(data).to_bytes(4, "big") + data)
        self.count += len(spans)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Close the file, and say how many spans are in it."""
        self.file.close()
        self.path.with_suffix(".count").write_text(str(self.count))


def processor() -> BatchSpanProcessor:
    """The batch processor; OTEL_BSP_* are in force."""
    return BatchSpanProcessor(ToFile())


def tracer() -> trace.Tracer:
    """A tracer of the SDK, configured on the first call."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        provider = TracerProvider()
        provider.add_span_processor(processor())
        trace.set_tracer_provider(provider)
    return trace.get_tracer("overhead")
