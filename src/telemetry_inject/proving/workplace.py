"""The temporary folder of a verification, which is gone afterwards whatever happens, and what ^C means meanwhile."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from telemetry_inject.proving.execution import Interrupted
from telemetry_inject.proving.project_copy import remove_tree

_PREFIX = "tiv-"  # short: suites put Unix sockets below it, whose paths must be
_LOCK = "telemetry-inject.lock"  # by which a folder is known to be ours; made first, removed last
_NEVER_USED = 60.0  # seconds after which an empty folder waits for no lock any more


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder of ours. What processes that were killed have left behind is removed too."""
    top = Path(tempfile.gettempdir()).resolve()
    _sweep(top)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=top))
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            _remove(folder)


def _sweep(top: Path) -> None:
    """Remove folders of this kind whose process is gone: nobody holds their lock. Others with such a name stay."""
    for folder in top.glob(f"{_PREFIX}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            if not (folder / _LOCK).exists():
                if time.time() - folder.stat().st_mtime > _NEVER_USED:
                    folder.rmdir()
                continue
            with (folder / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
        except OSError:
            continue  # it belongs to a living process, or is not of this kind


def _remove(folder: Path) -> None:
    """The lock goes last, and only from a folder that holds nothing else: what is left of a removal that was cut
    short, or what a process wrote while it was being ended, is removed by a later call."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            remove_tree(path)
        elif path.name != _LOCK:
            path.unlink()
    if [path.name for path in folder.iterdir()] == [_LOCK]:
        (folder / _LOCK).unlink()
        folder.rmdir()


class Signals:
    """While this is entered, the first ^C (or SIGTERM, SIGHUP) ends the work by an exception; later ones wait for the
    cleaning up. In `held` parts it waits for the end of the part."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[int, Any] = {}
        self._seen: int | None = None
        self._raised = False
        self._holding = False

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _caught(self, number: int, frame: FrameType | None) -> None:
        first = self._seen is None
        self._seen = number
        self._stop()
        if first and not self._holding:
            self._raise("nothing is written; when called again, it goes on from the runs that are done")

    def _raise(self, what_is_left: str) -> None:
        self._raised = True
        kind = KeyboardInterrupt if self._seen == signal.SIGINT else Interrupted
        raise kind(what_is_left)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A part that is not interrupted in the middle."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._seen is not None and not self._raised:
            self._raise("the results are written")
