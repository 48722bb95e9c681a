"""Languages where indentation makes blocks: a body is wrapped by a line above it and one more level of indent.

    def fetch(self, key):                 def fetch(self, key):
        \"\"\"Stays first.\"\"\"                  \"\"\"Stays first.\"\"\"
        return self.rows[key]                 with _tlm("Store.fetch"):
                                                  return self.rows[key]

All of it is insertions: the line above, and the missing indent of each line that begins with the body's own
indent. Lines inside of strings, blank lines, and lines that are indented less than the body (they can only
lie inside of brackets or be comments) stay as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from operator import methodcaller
from typing import TYPE_CHECKING

from telemetry_inject.engine.edits import from_pair
from telemetry_inject.engine.function_extractor import Function
from telemetry_inject.engine.newlines import LINE_END, indent_before, line_start, newline_after
from telemetry_inject.engine.packs import Pack
from telemetry_inject.types import Insertion

if TYPE_CHECKING:
    from tree_sitter import Node

Range = tuple[int, int]
_end = methodcaller("end")
_JOINED = re.compile(rb"\\(?:\r\n|\r|\n)")


class Unwrappable(Exception):
    """A body that can't be wrapped safely; the message is the reason shown to the user."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How one instrumented function around a place moves it: `unit` is inserted behind `indent`."""

    indent: bytes
    unit: bytes


@dataclass(frozen=True, slots=True)
class Wrap:
    """The plan for one function: where its header goes, which lines move, and by how much."""

    at: int
    text: bytes
    frame: Frame
    lines: Range


def moved(indent: bytes, frames: Sequence[Frame]) -> bytes:
    """What `indent` becomes once the instrumented functions around it have moved it."""
    for frame in sorted(frames, key=_depth, reverse=True):
        cut = len(frame.indent)
        indent = indent[:cut] + frame.unit + indent[cut:]
    return indent


def _depth(frame: Frame) -> int:
    return len(frame.indent)


def plan(
    function: Function, source: bytes, header: bytes, split: bytes, frames: Sequence[Frame], nesting: int
) -> Wrap:
    """How to wrap `function` with the line `header`. `frames` are those of its instrumented outer functions.

    `split` marks a header in front of which a line had to be broken, so that removal can join it again.
    Raises Unwrappable with the reason when the layout of the body does not allow it.
    """
    first = function.first
    assert first is not None
    own_indent = indent_before(source, function.start)
    if own_indent is None:
        raise Unwrappable("does not begin its line")
    newline = newline_after(source, function.start)
    colon = _header_end(function)
    block = function.documentation or first
    between = source[colon : block.start_byte]
    if not _breaks_line(between):
        return _one_liner(function, source, header, split, frames, own_indent, newline, colon)
    indent = indent_before(source, block.start_byte)
    if indent is None or not indent.startswith(own_indent) or len(indent) == len(own_indent):
        raise Unwrappable("indentation is not consistent")
    unit = indent[len(own_indent) :]
    start, end = first.start_byte, function.body.end_byte
    deepest = indent + unit * nesting
    if source.find(deepest, start, end) >= 0 and _line_pattern(deepest).search(source, start, end):
        raise Unwrappable("nested too deeply for one more block")
    frame = Frame(indent, unit)
    here = moved(indent, frames)
    deeper = newline + here + unit
    if line_start(source, start) + len(indent) == start:
        text = header + deeper
    else:  # the first statement shares its line with the documentation
        text = newline + here + header + split + deeper
    return Wrap(start, text, frame, (start, end))


def _one_liner(
    function: Function, source: bytes, header: bytes, split: bytes, frames: Sequence[Frame],
    own_indent: bytes, newline: bytes, colon: int,
) -> Wrap:  # fmt: skip
    """`def f(): return 1` gets its header behind the colon; documentation in between gets a line of its own."""
    first = function.first
    assert first is not None
    unit = b"\t" if own_indent.endswith(b"\t") else b"    "
    here = newline + moved(own_indent, frames) + unit
    frame = Frame(own_indent + unit, unit)
    if function.documentation is None:
        return Wrap(colon, here + header, frame, (first.start_byte, first.start_byte))
    raise Unwrappable("documentation and code share the line of the header")


def _header_end(function: Function) -> int:
    """The offset behind the token that opens the body."""
    node: Node | None = function.body.prev_sibling
    while node is not None and node.type != ":":
        node = node.prev_sibling
    if node is None:
        raise Unwrappable("has no header")
    return node.end_byte


def _breaks_line(between: bytes) -> bool:
    """Whether a logical line ends in `between` (a backslash joins two lines)."""
    return bool(LINE_END.search(_JOINED.sub(b"", between) if b"\\" in between else between))


@lru_cache(maxsize=512)
def _line_pattern(indent: bytes, line_end: bytes = rb"(?:\r\n|\n|\r)") -> re.Pattern[bytes]:
    """A line end followed by `indent` and, on the same line, something that is not white space."""
    return re.compile(line_end + re.escape(indent) + rb"(?=[ \t]*\S)")


def reindent(source: bytes, wrap: Wrap, opaque: Sequence[Range]) -> Iterable[Insertion]:
    """The missing indent of each line that `wrap` moves. `opaque` ranges (sorted) keep their lines."""
    start, end = wrap.lines
    if start == end:
        return ()
    indent, unit = wrap.frame.indent, wrap.frame.unit
    # Where all lines end in a line feed the pattern is one string, which is found faster than alternatives.
    pattern = _line_pattern(indent) if source.find(b"\r", start, end) >= 0 else _line_pattern(indent, rb"\n")
    found = pattern.finditer(source, start, end)
    first = max(bisect_left(opaque, (start,)) - 1, 0)
    near = opaque[first : bisect_left(opaque, (end,), first)]
    if not near or near[-1][1] <= start:
        offsets: Iterable[int] = map(_end, found)
    else:
        starts = [begin for begin, _ in near]
        offsets = (match.end() for match in found if not _lies_in(near, starts, match.start()))
    return map(from_pair, zip(offsets, repeat(unit), strict=False))


def _lies_in(ranges: Sequence[Range], starts: Sequence[int], offset: int) -> bool:
    index = bisect_right(starts, offset) - 1
    return index >= 0 and offset < ranges[index][1]


def opaque_ranges(root: Node, source: bytes, pack: Pack) -> list[Range]:
    """The pack's opaque nodes that span lines, found by asking the tree only where the pack's hint matches.

    The hint has to match at the start of every such node: an outer one is then found before what it holds.
    """
    hint, kinds = re.compile(pack.config["opaque_hint"].encode()), pack.config["opaque"]
    ranges: list[Range] = []
    here = 0
    while found := hint.search(source, here):
        here = found.end()
        node: Node | None = root.descendant_for_byte_range(found.start(), found.end())
        for _ in range(4):
            if node is None or node.type in kinds:
                break
            node = node.parent
        else:
            continue
        if node is not None and node.type in kinds:
            here = max(here, node.end_byte)
            if node.start_point[0] != node.end_point[0]:
                ranges.append((node.start_byte, node.end_byte))
    return ranges
