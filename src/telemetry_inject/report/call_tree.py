"""Adds recorded calls up by path: the chain of functions that led to them.

The tree stays small however long the run was. A call inside a call of the same function (recursion, direct
or not) is added to the outer one, which bounds the depth by the number of functions. What has to be kept for
each span until the parents are known is a handful of numbers, about 200 bytes: ten million spans need 2 GB.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from telemetry_inject.report.span_file import Span

MOST_EXCEPTIONS = 10_000
"""Kinds that are kept apart: messages may hold ids or times, and differ without end."""

_BUCKET = math.log(1.02)  # percentiles are right to about 1 %, in a few hundred counters at most
_NO_PARENT = _NO_LABEL = -1


@dataclass(slots=True)
class Stats:
    """What is known of the calls of one path or one function; times in nanoseconds."""

    calls: int = 0
    errors: int = 0
    total: int = 0
    own: int = 0
    shortest: int = 1 << 63
    longest: int = 0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, duration: int, own: int, error: int, nested: bool) -> None:
        """Count one call; `nested` when another call of the same kind was running around it."""
        self.calls += 1
        self.errors += error
        self.own += own
        self.shortest, self.longest = min(self.shortest, duration), max(self.longest, duration)
        if not nested:
            self.total += duration
        self.buckets[math.floor(math.log(duration) / _BUCKET) if duration else -1] += 1

    def percentile(self, share: float) -> int:
        """The duration that `share` of the calls do not exceed."""
        wanted = share * self.calls
        for bucket in sorted(self.buckets):
            wanted -= self.buckets[bucket]
            if wanted <= 0:
                middle = round(math.exp((bucket + 0.5) * _BUCKET)) if bucket >= 0 else 0
                return min(max(middle, self.shortest), self.longest)
        return self.longest


class Node:
    """One path: a function, below the path of its caller."""

    __slots__ = ("children", "label", "parent", "stats")

    def __init__(self, label: int, parent: Node | None) -> None:
        self.label, self.parent = label, parent
        self.children: dict[int, Node] = {}
        self.stats = Stats()

    def below(self, label: int) -> Node:
        """The path of a function called from here: an outer one if that function is already running."""
        outer: Node | None = self
        while outer is not None:
            if outer.label == label:
                return outer
            outer = outer.parent
        return self.children.setdefault(label, Node(label, self))


class _Place:
    """Where a call is: its path, and the paths of all calls that were running around it.

    Calls with the same surroundings share one place, so there are as many as there are ways to get
    somewhere, not as many as there are calls.
    """

    __slots__ = ("_next", "node", "running")

    def __init__(self, node: Node, running: frozenset[Node]) -> None:
        self.node, self.running = node, running
        self._next: dict[int, tuple[_Place, bool, bool]] = {}

    def call(self, label: int) -> tuple[_Place, bool, bool]:
        """The place of a function called from here; whether its path, and the function, ran already."""
        if label not in self._next:
            node = self.node.below(label)
            recursive = any(outer.label == label for outer in self.running)
            place = _Place(node, self.running | {node})
            self._next[label] = (place, node in self.running, recursive)
        return self._next[label]


class Spans:
    """The spans of a run as columns of numbers, and what can be added up while they are read."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.labels: dict[tuple[str, str], int] = {}
        self.exceptions: Counter[tuple[str, str, str]] = Counter()
        self.traces: set[int] = set()
        self.label, self.error, self.generator = array("L"), bytearray(), bytearray()
        self.start, self.end = array("q"), array("q")
        self.unfinished = 0
        self._parent_id, self._index = array("Q"), {0: _NO_PARENT}
        for span in spans:
            self._add(span)

    def __len__(self) -> int:
        return len(self.start)

    def _add(self, span: Span) -> None:
        # A span id is unique in its trace; crossed with the trace it is unique among traces as well.
        trace = int(span.trace_id, 16) & 0xFFFF_FFFF_FFFF_FFFF
        self.traces.add(trace)
        self._index[int(span.span_id, 16) ^ trace] = len(self)
        self._parent_id.append(int(span.parent_id, 16) ^ trace if span.parent_id else 0)
        self.label.append(self.labels.setdefault((span.function, span.name), len(self.labels)))
        self.error.append(span.error)
        self.generator.append(span.is_generator)
        self.start.append(span.start)
        self.end.append(max(span.end, span.start))
        self.unfinished += span.end == 0
        for kind, message in span.exceptions:
            known = (kind, message, span.function) in self.exceptions
            if not known and len(self.exceptions) >= MOST_EXCEPTIONS:
                message = "(any message)"
            self.exceptions[kind, message, span.function] += 1

    def parents(self) -> array[int]:
        """The number of each span's parent, `_NO_PARENT` where it is not in the files."""
        return array("q", (self._index.get(parent, _NO_PARENT) for parent in self._parent_id))

    def own_times(self, parents: array[int]) -> array[int]:
        """Each duration less the time in which at least one child was running.

        A generator is suspended for a part of its time that is not known: its work counts as that of the
        function that iterates over it, and it has no time of its own.
        """
        columns = zip(self.start, self.end, self.generator, strict=True)
        own = array("q", (0 if generator else end - start for start, end, generator in columns))
        current, covered = _NO_PARENT, 0
        for child in sorted(range(len(self)), key=lambda i: (parents[i], self.start[i])):
            parent = parents[child]
            if parent == _NO_PARENT or self.generator[child]:
                continue
            if parent != current:
                current, covered = parent, self.start[parent]
            end = min(self.end[child], self.end[parent])
            begin = max(self.start[child], covered)
            if end > begin:
                own[parent] -= end - begin
                covered = end
        return own

    def tree(self) -> tuple[Node, dict[int, Stats]]:
        """All calls added up by path, and by function."""
        root = Node(_NO_LABEL, None)
        by_label = {label: Stats() for label in self.labels.values()}
        parents = self.parents()
        own = self.own_times(parents)
        outside = _Place(root, frozenset())
        places: list[_Place | None] = [None] * len(self)
        for number in range(len(self)):
            chain = []
            while number != _NO_PARENT and places[number] is None:
                chain.append(number)
                places[number] = outside  # a chain that comes back to itself ends here
                number = parents[number]
            place = outside if number == _NO_PARENT else places[number] or outside
            for index in reversed(chain):
                label, duration = self.label[index], self.end[index] - self.start[index]
                place, nested, recursive = place.call(label)
                places[index] = place
                place.node.stats.add(duration, own[index], self.error[index], nested)
                by_label[label].add(duration, own[index], self.error[index], recursive)
        return root, by_label
