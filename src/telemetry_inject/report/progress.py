"""A progress bar on standard error: only on a terminal, and only for work that takes a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from telemetry_inject.observer import SilentObserver
from telemetry_inject.types import FileReport

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 0.3  # seconds of work before anything is shown: most runs are over by then


class ProgressBar(SilentObserver):
    """Shows how many files are done; close it before anything else is written."""

    def __init__(self, color: bool = True) -> None:
        self._color = color
        self._bar: Progress | None = None
        self._done = self._total = 0
        self._start = time.monotonic()

    def started(self, total_files: int) -> None:
        """Start the clock."""
        self._total, self._start = total_files, time.monotonic()

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """Count; show the bar once the work has taken long enough."""
        self._done += 1
        if self._bar is None and time.monotonic() - self._start > PATIENCE and self._done < self._total:
            self._bar = self._make_bar()
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done)

    def close(self) -> None:
        """Take the bar off the screen. May be called more than once."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
            self._done = self._total

    def _make_bar(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("instrumenting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=Console(stderr=True, no_color=not self._color), transient=True)
        bar.add_task("", total=self._total)
        return bar
