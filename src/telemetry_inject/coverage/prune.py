"""`--prune-from SPANS`: leave out the functions whose spans only cost, by what was recorded of them.

A function only costs when it is called often, by itself does little, and seldom fails (what it raises is recorded by
its caller then). Which limits count is said by --max-calls-per-s and --min-self-time; when neither is given, both do,
with the values that the report uses for its advice. A rate is counted from the first to the last span of the processes
of a service. That of a very short run says little, so a function also has to be called as often as the limit allows in
a second.

What lies inside of a function that is left out is left out with it. So a function stays when one inside of it was
recorded and is not left out itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from telemetry_inject.config import Settings
from telemetry_inject.coverage.analysis import Analysis
from telemetry_inject.coverage.map_command import placed, spans_of
from telemetry_inject.coverage.map_words import notes_on
from telemetry_inject.coverage.matching import Function, Matches, Shared
from telemetry_inject.coverage.recorded import Recorded, recorded_costs
from telemetry_inject.errors import ExitCode, TelemetryInjectError
from telemetry_inject.leave_out import item_of
from telemetry_inject.project_file_edit import add_to_list, project_file_for
from telemetry_inject.report.only_cost import LITTLE_SELF_TIME, MANY_CALLS_PER_SECOND
from telemetry_inject.report.span_words import format_count, format_time
from telemetry_inject.report.terminal import counted, printable
from telemetry_inject.types import FileReport, FunctionStatus, RunResult

_MOST_LINES = 20
_FAILS = 0.01  # a function that fails more often, by its calls, has something to say


@dataclass(frozen=True, slots=True)
class Limits:
    """Which functions only cost; a limit that is None does not count. Times in nanoseconds a call."""

    calls_per_second: float | None = MANY_CALLS_PER_SECOND
    self_time: float | None = LITTLE_SELF_TIME

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Those that the settings name, else the default ones."""
        rate, time = settings.max_calls_per_s, settings.min_self_time
        return cls() if rate is None and time is None else cls(rate, time)

    def broken_by(self, function: Recorded) -> bool:
        """Whether a function is called too often, or does too little."""
        rate, time = function.calls_per_second or 0.0, self_time(function)
        if self.calls_per_second is not None and not (
            rate > self.calls_per_second and function.calls >= self.calls_per_second
        ):
            return False
        return self.self_time is None or (time is not None and time < self.self_time)

    def __str__(self) -> str:
        parts = []
        if self.calls_per_second is not None:
            parts.append(f"is called more than {self.calls_per_second:,.10g} times a second")
        if self.self_time is not None:
            parts.append(f"takes less than {format_time(round(self.self_time))} a call by itself")
        return " and ".join(parts)


@dataclass(frozen=True, slots=True)
class Pruned:
    """A function that is left out because it only costs, or that would be if `kept` did not say why not."""

    path: str
    name: str
    line: int
    recorded: Recorded
    kept: str = ""

    @property
    def item(self) -> str:
        """As it is written in `leave-out`."""
        return item_of(self.path, self.name)


@dataclass(slots=True)
class Pruning:
    """What is pruned: the most calls first. `share`: the part of all recorded calls that will not be recorded."""

    limits: Limits
    files: tuple[str, ...]
    pruned: tuple[Pruned, ...]
    kept: tuple[Pruned, ...]
    share: float
    most_calls: int = 0  # of a function
    already: int = 0  # functions that only cost and get no spans as it is
    notes: list[str] = field(default_factory=list)
    saved: str = ""
    save_problem: str = ""

    def applied(self, settings: Settings) -> Settings:
        """The settings of a run without the pruned functions."""
        items = dict.fromkeys((*settings.leave_out, *(each.item for each in self.pruned)))
        return replace(settings, leave_out=tuple(items))

    def save(self, settings: Settings) -> None:
        """Write the pruned functions to the project file; what goes wrong is said, the run is done all the same."""
        if not self.pruned:
            return
        file = project_file_for(settings.path, settings.project_file)
        try:
            add_to_list(file, "leave-out", [each.item for each in self.pruned])
            self.saved = str(file)
        except TelemetryInjectError as error:
            self.save_problem = f"{error.title}: {error.help_text}"


def find_what_only_costs(settings: Settings) -> Pruning:
    """Read the spans that the settings name and choose. Raises UsageError when they cannot be used."""
    paths = spans_of(settings.prune_from, "--prune-from")
    recording = recorded_costs(paths)
    analysis = Analysis(settings, lines=True)
    matches = placed(analysis.match(recording), settings.path)
    return chosen(Limits.of(settings), matches, analysis.result.files)


def chosen(limits: Limits, matches: Matches, files: Sequence[FileReport]) -> Pruning:
    """Which functions to leave out."""
    costly = {function: each for function, each in matches.calls.items() if limits.broken_by(each)}
    reports = {(report.path, each.qualname): each for report in files for each in report.functions}
    inside = _by_file((*matches.calls, *matches.doubtful))
    already = 0
    pruned: list[Pruned] = []
    kept: list[Pruned] = []
    for function, recorded in costly.items():
        report = reports[function]
        if report.status is not FunctionStatus.INSTRUMENTED:
            already += 1  # spans of a run that recorded more, or that was pruned less
            continue
        why = _worth_keeping(function, costly, inside[function[0]])
        here = Pruned(*function, report.line, recorded, why)
        (kept if why else pruned).append(here)
    calls = sum(each.recorded.calls for each in pruned)
    return Pruning(
        limits,
        matches.recording.files,
        tuple(sorted(pruned, key=_order)),
        tuple(sorted(kept, key=_order)),
        calls / matches.recording.spans,
        max((each.calls for each in matches.calls.values()), default=0),
        already,
        [*notes_on(matches), *_doubts(limits, matches.shared)],
    )


