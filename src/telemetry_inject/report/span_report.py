"""Prints span files as a call tree with the hottest functions and the errors: `telemetry-inject report`.

Calls are added up by path, that is by the chain of functions that led to them, so the tree stays small
however long the run was. A call inside a call of the same function (recursion, direct or not) is added to
the outer one, which bounds the depth by the number of functions. What has to be kept for each span until
the parents are known is six numbers, about 150 bytes: ten million spans need 1.5 GB.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from telemetry_inject.report.span_file import Ignored, Span, load_spans

__all__ = ["load_spans", "render_report"]

NARROWEST = 80
TREE_LINES, HOTTEST_LINES, ERROR_LINES = 60, 10, 10
MOST_EXCEPTIONS = 10_000  # kinds kept apart: messages may hold ids or times, and differ without end
_BUCKET = math.log(1.02)  # percentiles are right to about 1 %, in a few hundred counters at most
_RED, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
_NO_PARENT = _NO_LABEL = -1


@dataclass(slots=True)
class _Stats:
    """What is known of the calls of one path or one function; times in nanoseconds."""

    calls: int = 0
    errors: int = 0
    total: int = 0
    own: int = 0
    shortest: int = 1 << 63
    longest: int = 0
    buckets: Counter[int] = field(default_factory=Counter)

    def add(self, duration: int, own: int, error: int, nested: bool) -> None:
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


class _Node:
    """One path: a function, below the path of its caller."""

    __slots__ = ("children", "label", "parent", "stats")

    def __init__(self, label: int, parent: _Node | None) -> None:
        self.label, self.parent = label, parent
        self.children: dict[int, _Node] = {}
        self.stats = _Stats()

    def below(self, label: int) -> _Node:
        """The path of a function called from here: an outer one if that function is already running."""
        outer: _Node | None = self
        while outer is not None:
            if outer.label == label:
                return outer
            outer = outer.parent
        return self.children.setdefault(label, _Node(label, self))


class _Place:
    """Where a call is: its path, and the paths of all calls that were running around it.

    Calls with the same surroundings share one place, so there are as many as there are ways to get
    somewhere, not as many as there are calls.
    """

    __slots__ = ("_next", "node", "running")

    def __init__(self, node: _Node, running: frozenset[_Node]) -> None:
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


class _Spans:
    """The spans of a run as columns of numbers, and what can be added up while they are read."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.labels: dict[tuple[str, str], int] = {}
        self.exceptions: Counter[tuple[str, str, str]] = Counter()
        self.traces: set[int] = set()
        self.label, self.error = array("L"), bytearray()
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
        """Each duration less the time in which at least one child was running."""
        own = array("q", (end - start for start, end in zip(self.start, self.end, strict=True)))
        current, covered = _NO_PARENT, 0
        for child in sorted(range(len(self)), key=lambda i: (parents[i], self.start[i])):
            parent = parents[child]
            if parent == _NO_PARENT:
                continue
            if parent != current:
                current, covered = parent, self.start[parent]
            end = min(self.end[child], self.end[parent])
            begin = max(self.start[child], covered)
            if end > begin:
                own[parent] -= end - begin
                covered = end
        return own

    def tree(self) -> tuple[_Node, dict[int, _Stats]]:
        """All calls added up by path, and by function."""
        root = _Node(_NO_LABEL, None)
        by_label = {label: _Stats() for label in self.labels.values()}
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


def render_report(paths: Sequence[Path], *, width: int = 100, color: bool = False) -> str:
    """The report on the spans of `paths`, in lines of at most `width` columns (but at least 80).

    Raises:
        UsageError: a file cannot be opened.
    """
    ignored = Ignored()
    spans = _Spans(load_spans(paths, ignored))
    paint = _Painter(color, max(width, NARROWEST))
    lines = [_heading(spans, len(paths), ignored)]
    if len(spans):
        root, by_label = spans.tree()
        names = [name for _, name in spans.labels]
        functions = [function for function, _ in spans.labels]
        lines += ["", *_tree_lines(root, names, paint)]
        lines += ["", *_hottest_lines(by_label, functions, paint)]
    if spans.exceptions:
        lines += ["", *_error_lines(spans.exceptions, paint)]
    return "\n".join(lines) + "\n"


