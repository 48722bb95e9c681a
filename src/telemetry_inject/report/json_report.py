"""--json: one document on standard output that tells everything about a run; the schema has a version."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from telemetry_inject import __version__
from telemetry_inject.config import Settings
from telemetry_inject.report.terminal import printable
from telemetry_inject.report.totals import totals_of
from telemetry_inject.types import FileReport, RunResult, ScanResult

SCHEMA_VERSION = 1


def json_report(settings: Settings, result: RunResult, exit_code: int) -> str:
    """The document, ending in a newline.

    Keys: `schema_version`, `version`, `settings` (names as in the project file, secrets starred), `files`
    (each with its `functions`), `skipped` (what the scanner left out), `totals`, `models` (calls, tokens and
    cost by job and model; null when none was asked), `verify` (see docs/verify.md; null without),
    `pruned` (see docs/map-and-prune.md; null without), `unread` (source files of languages that
    nobody reads, each with its `language`, how many `files`, and what it `needs`), `warnings`, `output` (null when
    nothing was written), `exit_code`. File names that are not text are written with escapes.
    """
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "settings": settings.public(),
        "files": [_file(report) for report in result.files],
        "skipped": [{"path": _name(each.relative), "reason": each.reason} for each in result.skipped],
        "totals": asdict(totals_of(result)),
        "models": result.details.get("models"),
        "verify": result.details.get("verify"),
        "unread": [asdict(each) for each in result.details.get("unread", ())],
        "pruned": result.details.get("pruned"),
        "warnings": list(result.warnings),
        "output": None if result.output is None else _name(str(result.output)),
        "exit_code": exit_code,
    }
    return json.dumps(document, indent=2) + "\n"


def json_scan(scan: ScanResult) -> str:
    """The document of --show-files: what would be looked at, what left out and why, what only copied."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "files": [{"path": _name(file.relative), "language": file.language} for file in scan.files],
        "skipped": [{"path": _name(each.relative), "reason": each.reason} for each in scan.skipped],
        "copied": [_name(path) for path in scan.copied],
    }
    return json.dumps(document, indent=2) + "\n"


def _file(report: FileReport) -> dict[str, Any]:
    return {
        "path": _name(report.path),
        "language": report.language,
        "status": report.status,
        "reason": report.reason,
        "cached": report.cached,
        "insertions": report.insertions,
        "functions": [asdict(function) for function in report.functions],
    }


def _name(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError:
        return printable(path)
    return path
