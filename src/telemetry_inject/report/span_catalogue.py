"""What is known of all spans together: functions, processes, services, exceptions. It stays small."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_LABELS = 20_000
"""Functions that are told apart; the others of a service are one."""

MOST_EXCEPTIONS = 10_000
"""Kinds that are kept apart: messages may hold ids or times, and differ without end."""

MOST_PROCESSES = 50_000

_LONGEST_TEXT = 300
_MOST_EXACT = 100_000
_BITS = 1 << 25


class Label(NamedTuple):
    """A function as its spans name it. `kind` is "function", "async", "generator" or "async_generator"."""

    function: str
    name: str
    file: str = ""
    line: int = 0
    service: str = ""
    language: str = ""
    kind: str = "function"


NO_CALLER = Label("(caller not in the files)", "(caller not in the files)")


@dataclass(slots=True)
class Process:
    """One running program, as its resource names it; `first` and `last` are nanoseconds since 1970."""

    number: int
    service: str
    language: str
    host: str
    pid: str
    resource: Mapping[str, Any] = field(default_factory=dict)
    spans: int = 0
    first: int = 1 << 63
    last: int = 0


class DistinctCount:
    """Counts how many different numbers it was given: exactly up to 100,000, then to about 1 % in fixed memory."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._bits = bytearray()

    @property
    def exact(self) -> bool:
        """Whether the count is not an estimate."""
        return not self._bits

    def add(self, number: int) -> None:
        """Count a number of 64 random bits unless it was there before."""
        if self._bits:
            self._set(number)
            return
        self._seen.add(number)
        if len(self._seen) > _MOST_EXACT:
            self._bits = bytearray(_BITS // 8)
            for each in self._seen:
                self._set(each)
            self._seen.clear()

    def _set(self, number: int) -> None:
        bit = number % _BITS
        self._bits[bit >> 3] |= 1 << (bit & 7)

    def __len__(self) -> int:
        if not self._bits:
            return len(self._seen)
        clear = _BITS - int.from_bytes(self._bits, "little").bit_count()
        return round(-_BITS * math.log(max(clear, 1) / _BITS))


class Catalogue:
    """Numbers for functions and processes, and sums over all spans."""

    def __init__(self) -> None:
        self.labels: list[Label] = [NO_CALLER]
        self.other_functions = 0
        """Functions that share one label with others, because there are too many; counted by their calls."""
        self.processes: list[Process] = []
        self.exceptions: Counter[tuple[str, str, str]] = Counter()
        """Type, message, function."""
        self.traces = DistinctCount()
        self.spans = self.errors = self.unfinished = self.backwards = 0
        self._numbers: dict[Label, int] = {}
        self._process_numbers: dict[tuple[str, ...], int] = {}

    @property
    def generators(self) -> set[int]:
        """The labels whose spans cover time in which the function was suspended."""
        return {number for number, label in enumerate(self.labels) if label.kind in ("generator", "async_generator")}

    def label(self, label: Label) -> int:
        """The number of a function. The line tells apart only functions without a name of their own: a named one
        that has moved is the same."""
        short = Label(
            label.function[:_LONGEST_TEXT],
            label.name[:_LONGEST_TEXT],
            label.file[:_LONGEST_TEXT],
            label.line,
            label.service[:_LONGEST_TEXT],
            label.language[:_LONGEST_TEXT],
            label.kind[:_LONGEST_TEXT],
        )
        identity = short if not short.name.rpartition(".")[2].isidentifier() else short._replace(line=0)
        number = self._numbers.get(identity)
        if number is None and len(self.labels) >= MOST_LABELS:
            self.other_functions += 1
            identity = Label("(other functions)", "(other functions)", service=short.service, language=short.language)
            short, number = identity, self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self.labels)
            self.labels.append(short)
        return number

    def process(self, resource: Mapping[str, Any]) -> Process:
        """The process that a resource describes."""
        said = tuple(
            str(resource.get(name, ""))[:_LONGEST_TEXT]
            for name in ("service.name", "telemetry.sdk.language", "host.name", "process.pid", "service.instance.id")
        )
        number = self._process_numbers.get(said)
        if number is None:
            if len(self.processes) >= MOST_PROCESSES:
                said = (said[0], said[1], "", "(others)", "")
                if said in self._process_numbers:
                    return self.processes[self._process_numbers[said]]
            number = self._process_numbers[said] = len(self.processes)
            self.processes.append(Process(number, said[0], said[1], said[2], said[3], resource))
        return self.processes[number]

    def exception(self, kind: str, message: str, function: str) -> None:
        """Count an exception that a span recorded."""
        kind, message, function = kind[:_LONGEST_TEXT], message[:_LONGEST_TEXT], function[:_LONGEST_TEXT]
        if (kind, message, function) not in self.exceptions and len(self.exceptions) >= MOST_EXCEPTIONS:
            message = "(any message)"
            if (kind, message, function) not in self.exceptions and len(self.exceptions) >= 2 * MOST_EXCEPTIONS:
                kind = function = "(others)"
        self.exceptions[kind, message, function] += 1
