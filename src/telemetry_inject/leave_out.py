"""Single functions that are left as they are: `path/to/file.py:Class.method`, and where that is written down.

The path is relative to the scanned folder, the name is that of `--json`: the second function of a name is `name#2`.
What lies inside of such a function is left alone with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from telemetry_inject.engine.options import Placement
from telemetry_inject.types import FileReport, FileStatus


class LeaveOut:
    """The functions to leave out, by file."""

    def __init__(self, items: Iterable[str]) -> None:
        self._items = tuple(items)
        self._by_path: dict[str, set[str]] = {}
        for item in self._items:
            at = item.find(":")
            while at > 0:  # paths and names may both hold colons; of the ways to part them only one is a file
                self._by_path.setdefault(item[:at], set()).add(item[at + 1 :])
                at = item.find(":", at + 1)

    def of(self, relative: str) -> frozenset[str]:
        """The names that concern one file."""
        return frozenset(self._by_path.get(relative, ()))

    def placed(self, placement: Placement, relative: str) -> Placement:
        """`placement` with the names that concern the file."""
        names = self._by_path.get(relative)
        return replace(placement, leave_out=frozenset(names)) if names else placement

    def unmatched(self, root: Path, reports: Sequence[FileReport]) -> list[str]:
        """One line for each item that names nothing. What was not looked at this time may still be right."""
        if not self._items:
            return []
        known = {item for report in reports for item in names_of(report)}
        looked_at = {report.path for report in reports}
        left = {report.path for report in reports if report.status in (FileStatus.SKIPPED, FileStatus.FAILED)}
        problems = []
        for item in self._items:
            if item in known:
                continue
            paths = [item[:at] for at, letter in enumerate(item) if letter == ":" and at]
            path = next((path for path in paths if path in looked_at or (root / path).is_file()), None)
            if path is None:
                problems.append(f"leave-out: {item}: there is no such file below {root}")
            elif path in looked_at and path not in left:
                problems.append(f"leave-out: {item}: {path} has no function of this name")
        return problems


def item_of(path: str, qualname: str) -> str:
    """How a function is written down."""
    return f"{path}:{qualname}"


def names_of(report: FileReport) -> Iterable[str]:
    """Every function of a file, as it is written down."""
    return (item_of(report.path, function.qualname) for function in report.functions)
