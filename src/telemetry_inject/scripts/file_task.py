"""One file from its bytes to its place in the output: the work that a worker does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.engine.instrument import Options, Placement, Result, instrument
from telemetry_inject.engine.packs import Pack, load_pack
from telemetry_inject.errors import InvariantError, TelemetryInjectError
from telemetry_inject.scripts.cache_keys import KeyScope, file_key
from telemetry_inject.scripts.export_writer import ExportWriter
from telemetry_inject.scripts.payloads import encode_file
from telemetry_inject.scripts.repair import Repair
from telemetry_inject.scripts.script_cache import NullCache, ScriptCache
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_refactorer import NoRefactorer
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.test_generator import TestGenerator
from telemetry_inject.scripts.unit_gate import ScriptGate
from telemetry_inject.types import FileReport, FileStatus, FunctionReport, FunctionStatus


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file to instrument: where it is, what to call it, and where the result goes (None: nowhere)."""

    path: Path
    relative: str
    language: str
    size: int
    ups: int
    destination: Path | None


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What all tasks of a run share; small, and the same in every process."""

    options: Options
    scopes: dict[str, KeyScope]
    packs: Path | None
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
    warnings: tuple[str, ...] = field(default=())


class Worker:
    """Processes tasks one after the other, with its own read-only view of the cache."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._cache: ScriptCache | NullCache = (
            NullCache() if context.cache_dir is None else ScriptCache.open(context.cache_dir, readonly=True)
        )
        self._exports = None
        if context.cache_dir is not None and context.staging:
            self._exports = ExportWriter(context.cache_dir, context.staging)
        self._tests = TestGenerator()
        self._validator = ScriptValidator()
        self._generators: dict[str, ScriptGenerator] = {}

    def process(self, task: FileTask) -> FileOutcome:
        """Instrument one file and write the result. Never raises for a bad file: the report says what is wrong."""
        try:
            source = task.path.read_bytes()
        except OSError as error:
            return _failed(task, f"cannot be read: {error.strerror}")
        pack = load_pack(task.language, self._context.packs)
        gate = self._gate(pack)
        try:
            result = instrument(source, pack, self._context.options, Placement(task.ups), gate)
        except InvariantError as error:
            return _failed(task, f"internal error, nothing was changed: {error.title}")
        except (RecursionError, MemoryError) as error:
            return _failed(task, f"too large or too deeply nested: {type(error).__name__}")
        written = False
        if task.destination is not None and (result.output != source or task.destination != task.path):
            try:
                written = write_result(task, source, result.output)
            except TelemetryInjectError as error:
                return _failed(task, error.title)
        keep = self._context.keep_bytes
        return FileOutcome(
            _report(task, result, source),
            written,
            self._entry(task, source, result, gate),
            self._export(gate, result),
            gate.recalled,
            source if keep else None,
            result.output if keep else None,
        )

    def _gate(self, pack: Pack) -> ScriptGate:
        generator = self._generators.get(pack.name)
        if generator is None:
            generator = self._generators[pack.name] = ScriptGenerator(pack.digest, self._context.lessons)
        repair = Repair(pack, NoRefactorer(), generator, self._context.attempts)
        scope = self._context.scopes[pack.name]
        return ScriptGate(scope, self._cache.get_functions, generator, self._validator, self._tests, repair)

    def _entry(self, task: FileTask, source: bytes, result: Result, gate: ScriptGate) -> FileKeyed | None:
        # A file that had telemetry in it already is stripped first; only its clean form is worth remembering.
        if result.base != source:
            return None
        key = file_key(self._context.scopes[task.language], task.language, source, str(task.ups))
        return FileKeyed(key, encode_file(result), tuple(gate.keys.values()))

    def _export(self, gate: ScriptGate, result: Result) -> tuple[UnitEntry, ...]:
        if any(function.status is FunctionStatus.FAILED for function in result.functions):
            return ()  # the whole file did not pass with these scripts
        entries = []
        for key, payload, language, name, stem, script, test in gate.exports:
            if self._exports is not None:
                stem = self._exports.write(language, stem, key, script, test)
            entries.append(UnitEntry(key, payload, language, name, stem))
        return tuple(entries)

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
        if self._exports is not None:
            self._exports.close()


def write_result(task: FileTask, source: bytes, output: bytes) -> bool:
    """Write the result to the task's destination with the source's mode bits. Raises OutputError.

    In place, a file that was edited while it was being instrumented is left alone.
    """
    assert task.destination is not None
    if task.destination == task.path and task.path.read_bytes() != source:
        raise InvariantError("the file was changed by someone else meanwhile")
    task.destination.parent.mkdir(parents=True, exist_ok=True)
    mode = task.path.stat().st_mode & 0o7777
    return write_atomic(task.destination, output, mode=mode)


def _report(task: FileTask, result: Result, source: bytes) -> FileReport:
    status, reason = result.status, result.reason
    if result.output == source and status is FileStatus.INSTRUMENTED:
        status, reason = FileStatus.UNCHANGED, "already instrumented"
    functions: tuple[FunctionReport, ...] = result.functions
    return FileReport(task.relative, task.language, status, reason, functions, False, len(result.insertions))


def _failed(task: FileTask, reason: str) -> FileOutcome:
    return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, reason))
