"""ModelProcessor: asks about many files at once and finishes them one after the other.

Threads wait for the model; everything that touches the engine, files and the cache happens in the caller's thread.
Nothing that a model or a provider does ends a run: a file falls back to its templates, or is left as it is.
What would fail for every file (a wrong key, the budget, ^C) ends the asking, and `ModelRun.ending` says why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from telemetry_inject.engine.instrumenter import Result
from telemetry_inject.engine.packs import load_pack
from telemetry_inject.errors import ExitCode, InvariantError, PackError, TelemetryInjectError
from telemetry_inject.llm.client import ModelClient
from telemetry_inject.llm.errors import BudgetExceeded, Cancelled, ModelError
from telemetry_inject.llm.prompts import load_prompt
from telemetry_inject.scripts.cache_keys import KeyScope
from telemetry_inject.scripts.file_task import FileOutcome, FileTask, WorkContext
from telemetry_inject.traditional.choosing_worker import ChoosingWorker
from telemetry_inject.traditional.code_injector import CodeInjector, Selection
from telemetry_inject.traditional.hybrid_analyzer import HybridAnalyzer
from telemetry_inject.traditional.light_files import light_outcome
from telemetry_inject.traditional.light_instrumenter import prepare, render
from telemetry_inject.traditional.llm_analyzer import LLMAnalyzer
from telemetry_inject.traditional.model_refactorer import ModelRefactorer
from telemetry_inject.traditional.model_run import ModelRun
from telemetry_inject.traditional.retry_injector import RetryInjector
from telemetry_inject.types import FileReport, FileStatus

FAILURES_IN_A_ROW = 3  # of the provider itself; after them nobody is asked any more
Trace = Callable[..., None]


@dataclass(frozen=True)
class _Asked:
    """What a thread found out: a selection or a light result, or why there is none."""

    selection: Selection | None = None
    light: tuple[bytes, Result] | None = None
    error: TelemetryInjectError | None = None


class ModelProcessor:
    """Takes the place of ParallelScriptProcessor in runs with a model."""

    def __init__(
        self,
        context: WorkContext,
        script_scopes: dict[str, KeyScope],
        run: ModelRun,
        trace: Trace,
        alone: bool = True,
    ) -> None:
        self._context, self._run, self._trace = context, run, trace
        self._script_scopes = script_scopes
        self._alone = alone
        self._failed_in_a_row = 0
        self._given_up: ModelError | None = None

    def process(self, tasks: Sequence[FileTask], started: Callable[[], None]) -> Iterator[FileOutcome]:
        """The outcome of each task, in order. `started` is called once the client exists.

        Raises UsageError and ModelError when the model cannot be asked at all, and nothing was done so far: with
        `alone`, not even by the cache.
        """
        settings = self._run.settings
        try:
            client = self._run.client(self._trace)
        except TelemetryInjectError as error:
            if self._alone:
                raise
            self._run.ending = error
            started()
            yield from map(self._untouched, tasks)
            return
        prompts = settings.prompts
        injector = RetryInjector(
            client, settings.max_retries, settings.reflection_threshold, prompts, self._trace, settings.secrets
        )
        self._injector = CodeInjector(injector, load_prompt("injection", prompts))
        self._analyzer = HybridAnalyzer(LLMAnalyzer(injector, load_prompt("functions", prompts)))
        self._worker = ChoosingWorker(self._context, self._script_scopes, self._refactorer(client))
        started()
        window: deque[tuple[FileTask, Future[_Asked] | None]] = deque()
        waiting = iter(tasks)
        width = settings.workers
        executor = ThreadPoolExecutor(width, "model")
        try:
            while True:
                while len(window) < 2 * width and (task := next(waiting, None)) is not None:
                    window.append((task, self._begun(executor, task)))
                if not window:
                    return
                outcome = self._ended(*window.popleft())
                self._alone = self._alone and outcome.report.status is not FileStatus.INSTRUMENTED
                ending = self._run.ending
                if self._alone and isinstance(ending, ModelError) and ending.exit_code is ExitCode.USAGE:
                    raise ending
                yield outcome
        finally:
            if window:
                self._run.cancel()
            executor.shutdown(wait=True, cancel_futures=True)
            self._worker.close()
            self._run.close()

    def _refactorer(self, client: ModelClient) -> ModelRefactorer:
        return ModelRefactorer(client, load_prompt("refactor", self._run.settings.prompts), self._failed)

    def _begun(self, executor: ThreadPoolExecutor, task: FileTask) -> Future[_Asked] | None:
        """The question about a file, under way; None when there is nothing to ask."""
        try:
            if self._run.ending is not None or task.problem:
                return None
            source = task.path.read_bytes()
            if task.language in self._run.light and task.language not in self._context.packs:
                return executor.submit(self._asked, lambda: self._light(task, source))
            pack = load_pack(task.language, self._context.packs[task.language])
            units = HybridAnalyzer.units(source, pack, self._context.options, task.placement)
            if not units:
                return None
            return executor.submit(self._asked, lambda: _Asked(selection=self._injector.choose(units, task.language)))
        except (OSError, InvariantError, RecursionError, MemoryError):
            return None  # the worker meets the same and reports it
        except KeyboardInterrupt as interrupt:
            self._interrupted(interrupt)
            return None

    def _light(self, task: FileTask, source: bytes) -> _Asked:
        pack = self._run.light[task.language]
        file = prepare(source, pack, task.relative)
        if file.refused:
            return _Asked(light=(source, Result(file.status, file.refused, file.base, file.base)))
        proof = self._analyzer.functions(file, pack)
        return _Asked(light=(source, render(file, pack, proof, task.placement.leave_out)))

    def _asked(self, question: Callable[[], _Asked]) -> _Asked:
        """In a thread: the answer, or the error that stands for it."""
        if self._run.ending is not None:
            return _Asked(error=Cancelled("the run is ending"))
        if self._given_up is not None:
            return _Asked(error=self._given_up)
        try:
            found = question()
        except (BudgetExceeded, ModelError, PackError, InvariantError) as error:
            self._failed(error)
            return _Asked(error=error)
        self._failed_in_a_row = 0
        return found

    def _failed(self, error: TelemetryInjectError) -> None:
        if isinstance(error, BudgetExceeded) or (isinstance(error, ModelError) and error.exit_code is ExitCode.USAGE):
            self._run.ending = self._run.ending or error  # every other file would fare the same
        elif isinstance(error, ModelError) and error.retry:
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= FAILURES_IN_A_ROW:
                self._given_up = error

    def _interrupted(self, interrupt: KeyboardInterrupt) -> None:
        self._run.ending = interrupt
        self._run.cancel()

    def _ended(self, task: FileTask, future: Future[_Asked] | None) -> FileOutcome:
        try:
            return self._outcome(task, future)
        except KeyboardInterrupt as interrupt:
            if self._run.ending is not None:
                raise
            self._interrupted(interrupt)
            return self._untouched(task)

    def _outcome(self, task: FileTask, future: Future[_Asked] | None) -> FileOutcome:
        if future is None:
            if self._run.ending is not None:
                return self._untouched(task)
            if task.language in self._context.packs:
                return self._worker.process(task)
            return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, "cannot be read"))
        try:
            asked = future.result()
        except CancelledError:
            return self._untouched(task)
        if asked.error is not None:
            return self._without(task, asked.error)
        if asked.light is not None:
            return light_outcome(task, *asked.light, self._context)
        assert asked.selection is not None
        return self._worker.chosen(task, asked.selection)

    def _without(self, task: FileTask, error: TelemetryInjectError) -> FileOutcome:
        """A file for which no model could be asked, or none gave an answer that can be used."""
        if isinstance(error, BudgetExceeded | Cancelled) or error is self._run.ending:
            return self._untouched(task)
        if isinstance(error, InvariantError):
            reason = f"internal error, nothing was changed: {error.title}"
            return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, reason))
        self._run.failures[error.title] += 1
        self._trace("ModelProcessor", "failed", "WARNING", file=task.relative, error=type(error).__name__)
        if task.language not in self._context.packs:
            return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, error.title))
        outcome = self._worker.process(task)
        report = outcome.report
        reason = report.reason or f"by templates, for the model failed: {error.title}"
        # Not remembered as a file: the next run asks again.
        return replace(outcome, report=replace(report, reason=reason), entry=None)

    def _untouched(self, task: FileTask) -> FileOutcome:
        ending = self._run.ending
        why = "the run was interrupted"
        if isinstance(ending, BudgetExceeded):
            why = "the budget was reached"
        elif isinstance(ending, TelemetryInjectError):
            why = f"the model cannot be asked: {ending.title}"
        return FileOutcome(FileReport(task.relative, task.language, FileStatus.FAILED, f"left as it is: {why}"))


class RepairProcessor(ModelProcessor):
    """For the script pipeline: the files of which a script failed, with a model that may mend it."""

    def __init__(self, context: WorkContext, run: ModelRun, trace: Trace) -> None:
        super().__init__(context, context.scopes, run, trace)

    def process(self, tasks: Sequence[FileTask], started: Callable[[], None] = lambda: None) -> Iterator[FileOutcome]:
        """The outcome of each task. A model that cannot be asked mends nothing, and the run goes on."""
        try:
            client = self._run.client(self._trace)
            refactorer = self._refactorer(client)
        except TelemetryInjectError as error:
            self._trace("RepairProcessor", "no model", "WARNING", why=error.title)
            self._run.failures[error.title] += len(tasks)
            refactorer = None
        worker = ChoosingWorker(self._context, self._context.scopes, refactorer)
        try:
            for task in tasks:
                yield worker.process(task)
        finally:
            worker.close()
            self._run.close()
