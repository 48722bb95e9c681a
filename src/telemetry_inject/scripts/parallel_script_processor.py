"""ParallelScriptProcessor: instruments the files that the cache did not know, in processes where that pays.

The work is bound by the processor, so workers are processes, never more than there are processors. A worker
reads, instruments, proves and writes a file by itself and reports what it did; only the parent writes to the
cache's database. Results come in the order of the tasks, whoever was faster.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from telemetry_inject.scripts.file_task import FileOutcome, FileTask, WorkContext
from telemetry_inject.scripts.worker import Worker

if TYPE_CHECKING:
    from concurrent.futures import Executor, ProcessPoolExecutor

# Below this many bytes one process is done before a second one has started.
WORTH_A_PROCESS = 300_000
_CHUNKS_PER_WORKER = 8

_worker: Worker | None = None


def _start_worker(context: WorkContext) -> None:
    # ^C is the parent's business: it stops handing out work and lets every started file end whole.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # as in the parent, see garbage.py
    global _worker
    _worker = Worker(context)


def _work(tasks: Sequence[FileTask]) -> list[FileOutcome]:
    assert _worker is not None
    return [_worker.process(task) for task in tasks]


class ParallelScriptProcessor:
    """Processes files with at most `workers` workers (`--max-parallel`); one worker means this process.

    `executor` may be any `concurrent.futures.Executor` whose workers see the same files (a cluster's, say).
    """

    def __init__(self, context: WorkContext, workers: int, executor: Executor | None = None) -> None:
        self._context = context
        self._workers = max(1, min(workers, os.cpu_count() or 1))
        self._executor = executor

    def process(self, tasks: Sequence[FileTask], started: Callable[[], None]) -> Iterator[FileOutcome]:
        """The outcome of each task, in order. `started` is called once the workers exist."""
        size = sum(task.size for task in tasks)
        if self._executor is None and (self._workers == 1 or size < WORTH_A_PROCESS or len(tasks) < 2):
            started()
            worker = Worker(self._context)
            for task in tasks:
                yield worker.process(task)
            worker.close()
            return
        # One process alone is done before these are loaded, too.
        from concurrent.futures.process import BrokenProcessPool

        chunks = list(_chunks(tasks, size // (self._workers * _CHUNKS_PER_WORKER) + 1))
        executor = self._executor or self._pool(min(self._workers, len(chunks)))
        done = 0
        try:
            results = [executor.submit(_work, chunk) for chunk in chunks]
            started()
            for result in results:
                for outcome in result.result():
                    yield outcome
                    done += 1
        except BrokenProcessPool:
            # A worker was killed from outside (out of memory, for one): what is left is done here.
            worker = Worker(self._context)
            for task in tasks[done:]:
                yield worker.process(task)
            worker.close()
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def _pool(self, workers: int) -> ProcessPoolExecutor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # fork starts in milliseconds but must not meet other threads of this process.
        alone = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("fork" if alone else "spawn")
        return ProcessPoolExecutor(workers, context, _start_worker, (self._context,))


def _chunks(tasks: Sequence[FileTask], size: int) -> Iterator[list[FileTask]]:
    """Runs of tasks of about `size` bytes each."""
    chunk: list[FileTask] = []
    total = 0
    for task in tasks:
        chunk.append(task)
        total += task.size
        if total >= size:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk
