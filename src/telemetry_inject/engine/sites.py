"""Sites: the places inside of a function where something is recorded, or where its context has to be kept."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from telemetry_inject.engine.function_extractor import Extraction, Function
from telemetry_inject.engine.indent_layout import Frame, moved
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.packs import Grammar, Pack, hooks_of
from telemetry_inject.engine.snippets import pairs_text
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from tree_sitter import Node, Query, QueryCursor


@dataclass(frozen=True, slots=True)
class Site:
    """One place: its kind and label, its bytes, and how many lines below the function's first line it lies.

    `level` is the section of snippets.toml that holds its snippet. `opened`: `start` lies behind the token that
    opens a block; otherwise a place that wants a block has to be given one.
    """

    level: str
    kind: str
    label: str
    start: int
    end: int
    line: int
    names: str = ""
    opened: bool = True


def find_sites(
    root: Node, source: bytes, pack: Pack, grammar: Grammar, level: Level, extraction: Extraction
) -> dict[int, list[Site]]:
    """The sites of every function, by the function's start offset."""
    found: dict[int, list[Site]] = {}
    if not extraction.functions:
        return found
    words = str(pack.config.get("context_word", "")).split("|")
    if grammar.context is not None and any(word.encode() in source for word in words):
        _collect("context", grammar.context, root, source, pack, extraction, found)
    if level is Level.FUNCTION:
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
    cursor = QueryCursor(query)
    for pattern, captures in chain.from_iterable(_matches(cursor, root, _spans(query, functions))):
        settings = query.pattern_settings(pattern)
        only: str | None = settings.get("only")
        for kind, nodes in captures.items():
            if kind.startswith("_"):  # only there for a predicate of the query
                continue
            node = nodes[0]
            if node.is_extra:  # a comment or a joined line matches any wildcard
                continue
            owner = _owner(node.start_byte, functions, starts)
            if owner is None or node.start_byte < owner.body.start_byte:
                continue
            if only is not None and owner.kind != only:
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


def _matches(
    cursor: QueryCursor, root: Node, spans: Iterable[tuple[int, int]] | None
) -> Iterator[list[tuple[int, dict[str, list[Node]]]]]:
    """The matches in the whole tree, or in some parts of it: walking all of a large file takes its time."""
    if spans is None:
        yield cursor.matches(root)
        return
    for start, end in spans:
        cursor.set_byte_range(start, end)
        yield cursor.matches(root)


def _spans(query: Query, functions: Sequence[Function]) -> Iterator[tuple[int, int]] | None:
    """Where the functions are that a query is for, outer ones only; None when it is for all."""
    only = _only(query)
    return None if None in only else _outer_spans(functions, only)


@cache
def _only(query: Query) -> frozenset[Any]:
    """The kinds of function that a query's patterns are for; None among them when one is for all."""
    return frozenset(query.pattern_settings(pattern).get("only") for pattern in range(query.pattern_count))


def _outer_spans(functions: Sequence[Function], only: frozenset[Any]) -> Iterator[tuple[int, int]]:
    end = -1
    for function in functions:
        if function.kind in only and function.start >= end:
            end = function.end
            yield function.start, end


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
    anchor = snippet["anchor"]
    header = node.parent if anchor in ("block-start", "block-open") and node.parent else node
    line = header.start_point[0] - owner.node.start_point[0]
    names = ""
    hooks: Any = hooks_of(pack)
    if hasattr(hooks, "accepts") and not hooks.accepts(kind, node, owner, pack.config):
        return None
    start, end = node.start_byte, end_of(node)
    if "{names}" in snippet.get("text", ""):
        targets: list[str] = hooks.assigned(node, source)
        if not targets:
            return None
        names = pairs_text(pack, targets)
    elif "{caught}" in snippet.get("text", ""):
        names = hooks.caught(node, source)
    opened = True
    if anchor == "block-start":
        first = _first_statement(node, pack)
        if first is None:
            return None
        start = first.start_byte
    elif anchor == "block-open":
        opened = source[start : start + 1] == b"{"
        start += opened
    elif anchor == "colon":
        colon = next((child for child in node.children if child.type == ":"), None)
        if colon is None:
            return None
        start = colon.end_byte
    return Site(level, kind, label, start, end, line, names, opened)


def end_of(node: Node) -> int:
    """Where a node's last token ends: a statement or block without a semicolon may reach over the comment behind it."""
    # By index: the list of all children would be made for one of them.
    index = node.child_count
    while index:
        last = node.child(index - 1)
        if last is None or last.is_extra:
            index -= 1
        else:
            node, index = last, last.child_count
    return node.end_byte


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
