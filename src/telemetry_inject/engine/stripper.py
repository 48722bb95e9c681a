"""Takes telemetry of ours out again, also from code that was edited since.

Every inserted text holds a reserved name, so the snippets that write it also yield the patterns that find it.
The tree tells which finds are code, and how far the lines of a wrapped body reach.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from telemetry_inject.engine.fragments import fragment_pattern
from telemetry_inject.engine.indent_layout import Range, opaque_ranges
from telemetry_inject.engine.newlines import LINE_END, indent_before, line_start
from telemetry_inject.engine.packs import Pack, grammar_of, parseable
from telemetry_inject.engine.prologue import import_pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_CODE = re.compile(rb"[{}]")


def strip(source: bytes, pack: Pack) -> bytes:
    """`source` without our insertions; `source` itself when it has none."""
    module = pack.helper.rsplit(".", 1)[0].encode()
    if module not in source:
        return source
    text = parseable(pack, source)
    if text is None:
        return source
    found = _imports(pack).search(text)
    if found is None:
        return source
    alias = (found["alias"] or b"_tlm").decode()
    root = _parse(text, pack)
    cuts: list[Range] = [(found.start(), found.end())]
    opaque = opaque_ranges(root, text, pack)
    for match in fragment_pattern(pack, re.escape(alias)).finditer(text):
        if _is_code(root, match, alias):
            cuts.extend(_cut(match, root, text, opaque))
    return _without(source, cuts)


def _parse(text: bytes, pack: Pack) -> Node:
    """The tree of `text`; if there are errors in it, but none without the code inside of strings, the latter."""
    parser = grammar_of(pack).parser
    root = parser.parse(text).root_node
    pattern = pack.config.get("interpolated")
    if root.has_error and pattern:
        plain = re.sub(pattern.encode(), lambda found: _CODE.sub(b"x", found.group()), text)
        other = parser.parse(plain).root_node
        return root if other.has_error else other
    return root


def _without(source: bytes, cuts: list[Range]) -> bytes:
    parts: list[bytes] = []
    here = 0
    for start, end in sorted(cuts):
        if start >= here:
            parts.append(source[here:start])
        here = max(here, end)
    parts.append(source[here:])
    return b"".join(parts)


@cache
def _imports(pack: Pack) -> re.Pattern[bytes]:
    return import_pattern(pack)


def _is_code(root: Node, match: re.Match[bytes], alias: str) -> bool:
    offset = match.start() + match.group().index(alias.encode())
    node = root.descendant_for_byte_range(offset, offset + len(alias))
    return node is not None and node.type == "identifier"


def _cut(match: re.Match[bytes], root: Node, text: bytes, opaque: list[Range]) -> list[Range]:
    if match.lastgroup == "inline" or (match["block"] is None and match.group("statement") is None):
        return [(match.start(), match.end())]
    start, end = match.span()
    if match["block"] is None:
        return [_statement(start, end, text)]
    return _block(match, root, text, opaque)


def _statement(start: int, end: int, text: bytes) -> Range:
    """A statement on a line of its own goes with its line end and the next line's equal indent."""
    indent = indent_before(text, start)
    line_end = LINE_END.match(text, end)
    if indent is not None and line_end and text.startswith(indent, line_end.end()):
        return start, line_end.end() + len(indent)
    if text.startswith(b"; ", end):
        return start, end + 2
    return start, end


def _block(match: re.Match[bytes], root: Node, text: bytes, opaque: list[Range]) -> list[Range]:
    start, end = match.span()
    line_end = LINE_END.match(text, end)
    if line_end is None:  # the body follows on the header's line: the line break before it is ours too
        before = line_start(text, start)
        broken = max(0, before - (2 if text[max(0, before - 2) : before] == b"\r\n" else 1))
        return [(broken, end)]
    indent = text[line_start(text, start) : start]
    node = root.descendant_for_byte_range(start, end)
    while node is not None and node.start_byte == start and node.end_byte <= end:
        node = node.parent
    body = node.child_by_field_name("body") if node is not None else None
    if body is None:
        return []
    unit = _unit(text, body, indent)
    if not unit:
        return []
    deeper = indent + unit
    cuts: list[Range] = []
    if match["split"]:
        before = line_start(text, start)
        broken = max(0, before - (2 if text[max(0, before - 2) : before] == b"\r\n" else 1))
        cuts.append((broken, line_end.end() + len(deeper)))
    else:
        cuts.append((start, line_end.end() + (len(deeper) if text.startswith(deeper, line_end.end()) else 0)))
    starts = re.compile(rb"(?:\r\n|\n|\r)" + re.escape(deeper) + rb"(?=[ \t]*[^\s])")
    hidden = iter(opaque)
    current = next(hidden, None)
    for line in starts.finditer(text, line_end.end(), body.end_byte):
        while current is not None and current[1] <= line.start():
            current = next(hidden, None)
        if current is None or line.start() < current[0]:
            cuts.append((line.end() - len(unit), line.end()))
    return cuts


def _unit(text: bytes, body: Node, indent: bytes) -> bytes:
    first = body.named_child(0) if body.named_child_count else None
    own = indent_before(text, first.start_byte) if first is not None else None
    return own[len(indent) :] if own is not None and own.startswith(indent) else b""
