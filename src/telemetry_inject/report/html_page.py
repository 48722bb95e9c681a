"""`report --html OUT`: everything a span file says, as one page that needs no network and no server.

The page itself (markup, style, script) is built from `page/` and lies beside this module; what is added here is data.
It is deflated and in base64, so nothing that a program recorded can be read as markup or run as a script.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.errors import UsageError
from telemetry_inject.report.call_tree import Node, Spans, Stats
from telemetry_inject.report.page_columns import MOST_SPANS, NO_DETAILS, Columns, packed_json
from telemetry_inject.report.page_facts import Facts
from telemetry_inject.report.page_source import SourceTexts
from telemetry_inject.report.span_catalogue import Label
from telemetry_inject.report.span_file import Ignored, load_spans
from telemetry_inject.report.stack_frames import innermost

__all__ = ["write_html"]

PAGE = Path(__file__).parent / "page.html"
MOST_PATHS = 20_000
_MARK = '<script type="text/plain" id="data"></script>'


def write_html(paths: Sequence[Path], out: Path, source: Path | None = None) -> None:
    """Write the page on the spans of `paths` to `out`; with `source`, the text of the functions' files is in it.

    Raises:
        UsageError: a file cannot be opened, or nothing in the files is a span.
        OSError: the page cannot be written.
    """
    text = page_text(paths, source)
    write_atomic(out, text.encode("utf-8"))


def page_text(paths: Sequence[Path], source: Path | None = None, most: int = MOST_SPANS) -> str:
    """The page; at most `most` spans are drawn in it, all are counted."""
    ignored = Ignored()
    columns = Columns(most)
    facts = Facts(columns)
    spans = Spans(facts.watch(load_spans(paths, ignored)))
    if not columns.seen and ignored.lines:
        files = ", ".join(map(str, paths))
        raise UsageError(f"{files}: not a span file ({ignored})", "Give the OTLP/JSON lines of a program.")
    columns.finish()
    head, texts = columns.encoded()
    meta = {
        "format": 1,
        "files": [path.name for path in paths],
        **_tables(spans, facts),
        **_counted(spans, facts, columns, ignored),
        "spans": head,
        "traces": [f"{high:016x}{low:016x}" for high, low in columns.traces],
        "sources": SourceTexts(source).of(facts) if source else None,
    }
    blocks = [packed_json(meta), *texts]
    data = "\n".join(f'<script type="text/plain" class="data">{block}</script>' for block in blocks)
    before, mark, after = PAGE.read_text("utf-8").partition(_MARK)
    assert mark, PAGE
    return before + data + after


def _counted(spans: Spans, facts: Facts, columns: Columns, ignored: Ignored) -> dict[str, Any]:
    """The figures of the head line and of the list of gaps."""
    return {
        "totals": {
            "spans": columns.seen,
            "shown": len(columns),
            "shortestShown": columns.shortest_shown,
            "traces": len(spans.traces),
            "errors": facts.errors,
        },
        "gaps": {
            "unfinished": facts.unfinished,
            "backwards": facts.backwards,
            "orphans": spans.gaps.missing_parent,
            "early": spans.gaps.early,
            "repeated": spans.gaps.duplicated,
            "withoutDetails": columns.flagged(NO_DETAILS),
            "unreadableLines": ignored.lines,
            "cutOffLines": ignored.cut_off,
            "otherSignals": ignored.other_signals,
            "malformed": ignored.spans,
            "dropped": ignored.dropped,
        },
        "processes": [
            {
                "attributes": {key: str(value) for key, value in resource.items()},
                "dropped": ignored.dropped_by.get(process, 0),
            }
            for process, resource in facts.resources
        ],
        "lanes": [list(lane) for lane in facts.lanes],
    }


def _tables(spans: Spans, facts: Facts) -> dict[str, Any]:
    """Functions, paths, exceptions and counts."""
    root, by_label = spans.tree()
    return {
        "places": _places(facts, spans),
        "labels": [[label.function, label.name] for label in spans.labels],
        "functions": [[number, *_figures(stats)] for number, stats in sorted(by_label.items()) if stats.calls],
        "otherFunctions": spans.other_functions,
        **_paths(root),
        "failures": [
            [failure.type, failure.message, failure.stack, failure.place, failure.count, innermost(failure.stack)]
            for failure in facts.failed
        ],
        "counts": [
            [place, facts.calls[place], count.kind, count.label, count.times, count.calls, sorted(count.types)]
            for place, counts in sorted(facts.counts.items())
            for count in counts.values()
        ],
    }


def _places(facts: Facts, spans: Spans) -> dict[str, Any]:
    """Each place with the number of its file and the number by which the tables count it."""
    files: dict[str, int] = {}
    rows: list[list[Any]] = []
    for place in facts.places:
        label = Label(place.function, place.name, place.file, place.line, place.service, place.language, place.kind)
        file = files.setdefault(place.file, len(files))
        rows.append([place.function, place.name, file, place.line, place.kind, place.language, spans.label(label)])
    return {"files": list(files), "rows": rows}


def _paths(root: Node) -> dict[str, Any]:
    """The call tree, callers before what they call, the longest first; beyond a limit the rest is counted."""
    rows: list[list[int]] = []
    left_out = 0
    for parent, node in _walk(root, rows):
        if len(rows) < MOST_PATHS:
            rows.append([parent, node.label, *_figures(node.stats)])
        else:
            left_out += 1
    return {"paths": rows, "pathsLeftOut": left_out}


def _walk(root: Node, rows: list[list[int]]) -> Iterator[tuple[int, Node]]:
    """Level by level, so that a limit cuts the deepest paths."""
    level: list[tuple[int, Node]] = [(-1, root)]
    while level:
        following: list[tuple[int, Node]] = []
        for number, node in level:
            for child in sorted(node.children.values(), key=lambda child: (-child.stats.total, child.label)):
                here = len(rows)
                yield number, child
                following.append((here, child))
        level = following


def _figures(stats: Stats) -> list[int]:
    """Calls, errors, total, self, p50, p95, p99; times in nanoseconds."""
    percentiles = (stats.percentile(share) for share in (0.5, 0.95, 0.99))
    return [stats.calls, stats.errors, stats.total, stats.own, *percentiles]
