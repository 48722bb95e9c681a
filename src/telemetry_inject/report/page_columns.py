"""The spans that a page draws, as columns of numbers that compress well and are decoded without parsing text.

Every column is an array of integers of one width (1, 2, 4 or 8 bytes). It is stored byte plane by byte plane: first
the low byte of every number, then the next, and so on, because the high bytes are nearly all zero and the zeros
compress to nothing. What a span alone knows (arguments, events, links) is one line of JSON; equal lines are stored
once.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MOST_SPANS = 500_000
"""So many spans are drawn; of more, those that failed and the longest."""

MOST_DETAIL_BYTES = 96 * 1024 * 1024
"""So many bytes of arguments and events are stored; later spans do without."""

CHUNK = 512 * 1024
ERROR, UNFINISHED, BACKWARDS, ORPHAN, REMOTE, EARLY, NO_DETAILS = (1 << bit for bit in range(7))
_LOW = (1 << 64) - 1
_EXACT = 1 << 53  # whole numbers up to here are exact in JavaScript
_WIDTHS = ((1 << 8, "B"), (1 << 16, "H"), (1 << 32, "I"))
_EMPTY = b"{}"
_DEEPEST = 30  # levels of lists in lists


class Columns:
    """Collects spans; keeps at most `most` of them, chosen while they arrive."""

    def __init__(self, most: int = MOST_SPANS, most_detail_bytes: int = MOST_DETAIL_BYTES) -> None:
        self._most, self._most_detail_bytes = most, most_detail_bytes
        self.seen = 0
        self.shortest_shown = 0
        """Nanoseconds; when spans were left out, every span at least this long is there."""
        self._start, self._end = array("q"), array("q")
        self._id, self._parent_id = array("Q"), array("Q")
        self._trace_high, self._trace_low = array("Q"), array("Q")
        self._site, self._lane, self._error = array("I"), array("I"), array("I")
        self._flags = bytearray()
        self._details: list[bytes] = []
        self._known: dict[bytes, bytes] = {_EMPTY: _EMPTY}
        self._detail_bytes = 0
        self.latest = 0

    def __len__(self) -> int:
        return len(self._start)

    def add(
        self, *, span_id: int, parent_id: int, trace: int, start: int, end: int, site: int, lane: int, error: int,
        flags: int, details: dict[str, Any],
    ) -> None:  # fmt: skip
        """Take one span. `error` is the number of its kind of exception + 1, or 0; span ids are 64-bit numbers."""
        self.seen += 1
        line = as_json(details) if details else _EMPTY
        known = self._known.get(line)
        if known is None:
            if self._detail_bytes + len(line) > self._most_detail_bytes:
                known, flags = _EMPTY, flags | NO_DETAILS
            else:
                known = self._known[line] = line
                self._detail_bytes += len(line)
        if end == 0:
            flags |= UNFINISHED
        elif end < start:
            flags |= BACKWARDS
        self.latest = max(self.latest, start, end)
        self._start.append(start)
        self._end.append(end or start)
        self._id.append(span_id)
        self._parent_id.append(parent_id)
        self._trace_high.append(trace >> 64)
        self._trace_low.append(trace & _LOW)
        self._site.append(site)
        self._lane.append(lane)
        self._error.append(error)
        self._flags.append(flags)
        self._details.append(known)
        if len(self) >= 2 * self._most:
            self._choose()

    def _choose(self) -> None:
        """Go back to `most` spans: at most a half that failed, then the longest."""
        count = len(self)
        if count <= self._most:
            return

        def length(index: int) -> int:
            return 1 << 62 if self._flags[index] & UNFINISHED else self._end[index] - self._start[index]

        by_length = sorted(range(count), key=length, reverse=True)
        failed = [index for index in by_length if self._flags[index] & ERROR][: self._most // 2]
        chosen = set(failed)
        for index in by_length:
            if len(chosen) >= self._most:
                self.shortest_shown = max(self.shortest_shown, length(index) + 1)
                break
            chosen.add(index)
        self._reorder(sorted(chosen))
        self._known = {_EMPTY: _EMPTY, **{line: line for line in self._details}}
        self._detail_bytes = sum(map(len, self._known))

    def _reorder(self, order: Sequence[int]) -> None:
        names = ("_start", "_end", "_id", "_parent_id", "_trace_high", "_trace_low", "_site", "_lane", "_error")
        for name in names:
            column: array[int] = getattr(self, name)
            setattr(self, name, array(column.typecode, map(column.__getitem__, order)))
        self._flags = bytearray(map(self._flags.__getitem__, order))
        self._details = [self._details[index] for index in order]

    def finish(self) -> None:
        """Choose, put callers before what they call, and find every span's parent."""
        self._choose()
        start, end = self._start, self._end
        self._reorder(sorted(range(len(self)), key=lambda i: (start[i], start[i] - end[i], -i)))
        self.traces: dict[tuple[int, int], int] = {}
        traces = zip(self._trace_high, self._trace_low, strict=True)
        self.trace = array("I", (self.traces.setdefault(trace, len(self.traces)) for trace in traces))
        where = {(self._id[i], self.trace[i]): i for i in range(len(self))}
        self.parents = array("q", (self._parent(index, where) for index in range(len(self))))

    def _parent(self, index: int, where: dict[tuple[int, int], int]) -> int:
        """The number of a span's parent, -1 without one; notes what is odd about it."""
        if not self._parent_id[index]:
            return -1
        parent = where.get((self._parent_id[index], self.trace[index]), -1)
        if parent in (index, -1):
            self._flags[index] |= ORPHAN if self.seen == len(self) else 0
            return -1
        if self._start[index] < self._start[parent]:
            self._flags[index] |= EARLY
        return parent

    def flagged(self, flag: int) -> int:
        """How many of the spans have this flag."""
        return sum(1 for flags in self._flags if flags & flag)

    def encoded(self) -> tuple[dict[str, Any], list[str]]:
        """How to decode, and the texts to decode: the columns first, then the details in chunks."""
        start = self._start
        earliest = start[0] if start else 0
        relative = [each - earliest for each in start]
        number_of = {_EMPTY: 0}
        details = [number_of.setdefault(line, len(number_of)) for line in self._details]
        order: tuple[tuple[str, Iterable[int]], ...] = (
            ("start", _steps(relative)),
            ("duration", (max(end - begin, 0) for begin, end in zip(start, self._end, strict=True))),
            ("parent", (0 if parent < 0 else _folded(i - parent) for i, parent in enumerate(self.parents))),
            ("site", self._site),
            ("lane", self._lane),
            ("trace", self.trace),
            ("error", self._error),
            ("flags", self._flags),
            ("details", details),
            ("id", self._id),
            ("missing", (self._parent_id[i] if flags & ORPHAN else 0 for i, flags in enumerate(self._flags))),
        )
        columns, planes = [], []
        for name, numbers in order:
            width, data = _planes(numbers)
            columns.append([name, width])
            planes.append(data)
        firsts, texts = [], [_packed(b"".join(planes))]
        for first, chunk in _chunks(number_of):
            firsts.append(first)
            texts.append(_packed(chunk))
        head = {"count": len(self), "earliest": str(earliest), "columns": columns, "chunks": firsts}
        head["latest"] = max(self.latest - earliest, 0)
        return head, texts


