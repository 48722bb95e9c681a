"""`PATH --map`, and `report SPANS --source PATH --map`: what a run would do with each function, and what was called."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from telemetry_inject.config import Settings
from telemetry_inject.coverage.analysis import Analysis
from telemetry_inject.coverage.coverage_map import CoverageMap, coverage_map
from telemetry_inject.coverage.matching import Matches
from telemetry_inject.coverage.recorded import Recording, recorded_calls
from telemetry_inject.errors import UsageError
from telemetry_inject.observer import Observer
from telemetry_inject.report.report_arguments import span_files
from telemetry_inject.report.span_lines import STDIN
from telemetry_inject.report.span_rows import Wanted
from telemetry_inject.report.terminal import printable, wants_color


def show_map(settings: Settings, found: CoverageMap) -> None:
    """Print the map, or write it as a page. Raises OutputError."""
    if settings.html is not None:
        from telemetry_inject.coverage.map_page import write_map_page

        write_map_page(found, settings.html)
        if not settings.quiet:
            print(f"wrote {printable(str(settings.html))}", file=sys.stderr)
    if settings.json:
        from telemetry_inject.coverage.map_json import map_json

        sys.stdout.write(map_json(found))
    elif settings.html is None:
        from telemetry_inject.coverage.map_text import map_lines

        width = shutil.get_terminal_size((100, 40)).columns
        color = wants_color(settings.color, sys.stdout)
        print("\n".join(map_lines(found, width=width, color=color, everything=settings.verbose)))


def map_of(settings: Settings, observer: Observer | None = None, wanted: Wanted | None = None) -> CoverageMap:
    """The map that the settings ask for. Raises UsageError when the spans cannot be used."""
    paths = spans_of(settings.spans, "--spans")
    recording = recorded_calls(paths, wanted) if paths else None  # what is wrong with it is said before the long work
    analysis = Analysis(replace(settings, in_place=False), observer, lines=recording is not None)
    matches = None if recording is None else placed(analysis.match(recording), settings.path)
    return coverage_map(str(settings.path), analysis.result, matches)


def spans_of(words: Sequence[str], flag: str) -> list[Path]:
    """The span files that were named; a folder stands for those in it. Raises UsageError when there are none."""
    paths = [Path(word) for word in words]
    if STDIN in paths and len(paths) > 1:
        raise UsageError(f"{flag}: - and files do not go together", "Give one or the other.")
    found = span_files(paths) if paths else []
    if paths and not found:
        where = ", ".join(map(str, paths))
        raise UsageError(f"{flag}: there are no span files in {where}", "Run the instrumented program first.")
    return found


def placed(matches: Matches, path: Path) -> Matches:
    """`matches`, when any of the spans is of the tree. Raises UsageError."""
    if matches.calls or matches.shared:
        return matches
    recording: Recording = matches.recording
    files = ", ".join(recording.files[:3]) + (" ..." if len(recording.files) > 3 else "")
    example = next((each.file for each in matches.outside), "")
    title = f"{files}: none of the {recording.spans:,} spans is of a function in {path}"
    if matches.renamed:
        file, function = matches.renamed[0]
        return _refuse(title, f"{file} no longer has a function {function.name}: record spans of this code.")
    if example:
        return _refuse(title, f"They are of other files, such as {example}: give the folder that was instrumented.")
    return _refuse(title, "They name no files: give those of a program that telemetry-inject has instrumented.")


def _refuse(title: str, help_text: str) -> Matches:
    raise UsageError(title, help_text)
