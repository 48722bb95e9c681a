"""The map of a tree: every function with what becomes of it and how often it was called, summed by file and folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telemetry_inject.coverage.matching import Matches
from telemetry_inject.types import FileReport, FileStatus, FunctionReport, FunctionStatus, RunResult
from telemetry_inject.unread_files import Unread


class State(StrEnum):
    """What a person wants to know of a function first."""

    CALLED = "called"
    NEVER_CALLED = "never called"
    IN_DOUBT = "calls not known"  # they may be those of another function of the same name
    INSTRUMENTED = "instrumented"  # and no spans were given
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MappedFunction:
    """One function. `calls` and `errors` are None where nothing was recorded, or it is not known of which function."""

    name: str
    line: int
    status: FunctionStatus
    reason: str
    state: State
    calls: int | None = None
    errors: int | None = None


@dataclass(slots=True)
class Counts:
    """Functions of a file, a folder or the tree."""

    functions: int = 0
    instrumented: int = 0
    skipped: int = 0
    failed: int = 0
    called: int = 0
    never_called: int = 0
    in_doubt: int = 0
    calls: int = 0

    def add(self, function: MappedFunction) -> None:
        """Count a function."""
        self.functions += 1
        self.instrumented += function.status is FunctionStatus.INSTRUMENTED
        self.skipped += function.state is State.SKIPPED
        self.failed += function.state is State.FAILED
        self.called += function.state is State.CALLED
        self.never_called += function.state is State.NEVER_CALLED
        self.in_doubt += function.state is State.IN_DOUBT
        self.calls += function.calls or 0

    @property
    def share(self) -> float | None:
        """The part of the functions that gets spans, 0 to 1; None without functions."""
        return self.instrumented / self.functions if self.functions else None

    @property
    def called_share(self) -> float | None:
        """The part of those with spans that was called; None without any."""
        return self.called / self.instrumented if self.instrumented else None


@dataclass(slots=True)
class MappedFile:
    """One file; `reason` says why nothing is known of its functions, or that it holds telemetry already."""

    path: str
    language: str
    status: FileStatus
    reason: str
    functions: tuple[MappedFunction, ...]
    counts: Counts


@dataclass(slots=True)
class Folder:
    """One folder with all that is below it; "" is the tree itself."""

    path: str
    files: int
    counts: Counts


@dataclass(slots=True)
class CoverageMap:
    """`reasons`: why functions get no spans; `file_reasons`: why files were not looked into (so that nothing is known
    of their functions); `left_out`: why the scanner passed over paths. Each with its count, the most frequent first.
    `unread`: source files of languages that cannot be read without a model, or at all.
    """

    root: str
    files: tuple[MappedFile, ...]
    folders: tuple[Folder, ...]
    reasons: tuple[tuple[str, int], ...]
    file_reasons: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]
    matches: Matches | None = None
    unread: tuple[Unread, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        """The functions of the whole tree."""
        return self.folders[0].counts


def coverage_map(root: str, result: RunResult, matches: Matches | None = None) -> CoverageMap:
    """The map of what a run found, with the recorded calls when there are some."""
    files = tuple(_file(report, matches) for report in sorted(result.files, key=lambda each: _order(each.path)))
    unknown = (FileStatus.SKIPPED, FileStatus.FAILED)
    return CoverageMap(
        root,
        files,
        tuple(_folders(files)),
        _counted(_kind(each.reason) for file in files for each in file.functions if each.reason),
        _counted(_kind(file.reason) for file in files if file.status in unknown),
        _counted(each.reason for each in result.skipped),
        matches,
        tuple(result.details.get("unread", ())),
        result.warnings,
    )


def _file(report: FileReport, matches: Matches | None) -> MappedFile:
    functions = tuple(
        sorted((_function(report.path, each, matches) for each in report.functions), key=lambda each: each.line)
    )
    counts = Counts()
    for function in functions:
        counts.add(function)
    return MappedFile(report.path, report.language, report.status, report.reason, functions, counts)


def _function(path: str, report: FunctionReport, matches: Matches | None) -> MappedFunction:
    state = {FunctionStatus.FAILED: State.FAILED, FunctionStatus.SKIPPED: State.SKIPPED}.get(
        report.status, State.INSTRUMENTED
    )
    calls = errors = None
    if matches is not None:
        place = (path, report.qualname)
        found = matches.calls.get(place)
        if found is not None:
            calls, errors = found.calls, found.errors
        elif state is State.INSTRUMENTED and place not in matches.doubtful:
            calls = errors = 0
        if state is State.INSTRUMENTED:
            state = State.CALLED if calls else State.IN_DOUBT if calls is None else State.NEVER_CALLED
    return MappedFunction(report.qualname, report.line, report.status, report.reason, state, calls, errors)


def _folders(files: Sequence[MappedFile]) -> Iterable[Folder]:
    """Every folder that holds files, also further down; a folder comes before what is in it."""
    found: dict[str, Folder] = {"": Folder("", 0, Counts())}
    for file in files:
        parts = file.path.split("/")
        for depth in range(len(parts)):
            path = "/".join(parts[:depth])
            folder = found.setdefault(path, Folder(path, 0, Counts()))
            folder.files += 1
            for function in file.functions:
                folder.counts.add(function)
    return sorted(found.values(), key=lambda folder: folder.path.split("/") if folder.path else [])


def _order(path: str) -> list[str]:
    """Files of a folder stand together, in whatever order the scan was."""
    return path.split("/")


def _kind(reason: str) -> str:
    """A reason without what differs from one place to the next."""
    reason = re.sub(r"(?<=would not compile: ).*|(?<=its script failed: ).*", "...", reason, flags=re.DOTALL)
    return re.sub(r"^line \d+: ", "", reason)


def _counted(reasons: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0])))
