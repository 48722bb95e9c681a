"""One run as a person sees it: who watches it, what is printed where, and with which code it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry_inject.config import Settings
from telemetry_inject.errors import ExitCode, TelemetryInjectError, UsageError
from telemetry_inject.observer import Observer, ObserverGroup, SilentObserver
from telemetry_inject.report.terminal import painted, printable, wants_color
from telemetry_inject.types import FileReport, FileStatus, FunctionStatus, RunResult

if TYPE_CHECKING:
    from telemetry_inject.coverage.prune import Pruning
    from telemetry_inject.traditional.model_run import ModelRun

Finished = Callable[[int], None]


def run_command(settings: Settings, show_files: bool, finished: Finished) -> int:
    """Do what the settings ask for, say so, and return the exit code.

    `finished` is told the code as soon as the work is done, before the last words are printed.
    """
    if show_files:
        return _show_files(settings)
    if settings.map:
        return _run_map(settings, finished)
    pruning = None
    if settings.prune_from:
        from telemetry_inject.coverage.prune import find_what_only_costs

        pruning = find_what_only_costs(settings)
        settings = pruning.applied(settings)
    models = _models(settings)
    if not settings.quiet:
        for note in _notes(settings, models):
            print(f"note: {printable(note)}", file=sys.stderr)
    if settings.stdin:
        return _run_stdin(settings, finished)
    return _run_tree(settings, finished, models, pruning)


def _run_map(settings: Settings, finished: Finished) -> int:
    """The map of the tree; -v is for its own lines."""
    from telemetry_inject.coverage.map_command import map_of, show_map

    with _observers(replace(settings, verbose=False)) as (observers, codes):
        found = map_of(settings, ObserverGroup(*observers))
        codes.append(ExitCode.DONE)
    finished(ExitCode.DONE)
    show_map(settings, found)
    return int(ExitCode.DONE)


def _models(settings: Settings) -> ModelRun | None:
    """What has to do with models; None for a run without. Raises UsageError."""
    if settings.use_scripts or settings.remove or settings.stdin:
        return None
    from telemetry_inject.presence import is_stated, may_listen, ollama_address

    if not is_stated(settings) and not may_listen(ollama_address(os.environ)):
        return None
    from telemetry_inject.traditional.model_run import traditional_run

    def say(note: str) -> None:
        if not settings.quiet:
            print(f"note: {printable(note)}", file=sys.stderr)

    return traditional_run(settings, say)


class _Warnings(SilentObserver):
    """Warnings as lines on standard error."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def warn(self, message: str) -> None:
        """See Observer."""
        print(f"{painted('warning:', 'yellow', self._color)} {printable(message)}", file=sys.stderr)


@contextmanager
def _observers(settings: Settings) -> Iterator[tuple[list[Observer], list[int]]]:
    """The observers that the settings ask for, closed afterwards; put the exit code into the second list."""
    color = wants_color(settings.color, sys.stderr)
    observers: list[Observer] = [] if settings.quiet else [_Warnings(color)]
    codes: list[int] = []
    closing: list[Callable[[], None]] = []
    if settings.verbose:
        from telemetry_inject.report.verbose_logger import VerboseLogger

        observers.append(VerboseLogger(color))
    if _shows_progress(settings):
        from telemetry_inject.report.progress import ProgressBar

        bar = ProgressBar(color)
        observers.append(bar)
        closing.append(bar.close)
    if settings.debug_trace:
        from telemetry_inject.report.debug_trace_logger import FOLDER, DebugTraceLogger

        trace = DebugTraceLogger(
            FOLDER, settings.trace_level, settings.trace_console, settings.secrets, settings.trace_prompts
        )
        trace.trace("Cli", "settings", "INFO", settings=settings.public())
        observers.append(trace)
        closing.append(lambda: trace.close(codes[0] if codes else ExitCode.BUG))
    try:
        yield observers, codes
    except TelemetryInjectError as error:
        codes.append(error.exit_code)
        raise
    except KeyboardInterrupt:
        codes.append(ExitCode.INTERRUPTED)
        raise
    finally:
        for close in closing:
            close()


def _shows_progress(settings: Settings) -> bool:
    """A bar needs a terminal of its own: nothing else may write to it meanwhile."""
    if settings.quiet or settings.verbose or settings.stdin or (settings.debug_trace and settings.trace_console):
        return False
    if os.environ.get("TERM") == "dumb" or not sys.stderr.isatty():
        return False
    return not (settings.diff and sys.stdout.isatty())


def _run_tree(settings: Settings, finished: Finished, models: ModelRun | None, pruning: Pruning | None) -> int:
    from telemetry_inject import pipeline

    with _observers(settings) as (observers, codes):
        group = ObserverGroup(*observers)
        printer = None
        if settings.diff:
            from telemetry_inject.report.diff import DiffPrinter

            sys.stdout.flush()
            color = wants_color(settings.color, sys.stdout)
            printer = DiffPrinter(sys.stdout.buffer, _prefix(settings.path) or "", color)
            group = ObserverGroup(*observers, printer)
        if settings.remove:
            result = pipeline.remove(settings, group)
        elif settings.proves:
            from telemetry_inject.proving.command import run_proved
            from telemetry_inject.report.status_line import StatusLine

            with StatusLine(settings) as status:
                result = run_proved(settings, group, status.say, models)
        elif models is None:
            result = pipeline.run(settings, group)
        else:
            result = pipeline.run(settings, group, models)
        if printer is not None:
            printer.finish()
            sys.stdout.buffer.flush()
        if not result.files and result.skipped and settings.path.is_file():
            from telemetry_inject.scanner import UNKNOWN_KIND
            from telemetry_inject.unread_files import of_one

            reason = result.skipped[0].reason  # a file that was named and left out is not a success
            told = of_one(settings.path) if reason == UNKNOWN_KIND else ("", "")
            why, helping = told[0] or reason, told[1] or "Give another file; --help says what is left out."
            raise UsageError(f"{settings.path}: {why}", helping)
        code = exit_code(settings, result)
        ending = None if models is None else models.ending
        if isinstance(ending, TelemetryInjectError):
            code = int(ending.exit_code)
        elif ending is not None:
            code = int(ExitCode.INTERRUPTED)
        codes.append(code)
    if pruning is not None:
        from telemetry_inject.coverage.prune import with_pruning

        result = with_pruning(pruning, settings, result, code)
    finished(code)
    _say_result(settings, result, code)
    if ending is not None:
        raise ending  # the caller words it
    return code


