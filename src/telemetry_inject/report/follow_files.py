"""Reads what is added to files while programs write them: files that grow, appear, are rotated or cut."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from telemetry_inject.errors import UsageError
from telemetry_inject.report.span_lines import LONGEST_LINE, STDIN, TOO_LONG, unreadable

_CHUNK = 1 << 20
_MOST_AT_ONCE = 32 << 20


class _Lines:
    """Puts chunks together to lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._too_long = False

    def of(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that a chunk completes."""
        *complete, rest = chunk.split(b"\n")
        for line in complete:
            line, self._rest = self._rest + line, b""
            if self._too_long or len(line) > LONGEST_LINE:
                self._too_long = False
                yield TOO_LONG
            elif line and not line.isspace():
                yield line + b"\n"
        self._rest += rest
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._too_long = b"", True

    def left(self) -> Iterator[bytes]:
        """What is left when nothing comes any more: a line that was cut off."""
        rest, self._rest = self._rest, b""
        if rest and not rest.isspace():
            yield rest


class FollowedFile:
    """One file by its name: whatever file has the name, from its start on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._lines = _Lines()

    def new_lines(self) -> Iterator[bytes]:
        """The lines that came since the last time.

        Raises:
            UsageError: the file is there but cannot be read.
        """
        if self._file is not None:
            yield from self._grown()
        if self._is_another():
            yield from self._lines.left()
            self.close()
        if self._file is None and self._open():
            yield from self._grown()

    def _grown(self) -> Iterator[bytes]:
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self._file.tell():  # it was cut, and is written from its start
            self._file.seek(0)
            self._lines = _Lines()
        read = 0
        while read < _MOST_AT_ONCE and (chunk := self._file.read(_CHUNK)):
            read += len(chunk)
            yield from self._lines.of(chunk)

    def _is_another(self) -> bool:
        """Whether another file has the name now; while there is none, the old one may still grow."""
        if self._file is None:
            return False
        try:
            now, ours = self.path.stat(), os.fstat(self._file.fileno())
        except FileNotFoundError:
            return False
        return (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino)

    def _open(self) -> bool:
        try:
            self._file = self.path.open("rb", buffering=0)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise unreadable(self.path, error) from error
        self._lines = _Lines()
        if self._file.read(2) == b"\x1f\x8b":
            raise UsageError(f"cannot follow {self.path}: it is compressed", "Follow the file that is written to.")
        self._file.seek(0)
        return True

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None


class FollowedInput:
    """Standard input, read by a thread so that nobody has to wait for it."""

    def __init__(self) -> None:
        self.ended = False
        self._lines = _Lines()
        self._chunks: queue.Queue[bytes] = queue.Queue(32)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while chunk := os.read(sys.stdin.fileno(), _CHUNK):
            self._chunks.put(chunk)
        self._chunks.put(b"")

    def new_lines(self) -> Iterator[bytes]:
        """The lines that came since the last time."""
        while not self.ended:
            try:
                chunk = self._chunks.get_nowait()
            except queue.Empty:
                return
            self.ended = not chunk
            yield from self._lines.of(chunk) if chunk else self._lines.left()

    def close(self) -> None:
        """Nothing is to be let go."""


class Followed:
    """All that is followed; `find` names the files that there are, again at each look."""

    def __init__(self, find: Callable[[], Sequence[Path]]) -> None:
        self._find = find
        self.sources: dict[Path, FollowedFile | FollowedInput] = {}

    @property
    def ended(self) -> bool:
        """Whether nothing can come any more: only standard input ends."""
        return bool(self.sources) and all(
            isinstance(source, FollowedInput) and source.ended for source in self.sources.values()
        )

    def new_lines(self) -> Iterator[bytes]:
        """The lines that came since the last time, file after file.

        Raises:
            UsageError: a file is there but cannot be read.
        """
        for path in self._find():
            if path not in self.sources:
                self.sources[path] = FollowedInput() if path == STDIN else FollowedFile(path)
        for source in self.sources.values():
            yield from source.new_lines()

    def close(self) -> None:
        """Let all files go."""
        for source in self.sources.values():
            source.close()