def _steps(numbers: Sequence[int]) -> Iterator[int]:
    """The first number and then the differences; they are not negative, because the spans are in order."""
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _folded(number: int) -> int:
    """1, -1, 2, -2, ... as 1, 2, 3, 4, ..."""
    return 2 * number - 1 if number > 0 else -2 * number


def _planes(numbers: Iterable[int]) -> tuple[int, bytes]:
    """The narrowest width that holds all numbers, and the bytes plane by plane, low ones first."""
    wide = array("Q", iter(numbers))  # bytes would be taken for the numbers themselves
    most = max(wide, default=0)
    code = next((code for limit, code in _WIDTHS if most < limit), "Q")
    narrow = array(code, wide)
    if sys.byteorder == "big":
        narrow.byteswap()
    data = narrow.tobytes()
    return narrow.itemsize, b"".join(data[plane :: narrow.itemsize] for plane in range(narrow.itemsize))


def _chunks(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines put together to chunks, each with the number of its first line."""
    first, size = 0, 0
    held: list[bytes] = []
    for number, line in enumerate(lines):
        if held and size + len(line) > CHUNK:
            yield first, b"\n".join(held)
            first, held, size = number, [], 0
        held.append(line)
        size += len(line) + 1
    if held:
        yield first, b"\n".join(held)


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 7)).decode("ascii")


def packed_json(value: object) -> str:
    """A value as the page's script unpacks it: JSON, deflated, in letters that mean nothing in HTML."""
    return _packed(as_json(value))


def as_json(value: object) -> bytes:
    """JSON in ASCII that JavaScript reads without loss: what it has no number for is text."""
    try:
        text = _encode(value)
    except ValueError:
        text = json.dumps(_exact_all(value), separators=(",", ":"))
    return text.encode("ascii")


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=str).encode


def _exact_all(value: Any) -> Any:
    """Numbers that are not in JSON (NaN, infinity) as text."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _exact_all(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact_all(item) for item in value]
    return value


def exact(value: Any, depth: int = 0) -> Any:
    """An attribute's value with integers as text where JavaScript would round them; what is too deep in it left out."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return str(value)
    if isinstance(value, dict):
        return {str(key): exact(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item, depth + 1) for item in value]
    return value
