"""Tells functions of one name apart by the line that was recorded, from the text of the file that ran.

The file that ran may be gone, or another than the tree would give now. So a text counts only when the lines that were
recorded for the file's other functions are where these functions begin in it.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from telemetry_inject.engine.packs import Pack, parseable
from telemetry_inject.engine.tree_sitter_analyzer import TreeSitterAnalyzer
from telemetry_inject.types import Level

LARGEST_FILE = 8 * 1024 * 1024
_FITTING = 0.9  # so many of the recorded lines have to fit

Heads = Mapping[str, tuple[int, int]]
"""By the name of a function as in reports: its first line, with what decorates it, and that of its first statement."""


def heads_of(text: bytes, pack: Pack) -> Heads:
    """Where the functions of a text begin; nothing when it cannot be read."""
    data = parseable(pack, text)
    if data is None:
        return {}
    extraction = TreeSitterAnalyzer(pack, Level.FUNCTION, True).analyse(data).extraction
    decorated = pack.config["nodes"].get("decorated")
    heads = {}
    for function in extraction.functions:
        node, first = function.node, function.first or function.body
        if decorated and node.parent is not None and node.parent.type == decorated:
            node = node.parent
        heads[function.site] = (node.start_point[0] + 1, first.start_point[0] + 1)
    extraction.release()
    return heads


def told_apart(
    texts: Iterable[Heads], riddles: Mapping[str, Sequence[str]], recorded: Mapping[str, Collection[int]]
) -> dict[tuple[str, int], str]:
    """For recorded names that several functions have, and each line, the function that begins there.

    `riddles`: those functions by the name that was recorded; `recorded`: the lines that were recorded for every name of
    the file. What is not in the result cannot be told.
    """
    for heads in texts:
        found: dict[tuple[str, int], str] = {}
        total = 0
        for name, lines in recorded.items():
            for line in lines:
                total += 1
                here = [
                    each
                    for each in riddles.get(name, (name,))
                    if each in heads and heads[each][0] <= line <= heads[each][1]
                ]
                if len(here) == 1:
                    found[name, line] = here[0]
        if total and len(found) >= _FITTING * total:
            return found
    return {}


def file_that_ran(recorded: str) -> bytes | None:
    """The file at a recorded path, when that is an ordinary one of this machine."""
    if not Path(recorded).is_absolute() or recorded.startswith(("//", "\\\\")):
        return None
    try:
        if not stat.S_ISREG(Path(recorded).stat().st_mode):  # to open a pipe or a device may wait, or do something
            return None
        with Path(recorded).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError):
        return None
    return None if len(data) > LARGEST_FILE else data
