"""Leaves out the functions that hold a name of the pack's guard list: frames and lines are not what they were."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from telemetry_inject.engine.packs import Pack
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from tree_sitter import Node

    from telemetry_inject.engine.function_extractor import Function


def leave_out_guarded(functions: Sequence[Function], source: bytes, root: Node, pack: Pack, level: Level) -> None:
    """Set `skip` of every function that holds, also in a nested one, an identifier of the guard list at `level`."""
    # Most files hold none of the names: asking for each is faster than searching for any.
    names = [name for part, group in _guard_names(pack, level) if part in source for name in group if name in source]
    if not names:
        return
    pattern = re.compile(rb"\b(?:%s)\b" % b"|".join(map(re.escape, names)))
    starts = [function.start for function in functions]
    identifiers = pack.config["nodes"]["identifiers"]
    for found in pattern.finditer(source):
        index = bisect_right(starts, found.start()) - 1
        inner = functions[index] if index >= 0 else None
        while inner is not None and inner.end <= found.start():
            inner = inner.outer
        if inner is None:
            continue
        node = root.descendant_for_byte_range(found.start(), found.end())
        if node is None or node.type not in identifiers:
            continue
        reason = f"uses {found.group().decode()}"
        while inner is not None:
            inner.skip = inner.skip or reason
            inner = inner.outer


@cache
def _guard_names(pack: Pack, level: Level) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
    """The guard list in groups, each with a part that all its names have in common.

    A text without the part holds none of the group, so most texts are asked for half as many words only.
    """
    guard: Mapping[str, list[str]] = pack.config.get("guard", {})
    names = {*guard.get("function", ())}
    if level is not Level.FUNCTION:
        names.update(guard.get("flow", ()))
    groups = []
    while names:
        part = max(sorted(_parts(names)), key=lambda part: sum(part in name for name in names))
        group = sorted(name for name in names if part in name)
        if len(group) == 1:
            part = group[0]
        groups.append((part.encode(), tuple(name.encode() for name in group)))
        names.difference_update(group)
    return tuple(groups)


def _parts(names: Iterable[str]) -> set[str]:
    """Parts of the names that are long enough not to be in every text; a shorter name is one by itself."""
    parts = set()
    for name in names:
        for size in (5, 6):
            parts |= {name[start : start + size] for start in range(max(1, len(name) - size + 1))}
    return parts
