"""Languages where braces make blocks: text goes in between the user's tokens, and no line of theirs moves.

    function fetch(key) {                 function fetch(key) {const _tlm_s=_tlm`fetch`;try{
      return rows.get(key)                  return rows.get(key)
    }                                     }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}

Where a language's own formatter wants statements on lines of their own (`line_style = "own"` in the pack), inserted
statements get such lines, unless the run asks for the same line.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from telemetry_inject.engine.newlines import LINE_END, indent_before, line_indent, newline_after
from telemetry_inject.types import Insertion


class Phase(IntEnum):
    """The order of texts at one offset: what ends there comes before what begins there."""

    CLOSE = 0  # of a pair around an expression or a statement
    AFTER = 1  # a statement
    END = 2  # of a block
    BEFORE = 3  # a statement, or the first in a block
    OPEN = 4  # of a pair


class Spot(NamedTuple):
    """Where a pack's hooks want one of its snippets: `snippet` is its path in `[function]` of snippets.toml.

    `reach` is the other end of a pair, `statement` says that the text may have a line of its own there.
    """

    offset: int
    phase: Phase
    snippet: str
    values: Mapping[str, str] = {}
    reach: int = 0
    statement: bool = False


class Piece(NamedTuple):
    """One text to insert, with what orders it among others at its offset."""

    offset: int
    phase: Phase
    tie: tuple[int, int]
    text: bytes


def piece(offset: int, phase: Phase, reach: int, rank: int, text: bytes) -> Piece:
    """`rank` counts the pieces in the order in which they were made, outer ones first."""
    if phase is Phase.OPEN:
        return Piece(offset, phase, (-reach, rank), text)
    if phase is Phase.CLOSE:
        return Piece(offset, phase, (-reach, -rank), text)
    return Piece(offset, phase, (rank, 0), text)


def in_order(pieces: list[Piece]) -> tuple[Insertion, ...]:
    """The insertions, sorted: of pairs at one place the outer ones open first and close last."""
    pieces.sort()
    return tuple(Insertion(piece.offset, piece.text) for piece in pieces)


def first_in_block(source: bytes, opened: int, end: int, text: bytes, indent: bytes | None) -> Insertion:
    """`text` (one statement) as the first in a block that was opened at `opened` and ends at `end`.

    With `indent` it gets a line of its own where the block's content begins on the next line.
    """
    line_end = LINE_END.search(source, opened, end) if indent is not None else None
    if line_end is None or indent is None:
        return Insertion(opened, b" " + text.replace(b"\n", b"; ") + b";")
    newline = line_end.group()
    return Insertion(line_end.end(), indent + text.replace(b"\n", newline + indent) + newline)


def after_statement(source: bytes, end: int, text: bytes, indent: bytes | None, comment: bytes) -> Insertion:
    """`text` (one statement) after the one that ends at `end`; on a line of its own when that ends its line."""
    if indent is not None:
        line_end = LINE_END.search(source, end)
        stop = line_end.start() if line_end else len(source)
        rest = source[end:stop].strip()
        if not rest or rest.startswith(comment):
            return Insertion(stop, newline_after(source, end) + indent + text)
    return Insertion(end, b"; " + text)


def block_indent(source: bytes, block_start: int, block_end: int) -> bytes:
    """The indent of statements in a block of lines: one tab more than the line that closes it."""
    closing = indent_before(source, block_end - 1)
    if closing is None:
        closing = line_indent(source, block_start)
    return closing + b"\t"