class _Painter:
    """Lays out rows: a name that is cut to fit, and figures to its right."""

    HEADINGS = ("calls", "errors", "total", "self", "p50", "p95")

    def __init__(self, color: bool, width: int) -> None:
        self.color, self.width = color, width
        self.name_width = width - 9 * len(self.HEADINGS)

    def style(self, code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if self.color else text

    def fit(self, text: str, width: int) -> str:
        text = "".join(character if character.isprintable() else "?" for character in text)
        return text if len(text) <= width else text[: width - 3] + "..."

    def headings(self, title: str) -> str:
        figures = "".join(f"{heading:>9}" for heading in self.HEADINGS)
        return self.style(_BOLD, f"{title:<{self.name_width}}{figures}")

    def row(self, name: str, stats: _Stats) -> str:
        errors = f"{stats.errors or '':>9}"
        times = (stats.total, stats.own, stats.percentile(0.5), stats.percentile(0.95))
        return (
            f"{self.fit(name, self.name_width):<{self.name_width}}{stats.calls:>9}"
            f"{self.style(_RED, errors) if stats.errors else errors}"
            f"{''.join(f'{format_time(time):>9}' for time in times)}"
        )


def format_time(nanoseconds: int) -> str:
    """Three digits and a unit: 950ns, 12.3us, 4.56ms, 78.9s."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size * 0.9995:
            return f"{_three_digits(nanoseconds / size)}{unit}"
    return f"{nanoseconds}ns"


def _three_digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _heading(spans: _Spans, files: int, ignored: Ignored) -> str:
    def count(number: int, what: str) -> str:
        return f"{number} {what}{'s' * (number != 1)}"

    parts = [f"{count(len(spans), 'span')} in {count(len(spans.traces), 'trace')}, {count(files, 'file')}"]
    if len(spans):
        parts.append(f"{format_time(max(spans.end) - min(spans.start))} from first to last")
        parts.append(count(sum(spans.error), "error"))
    if spans.unfinished:
        parts.append(f"{spans.unfinished} never ended")
    if ignored.dropped:
        parts.append(f"{ignored.dropped} dropped by the program")
    if str(ignored):
        parts.append(f"ignored: {ignored}")
    return "; ".join(parts)


def _tree_lines(root: _Node, names: Sequence[str], paint: _Painter) -> Iterator[str]:
    """The paths, the longest first below each caller; what does not fit is counted."""
    yield paint.headings("call tree")
    pending = [(0, root)]
    printed = left_out = 0
    while pending:
        depth, node = pending.pop()
        if node is not root:
            if printed < TREE_LINES:
                printed += 1
                yield paint.row("  " * (depth - 1) + names[node.label], node.stats)
            else:
                left_out += 1
        children = sorted(node.children.values(), key=lambda child: (child.stats.total, -child.label))
        pending += ((depth + 1, child) for child in children)
    if left_out:
        yield paint.style(_DIM, f"... and {left_out} more paths")


def _hottest_lines(by_label: dict[int, _Stats], functions: Sequence[str], paint: _Painter) -> Iterator[str]:
    """The functions that spent the most time outside of the functions they called."""
    yield paint.headings("hottest, by self time")
    for label, stats in sorted(by_label.items(), key=lambda item: (-item[1].own, item[0]))[:HOTTEST_LINES]:
        yield paint.row(functions[label], stats)


def _error_lines(exceptions: Counter[tuple[str, str, str]], paint: _Painter) -> Iterator[str]:
    """The recorded exceptions, the most frequent first."""
    yield paint.style(_BOLD, "exceptions")
    for (kind, message, function), count in exceptions.most_common(ERROR_LINES):
        text = f"{count:>7}  {kind} in {function}" + (f": {message}" if message else "")
        yield paint.fit(text, paint.width)
    if len(exceptions) > ERROR_LINES:
        yield paint.style(_DIM, f"... and {len(exceptions) - ERROR_LINES} more kinds")
