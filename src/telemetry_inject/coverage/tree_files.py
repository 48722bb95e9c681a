"""Which file of a tree a recorded path means: programs run from copies, in other folders and on other machines.

A recorded path and a file of the tree have an end in common; what is in front of it (a root of the program that ran, a
folder of the tree) has to be the same for the other files of that program. The pair of roots that explains most of the
recorded functions is taken; where two explain as many, the path is ambiguous.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Roots = tuple[str, str]
"""A folder of the program that ran, and the folder of the tree that it is a copy of ("" for the tree itself)."""

COMPILED_FROM = {
    ".js": (".ts", ".tsx", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
"""A compiler has written the file that ran, unless a file of this very name is in the tree."""


class Candidate(NamedTuple):
    """A file of the tree that a recorded path may mean, and the roots of which this follows."""

    path: str
    roots: Roots


class TreeFiles:
    """The files of a tree, by what their paths end in. `functions`: the names of the functions of each file.

    `homes`: folders that are known to hold the tree, such as the tree itself.
    """

    def __init__(self, functions: Mapping[str, Collection[str]], homes: Iterable[Path] = ()) -> None:
        self._functions = functions
        self._homes = [parts for home in homes if (parts := _parts(str(home)))]
        self._by_end: dict[tuple[str, ...], list[str]] = {}
        for path in functions:
            parts = tuple(path.split("/"))
            for at in range(len(parts)):
                self._by_end.setdefault(parts[at:], []).append(path)

    def find(self, recorded: Mapping[str, Collection[str]]) -> dict[str, tuple[Candidate, ...]]:
        """For each recorded path (with the names that were recorded in it) the file that it means.

        None when it is none of the tree, several when it cannot be told which.
        """
        candidates = {path: self._candidates(path, names) for path, names in recorded.items()}
        weights: Counter[Roots] = Counter()
        for path, found in candidates.items():
            for candidate in found:
                weights[candidate.roots] += self._explained(candidate, recorded[path])
        return {path: _best(found, weights) for path, found in candidates.items()}

    def _candidates(self, recorded: str, names: Collection[str]) -> list[Candidate]:
        parts = _parts(recorded)
        for home in self._homes:
            if parts[: len(home)] == home and "/".join(parts[len(home) :]) in self._functions:
                return [Candidate("/".join(parts[len(home) :]), ("/".join(home), ""))]
        for ends in _spellings(parts):
            whole = [
                Candidate("/".join(ends[at:]), ("/".join(parts[:at]), ""))
                for at in range(len(ends))
                if "/".join(ends[at:]) in self._functions
            ]
            if whole:
                return whole
        for ends in _spellings(parts):
            part = [each for each in self._by_common_end(parts, ends) if self._explained(each, names)]
            if part:
                return part
        return []

    def _by_common_end(self, parts: Sequence[str], ends: tuple[str, ...]) -> Iterator[Candidate]:
        """The files that have the longest end in common with a recorded path."""
        for at in range(len(ends)):
            found = self._by_end.get(ends[at:])
            if found:
                length = len(ends) - at
                for path in found:
                    yield Candidate(path, ("/".join(parts[:at]), "/".join(path.split("/")[:-length])))
                return

    def _explained(self, candidate: Candidate, names: Collection[str]) -> int:
        known = self._functions[candidate.path]
        return sum(name in known for name in names)


def _best(found: Sequence[Candidate], weights: Mapping[Roots, int]) -> tuple[Candidate, ...]:
    if len(found) < 2:
        return tuple(found)
    most = max(weights[each.roots] for each in found)
    return tuple(sorted(each for each in found if weights[each.roots] == most))


def _parts(recorded: str) -> tuple[str, ...]:
    """The parts of a path of any system; a drive letter is one."""
    path = re.sub(r"^file://(localhost)?", "", recorded)
    if "\\" in path and "/" not in path:
        path = path.replace("\\", "/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return tuple(parts)


def _spellings(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path itself, and those of the files that a compiler may have made it from."""
    yield parts
    if parts:
        stem, dot, ending = parts[-1].rpartition(".")
        for other in COMPILED_FROM.get(dot + ending, ()) if stem else ():
            yield (*parts[:-1], stem + other)
