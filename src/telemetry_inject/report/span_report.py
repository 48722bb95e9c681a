"""Prints span files as a call tree, with the hottest functions and the exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from telemetry_inject.errors import UsageError
from telemetry_inject.report.call_tree import Node, Spans, Stats
from telemetry_inject.report.span_file import Ignored, load_spans

__all__ = ["load_spans", "render_report"]

NARROWEST = 80
TREE_LINES, HOTTEST_LINES, ERROR_LINES = 60, 10, 10
_RED, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render_report(paths: Sequence[Path], *, width: int = 100, color: bool = False) -> str:
    """The report on the spans of `paths`, in lines of at most `width` columns (but at least 80).

    Raises:
        UsageError: a file cannot be opened, or nothing in the files is a span.
    """
    ignored = Ignored()
    spans = Spans(load_spans(paths, ignored))
    if not len(spans) and ignored.lines:
        files = ", ".join(map(str, paths))
        raise UsageError(f"{files}: not a span file ({ignored})", "Give the OTLP/JSON lines of a program.")
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

    def row(self, name: str, stats: Stats) -> str:
        errors = f"{stats.errors or '':>9}"
        times = (stats.percentile(0.5), stats.percentile(0.95))
        return (
            f"{self.fit(name, self.name_width):<{self.name_width}}{stats.calls:>9}"
            f"{self.style(_RED, errors) if stats.errors else errors}"
            f"{format_time(stats.total):>9}{format_time(stats.own) if stats.own else '-':>9}"
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


def _heading(spans: Spans, files: int, ignored: Ignored) -> str:
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


def _tree_lines(root: Node, names: Sequence[str], paint: _Painter) -> Iterator[str]:
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


def _hottest_lines(by_label: dict[int, Stats], functions: Sequence[str], paint: _Painter) -> Iterator[str]:
    """The functions that spent the most time outside of the functions they called."""
    yield paint.headings("hottest, by self time")
    for label, stats in sorted(by_label.items(), key=lambda item: (-item[1].own, item[0]))[:HOTTEST_LINES]:
        yield paint.row(functions[label], stats)


def _error_lines(exceptions: Counter[tuple[str, str, str]], paint: _Painter) -> Iterator[str]:
    """The recorded exceptions, the most frequent first."""
    yield paint.style(_BOLD, "exceptions")
    for (kind, message, function), count in exceptions.most_common(ERROR_LINES):
        what = kind.rpartition(".")[2] + (f": {message}" if message else "")
        yield paint.fit(f"{count:>7}  {what}  in {function}", paint.width)
    if len(exceptions) > ERROR_LINES:
        yield paint.style(_DIM, f"... and {len(exceptions) - ERROR_LINES} more kinds")
