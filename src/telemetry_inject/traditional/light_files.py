"""From a light result to a file's outcome: its place in the output, its report, and what the cache remembers."""

from __future__ import annotations

from dataclasses import replace

from telemetry_inject.engine.instrumenter import Result
from telemetry_inject.errors import TelemetryInjectError
from telemetry_inject.scripts.cache_keys import file_key
from telemetry_inject.scripts.file_task import (
    ALREADY_INSTRUMENTED,
    FileKeyed,
    FileOutcome,
    FileTask,
    WorkContext,
    write_result,
)
from telemetry_inject.scripts.payloads import encode_file
from telemetry_inject.traditional.light_instrumenter import NOTHING_TRUE
from telemetry_inject.types import FileReport, FileStatus


def light_outcome(task: FileTask, source: bytes, result: Result, context: WorkContext) -> FileOutcome:
    """Write a light file's result, and say what became of it."""
    written = False
    if task.destination is not None and (result.output != source or task.destination != task.path):
        try:
            written = write_result(task, source, result.output)
        except TelemetryInjectError as error:
            return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, error.title))
    same = result.output == source and result.status is FileStatus.INSTRUMENTED
    kept = replace(result, status=FileStatus.UNCHANGED, reason=ALREADY_INSTRUMENTED, insertions=()) if same else result
    report = FileReport(
        task.relative, task.language, kept.status, kept.reason, kept.functions, False, len(kept.insertions)
    )
    imported = kept.insertions[0].text if kept.insertions else b""
    keep = context.keep_bytes
    return FileOutcome(
        report, written, _entry(task, source, kept, context),
        before=source if keep else None, after=result.output if keep else None, imported=imported,
    )  # fmt: skip


def _entry(task: FileTask, source: bytes, result: Result, context: WorkContext) -> FileKeyed | None:
    """What the cache remembers; not a file of which nothing said was true, nor one that held telemetry already."""
    if result.status is FileStatus.FAILED or (result.base != source and result.status is FileStatus.INSTRUMENTED):
        return None
    if result.reason == NOTHING_TRUE:
        return None  # asking again may help
    key = file_key(context.scopes[task.language], task.language, source, task.placement.key)
    return FileKeyed(key, encode_file(result), ())
