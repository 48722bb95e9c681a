"""The values that pass between the stages, each with a name of its own.

Everything here is immutable and holds no behaviour. Offsets are byte offsets into the original file,
lines are counted from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple


class Insertion(NamedTuple):
    """The only edit there is: put `text` before the byte at `offset` of the original."""

    offset: int
    text: bytes


class Level(StrEnum):
    """How much is recorded of each function; each level includes the one before."""

    FUNCTION = "function"
    FLOW = "flow"
    FULL = "full"


class FileStatus(StrEnum):
    """What became of one file."""

    INSTRUMENTED = "instrumented"
    UNCHANGED = "unchanged"  # read and understood; nothing in it to instrument
    SKIPPED = "skipped"  # left out before parsing, for the reason given
    FAILED = "failed"  # could not be read, parsed, proved or written; copied as it was where possible


UNPROVED = "its script failed: "  # begins the reason of a function whose script did not pass


class FunctionStatus(StrEnum):
    """What became of one function."""

    INSTRUMENTED = "instrumented"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unit:
    """An outermost function or method with all it contains: the unit of work and of caching.

    `source` is its exact bytes (decorators included), `start` its offset in the file, `line` the line of
    its first byte. `context` is everything outside of `source` that reaches the generated text
    (qualified name, occurrence, indentation, newline style, alias ...), as strings.
    """

    language: str
    name: str
    qualname: str
    start: int
    line: int
    source: bytes
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitEdits:
    """What goes into one unit: insertions at offsets into the unit, and why inner functions were left alone."""

    insertions: tuple[Insertion, ...]
    late_skips: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionReport:
    """One function in the report. `provenance` is "template", "cache" or, later, "model"; `sites` counts the
    snippets in it."""

    qualname: str
    line: int
    status: FunctionStatus
    reason: str = ""
    provenance: str = "template"
    sites: int = 0


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file in the report. `path` is relative to the input path, with forward slashes."""

    path: str
    language: str
    status: FileStatus
    reason: str = ""
    functions: tuple[FunctionReport, ...] = ()
    cached: bool = False
    insertions: int = 0


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that the scanner found: `path` to open it, `relative` (POSIX) to name it."""

    path: Path
    relative: str
    language: str


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """One file or folder that the scanner left out, and why."""

    relative: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found. `copied` are the other files that a runnable copy of the tree needs.

    `helpers`: runtime helpers that lie in the tree; a copy needs those where the run puts no new one.
    """

    root: Path
    files: tuple[SourceFile, ...]
    copied: tuple[str, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    single_file: bool = False
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """An insertion script: data about one unit and the edits that instrument it."""

    meta: Mapping[str, Any]
    edits: tuple[Insertion, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a check found wrong, in one line; `check` names the check."""

    check: str
    message: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of one run of the pipeline."""

    files: tuple[FileReport, ...]
    skipped: tuple[SkippedFile, ...] = ()
    written: int = 0
    scripts_generated: int = 0
    scripts_from_cache: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    output: Path | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
