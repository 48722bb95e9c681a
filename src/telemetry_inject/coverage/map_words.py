"""The sentences of a map: what it comes to, and what of the spans could not be placed in the tree."""

from __future__ import annotations

from telemetry_inject.coverage.coverage_map import CoverageMap
from telemetry_inject.coverage.matching import Matches
from telemetry_inject.report.terminal import counted, printable
from telemetry_inject.unread_files import unread_lines

_MOST = 5


def headline(found: CoverageMap) -> list[str]:
    """One line on the tree, and one on the spans when there are some."""
    counts = found.counts
    if not counts.functions:
        return ["No functions were found; the reasons below say what was left out." if found.left_out else
                "No functions were found."]  # fmt: skip
    share = percent(counts.share)
    files = counted(len([file for file in found.files if file.functions]), "file")
    lines = [f"{counts.instrumented:,} of {counted(counts.functions, 'function')} get spans ({share}), in {files}"]
    if found.matches is not None:
        recording = found.matches.recording
        lines.append(
            f"{counts.called:,} of {counts.instrumented:,} were called ({percent(counts.called_share)}), "
            f"{counts.never_called:,} never; {counted(recording.spans, 'span')} in "
            f"{counted(len(recording.files), 'file')}"
        )
    return lines


def percent(share: float | None) -> str:
    """`89%`; 100% and 0% only when it is all or nothing."""
    if share is None:
        return "-"
    whole = round(share * 100)
    if whole == 100 and share < 1:
        whole = 99
    if whole == 0 and share > 0:
        whole = 1
    return f"{whole}%"


def notes(found: CoverageMap) -> list[str]:
    """What is not in the map: files that nobody reads, and spans that could not be placed in the tree."""
    return unread_lines(found.unread) + ([] if found.matches is None else notes_on(found.matches))


def notes_on(matches: Matches) -> list[str]:
    """What of the spans could not be placed in the tree, one line for each kind."""
    recording = matches.recording
    lines = [
        f"note: {counted(each.recorded.calls, 'call')} of {printable(each.recorded.name)} cannot be told apart: "
        f"{printable(each.why)}"
        for each in matches.shared[:_MOST]
    ]
    if len(matches.shared) > _MOST:
        lines.append(f"note: the same for {len(matches.shared) - _MOST:,} more names")
    renamed = sorted({f"{path}:{each.name}" for path, each in matches.renamed})
    outside = sorted({each.file for each in matches.outside})
    gone = sum(each.calls for _, each in matches.renamed)
    other = sum(each.calls for each in matches.outside)
    if renamed:
        lines.append(f"note: {counted(gone, 'span')} of functions that their files no longer have: {_some(renamed)}")
    if outside:
        lines.append(f"note: {counted(other, 'span')} of files that are not in this tree: {_some(outside)}")
    if recording.unplaced:
        lines.append(f"note: {counted(recording.unplaced, 'span')} that name no file")
    if recording.uncounted:
        lines.append(f"note: {counted(recording.uncounted, 'span')} of too many functions to tell apart")
    if recording.dropped:
        lines.append(
            f"note: the programs dropped {counted(recording.dropped, 'span')}: what was never called may be wrong"
        )
    if recording.unreadable:
        lines.append(f"note: in the span files there were {recording.unreadable}")
    return lines


def _some(names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:_MOST]))
    return shown + (f" and {len(names) - _MOST:,} more" if len(names) > _MOST else "")
