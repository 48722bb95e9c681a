"""`--overlay`: a map for build tools that read other files in place of a tree's own, which stays as it is.

The form is that of `go build -overlay` (`go help build`): a JSON object whose `Replace` names, for each path that
the compiler would read, the file to read instead; paths that do not exist are added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.config import Settings
from telemetry_inject.types import ScanResult, SkippedFile

# Build tools take folders with a dot in front for no part of the tree around them.
COPIES = ".telemetry_overlay"
_NOT_ONE = "not of a language whose build takes an overlay"


def copies_folder(settings: Settings) -> Path:
    """Where the instrumented copies go: the output folder if one was given, else one beside the map."""
    assert settings.overlay is not None
    return settings.output if "output" in settings.sources else settings.overlay.parent / COPIES


def only_of(scan: ScanResult, languages: Iterable[str]) -> ScanResult:
    """The scan without files of other languages than these, and with nothing to copy."""
    wanted = frozenset(languages)
    others = tuple(SkippedFile(file.relative, _NOT_ONE) for file in scan.files if file.language not in wanted)
    kept = tuple(file for file in scan.files if file.language in wanted)
    return replace(scan, files=kept, copied=(), skipped=(*scan.skipped, *others))


def write_overlay(path: Path, root: Path, copies: Path, replaced: Iterable[str], added: Mapping[str, Path]) -> None:
    """Write the map. `replaced` are paths relative to `root`, and to `copies` where their copies are; `added` are
    further ones with the files that stand for them. Raises OutputError."""
    root, copies = root.resolve(), copies.resolve()
    entries = {str(root / relative): str(copies / relative) for relative in replaced}
    entries |= {str(root / relative): str(file.resolve()) for relative, file in added.items()}
    text = json.dumps({"Replace": dict(sorted(entries.items()))}, indent=2, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text.encode() + b"\n")
