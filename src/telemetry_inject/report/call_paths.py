"""Paths of calls, and what is counted on them: how often, how long, how many failed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

BUCKET = math.log(1.02)
"""Durations are counted in buckets of this logarithmic width: percentiles are right to about 1 %."""

BUCKETS = tuple(range(int(math.log(1 << 63) / BUCKET) + 2))
"""Their numbers, each one object however often it is used."""


@dataclass(slots=True)
class Stats:
    """What is known of the calls of one path or one function; times in nanoseconds.

    `total` leaves out calls inside of calls of the same kind, `own` the time in which what they called was running.
    """

    calls: int = 0
    errors: int = 0
    total: int = 0
    own: int = 0
    shortest: int = 1 << 63
    longest: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    def percentile(self, share: float) -> int:
        """The duration that `share` of the calls do not exceed."""
        wanted = share * self.calls
        for bucket in sorted(self.buckets):
            wanted -= self.buckets[bucket]
            if wanted <= 0:
                middle = round(math.exp((bucket + 0.5) * BUCKET)) if bucket >= 0 else 0
                return min(max(middle, self.shortest), self.longest)
        return self.longest

    def take(self, place: Place, *, inner: bool, suspended: bool, for_good: bool = False) -> None:
        """Add what was counted at one place: `inner` when a call of the same kind was running around it,
        `suspended` when the time of its calls is not their own, `for_good` when nobody else needs the place's."""
        self.calls += place.calls
        self.errors += place.errors
        self.total += 0 if inner else place.total
        self.own += 0 if suspended else max(place.total - place.covered, 0)
        self.shortest, self.longest = min(self.shortest, place.shortest), max(self.longest, place.longest)
        if for_good and not self.buckets:
            self.buckets = place.buckets
            return
        for bucket, count in place.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count


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
        if label not in self.children:
            self.children[label] = Node(label, self)
        return self.children[label]


class Running:
    """The paths of all calls that are running around a place: a list that shares its outer part."""

    __slots__ = ("inner", "node", "outer")

    def __init__(self, node: Node | None = None, outer: Running | None = None) -> None:
        self.node, self.outer = node, outer
        self.inner: dict[Node, Running] = {}

    def nodes(self) -> Iterator[Node]:
        """From the innermost to the outermost."""
        running: Running | None = self
        while running is not None and running.node is not None:
            yield running.node
            running = running.outer

    def within(self, node: Node) -> Running:
        """The same with one more inside."""
        if node not in self.inner:
            self.inner[node] = Running(node, self)
        return self.inner[node]


class Place:
    """Where a call is: its path, and the paths of all calls that were running around it.

    Calls with the same surroundings share one place, so there are as many as there are ways to get somewhere,
    not as many as there are calls.
    """

    __slots__ = (
        "buckets", "calls", "covered", "errors", "label", "longest", "nested", "next", "node", "recursive", "running",
        "shortest", "total",
    )  # fmt: skip

    def __init__(self, label: int, node: Node, running: Running, nested: bool, recursive: bool) -> None:
        self.label, self.node, self.running = label, node, running
        self.nested, self.recursive = nested, recursive  # in a call of the same path, of the same function
        self.next: dict[int, Place] = {}
        self.calls = self.errors = self.longest = 0
        self.total = self.covered = 0  # nanoseconds; covered: by what the calls called
        self.shortest = 1 << 63
        self.buckets: dict[int, int] = {}
