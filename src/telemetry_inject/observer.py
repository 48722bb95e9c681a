"""What a run tells the outside world while it works, and to whom: the pipeline knows nothing of terminals."""

from __future__ import annotations

from typing import Any, Protocol

from telemetry_inject.types import FileReport, ScanResult


class Observer(Protocol):
    """Who watches a run. Methods are called in the main process, files in the order of the scan."""

    def scanned(self, scan: ScanResult) -> None:
        """The files are known; nothing was read for instrumentation yet."""

    def started(self, total_files: int) -> None:
        """Work on `total_files` files begins."""

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """One file is done. The bytes are given only when `settings.diff`; a new file has no `before`."""

    def warn(self, message: str) -> None:
        """Something a person should know that does not stop the run; one line."""

    def trace(self, component: str, event: str, level: str = "DEBUG", **data: Any) -> None:
        """One internal event. Neither source text nor keys belong in `data`."""


class SilentObserver:
    """Watches and says nothing; the base of those that care for some of the events."""

    def scanned(self, scan: ScanResult) -> None:
        """See Observer."""

    def started(self, total_files: int) -> None:
        """See Observer."""

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """See Observer."""

    def warn(self, message: str) -> None:
        """See Observer."""

    def trace(self, component: str, event: str, level: str = "DEBUG", **data: Any) -> None:
        """See Observer."""


class ObserverGroup:
    """Several observers as one, told in the order given."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def scanned(self, scan: ScanResult) -> None:
        """See Observer."""
        for observer in self._observers:
            observer.scanned(scan)

    def started(self, total_files: int) -> None:
        """See Observer."""
        for observer in self._observers:
            observer.started(total_files)

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """See Observer."""
        for observer in self._observers:
            observer.file_done(report, before, after)

    def warn(self, message: str) -> None:
        """See Observer."""
        for observer in self._observers:
            observer.warn(message)

    def trace(self, component: str, event: str, level: str = "DEBUG", **data: Any) -> None:
        """See Observer."""
        for observer in self._observers:
            observer.trace(component, event, level, **data)