def _notes(settings: Settings, models: ModelRun | None) -> tuple[str, ...]:
    """What should be known before anything happens: remarks on settings, and which pipeline is used."""
    notes = settings.notes
    if models is None and not (settings.use_scripts or settings.remove or settings.stdin):
        notes += ("no model provider is configured, so the script pipeline is used, as with --use-scripts",)
    if settings.diff and not settings.stdin and _prefix(settings.path) is None:
        notes += (f"the patch's paths are relative to {settings.path}: apply it there",)
    return notes


def _prefix(path: Path) -> str | None:
    """What leads from the current directory to the scanned folder; None when that is not below it."""
    folder = (path if path.is_dir() else path.parent).resolve()
    here = Path.cwd()
    if not folder.is_relative_to(here):
        return None
    return "" if folder == here else f"{folder.relative_to(here).as_posix()}/"


def exit_code(settings: Settings, result: RunResult) -> int:
    """1 when anything failed, or when --check found something that would change; else 0."""
    failed = any(
        file.status is FileStatus.FAILED or any(function.status is FunctionStatus.FAILED for function in file.functions)
        for file in result.files
    )
    changes = any(file.status is FileStatus.INSTRUMENTED for file in result.files)
    undone = result.details.get("failures") or result.details.get("model_failures")
    incomplete = failed or bool(undone) or (settings.check and changes)
    proof = result.details.get("verify")
    if proof is not None and proof["status"] == "unproved":
        return int(ExitCode.UNPROVED)
    if proof is not None and not incomplete:
        tests = proof["tests"] or {}
        doubtful = tests.get("within_budget") is False or tests.get("unsteady")
        if doubtful or proof["status"] == "repaired":
            return int(ExitCode.REPAIRED)
    return int(ExitCode.INCOMPLETE if incomplete else ExitCode.DONE)


def _say_result(settings: Settings, result: RunResult, code: int) -> None:
    """The document on standard output, or the summary there, or beside a patch on standard error."""
    from telemetry_inject.report import summary

    if settings.json:
        from telemetry_inject.report.json_report import json_report

        sys.stdout.write(json_report(settings, result, code))
    stream = sys.stderr if settings.json or settings.diff else sys.stdout
    color = wants_color(settings.color, stream)
    if settings.quiet or (settings.json and not settings.verbose):
        for line in summary.failures(result, wants_color(settings.color, sys.stderr)):
            print(line, file=sys.stderr)
        return
    if settings.verbose:
        from telemetry_inject.report.verbose_logger import VerboseLogger

        VerboseLogger(wants_color(settings.color, sys.stderr)).finished(result)
    lines = summary.summary(settings, result, color)
    if settings.check and not settings.json and not settings.diff:
        lines = summary.would_change(result) + lines
    for line in lines:
        print(line, file=stream)


def _run_stdin(settings: Settings, finished: Finished) -> int:
    """Standard input to standard output; what fails goes through as it came, with exit code 1."""
    from telemetry_inject import pipeline

    data = sys.stdin.buffer.read()
    with _observers(settings) as (observers, codes):
        group = ObserverGroup(*observers)
        report, output = pipeline.instrument_stdin(settings, data, settings.stdin_filename)
        group.file_done(report, None, None)
        result = RunResult((report,))
        code = exit_code(settings, result)
        codes.append(code)
    finished(code)
    if settings.json:
        _say_result(settings, result, code)
        return code
    _write_stdin_result(settings, report, data, output)
    from telemetry_inject.report import summary

    for line in summary.failures(result, wants_color(settings.color, sys.stderr)):
        print(line, file=sys.stderr)
    return code


def _write_stdin_result(settings: Settings, report: FileReport, data: bytes, output: bytes) -> None:
    sys.stdout.flush()
    if settings.diff:
        from telemetry_inject.report.diff import DiffPrinter

        printer = DiffPrinter(sys.stdout.buffer, color=wants_color(settings.color, sys.stdout))
        printer.file_done(report, data, output)
        printer.finish()
    elif not (settings.check or settings.dry_run):
        sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


def _show_files(settings: Settings) -> int:
    """The files that a run would look at, one a line; with --json or -v also the others."""
    from telemetry_inject.run_scope import languages
    from telemetry_inject.scanner import CodeScanner, ScanOptions

    if settings.stdin:
        raise UsageError("- and --show-files do not go together", "Give a folder.")
    claims = languages(settings.packs)
    models = _models(settings)
    if models is not None:
        claims = models.languages(claims)
    scanner = CodeScanner(claims, ScanOptions.of(settings))
    scan = scanner.scan(settings.path)
    if settings.json:
        from telemetry_inject.report.json_report import json_scan

        sys.stdout.write(json_scan(scan))
        return int(ExitCode.DONE)
    for file in scan.files:
        print(printable(file.relative))
    if settings.verbose:
        for skipped in scan.skipped:
            print(f"skip {printable(skipped.relative)}: {printable(skipped.reason)}", file=sys.stderr)
    return int(ExitCode.DONE)
