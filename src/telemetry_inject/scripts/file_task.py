"""What is asked of a worker and what it answers, one file at a time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.engine.options import Options, Placement
from telemetry_inject.errors import InvariantError, OutputError
from telemetry_inject.scripts.cache_keys import KeyScope
from telemetry_inject.scripts.cache_rows import Touches
from telemetry_inject.types import FileReport

ALREADY_INSTRUMENTED = "already instrumented"


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file to instrument: where it is, what to call it, and where the result goes (None: nowhere).

    `problem`: why it can't be given the runtime helper, and so has to be left as it is.
    """

    path: Path
    relative: str
    language: str
    size: int
    placement: Placement
    destination: Path | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What all tasks of a run share; small, and the same in every process."""

    options: Options
    scopes: dict[str, KeyScope]
    packs: dict[str, Path | None]
    cache_dir: Path | None
    staging: str
    lessons: Path | None
    attempts: int
    keep_bytes: bool


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A new script for the cache's database: the files of it are exported already."""

    key: bytes
    payload: bytes
    language: str
    name: str
    stem: str


class FileKeyed(NamedTuple):
    """What the cache remembers of a file: its key, its payload and the keys of its units."""

    key: bytes
    payload: bytes
    units: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one task, and what the parent has to remember."""

    report: FileReport
    written: bool = False
    entry: FileKeyed | None = None
    units: tuple[UnitEntry, ...] = ()
    recalled: int = 0
    before: bytes | None = None
    after: bytes | None = None
    export_problem: str = ""
    imported: bytes = b""
    touches: Touches | None = None


def write_result(task: FileTask, source: bytes, output: bytes) -> bool:
    """Write the result to the task's destination with the source's mode bits. Raises OutputError.

    In place, a file that was edited while it was being instrumented is left alone.
    """
    assert task.destination is not None
    if task.destination == task.path and task.path.read_bytes() != source:
        raise InvariantError("the file was changed by someone else meanwhile")
    mode = os.stat(task.path).st_mode & 0o7777  # noqa: PTH116 - for every file of a cached run
    try:
        return write_atomic(task.destination, output, mode=mode)
    except OutputError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
    try:  # only the first file of a folder comes here
        task.destination.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {task.destination}: {error.strerror or error}") from error
    return write_atomic(task.destination, output, mode=mode)
