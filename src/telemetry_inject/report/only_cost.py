"""Finds the functions that only cost: called so often, and doing so little, that their spans say nothing.

    functions_that_only_cost(function_stats(paths), max_calls_per_second=1000, min_self_time=10_000)

A function is named by the file and the name in its spans: `name` is the `qualname` of the instrumenter's --json
without `#2`, `file` the path of the instrumented file when it ran (absolute in most programs), `line` the line of the
function in it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.report.call_paths import Stats
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.span_catalogue import Catalogue

MANY_CALLS_PER_SECOND = 1_000
LITTLE_SELF_TIME = 10_000
"""Nanoseconds a call; a span costs about one or two thousand."""

_WORTH_SAYING = 0.2  # of all spans
_FEW_CALLS = 1_000
_MOST_NAMED = 3  # of more files, their folder is named


@dataclass(frozen=True, slots=True)
class FunctionStats:
    """One function over all its calls; times in nanoseconds."""

    file: str
    name: str
    function: str
    line: int
    service: str
    language: str
    calls: int
    errors: int
    total: int
    own: int
    calls_per_second: float
    """Calls by the time in which the processes of its service ran, from their first to their last span."""

    @property
    def self_time(self) -> float:
        """Nanoseconds that a call spends outside of what it calls."""
        return self.own / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Advice:
    """Functions that only cost, and the flags that leave them out."""

    functions: tuple[FunctionStats, ...]
    share: float
    """Their part of all spans, 0 to 1."""
    max_calls_per_second: int
    min_self_time: int
    """Nanoseconds; 0 when the calls per second say enough."""

    def command(self, files: Sequence[Path]) -> str:
        """The command that instruments anew without them; PATH stands for what was instrumented."""
        from telemetry_inject.report.report_arguments import span_files

        folder = files[0].parent if files else Path()
        if len(files) > _MOST_NAMED and set(files) == set(span_files([folder])):
            files = [folder]
        spans = shlex.join(map(str, files)) or "SPANS.jsonl"
        more = f" --min-self-time {self.min_self_time // 1000}us" if self.min_self_time else ""
        return f"telemetry-inject PATH --prune-from {spans} --max-calls-per-s {self.max_calls_per_second}{more}"


def function_stats(paths: Sequence[Path]) -> list[FunctionStats]:
    """The functions in the span files `paths`.

    Raises:
        UsageError: a file cannot be read.
        OutputError: there is no room for the temporary database.
    """
    spans = Spans()
    try:
        spans.read(paths)
        return stats_of(spans, spans.tree()[1])
    finally:
        spans.close()


def stats_of(catalogue: Catalogue, functions: dict[int, Stats]) -> list[FunctionStats]:
    """The functions of a report."""
    seconds = service_seconds(catalogue)
    found = []
    for number, stats in functions.items():
        label = catalogue.labels[number]
        found.append(
            FunctionStats(
                file=label.file,
                name=label.name,
                function=label.function,
                line=label.line,
                service=label.service,
                language=label.language,
                calls=stats.calls,
                errors=stats.errors,
                total=stats.total,
                own=stats.own,
                calls_per_second=stats.calls / (seconds.get(label.service) or 1.0),
            )
        )
    return found


def service_seconds(catalogue: Catalogue) -> dict[str, float]:
    """How long the processes of each service ran, added up."""
    seconds: dict[str, float] = {}
    for process in catalogue.processes:
        if process.spans:
            time = max(process.last - process.first, 1) / 1e9
            seconds[process.service] = seconds.get(process.service, 0.0) + time
    return seconds


def functions_that_only_cost(
    functions: Iterable[FunctionStats],
    *,
    max_calls_per_second: float | None = None,
    min_self_time: float | None = None,
) -> list[FunctionStats]:
    """Those called more often than the one, and with less self time a call (nanoseconds) than the other.

    A limit that is None does not count; with none there is nothing to find. The most calls come first.
    """
    if max_calls_per_second is None and min_self_time is None:
        return []
    found = [
        each
        for each in functions
        if (max_calls_per_second is None or each.calls_per_second > max_calls_per_second)
        and (min_self_time is None or each.self_time < min_self_time)
    ]
    return sorted(found, key=lambda each: (-each.calls, each.file, each.name, each.line))


def advice_on(functions: Sequence[FunctionStats]) -> Advice | None:
    """What to say at the end of a report; None while the spans of such functions are few."""
    all_calls = sum(each.calls for each in functions)
    costly = [
        each
        for each in functions_that_only_cost(
            functions, max_calls_per_second=MANY_CALLS_PER_SECOND, min_self_time=LITTLE_SELF_TIME
        )
        if each.calls >= _FEW_CALLS and not each.errors and each.file
    ]
    calls = sum(each.calls for each in costly)
    if not costly or calls < _WORTH_SAYING * all_calls:
        return None
    often = functions_that_only_cost(functions, max_calls_per_second=MANY_CALLS_PER_SECOND)
    more = 0 if len(often) == len(costly) else LITTLE_SELF_TIME
    return Advice(tuple(costly), calls / all_calls, MANY_CALLS_PER_SECOND, more)
