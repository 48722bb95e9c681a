"""The map as one JSON document; its schema has a version and is described in docs/map-and-prune.md."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from telemetry_inject import __version__
from telemetry_inject.coverage.coverage_map import Counts, CoverageMap
from telemetry_inject.coverage.matching import Matches
from telemetry_inject.report.terminal import printable

SCHEMA_VERSION = 1


def map_json(found: CoverageMap) -> str:
    """The document, ending in a newline; file names that are not text are written with escapes."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "path": _text(found.root),
        "totals": _counts(found.counts),
        "reasons": _reasons(found.reasons),
        "file_reasons": _reasons(found.file_reasons),
        "left_out": _reasons(found.left_out),
        "folders": [
            {"path": _text(folder.path), "files": folder.files, **_counts(folder.counts)} for folder in found.folders
        ],
        "files": [
            {
                "path": _text(file.path),
                "language": file.language,
                "status": file.status,
                "reason": file.reason,
                **_counts(file.counts),
                "functions": [
                    {
                        "name": each.name,
                        "line": each.line,
                        "status": each.status,
                        "reason": each.reason,
                        "state": each.state,
                        "calls": each.calls,
                        "errors": each.errors,
                    }
                    for each in file.functions
                ],
            }
            for file in found.files
        ],
        "spans": None if found.matches is None else _spans(found.matches),
        "unread": [asdict(each) for each in found.unread],
        "warnings": list(found.warnings),
    }
    return json.dumps(document, indent=2) + "\n"


def _counts(counts: Counts) -> dict[str, Any]:
    return {**asdict(counts), "share": _rounded(counts.share), "called_share": _rounded(counts.called_share)}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _reasons(reasons: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [{"reason": reason, "count": count} for reason, count in reasons]


def _spans(matches: Matches) -> dict[str, Any]:
    recording = matches.recording
    return {
        "files": [_text(path) for path in recording.files],
        "spans": recording.spans,
        "ran_in": [
            {"folder": _text(ran), "folder_of_tree": _text(tree), "files": files}
            for (ran, tree), files in sorted(matches.roots.items())
        ],
        "not_told_apart": [
            {
                "name": each.recorded.name,
                "file": _text(each.recorded.file),
                "line": each.recorded.line,
                "calls": each.recorded.calls,
                "why": each.why,
                "may_be": [{"path": _text(path), "name": name} for path, name in each.functions],
            }
            for each in matches.shared
        ],
        "no_longer_there": [
            {"path": _text(path), "name": each.name, "calls": each.calls} for path, each in matches.renamed
        ],
        "other_files": [{"file": _text(each.file), "name": each.name, "calls": each.calls} for each in matches.outside],
        "without_file": recording.unplaced,
        "too_many_functions": recording.uncounted,
        "dropped": recording.dropped,
        "unreadable": recording.unreadable,
    }


def _text(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        return printable(path)
    return path
