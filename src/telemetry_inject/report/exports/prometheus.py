"""Metrics from spans: calls, errors and a histogram of durations for each function, as text.

Names and labels are those of the OpenTelemetry Collector's span metrics connector, so its dashboards fit. `prometheus`
is the text format 0.0.4, which node_exporter's textfile collector reads; `openmetrics` is OpenMetrics 1.0.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import IO

from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.span_catalogue import Label
from telemetry_inject.report.span_store import ERROR

BOUNDS = tuple(
    factor * 10**power for power in range(3, 10) for factor in (1, 2, 5)
)  # nanoseconds: 1 us, 2 us, 5 us, ... 5 s
_CALLS, _DURATION = "traces_span_metrics_calls", "traces_span_metrics_duration_seconds"


def write(spans: Spans, out: IO[str]) -> None:
    """Write the metrics in Prometheus's text format."""
    _write(spans, out, openmetrics=False)


def write_openmetrics(spans: Spans, out: IO[str]) -> None:
    """Write the metrics as OpenMetrics."""
    _write(spans, out, openmetrics=True)


class _Series:
    """What is counted of one function, of its calls that failed or that did not."""

    __slots__ = ("buckets", "nanoseconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.nanoseconds = 0


def _write(spans: Spans, out: IO[str], *, openmetrics: bool) -> None:
    found: dict[tuple[int, int], _Series] = {}
    for label, failed, duration in spans.store.durations():
        series = found.setdefault((label, failed & ERROR), _Series())
        series.buckets[bisect_left(BOUNDS, duration)] += 1
        series.nanoseconds += duration
    rows = sorted(found.items())
    calls = _CALLS if openmetrics else f"{_CALLS}_total"
    out.write(f"# HELP {calls} Calls of the function.\n# TYPE {calls} counter\n")
    for (number, failed), series in rows:
        out.write(f"{_CALLS}_total{{{_labels(spans.labels[number], failed)}}} {sum(series.buckets)}\n")
    out.write(f"# HELP {_DURATION} How long the calls took.\n# TYPE {_DURATION} histogram\n")
    if openmetrics:
        out.write(f"# UNIT {_DURATION} seconds\n")
    for (number, failed), series in rows:
        labels = _labels(spans.labels[number], failed)
        for bound, count in _cumulated(series):
            out.write(f'{_DURATION}_bucket{{{labels},le="{bound}"}} {count}\n')
        out.write(f"{_DURATION}_sum{{{labels}}} {series.nanoseconds / 1e9!r}\n")
        out.write(f"{_DURATION}_count{{{labels}}} {sum(series.buckets)}\n")
    if openmetrics:
        out.write("# EOF\n")


def _cumulated(series: _Series) -> Iterator[tuple[str, int]]:
    """The calls that took at most so many seconds."""
    count = 0
    for bound, calls in zip(BOUNDS, series.buckets, strict=False):
        count += calls
        yield f"{bound / 1e9!r}", count
    yield "+Inf", sum(series.buckets)


def _labels(label: Label, failed: int) -> str:
    values = {
        "service_name": label.service,
        "span_name": label.name,
        "span_kind": "SPAN_KIND_INTERNAL",
        "status_code": "STATUS_CODE_ERROR" if failed else "STATUS_CODE_UNSET",
        "code_function_name": label.function,
        "code_file_path": label.file,
        "code_line_number": str(label.line or ""),
    }
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())


def _escaped(text: str) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
