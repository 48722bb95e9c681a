"""Prints span files as a call tree, with the hottest and the failing functions, and the exceptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.errors import UsageError
from telemetry_inject.report.call_paths import Node, Stats
from telemetry_inject.report.call_sweep import MISSING_CALLER, Gaps
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.only_cost import Advice, FunctionStats, advice_on, stats_of
from telemetry_inject.report.span_file import load_spans
from telemetry_inject.report.span_words import Painter, format_count, format_time
from telemetry_inject.report.terminal import counted

__all__ = ["Report", "View", "format_time", "load_spans", "render_report", "report_on"]

TREE_LINES, TABLE_LINES = 60, 10
_ALL = 1 << 60


@dataclass(frozen=True, slots=True)
class View:
    """How much of a report is shown: rows of each list (None: the usual, 0: all), levels of the tree (0: all),
    and only the functions with this text in their name."""

    limit: int | None = None
    depth: int = 0
    function: str = ""

    def rows(self, usual: int) -> int:
        """So many rows of a list that usually has `usual`."""
        return usual if self.limit is None else self.limit or _ALL


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the texts and the JSON document are made from."""

    files: tuple[Path, ...]
    spans: Spans
    root: Node
    functions: dict[int, Stats]
    gaps: Gaps

    @property
    def stats(self) -> list[FunctionStats]:
        """The functions with what is known of their code."""
        return stats_of(self.spans, self.functions)


def report_on(spans: Spans, files: Sequence[Path]) -> Report:
    """Add up what was read.

    Raises:
        UsageError: nothing of what was read is a span.
        OutputError: there is no room for the temporary database.
    """
    check_read(spans, files)
    root, functions = spans.tree()
    return Report(tuple(files), spans, root, functions, spans.gaps)


def check_read(spans: Spans, files: Sequence[Path]) -> None:
    """Raise UsageError when nothing of what was read is a span."""
    if not len(spans) and spans.ignored.lines + spans.ignored.cut_off and not spans.ignored.other_signals:
        names = ", ".join(map(str, files))
        raise UsageError(f"{names}: not a span file ({spans.ignored})", "Give the OTLP/JSON lines of a program.")


def render_report(paths: Sequence[Path], *, width: int = 100, color: bool = False, view: View | None = None) -> str:
    """The report on the spans of `paths`, in lines of at most `width` columns (but at least 80).

    Raises:
        UsageError: a file cannot be opened, or nothing in the files is a span.
        OutputError: there is no room for the temporary database.
    """
    spans = Spans()
    try:
        spans.read(paths)
        return text_of(report_on(spans, paths), width=width, color=color, view=view)
    finally:
        spans.close()


def text_of(report: Report, *, width: int = 100, color: bool = False, view: View | None = None) -> str:
    """A report in lines of at most `width` columns (but at least 80)."""
    paint, view = Painter(color, width), view or View()
    return "\n".join(_lines(report, paint, view)) + "\n"


def _lines(report: Report, paint: Painter, view: View) -> Iterator[str]:
    yield heading(report)
    if gaps := gaps_in_words(report):
        yield f"gaps, in spans: {gaps}"
    yield from _service_lines(report, paint, view)
    if not len(report.spans):
        return
    yield from ["", *_tree_lines(report, paint, view)]
    yield from ["", *_table(report, paint, view, "hottest, by self time", lambda stats: stats.own)]
    if report.spans.errors:
        yield from ["", *_table(report, paint, view, "failing, by errors", lambda stats: stats.errors)]
    if report.spans.exceptions:
        yield from ["", *_exception_lines(report, paint, view)]
    if not view.function and (advice := advice_on(report.stats)):
        yield from ["", *_advice_lines(advice, report.files, paint)]


def heading(report: Report) -> str:
    """How much there is, and what could not be read of it."""
    spans = report.spans
    about = "" if spans.traces.exact else "about "
    parts = [f"{counted(len(spans), 'span')} in {about}{counted(len(spans.traces), 'trace')}, "
             f"{counted(len(report.files), 'file')}"]  # fmt: skip
    if len(spans):
        first = min(process.first for process in spans.processes if process.spans)
        last = max(process.last for process in spans.processes)
        parts.append(f"{format_time(last - first)} from first to last")
        parts.append(counted(spans.errors, "error"))
    if spans.unfinished:
        parts.append(f"{spans.unfinished:,} never ended")
    if spans.ignored.dropped:
        parts.append(f"{spans.ignored.dropped:,} dropped by the program")
    if str(spans.ignored):
        parts.append(f"ignored: {spans.ignored}")
    return "; ".join(parts)


def gaps_in_words(report: Report) -> str:
    """What does not fit together, and where it shows."""
    gaps, spans = report.gaps, report.spans
    parts = (
        (gaps.missing_parent, "with a caller that is not in the files"),
        (gaps.duplicated, "there twice, counted once"),
        (spans.backwards, "ended before the start, counted as no time"),
        (gaps.early, "began before the caller (clocks differ)"),
        (gaps.circles, "called each other in a circle, shown at the top"),
        (gaps.other_paths, "on too many paths to show, only in the list of functions"),
        (spans.other_functions, "of too many functions to tell apart"),
    )
    return "; ".join(f"{count:,} {what}" for count, what in parts if count)


