"""The script pipeline over a whole tree: scan, recall, process, write, remember.

    CodeScanner -> file cache -> ParallelScriptProcessor -> FileReconstructor -> output tree + helper

Everything that decides about text lives below; here is only the order of the stages and the bookkeeping.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from telemetry_inject.config import Settings
from telemetry_inject.engine.file_reconstructor import FileReconstructor
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import RuntimePack, load_pack
from telemetry_inject.errors import InvariantError, OutputError, TelemetryInjectError, UsageError
from telemetry_inject.garbage import uncollected
from telemetry_inject.leave_out import LeaveOut
from telemetry_inject.observer import Observer
from telemetry_inject.overlay import copies_folder, only_of, write_overlay
from telemetry_inject.run_scope import engine_options, key_scopes, languages, pack_folders
from telemetry_inject.scan_rules import OUTPUT_MARKER
from telemetry_inject.scanner import CodeScanner, ScanOptions
from telemetry_inject.scripts.cache_exports import CacheExports
from telemetry_inject.scripts.cache_keys import file_key
from telemetry_inject.scripts.file_task import ALREADY_INSTRUMENTED, FileOutcome, FileTask, WorkContext, write_result
from telemetry_inject.scripts.payloads import FileEntry, decode_file
from telemetry_inject.scripts.script_cache import NullCache, ScriptCache
from telemetry_inject.telemetry_utils_writer import HELPER, TelemetryUtilsWriter
from telemetry_inject.tree_copy import copy_rest, helpers_left
from telemetry_inject.types import (
    UNPROVED,
    FileReport,
    FileStatus,
    FunctionStatus,
    Level,
    RunResult,
    ScanResult,
    SourceFile,
)

if TYPE_CHECKING:
    from telemetry_inject.languages import Languages
    from telemetry_inject.traditional.model_run import ModelRun
    from telemetry_inject.unread_files import Unread


def run(settings: Settings, observer: Observer, models: ModelRun | None = None) -> RunResult:
    """Instrument the tree at `settings.path`. Files that fail are reported; the others are done all the same.

    `models`: a model chooses among what can be inserted, and names the functions of languages without a pack.
    Raises UsageError when the path does not exist, PackError when a language pack is broken.
    """
    with uncollected() if models is None else nullcontext():
        return _Run(settings, observer, models).run()


class _Phases:
    """How long each part of a run took, in seconds."""

    def __init__(self, start: float) -> None:
        self.seconds: dict[str, float] = {}
        self._last = start

    def end(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


class _Run:
    def __init__(self, settings: Settings, observer: Observer, models: ModelRun | None = None) -> None:
        self.settings = settings
        self.models = models
        self.observer = observer
        self.leave_out = LeaveOut(settings.leave_out)
        self.folders = pack_folders(settings.packs)
        self.reports: list[FileReport] = []
        self.written = 0
        self.counts: Counter[str] = Counter()
        self.helpers: dict[tuple[str, PurePosixPath], set[bytes]] = {}
        self.failures: list[str] = []
        self.told: list[str] = []
        self.export_problem = ""

    def pack(self, language: str) -> RuntimePack:
        if self.models is not None and language not in self.folders:
            return self.models.light[language]
        return load_pack(language, self.folders[language])

    def run(self) -> RunResult:
        start = time.perf_counter()
        settings, observer = self.settings, self.observer
        claims = languages(settings.packs)
        if self.models is not None:
            claims = self.models.languages(claims)
        scan = CodeScanner(claims, ScanOptions.of(settings)).scan(settings.path)
        if settings.overlay is not None:
            scan = only_of(scan, [name for name in self.folders if self.pack(name).config.get("overlay")])
        phases = _Phases(start)
        phases.end("scan")
        observer.scanned(scan)
        self._tell_levels({file.language for file in scan.files})
        overlay = settings.overlay is not None
        names = {file.language for file in scan.files}
        self.scopes = self.script_scopes = key_scopes(settings, names)
        if self.models is not None:
            self.scopes = self.models.scopes(self.scopes)
        self.writers = {name: TelemetryUtilsWriter(scan.root, self.pack(name), overlay) for name in names}
        for language in names:
            self.pack(language).check_helpers()
        self.output = self._output(scan)
        cache = self._open_cache()
        exports = CacheExports(cache) if isinstance(cache, ScriptCache) else None
        try:
            misses = self._recall(scan, cache)
            phases.end("recall")
            self._process(misses, cache, exports)
            phases.end("generate")
            self._finish(scan)
            phases.end("write")
            if exports is not None:
                exports.finish()
            phases.end("remember")
        finally:
            if exports is not None:
                exports.close()
            cache.close()
        order = {file.relative: index for index, file in enumerate(scan.files)}
        self.reports.sort(key=lambda report: order[report.path])
        unmatched = self.leave_out.unmatched(scan.root, self.reports)
        warnings = (*cache.warnings, *self.failures, *self.told, *unmatched)
        for warning in warnings:
            observer.warn(warning)
        spent: dict[str, Any] = {} if self.models is None else self.models.details()
        told = {"cost_usd": spent.get("cost_usd", 0), "model_calls": spent.get("model_calls", 0)}
        observer.trace("Pipeline", "finished", "INFO", **told, written=self.written, **self.counts)
        return RunResult(
            files=tuple(self.reports),
            skipped=scan.skipped,
            written=self.written,
            scripts_generated=self.counts["generated"],
            scripts_from_cache=self.counts["recalled"],
            seconds=time.perf_counter() - start,
            warnings=warnings,
            output=self.output,
            details={
                "failures": len(self.failures),
                "files_from_cache": self.counts["files_from_cache"],
                "phases": phases.seconds,
                "unread": self._unread(scan, claims),
                **spent,
            },
        )

    def _tell_levels(self, names: Set[str]) -> None:
        """A level that some of the languages do not know is not passed over in silence."""
        if self.models is not None and self.settings.level is not Level.FUNCTION:
            titles = sorted(self.models.light[name].title for name in names - self.folders.keys())
            if titles:
                self.told.append(f"{', '.join(titles)}: level function only, not {self.settings.level}")

    def _unread(self, scan: ScanResult, claims: Languages) -> tuple[Unread, ...]:
        if not scan.copied or self.settings.overlay is not None:
            return ()
        from telemetry_inject.unread_files import unread

        return unread(scan, frozenset(claims.extensions))

    def _output(self, scan: ScanResult) -> Path | None:
        if not self.settings.writes:
            return None
        if self.settings.in_place:
            return scan.root
        output = self.settings.output if self.settings.overlay is None else copies_folder(self.settings)
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{output}: cannot be made: {error.strerror}", "choose another folder with --output"
            ) from None
        return output

    def _open_cache(self) -> ScriptCache | NullCache:
        return ScriptCache.open(self.settings.cache_dir) if self.settings.cache else NullCache()

    def _task(self, file: SourceFile, source: bytes) -> FileTask:
        places = self.writers[file.language].places
        places.saw(file.relative, source)
        place = places.place(file.relative)
        placement = self.leave_out.placed(place.placement, file.relative)
        destination = None
        if self.output is not None:
            destination = file.path if self.settings.in_place else self.output / file.relative
        return FileTask(file.path, file.relative, file.language, len(source), placement, destination, place.problem)

    def _recall(self, scan: ScanResult, cache: ScriptCache | NullCache) -> list[FileTask]:
        """Finish every file whose insertions the cache knows; return the others."""
        misses: list[FileTask] = []
        for batch in _batches(scan.files):
            known: list[tuple[FileTask, bytes, bytes]] = []
            for file in batch:
                try:
                    source = file.path.read_bytes()
                except OSError as error:
                    self._done(
                        FileReport(file.relative, file.language, FileStatus.FAILED, f"cannot be read: {error.strerror}")
                    )
                    continue
                task = self._task(file, source)
                if task.problem:
                    self._leave_alone(task, source)
                    continue
                key = file_key(self.scopes[file.language], file.language, source, task.placement.key)
                known.append((task, source, key))
            found = cache.get_files([key for _, _, key in known])
            for task, source, key in known:
                payload = found.get(key)
                if payload is None or not self._from_cache(task, source, payload):
                    misses.append(task)
        return misses

    def _leave_alone(self, task: FileTask, source: bytes) -> None:
        """A file that can't be given the helper: it goes to the output as it is."""
        report = FileReport(task.relative, task.language, FileStatus.SKIPPED, task.problem)
        written = False
        try:
            written = task.destination not in (None, task.path) and write_result(task, source, source)
        except TelemetryInjectError as error:
            report = FileReport(task.relative, task.language, FileStatus.FAILED, error.title)
        keep = self.settings.diff
        self._done(report, written, source if keep else None, source if keep else None)

    def _from_cache(self, task: FileTask, source: bytes, payload: bytes) -> bool:
        """Whether the stored insertions gave a file; a damaged entry is no reason to fail."""
        try:
            entry: FileEntry = decode_file(payload)
            output = FileReconstructor.rebuild_columns(source, entry.offsets, entry.texts)
        except InvariantError as error:
            self.observer.trace("ScriptCache", "damaged entry", "WARNING", file=task.relative, problem=error.title)
            return False
        report = FileReport(
            task.relative, task.language, entry.status, entry.reason, entry.functions, True, len(entry.offsets)
        )
        written = False
        if task.destination is not None and (output is not source or task.destination != task.path):
            try:
                written = write_result(task, source, output)
            except TelemetryInjectError as error:
                report = FileReport(task.relative, task.language, FileStatus.FAILED, error.title)
        self.counts["files_from_cache"] += 1
        keep = self.settings.diff
        imported = self.pack(task.language).import_among(entry.texts)
        self._done(report, written, source if keep else None, output if keep else None, imported)
        return True

    def _process(self, tasks: Sequence[FileTask], cache: ScriptCache | NullCache, exports: CacheExports | None) -> None:
        total = len(self.reports) + len(tasks)
        if not tasks:
            self.observer.started(total)
            return
        # A run that finds everything in the cache needs none of what this loads.
        from telemetry_inject.scripts.parallel_script_processor import ParallelScriptProcessor

        settings = self.settings
        context = WorkContext(
            engine_options(settings), self.scopes, self.folders,
            settings.cache_dir if exports is not None else None,
            exports.staging() if exports is not None else "",
            Path("docs/lessons"), settings.max_retries, settings.diff,
        )  # fmt: skip
        processor: Any = ParallelScriptProcessor(context, settings.workers)
        if self.models is not None:
            from telemetry_inject.traditional.model_processor import ModelProcessor

            processor = ModelProcessor(
                context, self.script_scopes, self.models, self.observer.trace, alone=not self.reports
            )
        held = []
        for task, outcome in zip(tasks, processor.process(tasks, lambda: self.observer.started(total)), strict=True):
            if self.models is None and _wants_repair(settings, outcome):
                held.append(task)
            else:
                self._outcome(outcome, cache)
        if held:
            self._repair(held, context, cache)

    def _repair(self, tasks: Sequence[FileTask], context: WorkContext, cache: ScriptCache | NullCache) -> None:
        """Files with a script that failed, once more, with a model that may mend it."""
        from telemetry_inject.traditional.model_processor import RepairProcessor
        from telemetry_inject.traditional.model_run import ModelRun

        self.models = ModelRun(self.settings, self.observer.warn)
        for outcome in RepairProcessor(context, self.models, self.observer.trace).process(tasks):
            self._outcome(outcome, cache)

    def _outcome(self, outcome: FileOutcome, cache: ScriptCache | NullCache) -> None:
        self.counts["generated"] += len(outcome.units)
        self.counts["recalled"] += outcome.recalled
        for unit in outcome.units:
            cache.put_function(unit.key, unit.payload, language=unit.language, name=unit.name, stem=unit.stem)
        if outcome.entry is not None:
            cache.put_file(*outcome.entry)
        if outcome.touches is not None:
            cache.add_touches(outcome.touches)
        if outcome.export_problem and not self.export_problem:
            self.export_problem = outcome.export_problem
            cache.warnings.append(f"some scripts could not be written to the cache: {outcome.export_problem}")
        self._done(outcome.report, outcome.written, outcome.before, outcome.after, outcome.imported)

    def _done(
        self, report: FileReport, written: bool = False, before: bytes | None = None, after: bytes | None = None,
        imported: bytes = b"",
    ) -> None:  # fmt: skip
        self.reports.append(report)
        self.written += written
        if report.insertions or report.reason == ALREADY_INSTRUMENTED:
            home = self.writers[report.language].place(report.path).home
            self.helpers.setdefault((report.language, home), set()).add(imported)
        self.observer.file_done(report, before, after)
        self.observer.trace(
            "FileReconstructor", "file done", "DEBUG", file=report.path, status=report.status.value,
            reason=report.reason, functions=len(report.functions), insertions=report.insertions, cached=report.cached,
        )  # fmt: skip

    def _finish(self, scan: ScanResult) -> None:
        """What makes the output a tree that runs: the helpers, and the files that were not instrumented."""
        helpers = sorted(self.helpers.items())
        if self.settings.diff:
            for (language, home), imports in helpers:
                for name, data in self.writers[language].files(home, imports).items():
                    path = str(home / name)
                    report = FileReport(path, language, FileStatus.INSTRUMENTED, HELPER)
                    there = scan.root / path
                    before = there.read_bytes() if there.is_file() else None
                    if before != data:
                        self.observer.file_done(report, before, data)
        if self.output is None:
            return
        for (language, home), imports in helpers:
            try:
                self.written += self.writers[language].write(self.output, home, imports)
            except TelemetryInjectError as error:
                self.failures.append(error.title)
        if self.settings.overlay is not None:
            self._write_overlay(self.settings.overlay, self.output, scan)
        elif not self.settings.in_place:
            if not scan.single_file:
                (self.output / OUTPUT_MARKER).touch()
            failed = [report.path for report in self.reports if report.status is FileStatus.FAILED]
            homes = {home for _, home in self.helpers}
            copied, problems = copy_rest(scan, self.output, [*failed, *helpers_left(scan, homes)])
            self.written += copied
            self.failures += problems

    def _write_overlay(self, overlay: Path, output: Path, scan: ScanResult) -> None:
        done = [report.path for report in self.reports if report.status is FileStatus.INSTRUMENTED]
        added = {
            str(home / name): output / home / name
            for (language, home), imports in self.helpers.items()
            for name in self.writers[language].files(home, imports)
        }
        (output / OUTPUT_MARKER).touch()
        write_overlay(overlay, scan.root, output, done, added)


