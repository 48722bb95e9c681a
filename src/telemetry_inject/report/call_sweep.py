"""Adds recorded calls up by path: the chain of functions that led to them.

Calls come in the order in which they started, so a caller comes before what it calls, and only the calls that
are still running have to be remembered, with the latest that have ended (work that was put off keeps its
caller). The rest is found again in the store. A call inside a call of the same function (recursion, direct or
not) is added to the outer one, so the tree stays small however long the run was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from telemetry_inject.report.call_paths import BUCKET, BUCKETS, Node, Place, Running, Stats
from telemetry_inject.report.span_store import ERROR, GENERATOR, REMOTE, Row

MOST_PLACES = 50_000
"""So many ways to get somewhere are told apart; calls on others are only added to their function."""

GENERATION = 50_000
"""So many calls, and at most twice as many, are remembered after they have ended."""

NO_LABEL, MISSING_CALLER = -1, 0
_MOST_MISSING = 200_000
_MOST_EARLY = 200_000
_MOST_RUNNING = 500_000
_LONGEST_CHAIN = 1_000_000


@dataclass(slots=True)
class Gaps:
    """What does not fit together in the spans, counted."""

    missing_parent: int = 0
    duplicated: int = 0
    circles: int = 0
    early: int = 0  # starts before its caller: two clocks, or one that was set back
    other_paths: int = 0


class Sweep:
    """Takes calls in the order of their start and adds them up.

    `lookup` finds a call by its key in the store. Memory is bounded: by `MOST_PLACES`, `GENERATION`, and half a
    million calls that run at the same time (of more, the self time of the oldest is no longer exact).
    """

    def __init__(self, lookup: Callable[[int], Row | None]) -> None:
        self.gaps = Gaps()
        self._lookup = lookup
        self._root = Node(NO_LABEL, None)
        self._outside = Place(NO_LABEL, self._root, Running(), False, False)
        self._gap = Place(MISSING_CALLER, self._root.below(MISSING_CALLER), Running(), False, False)
        self._places: dict[tuple[Node, Running, bool, bool], Place] = {}
        self._other: dict[int, Place] = {}
        # Of each call that is remembered, by its key: place, end, until when what it called covers it, start.
        self._young: dict[int, list[Any]] = {}
        self._old: dict[int, list[Any]] = {}
        self._missing: set[int] = set()
        self._found: dict[int, Place] = {}
        self._early: dict[int, int] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Add calls, the earliest first; of two at the same time the longer first."""
        young, old = self._young, self._old
        log, early, numbers = math.log, self._early, BUCKETS
        for start, end, key, parent, label, flags in rows:
            known = young.get(key) or old.get(key)
            if known is not None and known[3] == start:
                self.gaps.duplicated += 1
                continue
            caller = None
            if not parent:
                place = self._outside
            else:
                caller = young.get(parent) or old.get(parent)
                place = self._found_place(key, parent, start, end, flags) if caller is None else caller[0]
            place = place.next.get(label) or self._call(place, label)

            duration = end - start
            place.calls += 1
            place.total += duration
            if duration < place.shortest:
                place.shortest = duration
            if duration > place.longest:
                place.longest = duration
            if flags & ERROR:
                place.errors += 1
            bucket = numbers[int(log(duration) / BUCKET)] if duration else -1
            place.buckets[bucket] = place.buckets.get(bucket, 0) + 1

            if caller is not None and not flags & GENERATOR:
                until = end if end < caller[1] else caller[1]
                begin = start if start > caller[2] else caller[2]
                if until > begin:
                    caller[0].covered += until - begin
                    caller[2] = until
            covered = start
            if key in early:
                covered = max(min(early.pop(key), end), start)
                place.covered += covered - start
            young[key] = [place, end, covered, start]
            if len(young) >= GENERATION:
                self._forget(start)
                young, old = self._young, self._old

    def _forget(self, now: int) -> None:
        """Of the older calls only those that are still running stay."""
        running = {key: call for key, call in self._old.items() if call[1] > now}
        if len(running) > _MOST_RUNNING:
            running = {}
        self._old, self._young = self._young, {}
        # What still runs is put to the old ones: it is looked through again with the next generation.
        for key, call in running.items():
            self._old.setdefault(key, call)

    def _call(self, caller: Place, label: int) -> Place:
        """The place of a function called from `caller`, made once."""
        if caller.label >= 0 and caller.node is self._root:
            return self._elsewhere(label)
        node, running = caller.node.below(label), caller.running
        nested = any(node is outer for outer in running.nodes())
        recursive = nested or any(outer.label == label for outer in running.nodes())
        key = (node, running if nested else running.within(node), nested, recursive)
        if key not in self._places:
            if len(self._places) >= MOST_PLACES:
                return self._elsewhere(label)
            self._places[key] = Place(label, *key)
        caller.next[label] = self._places[key]
        return self._places[key]

    def _elsewhere(self, label: int) -> Place:
        """Where calls on too many paths are counted, for their function only."""
        if label not in self._other:
            self._other[label] = Place(label, self._root, Running(), False, False)
        return self._other[label]

    def _found_place(self, key: int, parent: int, start: int, end: int, flags: int) -> Place:
        """The place of a caller that is not remembered: it ended long ago, starts later, or is not there at all."""
        if parent in self._found:
            return self._found[parent]
        chain: list[Row] = []
        seen, above = {key}, parent
        place = self._outside
        while above:
            if above in seen or len(chain) > _LONGEST_CHAIN:
                self.gaps.circles += 1
                return self._outside
            known = self._young.get(above) or self._old.get(above)
            if known is not None:
                place = known[0]
                break
            row = None if above in self._missing else self._lookup(above)
            if row is None:
                if len(self._missing) >= _MOST_MISSING:
                    self._missing.clear()
                self._missing.add(above)
                remote = (chain[-1][5] if chain else flags) & REMOTE
                place = self._outside if remote else self._gap
                self.gaps.missing_parent += not remote and not chain
                break
            seen.add(above)
            chain.append(row)
            above = row[3]
        for row in reversed(chain):
            place = place.next.get(row[4]) or self._call(place, row[4])
        if chain:
            self._note_found(chain[0], place, start, end, flags)
        return place

    def _note_found(self, caller: Row, place: Place, start: int, end: int, flags: int) -> None:
        if caller[1] < start:
            if len(self._found) >= GENERATION:
                self._found.clear()
            self._found[caller[2]] = place
        elif caller[0] >= start:
            self.gaps.early += caller[0] > start
            if not flags & GENERATOR and len(self._early) < _MOST_EARLY:
                self._early[caller[2]] = max(self._early.get(caller[2], 0), end)

    def result(self, generators: set[int]) -> tuple[Node, dict[int, Stats]]:
        """All calls added up by path, and by function; the calls of `generators` have no time of their own. At the end.

        A generator is suspended for a part of its time that is not known: its work counts as that of the
        function that iterates over it.
        """
        functions: dict[int, Stats] = {}
        for place in (*self._places.values(), *self._other.values()):
            suspended = place.label in generators
            function = functions.setdefault(place.label, Stats())
            function.take(place, inner=place.recursive, suspended=suspended)
            if place.node is self._root:
                self.gaps.other_paths += place.calls
            else:
                place.node.stats.take(place, inner=place.nested, suspended=suspended, for_good=True)
        missing = self._root.children[MISSING_CALLER]
        if not missing.children:
            del self._root.children[MISSING_CALLER]
        return self._root, functions
