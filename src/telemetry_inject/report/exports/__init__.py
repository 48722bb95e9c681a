"""Spans for other tools: one module a format, each writes in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO

from telemetry_inject.report.call_tree import Spans, no_garbage_collection
from telemetry_inject.report.exports import jaeger, perfetto, prometheus, speedscope
from telemetry_inject.report.exports.output import opened

Writer = Callable[[Spans, IO[str]], None]

WRITERS: dict[str, Writer] = {
    "perfetto": perfetto.write,
    "speedscope": speedscope.write,
    "jaeger": jaeger.write,
    "prometheus": prometheus.write,
    "openmetrics": prometheus.write_openmetrics,
}

FROM_SUMS = ("prometheus", "openmetrics")
"""Formats that need no more of a span than a report does."""


def write_export(name: str, path: Path, spans: Spans) -> None:
    """Write spans in a format; they were read with `full` unless it is one of FROM_SUMS. `-` is standard output.

    Raises:
        OutputError: the file cannot be written, or there is no room for temporary files.
    """
    with opened(path) as out, no_garbage_collection():
        WRITERS[name](spans, out)
