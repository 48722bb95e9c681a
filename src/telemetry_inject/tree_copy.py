"""Copies what is not instrumented, so that the output folder is a tree that runs."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from telemetry_inject.types import ScanResult


def helpers_left(scan: ScanResult, homes: Collection[PurePosixPath]) -> list[str]:
    """The runtime helpers of the tree that its copy needs: those of folders other than `homes`, which have new ones.

    Files that were instrumented before and are left out now, say, import them.
    """
    return [relative for relative in scan.helpers if PurePosixPath(relative).parent not in homes]


def copy_rest(scan: ScanResult, output: Path, more: Iterable[str] = ()) -> tuple[int, list[str]]:
    """Copy the other files of the tree, and `more` of it (those that failed, say), as they are.

    A file that is there already with the same size and time is left alone. Gives the number of files written
    and a line for each that could not be copied.
    """
    if scan.single_file:
        return 0, []
    written = 0
    problems: list[str] = []
    folders: set[Path] = set()
    for relative in (*scan.copied, *more):
        source, target = scan.root / relative, output / relative
        try:
            if _is_same(source, target):
                continue
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.add(target.parent)
            _copy(source, target)
            written += 1
        except OSError as error:
            problems.append(f"{relative}: not copied: {error.strerror or error}")
    return written, problems


def _is_same(source: Path, target: Path) -> bool:
    try:
        there = os.lstat(target)
    except FileNotFoundError:
        return False
    here = os.lstat(source)
    return (here.st_size, here.st_mtime_ns, here.st_mode) == (there.st_size, there.st_mtime_ns, there.st_mode)


def _copy(source: Path, target: Path) -> None:
    """Copy with mode bits and time stamps, links as links, never half: by way of a temporary name."""
    partial = target.with_name(f".{target.name[:100]}.telemetry-inject-{os.getpid()}")
    try:
        if source.is_symlink():
            # The scanner lets only links through that stay inside of the tree: in the copy they stay inside of it.
            partial.symlink_to(os.path.relpath(source.resolve(), source.parent.resolve()))
        else:
            import shutil

            shutil.copy2(source, partial)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
