"""Starts a process and talks to it over its pipes, never for longer than was agreed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

_ERROR_BYTES = 1 << 16  # of its error output are kept; the size of a pipe bounds it anyway


class Ended(Exception):
    """The process is gone, or what it sent makes no sense."""


class TimedPipes:
    """A process with its input, output and error output, read only when it has ended.

    Reading and writing go inside `with pipes.within(seconds)`, and raise TimeoutError when those are over.
    `polled` chooses between the two ways to keep that time: waiting with poll(), or, where pipes have none,
    blocking while a second thread holds a watch. Raises OSError when the command cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, polled: bool) -> None:
        # In a group of its own: ^C is for us to handle, and whatever it starts ends with it.
        keywords: dict[str, Any] = {} if os.name == "nt" else {"process_group": 0}
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=os.path.abspath(os.sep),  # noqa: PTH100 (in nobody's tree)
            env=dict(environment),
            **keywords,
        )
        self._polled = polled
        self._deadline = 0.0
        if os.name != "nt":
            _, output, errors = self._streams()
            os.set_blocking(errors.fileno(), False)
            if polled:
                os.set_blocking(self._streams()[0].fileno(), False)
                os.set_blocking(output.fileno(), False)

    def _streams(self) -> tuple[Any, Any, Any]:
        return self._process.stdin, self._process.stdout, self._process.stderr

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def within(self, seconds: float) -> _Watch:
        """A context in which the process has `seconds` from now."""
        self._deadline = time.monotonic() + seconds
        return _Watch(self, None if self._polled else seconds)

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises Ended when nobody reads it."""
        descriptor, view = self._streams()[0].fileno(), memoryview(data)
        while view:
            try:
                view = view[os.write(descriptor, view) :]
            except BlockingIOError:
                self._wait(descriptor, select.POLLOUT)
            except OSError:
                raise Ended("it stopped reading") from None

    def read(self, size: int) -> bytes:
        """The next `size` bytes. Raises Ended when they do not come."""
        descriptor, data = self._streams()[1].fileno(), b""
        while len(data) < size:
            try:
                got = os.read(descriptor, size - len(data))
            except BlockingIOError:
                self._wait(descriptor, select.POLLIN)
                continue
            if not got:
                raise Ended("it gave no answer")
            data += got
        return data

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError

    def kill(self) -> None:
        """End the process and what it started. Safe to repeat until `close`."""
        try:
            if os.name == "nt":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # ended, but not yet waited for
            self._process.kill()

    def close(self) -> bytes:
        """Kill the process and wait for it; the first of what it left on its error output."""
        self.kill()
        self._process.wait()
        words = b""
        if os.name != "nt":
            try:
                words = os.read(self._streams()[2].fileno(), _ERROR_BYTES)
            except BlockingIOError:  # nothing there, and somebody still holds the pipe
                pass
        self.forget()
        return words

    def forget(self) -> None:
        """Let go of the pipes without a word to the process: in a forked child it is not ours."""
        if self._process.returncode is None:
            self._process.returncode = 0  # so that nobody waits for it
        for stream in self._streams():
            stream.close()


class _Watch:
    """Kills the process when its time is over; leaving it then raises TimeoutError. Without a time, does nothing."""

    def __init__(self, pipes: TimedPipes, seconds: float | None) -> None:
        self._pipes = pipes
        self._over = False
        self._timer = None if seconds is None else threading.Timer(seconds, self._kill)

    def _kill(self) -> None:
        self._over = True
        self._pipes.kill()

    def __enter__(self) -> None:
        if self._timer is not None:
            self._timer.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            if self._over:
                raise TimeoutError
