"""`telemetry-inject report`: what was asked for -> spans read -> one text, document, page or set of files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from telemetry_inject.errors import ExitCode, UsageError
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.report_arguments import ReportRequest, parse_report, span_files
from telemetry_inject.report.span_lines import STDIN
from telemetry_inject.report.span_report import check_read, report_on, text_of
from telemetry_inject.report.terminal import wants_color


def run_report(argv: Sequence[str]) -> int:
    """Do what the arguments after `report` say; the exit code.

    Raises:
        UsageError: the arguments are wrong, or there is nothing to read.
        OutputError: a result could not be written.
    """
    request = parse_report(argv)
    if request.help:
        print(request.help, end="")
        return ExitCode.DONE
    if request.follow:
        from telemetry_inject.report.follow_command import follow

        return follow(request)
    paths = span_files(request.paths)
    if not paths:
        where = ", ".join(map(str, request.paths)) or "telemetry"
        raise UsageError(f"report: there are no span files in {where}/", "Run the instrumented program first.")
    if request.map:
        return _map(request, paths)
    if request.html is not None:
        from telemetry_inject.report.html_page import write_html

        write_html(paths, request.html, request.source)
        _say(f"wrote {request.html}")
    if request.exports or request.json or request.html is None:
        _read_and_show(request, paths)
    return ExitCode.DONE


def _map(request: ReportRequest, paths: Sequence[Path]) -> int:
    """The map of the source, as the instrumenting command shows it."""
    from telemetry_inject.config import load_settings
    from telemetry_inject.config_checks import check_settings
    from telemetry_inject.coverage.map_command import map_of, show_map

    flags = {
        "path": str(request.source), "map": True, "spans": list(map(str, paths)), "json": request.json,
        "html": str(request.html) if request.html else None, "verbose": request.view.limit == 0,
        "color": None if request.color == "auto" else request.color,
    }  # fmt: skip
    settings = load_settings(flags, os.environ, Path.cwd())
    check_settings(settings)
    show_map(settings, map_of(settings, wanted=request.wanted))
    return ExitCode.DONE


def _read_and_show(request: ReportRequest, paths: Sequence[Path]) -> None:
    full = False
    if request.exports:
        from telemetry_inject.report.exports import FROM_SUMS, write_export

        full = any(name not in FROM_SUMS for name, _ in request.exports)
    spans = Spans(wanted=request.wanted, full=full)
    try:
        spans.read(paths)
        if request.exports:
            check_read(spans, paths)

            for name, file in request.exports:
                write_export(name, file, spans)
                if file != STDIN:
                    _say(f"wrote {file}")
            if not request.json:
                return
        report = report_on(spans, paths)
        if request.json:
            from telemetry_inject.report.span_report_json import json_text

            print(json_text(report, request.view), end="")
        else:
            print(text_of(report, width=columns(), color=colored(request), view=request.view), end="")
    finally:
        spans.close()


def columns() -> int:
    """The width of the terminal, 100 where there is none."""
    return shutil.get_terminal_size((100, 40)).columns


def colored(request: ReportRequest) -> bool:
    """Whether standard output takes colours."""
    if request.color == "auto" and (os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"):
        return False
    return wants_color(request.color, sys.stdout)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