def _order(each: Pruned) -> tuple[int, str, int]:
    return -each.recorded.calls, each.path, each.line


def _by_file(functions: Iterable[Function]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for path, name in sorted(set(functions)):
        names.setdefault(path, []).append(name)
    return names


def _worth_keeping(function: Function, costly: Mapping[Function, Recorded], others: Sequence[str]) -> str:
    """What would be lost with a function that breaks the limits; nothing when it only costs."""
    recorded = costly[function]
    if recorded.errors > _FAILS * recorded.calls:
        return f"{recorded.errors:,} of its {recorded.calls:,} calls failed"
    path, name = function
    for other in others:
        if other.startswith(f"{name}.") and _says_something((path, other), costly):
            return f"{other} is inside of it"
    return ""


def _says_something(function: Function, costly: Mapping[Function, Recorded]) -> bool:
    recorded = costly.get(function)
    return recorded is None or recorded.errors > _FAILS * recorded.calls


def _doubts(limits: Limits, shared: Iterable[Shared]) -> list[str]:
    """Costly functions that cannot be told apart stay."""
    names = sorted({each.recorded.name for each in shared if limits.broken_by(each.recorded)})
    return [f"note: {printable(name)} only costs, and stays, as it cannot be told which one it is" for name in names]


def self_time(function: Recorded) -> float | None:
    """Nanoseconds that a call takes outside of what it calls; None when it is not known, as for generators."""
    return None if function.own is None or not function.calls else function.own / function.calls


def lines_of(pruning: Pruning, settings: Settings) -> list[str]:
    """For the summary: what was left out, and why."""
    lines = list(pruning.notes)
    if pruning.already:
        lines.append(f"Left alone before: {counted(pruning.already, 'function')} that only cost")
    if not pruning.pruned:
        other = "other " if pruning.already else ""
        lines.append(f"Nothing was pruned: no {other}function {pruning.limits}")
        if pruning.limits.calls_per_second is not None and pruning.most_calls < pruning.limits.calls_per_second:
            lines.append(
                f"  No function has so many calls, the most are {pruning.most_calls:,}: record a longer run, "
                "or say fewer with --max-calls-per-s"
            )
    else:
        share = f"{pruning.share * 100:.0f}% of the recorded calls"
        lines.append(f"Pruned {counted(len(pruning.pruned), 'function')} ({share}); each {pruning.limits}")
    lines += [f"  {printable(each.item)} (line {each.line}): {_why(each)}" for each in pruning.pruned[:_MOST_LINES]]
    if len(pruning.pruned) > _MOST_LINES:
        lines.append(f"  ... and {len(pruning.pruned) - _MOST_LINES:,} more; --json lists them all")
    lines += [
        f"  kept {printable(each.item)} (line {each.line}): {printable(each.kept)}"
        for each in pruning.kept[:_MOST_LINES]
    ]
    if pruning.saved:
        lines.append(f"Written to leave-out in {printable(pruning.saved)}")
    elif pruning.save_problem:
        lines.append(f"Not saved: {printable(pruning.save_problem)}")
    elif pruning.pruned and not settings.prune_save:
        lines.append("--prune-save writes them to the project file, for the next runs")
    return lines


def _why(each: Pruned) -> str:
    recorded = each.recorded
    time = self_time(recorded)
    own = "a generator" if time is None else f"{format_time(round(time))} self time a call"
    rate = format_count(round(recorded.calls_per_second or 0))
    return f"{recorded.calls:,} calls, {rate} a second, {own}"


def as_json(pruning: Pruning) -> dict[str, Any]:
    """For the JSON document."""
    return {
        "spans": list(pruning.files),
        "max_calls_per_second": pruning.limits.calls_per_second,
        "min_self_time_ns": pruning.limits.self_time,
        "share_of_calls": round(pruning.share, 4),
        "functions": [_entry(each) for each in pruning.pruned],
        "left_alone_before": pruning.already,
        "kept": [{**_entry(each), "why": each.kept} for each in pruning.kept],
        "notes": pruning.notes,
        "saved": pruning.saved,
        "save_problem": pruning.save_problem,
    }


def _entry(each: Pruned) -> dict[str, Any]:
    time = self_time(each.recorded)
    return {
        "path": each.path if each.path.isprintable() else printable(each.path),
        "name": each.name,
        "line": each.line,
        "calls": each.recorded.calls,
        "calls_per_second": round(each.recorded.calls_per_second or 0, 3),
        "self_time_ns": None if time is None else round(time),
    }


def with_pruning(pruning: Pruning, settings: Settings, result: RunResult, code: int) -> RunResult:
    """`result` with what was pruned; saved when that was asked for, the run wrote something and did not fail."""
    if settings.prune_save and settings.writes and code in (ExitCode.DONE, ExitCode.REPAIRED):
        pruning.save(settings)
    details = {**result.details, "pruned": as_json(pruning), "prune_lines": lines_of(pruning, settings)}
    return replace(result, details=details)