def _wants_repair(settings: Settings, outcome: FileOutcome) -> bool:
    """Whether a script of the file failed, and there is a model to ask."""
    if not settings.provider:
        return False
    failed = [each.reason for each in outcome.report.functions if each.status is FunctionStatus.FAILED]
    return any(reason.startswith(UNPROVED) for reason in failed)


def _batches(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    for start in range(0, len(files), 100):
        yield list(files[start : start + 100])


def instrument_stdin(settings: Settings, data: bytes, filename: str) -> tuple[FileReport, bytes]:
    """Instrument one file given as bytes; `filename` tells its language. Raises UsageError when it does not."""
    from telemetry_inject.engine.instrumenter import instrument

    claims = languages(settings.packs)
    language = claims.by_name(Path(filename).name) or claims.by_shebang(data)
    if not language:
        raise UsageError(
            f"{filename}: no language pack for a file of this name", "give a name with --stdin-filename, such as app.py"
        )
    pack = load_pack(language, pack_folders(settings.packs)[language])
    placement = LeaveOut(settings.leave_out).placed(Placement(), filename)
    result = instrument(data, pack, engine_options(settings), placement)
    report = FileReport(
        filename, language, result.status, result.reason, result.functions, False, len(result.insertions)
    )
    return report, result.output


def remove(settings: Settings, observer: Observer) -> RunResult:
    """Take the telemetry out of the tree at `settings.path` again, edited since or not."""
    from telemetry_inject.removal import remove_tree
    from telemetry_inject.traditional.light_packs import light_packs, with_light

    light = light_packs(settings.packs)
    claims = with_light(languages(settings.packs), light)
    return remove_tree(settings, observer, pack_folders(settings.packs), claims, light)
