"""Sites: the places inside of a function where levels flow and full record something."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry_inject.engine.function_extractor import Extraction, Function
from telemetry_inject.engine.indent_layout import Frame, moved
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.packs import Grammar, Pack
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from tree_sitter import Node, Query


@dataclass(frozen=True, slots=True)
class Site:
    """One place: its kind and label, its bytes, and how many lines below the function's first line it lies."""

    level: str
    kind: str
    label: str
    start: int
    end: int
    line: int
    names: str = ""


def find_sites(
    root: Node, source: bytes, pack: Pack, grammar: Grammar, level: Level, extraction: Extraction
) -> dict[int, list[Site]]:
    """The sites of every function, by the function's start offset. Empty at level function."""
    found: dict[int, list[Site]] = {}
    if level is Level.FUNCTION or not extraction.functions:
        return found
    _collect("flow", grammar.flow, root, source, pack, extraction, found)
    if level is Level.FULL:
        _collect("full", grammar.full, root, source, pack, extraction, found)
    return found


def _collect(
    level: str, query: Query, root: Node, source: bytes, pack: Pack, extraction: Extraction,
    found: dict[int, list[Site]],
) -> None:  # fmt: skip
    from tree_sitter import QueryCursor

    functions = extraction.functions
    starts = [function.start for function in functions]
    scope_starts = [start for start, _ in extraction.scopes]
    for pattern, captures in QueryCursor(query).matches(root):
        settings = query.pattern_settings(pattern)
        for kind, nodes in captures.items():
            node = nodes[0]
            if node.is_extra:  # a comment or a joined line matches any wildcard
                continue
            owner = _owner(node.start_byte, functions, starts)
            if owner is None or node.start_byte < owner.body.start_byte:
                continue
            index = bisect_right(scope_starts, node.start_byte) - 1
            while index >= 0 and scope_starts[index] > owner.start:
                if extraction.scopes[index][1] > node.start_byte:
                    break
                index -= 1
            else:
                site = _site(level, kind, str(settings.get("label") or ""), node, owner, source, pack)
                if site is not None:
                    found.setdefault(owner.start, []).append(site)


def _owner(offset: int, functions: Sequence[Function], starts: Sequence[int]) -> Function | None:
    index = bisect_right(starts, offset) - 1
    owner: Function | None = functions[index] if index >= 0 else None
    while owner is not None and owner.end <= offset:
        owner = owner.outer
    return owner


def _site(
    level: str, kind: str, label: str, node: Node, owner: Function, source: bytes, pack: Pack
) -> Site | None:
    snippet = pack.snippets[level][kind]
    header = node.parent if snippet["anchor"] == "block-start" and node.parent else node
    line = header.start_point[0] - owner.node.start_point[0]
    names = ""
    start = node.start_byte
    if "{names}" in snippet.get("text", ""):
        targets = assigned(node, source)
        if not targets:
            return None
        names = ", ".join(f"{name}={name}" for name in targets)
    if snippet["anchor"] == "block-start":
        first = _first_statement(node, pack)
        if first is None:
            return None
        start = first.start_byte
    return Site(level, kind, label, start, node.end_byte, line, names)


def _first_statement(block: Node, pack: Pack) -> Node | None:
    for index in range(block.named_child_count):
        node = block.named_child(index)
        if node is not None and node.type not in pack.config.get("comment", ()):
            return node
    return None


def separator(site: Site, source: bytes, frames: Sequence[Frame]) -> bytes:
    """What stands between an inserted statement and the one it precedes: a new line, or `; ` inside a line."""
    indent = indent_before(source, site.start)
    if indent is None:
        return b"; "
    return newline_after(source, site.start) + moved(indent, frames)


def assigned(statement: Node, source: bytes) -> list[str]:
    """The plain names that an assignment statement binds, in order; private (mangled) names left out."""
    names: list[str] = []
    node: Node | None = statement.named_child(0)
    while node is not None and node.type in ("assignment", "augmented_assignment"):
        left = node.child_by_field_name("left")
        if left is not None:
            _names(left, source, names)
        node = node.child_by_field_name("right")
    return list(dict.fromkeys(names))


def _names(node: Node, source: bytes, names: list[str]) -> None:
    if node.type == "identifier":
        name = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        if not name.startswith("__") and name.isascii():
            names.append(name)
    elif node.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
        for child in node.named_children:
            _names(child, source, names)


def parameters(function: Function, pack: Pack) -> list[str]:
    """The parameter names of a function, in order, without the receiver of a method and mangled names."""
    node = function.node.child_by_field_name(pack.config["nodes"]["parameters"])
    if node is None:
        return []
    names: list[str] = []
    for index, child in enumerate(node.named_children):
        inner: Node | None = child
        while inner is not None and inner.type != "identifier":
            inner = inner.child_by_field_name("name") or (inner.named_child(0) if inner.named_child_count else None)
        if inner is None or inner.text is None:
            continue
        name = inner.text.decode("utf-8", "replace")
        receiver = index == 0 and function.scope == "class" and name in ("self", "cls", "mcs", "metacls", "this")
        if not receiver and not name.startswith("__") and name.isascii():
            names.append(name)
    return names
