"""`report --json`: the report of spans as one JSON document; the schema has a version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from telemetry_inject import __version__
from telemetry_inject.report.call_paths import Stats
from telemetry_inject.report.only_cost import FunctionStats, advice_on
from telemetry_inject.report.span_catalogue import Label
from telemetry_inject.report.span_report import Report, View, labels_with

SCHEMA_VERSION = 1


def json_text(report: Report, view: View | None = None) -> str:
    """The document, ending in a newline. Times are whole nanoseconds.

    Keys: `schema_version`, `version`, `files`, `spans`, `traces` (`traces_are_exact` is false for an estimate),
    `errors`, `first_unix_nano` and `last_unix_nano` (as text, since 1970; null without spans), `services`,
    `ignored` (what could not be read), `dropped` (by the programs' own count), `gaps` (spans that do not fit
    together, by kind), `tree` (one object a path; `parent` is the `id` of the caller's, null at the top),
    `functions`, `exceptions`, `advice` (functions that only cost, and the command; null when there is nothing to
    say). The view's limits hold for the lists when they are given.
    """
    view = view or View(limit=0)
    spans = report.spans
    running = [process for process in spans.processes if process.spans]
    stats = report.stats
    advice = advice_on(stats)
    ignored, gaps = spans.ignored, report.gaps
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "files": [str(path) for path in report.files],
        "spans": len(spans),
        "traces": len(spans.traces),
        "traces_are_exact": spans.traces.exact,
        "errors": spans.errors,
        "first_unix_nano": str(min(process.first for process in running)) if running else None,
        "last_unix_nano": str(max(process.last for process in running)) if running else None,
        "services": list(_services(report)),
        "ignored": {
            "unreadable_lines": ignored.lines,
            "cut_off_lines": ignored.cut_off,
            "malformed_spans": ignored.spans,
            "lines_of_other_signals": ignored.other_signals,
        },
        "dropped": ignored.dropped,
        "gaps": {
            "never_ended": spans.unfinished,
            "ended_before_start": spans.backwards,
            "missing_caller": gaps.missing_parent,
            "duplicated": gaps.duplicated,
            "before_caller": gaps.early,
            "circles": gaps.circles,
            "other_paths": gaps.other_paths,
            "other_functions": spans.other_functions,
        },
        "tree": list(_paths(report, view)),
        "functions": list(_functions(report, stats, view)),
        "exceptions": [
            {"type": kind, "message": message, "function": function, "count": count}
            for (kind, message, function), count in spans.exceptions.most_common(view.limit or None)
        ],
        "advice": None
        if advice is None
        else {
            "command": advice.command(report.files),
            "share_of_spans": round(advice.share, 4),
            "max_calls_per_second": advice.max_calls_per_second,
            "min_self_time_ns": advice.min_self_time,
            "functions": [{"file": each.file, "name": each.name, "line": each.line} for each in advice.functions],
        },
    }
    return json.dumps(document, indent=1) + "\n"


def _services(report: Report) -> Iterator[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for process in report.spans.processes:
        if process.spans:
            new = {"name": process.service, "language": process.language, "processes": 0, "spans": 0, "ran_ns": 0}
            service = found.setdefault((process.service, process.language), new)
            service["processes"] += 1
            service["spans"] += process.spans
            service["ran_ns"] += process.last - process.first
    yield from found.values()


def _paths(report: Report, view: View) -> Iterator[dict[str, Any]]:
    """The paths, each after its caller, level by level, so that a limit leaves out the deepest."""
    wanted = labels_with(report, view.function) if view.function else None
    number = depth = 0
    level: list[tuple[int | None, Any]] = [(None, child) for child in report.root.children.values()]
    while level and not (view.depth and depth >= view.depth):
        level.sort(key=lambda item: (item[0] if item[0] is not None else -1, -item[1].stats.total, item[1].label))
        following: list[tuple[int | None, Any]] = []
        for parent, node in level:
            if view.limit and number >= view.limit:
                return
            if wanted is None or node.label in wanted:
                label = report.spans.labels[node.label]
                yield {"id": number, "parent": parent, **_named(label), **_figures(node.stats)}
                following += [(number, child) for child in node.children.values()]
                number += 1
            else:
                following += [(parent, child) for child in node.children.values()]
        level, depth = following, depth + 1


def _functions(report: Report, stats: list[FunctionStats], view: View) -> Iterator[dict[str, Any]]:
    wanted = labels_with(report, view.function) if view.function else None
    both = list(zip(report.functions.items(), stats, strict=True))
    both.sort(key=lambda item: (-item[0][1].own, item[0][0]))
    chosen = [item for item in both if wanted is None or item[0][0] in wanted]
    for (number, figures), function in chosen[: view.limit or None]:
        rate = round(function.calls_per_second, 3)
        yield {**_named(report.spans.labels[number]), **_figures(figures), "calls_per_second": rate}


def _named(label: Label) -> dict[str, Any]:
    return {
        "name": label.name,
        "function": label.function,
        "file": label.file or None,
        "line": label.line or None,
        "service": label.service,
        "language": label.language or None,
        "kind": label.kind,
    }


def _figures(stats: Stats) -> dict[str, int]:
    return {
        "calls": stats.calls,
        "errors": stats.errors,
        "total_ns": stats.total,
        "self_ns": stats.own,
        "p50_ns": stats.percentile(0.5),
        "p95_ns": stats.percentile(0.95),
        "p99_ns": stats.percentile(0.99),
    }
