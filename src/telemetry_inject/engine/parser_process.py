"""A language's own parser as a process beside us: started once, asked about one source after another.

A question is three fields (kind, place, source), an answer one; each field is a length (32 bits, big endian)
and that many bytes. An answer holds a verdict (one byte: 0 accepted, 1 refused, 2 unavailable), a line
(32 bits, big endian) and a message in UTF-8. The first answer comes unasked: its message names the parser and
its version. The parser reads all of a question before it answers, and ends when its input ends.
"""

from __future__ import annotations

import atexit
import os
import select
import struct
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from telemetry_inject.engine.timed_pipes import Ended, TimedPipes

_ANSWER_BYTES = 1 << 16  # a parser that sends more is none
_SOURCE_BYTES = 1 << 29
_FAILURES = 3  # questions in a row without an answer, after which no more are asked


class Ruling(Enum):
    """What a parser says of a source."""

    ACCEPTED = 0
    REFUSED = 1
    UNAVAILABLE = 2  # nothing: there is no such parser here, or it gave no answer


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `line` (from 1, or 0 when unknown) and `message` belong to a refusal; where there is no
    parser, `message` is the reason, in one line."""

    ruling: Ruling
    line: int = 0
    message: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the parser takes the source."""
        return self.ruling is Ruling.ACCEPTED

    @property
    def refused(self) -> bool:
        """Whether the parser does not take the source."""
        return self.ruling is Ruling.REFUSED


class NoParser(Exception):
    """This machine does not have the parser; the message is one line and says why."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a parser: the whole command, and the whole environment that it sees."""

    command: Sequence[str]
    environment: Mapping[str, str]


class ParserProcess:
    """Asks one parser. Safe in threads, which take turns, and after a fork, where the child starts its own.

    `launch` is called once, at the first question, and raises NoParser when there is nothing to start.
    `seconds` is how long an answer, or the start, may take; for `polled` see TimedPipes.
    """

    def __init__(
        self, launch: Callable[[], Launch], *, seconds: float = 30.0, polled: bool = hasattr(select, "poll")
    ) -> None:
        self._launch = launch
        self._launched: Launch | None = None
        self._seconds = seconds
        self._polled = polled
        self._lock = threading.RLock()
        self._pipes: TimedPipes | None = None
        self._version = ""
        self._failures = 0
        self._reason = ""  # why no more questions are asked
        _parsers.add(self)

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now, if any."""
        pipes = self._pipes
        return None if pipes is None else pipes.pid

    def check(self, kind: str, source: bytes, place: str = "") -> Answer:
        """What the parser says of `source`, read as `kind`. `place` is the absolute path of its file, for parsers
        that are found from there. A parser that dies is started again once."""
        if len(source) > _SOURCE_BYTES:
            return _unavailable("the file is too large for a parser")
        with self._lock:
            if self._reason:
                return _unavailable(self._reason)
            try:
                answer = self._ask((kind.encode(), os.fsencode(place), source))
            except NoParser as error:
                self._reason = str(error)
            except (Ended, TimeoutError) as error:
                self._failures += 1
                if not self._version:
                    self._reason = f"it does not start: {error}"
                elif self._failures == _FAILURES:
                    self._reason = f"no answer to {_FAILURES} files in a row: {error}"
                return _unavailable(self._reason or str(error))
            else:
                self._failures = 0
                return answer
            return _unavailable(self._reason)

    def version(self) -> str:
        """The parser's name and version, for which it is started if need be; "" when there is no parser."""
        if not self._version:
            self.check("", b"")
        return self._version

    def close(self) -> None:
        """End the process. A later question starts another."""
        with self._lock:
            self._end()

    def _ask(self, fields: tuple[bytes, ...], again: bool = True) -> Answer:
        """The answer. Raises NoParser, Ended and TimeoutError; after those two the process is gone."""
        try:
            pipes = self._started()
            with pipes.within(self._seconds):
                for field in fields:
                    pipes.write(struct.pack(">I", len(field)))
                    pipes.write(field)
                return _received(pipes)
        except TimeoutError:
            self._end()
            raise TimeoutError(f"no answer within {self._seconds:g} seconds") from None
        except Ended as error:
            words = self._end()
            if not again:
                raise Ended(f"the parser ended ({error}{f'; {words}' if words else ''})") from None
        except BaseException:  # interrupted in the middle of a frame: what comes next would be misread
            self._end()
            raise
        return self._ask(fields, again=False)

    def _started(self) -> TimedPipes:
        if self._pipes is not None:
            return self._pipes
        if self._launched is None:
            self._launched = self._launch()
        try:
            pipes = TimedPipes(self._launched.command, self._launched.environment, polled=self._polled)
        except (OSError, ValueError) as error:
            raise NoParser(f"{self._launched.command[0]} does not start: {error}") from None
        self._pipes = pipes
        _close_with_worker()
        with pipes.within(self._seconds):
            self._version = _received(pipes).message
        return pipes

    def _end(self) -> str:
        """End the process; what it left on its error output."""
        pipes, self._pipes = self._pipes, None
        return "" if pipes is None else _one_line(pipes.close())

    def _forget(self) -> None:
        """In a forked child: let go of the parent's process, whose pipes must not outlive the parent."""
        pipes, self._pipes = self._pipes, None
        self._lock = threading.RLock()  # a thread that held it is not here
        if pipes is not None:
            pipes.forget()


def _received(pipes: TimedPipes) -> Answer:
    (size,) = struct.unpack(">I", pipes.read(4))
    if not 5 <= size <= _ANSWER_BYTES:
        raise Ended("what it sent is no answer")
    ruling, line, message = struct.unpack(f">BI{size - 5}s", pipes.read(size))
    if ruling > Ruling.UNAVAILABLE.value:
        raise Ended("what it sent is no answer")
    return Answer(Ruling(ruling), line, _one_line(message))


def _unavailable(reason: str) -> Answer:
    return Answer(Ruling.UNAVAILABLE, message=reason)


def _one_line(text: bytes, limit: int = 300) -> str:
    words = " ".join(text.decode("utf-8", "replace").split())
    return "".join(character if character.isprintable() else "?" for character in words[:limit])


_parsers: weakref.WeakSet[ParserProcess] = weakref.WeakSet()
_closing: set[int] = set()  # the processes in which all is set for the end


def _close_all() -> None:
    for parser in list(_parsers):
        parser.close()


def _forget_all() -> None:
    for parser in list(_parsers):
        parser._forget()


def _close_with_worker() -> None:
    """A worker of multiprocessing ends without atexit; its parsers would be left to whoever inherits orphans."""
    multiprocessing: Any = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None and os.getpid() not in _closing:
        _closing.add(os.getpid())
        multiprocessing.Finalize(None, _close_all, exitpriority=10)


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
