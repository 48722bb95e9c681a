"""Line ends: which one a file uses at a place, and where its lines begin."""

from __future__ import annotations

import re

LINE_END = re.compile(rb"\r\n|\n|\r")


def newline_after(source: bytes, offset: int) -> bytes:
    """The line end of the line that holds `offset`; of the line before it where it is the last; else ``\\n``."""
    end = source.find(b"\n", offset)
    if end >= 0 and source.find(b"\r", offset, end) < 0:  # by far the most lines
        return b"\n"
    found = LINE_END.search(source, offset)
    if found:
        return found.group()
    start = line_start(source, offset)
    if start == 0:
        return b"\n"
    return b"\r\n" if source[max(0, start - 2) : start] == b"\r\n" else source[start - 1 : start]


def line_start(source: bytes, offset: int) -> int:
    """The offset of the first byte of the line that holds `offset`."""
    start = source.rfind(b"\n", 0, offset) + 1
    # Looked for in this line only: a search to the file's start would be quadratic.
    return max(start, source.rfind(b"\r", start, offset) + 1)


def indent_before(source: bytes, offset: int) -> bytes | None:
    """The bytes from the start of the line to `offset` when they are only spaces and tabs, else None."""
    indent = source[line_start(source, offset) : offset]
    return indent if not indent.strip(b" \t") else None


def line_indent(source: bytes, offset: int) -> bytes:
    """The spaces and tabs with which the line that holds `offset` begins, as far as `offset`."""
    line = source[line_start(source, offset) : offset]
    return line[: len(line) - len(line.lstrip(b" \t"))]