def _service_lines(report: Report, paint: Painter, view: View) -> Iterator[str]:
    """Who ran, when it was more than one."""
    found: dict[tuple[str, str], list[int]] = {}
    for process in report.spans.processes:
        if process.spans:
            counts = found.setdefault((process.service, process.language), [0, 0])
            counts[0] += 1
            counts[1] += process.spans
    if len(found) < 2:
        return
    ordered = sorted(found.items(), key=lambda item: (-item[1][1], item[0]))
    rows = view.rows(TABLE_LINES)
    for (service, language), (processes, spans) in ordered[:rows]:
        name = f"{service or '(no name)'}{f' ({language})' if language else ''}"
        yield paint.fit(f"{name}: {counted(spans, 'span')} of {counted(processes, 'process')}")
    if len(ordered) > rows:
        yield paint.dim(f"... and {len(ordered) - rows} more services")


def _tree_lines(report: Report, paint: Painter, view: View) -> Iterator[str]:
    """The paths, the longest first below each caller; what does not fit is counted."""
    labels, rows = report.spans.labels, view.rows(TREE_LINES)
    several = len({label.service for label in labels[1:]}) > 1
    shown = _paths_with(report.root, labels_with(report, view.function)) if view.function else None
    yield paint.headings("call tree")
    pending = [(0, report.root)]
    printed = left_out = 0
    while pending:
        depth, node = pending.pop()
        if node is not report.root:
            if printed < rows:
                printed += 1
                yield _tree_row(depth, node, report, paint, several)
            else:
                left_out += 1
        children = [child for child in node.children.values() if shown is None or child in shown]
        children.sort(key=lambda child: (child.stats.total, -child.label))
        if view.depth and depth >= view.depth:
            left_out += len(children)
        else:
            pending += ((depth + 1, child) for child in children)
    if left_out:
        yield paint.dim(f"... and {left_out} more paths")


def _tree_row(depth: int, node: Node, report: Report, paint: Painter, several: bool) -> str:
    label = report.spans.labels[node.label]
    indented = "  " * (depth - 1) + label.name
    if node.label == MISSING_CALLER:
        return paint.dim(indented)
    if several and label.service:
        caller = report.spans.labels[node.parent.label] if node.parent and node.parent.label > 0 else None
        if caller is None or caller.service != label.service:
            indented = paint.fit(indented, max(paint.name_width - len(label.service) - 3, 10)) + f" [{label.service}]"
    return paint.row(indented, node.stats)


def labels_with(report: Report, text: str) -> set[int]:
    """The functions that have a text in their name, in whatever case."""
    text = text.casefold()
    return {
        number
        for number, label in enumerate(report.spans.labels)
        if text in label.function.casefold() or text in label.name.casefold()
    }


def _paths_with(root: Node, wanted: set[int]) -> set[Node]:
    """The paths of these functions, with all above and below them."""
    found: set[Node] = set()
    pending = [(root, False)]
    while pending:
        node, inside = pending.pop()
        inside = inside or node.label in wanted
        if inside:
            found.add(node)
            outer = node.parent
            while outer is not None and outer not in found:
                found.add(outer)
                outer = outer.parent
        pending += ((child, inside) for child in node.children.values())
    return found


def _table(report: Report, paint: Painter, view: View, title: str, by: Callable[[Stats], int]) -> Iterator[str]:
    """The functions with the most of something."""
    wanted = labels_with(report, view.function) if view.function else None
    chosen = [
        (number, stats)
        for number, stats in report.functions.items()
        if by(stats) or title.startswith("hottest")
        if wanted is None or number in wanted
    ]
    yield paint.headings(title)
    for number, stats in sorted(chosen, key=lambda item: (-by(item[1]), item[0]))[: view.rows(TABLE_LINES)]:
        yield paint.row(report.spans.labels[number].function, stats)


def _exception_lines(report: Report, paint: Painter, view: View) -> Iterator[str]:
    """The recorded exceptions, the most frequent first."""
    names = view.function.casefold()
    found = [item for item in report.spans.exceptions.most_common() if names in item[0][2].casefold()]
    rows = view.rows(TABLE_LINES)
    yield paint.bold("exceptions")
    for (kind, message, function), count in found[:rows]:
        what = kind.rpartition(".")[2] + (f": {message}" if message else "")
        yield paint.fit(f"{format_count(count):>7}  {what}  in {function}")
    if len(found) > rows:
        yield paint.dim(f"... and {len(found) - rows} more kinds")


def _advice_lines(advice: Advice, files: Sequence[Path], paint: Painter) -> Iterator[str]:
    """Which functions only cost, and how to leave them out."""
    yield paint.bold(f"{round(100 * advice.share)}% of the spans are of functions that only cost")
    for each in advice.functions[:3]:
        yield paint.fit(
            f"  {each.function}: {format_count(round(each.calls_per_second))} calls/s, "
            f"{format_time(round(each.self_time))} self time a call"
        )
    if len(advice.functions) > 3:
        yield paint.dim(f"  ... and {len(advice.functions) - 3} more")
    yield f"  without them: {advice.command(files)}"
