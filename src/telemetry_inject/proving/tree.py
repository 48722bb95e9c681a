"""Writes the tree that was proved, file by file, and nothing before all of it is known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.config import Settings
from telemetry_inject.errors import OutputError
from telemetry_inject.scan_rules import OUTPUT_MARKER
from telemetry_inject.telemetry_utils_writer import check_place
from telemetry_inject.tree_copy import copy_rest, helpers_left
from telemetry_inject.types import ScanResult


def write_tree(
    settings: Settings, scan: ScanResult, files: Mapping[str, bytes], sources: Mapping[str, bytes]
) -> tuple[Path, int, list[str]]:
    """Write `files` (by path below the scanned folder) in place or to the output folder, with all the others there.

    `sources` are the files that they were made from: if one of them is another by now, nothing is written. Gives the
    place, the number of files written, and a line for each that could not be copied. Raises OutputError.
    """
    for path, before in sources.items():
        if (scan.root / path).read_bytes() != before:
            raise OutputError(f"{path}: was changed while it was being verified", "Nothing is written: run it again.")
    target = scan.root if settings.in_place else settings.output
    for path in files.keys() - sources.keys():
        check_place(target / path)
    target.mkdir(parents=True, exist_ok=True)
    written = 0
    for path in sorted(files, key=lambda path: (path in sources, path)):  # the helpers first: files import them
        mode = os.stat(scan.root / path).st_mode & 0o7777 if path in sources else None  # noqa: PTH116
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        written += write_atomic(target / path, files[path], mode=mode)
    if settings.in_place:
        return target, written, []
    if not scan.single_file:
        (target / OUTPUT_MARKER).touch()
        others = [file.relative for file in scan.files if file.relative not in files]
        homes = {PurePosixPath(path).parent for path in files.keys() - sources.keys()}
        copied, problems = copy_rest(scan, target, [*others, *helpers_left(scan, homes)])
        return target, written + copied, problems
    return target, written, []
