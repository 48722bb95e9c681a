"""What span files say of each function: where it is, how often it was called, and what its spans cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.errors import UsageError
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.only_cost import service_seconds
from telemetry_inject.report.span_catalogue import Label
from telemetry_inject.report.span_file import GENERATORS
from telemetry_inject.report.span_report import check_read
from telemetry_inject.report.span_rows import Wanted
from telemetry_inject.report.span_store import ERROR

MOST_FUNCTIONS = 200_000
"""Functions that are told apart; spans of others are counted, and said."""

_LONGEST_NAME = 1_000
_ELSEWHERE = Label("(elsewhere)", "(elsewhere)")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One function at one place of a program that ran; times in nanoseconds.

    `line` is the line in the file that ran, 0 when it is not known. `calls_per_second` is that of the service that
    calls it most often, `own` the time of all calls outside of what they called; both are None when they were not
    asked for, `own` also for generators: they are suspended for a part of their time.
    """

    file: str
    name: str
    line: int
    calls: int
    errors: int = 0
    calls_per_second: float | None = None
    own: int | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What span files hold. `unplaced`: spans that name no file; `uncounted`: spans of too many functions."""

    files: tuple[str, ...]
    functions: tuple[Recorded, ...]
    spans: int
    unplaced: int = 0
    uncounted: int = 0
    dropped: int = 0
    unreadable: str = ""


class _ByPlace(Spans):
    """Tells functions apart by their lines as well: two functions of a file may have one name."""

    def __init__(self, wanted: Wanted | None = None) -> None:
        super().__init__(wanted=wanted)
        self._places: dict[Label, int] = {}
        self.labels.append(_ELSEWHERE)

    def label(self, label: Label) -> int:
        """The number of a function; 1 when it names no file, or there are too many."""
        if not label.file:
            return 1
        if len(label.name) > _LONGEST_NAME:
            label = label._replace(name=label.name[:_LONGEST_NAME])
        label = label._replace(function="")
        number = self._places.get(label)
        if number is None:
            if len(self.labels) > MOST_FUNCTIONS:
                self.other_functions += 1
                return 1
            number = self._places[label] = len(self.labels)
            self.labels.append(label)
        return number


def recorded_calls(paths: Sequence[Path], wanted: Wanted | None = None) -> Recording:
    """How often each function was called.

    Raises:
        UsageError: a file cannot be read, or there is no span in them.
        OutputError: there is no room for the temporary database.
    """
    spans = _ByPlace(wanted)
    try:
        calls: dict[int, int] = {}
        errors: dict[int, int] = {}
        for row in spans.reader.rows(paths):
            number = row[4]
            calls[number] = calls.get(number, 0) + 1
            if row[5] & ERROR:
                errors[number] = errors.get(number, 0) + 1
        _check(spans, paths)
        found = [
            Recorded(label.file, label.name, label.line, calls[number], errors.get(number, 0), language=label.language)
            for number, label in enumerate(spans.labels)
            if label.file and number in calls
        ]
        return _recording(spans, paths, found)
    finally:
        spans.close()


def recorded_costs(paths: Sequence[Path], wanted: Wanted | None = None) -> Recording:
    """How often each function was called, how often in a second, and how long it took by itself.

    Raises:
        UsageError: a file cannot be read, or there is no span in them.
        OutputError: there is no room for the temporary database.
    """
    spans = _ByPlace(wanted)
    try:
        spans.read(paths)
        _check(spans, paths)
        _, stats = spans.tree()
        seconds = service_seconds(spans)
        found = []
        for number, label in enumerate(spans.labels):
            if not label.file or number not in stats:
                continue
            each = stats[number]
            rate = each.calls / (seconds.get(label.service) or 1.0)
            own = None if label.kind in GENERATORS else each.own
            found.append(
                Recorded(label.file, label.name, label.line, each.calls, each.errors, rate, own, label.language)
            )
        return _recording(spans, paths, found)
    finally:
        spans.close()


def together(several: Sequence[Recorded]) -> Recorded:
    """One function that was recorded at several places: in several services, or in several copies of a tree."""
    first = several[0]
    rates = [each.calls_per_second for each in several if each.calls_per_second is not None]
    owns = [each.own for each in several if each.own is not None]
    return Recorded(
        first.file,
        first.name,
        first.line,
        sum(each.calls for each in several),
        sum(each.errors for each in several),
        max(rates) if rates else None,
        sum(owns) if len(owns) == len(several) else None,
        first.language,
    )


def _check(spans: Spans, paths: Sequence[Path]) -> None:
    check_read(spans, paths)
    if not spans.spans:
        names = ", ".join(map(str, paths))
        raise UsageError(f"{names}: there are no spans in it", "Give the OTLP/JSON lines of an instrumented program.")


def _recording(spans: Spans, paths: Sequence[Path], found: Sequence[Recorded]) -> Recording:
    """All that was found, once for each place."""
    by_place: dict[tuple[str, str, int], Recorded] = {}
    for here in found:
        place = (here.file, here.name, here.line)
        by_place[place] = together((by_place[place], here)) if place in by_place else here
    functions = tuple(by_place[place] for place in sorted(by_place))
    placed = sum(each.calls for each in functions)
    return Recording(
        files=tuple(map(str, paths)),
        functions=functions,
        spans=spans.spans,
        unplaced=max(spans.spans - placed - spans.other_functions, 0),
        uncounted=spans.other_functions,
        dropped=spans.ignored.dropped,
        unreadable=str(spans.ignored),
    )
