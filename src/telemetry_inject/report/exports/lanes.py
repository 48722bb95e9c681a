"""Puts calls on lanes: on one lane calls lie one inside the other or apart, as on the stack of a thread.

A call is put on the lane of its caller when it fits inside of it there; else on the first lane of its thread where
nothing runs. So plain calls of a thread share its first lane, and coroutines that run at the same time get more.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from telemetry_inject.report.span_store import FullRow


class Placed(NamedTuple):
    """A call with the number of its lane within its thread."""

    row: FullRow
    lane: int


class _Thread:
    """The lanes of one thread; calls come in the order of their start."""

    def __init__(self) -> None:
        self._stacks: list[list[tuple[int, int]]] = []  # of each lane: end and key of what runs, the outermost first
        self._lane_of: dict[int, int] = {}  # of what runs, by its key
        self._busy: list[tuple[int, int]] = []  # when each busy lane is free again
        self._free: list[int] = []

    def place(self, row: FullRow) -> int:
        start, end, key, parent = row[:4]
        self._release(start)
        lane = self._lane_of.get(parent) if parent else None
        if lane is None or not self._fits(lane, start, end, parent):
            lane = heapq.heappop(self._free) if self._free else len(self._stacks)
            if lane == len(self._stacks):
                self._stacks.append([])
            heapq.heappush(self._busy, (end, lane))
        self._stacks[lane].append((end, key))
        self._lane_of[key] = lane
        return lane

    def _release(self, now: int) -> None:
        """Lanes whose outermost call has ended are free."""
        while self._busy and self._busy[0][0] <= now:
            lane = heapq.heappop(self._busy)[1]
            for _, key in self._stacks[lane]:
                if self._lane_of.get(key) == lane:
                    del self._lane_of[key]
            self._stacks[lane].clear()
            heapq.heappush(self._free, lane)

    def _fits(self, lane: int, start: int, end: int, parent: int) -> bool:
        """Whether the caller is what runs innermost on the lane, and goes on until `end`."""
        stack = self._stacks[lane]
        while stack and stack[-1][0] <= start and stack[-1][1] != parent:
            key = stack.pop()[1]
            if self._lane_of.get(key) == lane:
                del self._lane_of[key]
        return bool(stack) and stack[-1][1] == parent and start <= stack[-1][0] >= end


def on_lanes(rows: Iterable[FullRow]) -> Iterator[Placed]:
    """Every call with its lane; `rows` come thread after thread, and in a thread the earliest first."""
    current: tuple[int, int] | None = None
    thread = _Thread()
    for row in rows:
        if (row[6], row[7]) != current:
            current, thread = (row[6], row[7]), _Thread()
        yield Placed(row, thread.place(row))
