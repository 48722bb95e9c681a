"""One file from its bytes to its place in the output: what a worker does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from telemetry_inject.engine.instrumenter import Result, instrument
from telemetry_inject.engine.packs import Pack, load_pack
from telemetry_inject.errors import InvariantError, TelemetryInjectError
from telemetry_inject.scripts.cache_keys import file_key
from telemetry_inject.scripts.export_writer import TESTS, ExportWriter
from telemetry_inject.scripts.file_task import (
    ALREADY_INSTRUMENTED,
    FileKeyed,
    FileOutcome,
    FileTask,
    UnitEntry,
    WorkContext,
    write_result,
)
from telemetry_inject.scripts.payloads import encode_file
from telemetry_inject.scripts.repair import Repair
from telemetry_inject.scripts.script_cache import NullCache, ScriptCache
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_refactorer import NoRefactorer
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.test_generator import TestGenerator, origin_from
from telemetry_inject.scripts.unit_gate import ScriptGate
from telemetry_inject.types import FileReport, FileStatus, FunctionReport, FunctionStatus


class Worker:
    """Processes tasks one after the other, with its own read-only view of the cache."""

    def __init__(self, context: WorkContext) -> None:
        self._context = context
        self._cache: ScriptCache | NullCache = (
            NullCache() if context.cache_dir is None else ScriptCache.open(context.cache_dir, readonly=True)
        )
        self._exports = None
        self._home: Path | None = None  # of the tests
        if context.cache_dir is not None and context.staging:
            self._exports = ExportWriter(context.cache_dir, context.staging)
            self._home = (context.cache_dir / TESTS).resolve()
        self._test = TestGenerator.generate()
        self._validator = ScriptValidator()
        self._generators: dict[str, ScriptGenerator] = {}

    def process(self, task: FileTask) -> FileOutcome:
        """Instrument one file and write the result. Never raises for a bad file: the report says what is wrong."""
        try:
            source = task.path.read_bytes()
        except OSError as error:
            return _failed(task, f"cannot be read: {error.strerror}")
        pack = load_pack(task.language, self._context.packs[task.language])
        gate = self._gate(pack, task)
        try:
            result = instrument(source, pack, self._context.options, task.placement, gate)
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
        units = self._export(gate, result)
        return FileOutcome(
            _report(task, result, source),
            written,
            self._entry(task, source, result, gate),
            units,
            gate.recalled,
            source if keep else None,
            result.output if keep else None,
            self._export_problem(),
            result.imported(pack),
            self._cache.take_touches(),
        )

    def _gate(self, pack: Pack, task: FileTask) -> ScriptGate:
        generator = self._generators.get(pack.name)
        if generator is None:
            generator = self._generators[pack.name] = ScriptGenerator(pack.digest, self._context.lessons)
        repair = Repair(pack, NoRefactorer(), generator, self._context.attempts)
        scope = self._context.scopes[pack.name]
        origin = "" if self._home is None else origin_from(self._home / pack.name, task.path)
        recall = self._cache.get_functions
        return ScriptGate(scope, recall, generator, self._validator, repair, origin)

    def _entry(self, task: FileTask, source: bytes, result: Result, gate: ScriptGate) -> FileKeyed | None:
        if result.base != source:
            # Telemetry was in it already: worth remembering only when it is as it should be.
            if result.output != source:
                return None
            result = replace(result, status=FileStatus.UNCHANGED, reason=ALREADY_INSTRUMENTED, insertions=())
        key = file_key(self._context.scopes[task.language], task.language, source, task.placement.key)
        return FileKeyed(key, encode_file(result), tuple(gate.keys.values()))

    def _export(self, gate: ScriptGate, result: Result) -> tuple[UnitEntry, ...]:
        if any(function.status is FunctionStatus.FAILED for function in result.functions):
            return ()  # the whole file did not pass with these scripts
        entries = []
        for key, payload, language, name, stem, script in gate.exports:
            if self._exports is not None:
                stem = self._exports.write(language, stem, key, script, self._test)
            entries.append(UnitEntry(key, payload, language, name, stem))
        return tuple(entries)

    def _export_problem(self) -> str:
        """Why scripts could not be staged for the cache; nothing when they could."""
        return "" if self._exports is None else self._exports.problem

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()
        if self._exports is not None:
            self._exports.close()


def _report(task: FileTask, result: Result, source: bytes) -> FileReport:
    status, reason = result.status, result.reason
    if result.output == source and status is FileStatus.INSTRUMENTED:
        status, reason = FileStatus.UNCHANGED, ALREADY_INSTRUMENTED
    functions: tuple[FunctionReport, ...] = result.functions
    return FileReport(task.relative, task.language, status, reason, functions, False, len(result.insertions))


def _failed(task: FileTask, reason: str) -> FileOutcome:
    return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, reason))
