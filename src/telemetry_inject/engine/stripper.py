"""Takes telemetry of ours out again, also from code that was edited since.

Every inserted text holds a reserved name, so the snippets that write it also yield the patterns that find it.
The tree tells which finds are code, and how far the lines of a wrapped body reach.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from telemetry_inject.engine.fragments import fragment_pattern
from telemetry_inject.engine.indent_layout import Range, opaque_ranges
from telemetry_inject.engine.newlines import LINE_END, indent_before, line_start
from telemetry_inject.engine.packs import Pack, grammar_of, parseable
from telemetry_inject.engine.prologue import imports_in

if TYPE_CHECKING:
    from tree_sitter import Node

_CODE = re.compile(rb"[{}]")


def strip(source: bytes, pack: Pack) -> bytes:
    """`source` without our insertions; `source` itself when it has none."""
    if pack.mark.encode() not in source:
        return source
    text = parseable(pack, source)
    if text is None:
        return source
    braces = pack.config["layout"] != "indent"
    root: Node | None = None
    for found in imports_in(text, pack):
        root = root or _parse(text, pack)
        if not braces or _begins_code(root, found, pack):
            break
    else:
        return source
    alias = (found["alias"] or pack.alias.encode()).decode()
    cuts: list[Range] = [(found.start(), found.end())]
    if braces:
        own_line = pack.config.get("line_style") == "own"
        for match in fragment_pattern(pack, re.escape(alias)).finditer(text):
            if _is_ours(root, match, alias, pack):
                cuts.append(_inline(match, text, own_line))
        return _without(source, cuts)
    opaque = opaque_ranges(root, text, pack)
    for match in fragment_pattern(pack, re.escape(alias)).finditer(text):
        if _is_code(root, match, alias, pack):
            cuts.extend(_cut(match, root, text, opaque, pack))
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


def _begins_code(root: Node, match: re.Match[bytes], pack: Pack) -> bool:
    """Whether a match lies in code, and not inside of a text or a comment."""
    offset = match.start() + len(match.group()) - len(match.group().lstrip(b"; \t\r\n"))
    node = root.descendant_for_byte_range(offset, offset + 1)
    return node is not None and node.type not in pack.config["opaque"]


def _is_ours(root: Node, match: re.Match[bytes], alias: str, pack: Pack) -> bool:
    """Whether the reserved name in a match is a name of the program, or a comment that marks a closing brace."""
    bare = alias.lstrip("_").encode()
    offset = match.start() + match.group().index(bare)
    node = root.descendant_for_byte_range(offset, offset + len(bare))
    if node is None:
        return False
    if node.type in pack.config.get("comment", ()):
        return node.start_byte >= match.start() and node.end_byte <= match.end()
    return node.type in pack.config["nodes"]["identifiers"]


def _inline(match: re.Match[bytes], text: bytes, own_line: bool) -> Range:
    """What goes with a text of ours: the `;` or the line that it was given."""
    start, end = match.span()
    if not own_line:
        return start, end
    line_end = LINE_END.match(text, end)
    if text.startswith(b"; ", start - 2) and start > 1:
        return start - 2, end
    if indent_before(text, start) is not None and line_end:
        # A statement after another took the line end before it along, one in a block the line end after it.
        return line_start(text, start), line_end.end()
    if text.startswith(b" ", start - 1) and text.startswith(b";", end):
        return start - 1, end + 1
    return start, end


def _is_code(root: Node, match: re.Match[bytes], alias: str, pack: Pack) -> bool:
    offset = match.start() + match.group().index(alias.encode())
    node = root.descendant_for_byte_range(offset, offset + len(alias))
    return node is not None and node.type in pack.config["nodes"]["identifiers"]


def _cut(match: re.Match[bytes], root: Node, text: bytes, opaque: list[Range], pack: Pack) -> list[Range]:
    if match.lastgroup == "inline" or (match["block"] is None and match.group("statement") is None):
        return [(match.start(), match.end())]
    start, end = match.span()
    if match["block"] is None:
        return [_statement(start, end, text)]
    return _block(match, root, text, opaque, pack)


def _statement(start: int, end: int, text: bytes) -> Range:
    """A statement on a line of its own goes with its line end and the next line's equal indent."""
    indent = indent_before(text, start)
    line_end = LINE_END.match(text, end)
    if indent is not None and line_end and text.startswith(indent, line_end.end()):
        return start, line_end.end() + len(indent)
    if text.startswith(b"; ", end):
        return start, end + 2
    return start, end


def _block(match: re.Match[bytes], root: Node, text: bytes, opaque: list[Range], pack: Pack) -> list[Range]:
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
    body = node.child_by_field_name(pack.config["nodes"]["body"]) if node is not None else None
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
