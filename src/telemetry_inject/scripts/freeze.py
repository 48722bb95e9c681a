"""From what a foreign script gave back to insertions, the only thing that is kept of it.

    source                      output                              frozen
    def f(x):                   def f(x):                           (14, b'with _tlm("f"):\\n        ')
        return x                    with _tlm("f"):
                                        return x

Whole lines first: the result then has the shape that templates have (a statement in front of the first byte
of a line, and the missing indent of the lines after it). What can't be had by lines is had by words, and
then by bytes; nothing that is insert-only is refused here. Whether it may stay is for others to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry_inject.engine.edits import apply
from telemetry_inject.errors import ExitCode, InvariantError, TelemetryInjectError
from telemetry_inject.types import Insertion

_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_WORDS = re.compile(rb"\w+|.", re.DOTALL)
_BYTES = re.compile(rb".", re.DOTALL)
_STATEMENTS = re.compile(rb"[^\n]*\n[ \t]*|[^\n]+")


class NotInsertOnly(TelemetryInjectError):
    """Something of the source is missing from the output, or stands in another order."""

    exit_code = ExitCode.INCOMPLETE


def freeze(source: bytes, output: bytes) -> tuple[Insertion, ...]:
    """Insertions that lead from `source` to `output`. Raises NotInsertOnly when there are none that do."""
    edits = _by_lines(source, output)
    if edits is None:
        edits = _by_pieces(_WORDS, source, output)
    if edits is None:
        edits = _by_pieces(_BYTES, source, output)
    if edits is None:
        raise NotInsertOnly("the result is not the function plus insertions: code is missing or moved")
    if apply(source, edits) != output:
        raise InvariantError("frozen insertions do not give the result they were made from")
    return tuple(edits)


def _by_lines(source: bytes, output: bytes) -> list[Insertion] | None:
    """Each line of the source kept or indented, all others inserted; None where that was not done."""
    wanted = _LINES.findall(source)
    edits: list[Insertion] = []
    index = offset = 0
    pending = b""
    for line in _LINES.findall(output):
        own = wanted[index] if index < len(wanted) else b""
        prefix = line[: len(line) - len(own)]
        if not own or not line.endswith(own) or prefix.strip(b" \t") or (prefix and own.isspace()):
            pending += line
            continue
        edits.extend(_before(own, offset, pending, prefix))
        pending = b""
        offset += len(own)
        index += 1
    if index < len(wanted):
        return None
    if pending:
        edits.append(Insertion(offset, pending))
    return edits


def _before(line: bytes, offset: int, inserted: bytes, prefix: bytes) -> Iterator[Insertion]:
    """What goes in front of one line of the source: whole lines, then more indent for the line itself."""
    if not inserted:
        if prefix:
            yield Insertion(offset, prefix)
        return
    indent = line[: len(line) - len(line.lstrip(b" \t"))]
    first = inserted[: len(inserted) - len(inserted.lstrip(b" \t"))]
    # The same bytes, told as "a statement where the line's own text begins".
    if first == prefix + indent or first == indent:
        if first != indent:
            yield Insertion(offset, prefix)
        rest = inserted[len(first) :] + prefix + indent
        yield from (Insertion(offset + len(indent), text) for text in _STATEMENTS.findall(rest))
        return
    yield Insertion(offset, inserted + prefix)


def _by_pieces(pattern: re.Pattern[bytes], source: bytes, output: bytes) -> list[Insertion] | None:
    """Each piece of the source matched with the first one like it in the output; the others are inserted."""
    wanted = pattern.findall(source)
    edits: list[Insertion] = []
    index = offset = 0
    pending: list[bytes] = []
    for piece in pattern.findall(output):
        if index == len(wanted) or piece != wanted[index]:
            pending.append(piece)
            continue
        if pending:
            edits.append(Insertion(offset, b"".join(pending)))
            pending.clear()
        offset += len(piece)
        index += 1
    if index < len(wanted):
        return None
    if pending:
        edits.append(Insertion(offset, b"".join(pending)))
    return edits
