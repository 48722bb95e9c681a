"""Insertions: applying them, taking them back, and keeping them small in storage."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from operator import itemgetter

from telemetry_inject.errors import InvariantError
from telemetry_inject.types import Insertion

_HEADER = struct.Struct("<III")


def apply(source: bytes, insertions: Sequence[Insertion]) -> bytes:
    """`source` with every insertion made. Insertions are ordered by offset; equal offsets keep their order.

    Raises InvariantError when an offset lies outside of the source or the order is broken.
    """
    parts: list[bytes] = []
    previous = 0
    for offset, text in insertions:
        if offset < previous:
            raise InvariantError("insertions are out of order")
        parts.append(source[previous:offset])
        parts.append(text)
        previous = offset
    if previous > len(source):
        raise InvariantError("an insertion lies beyond the end of the source")
    parts.append(source[previous:])
    return b"".join(parts)


def revert(output: bytes, insertions: Sequence[Insertion]) -> bytes:
    """The source that `insertions` turned into `output`.

    Raises InvariantError when an inserted text is not found where it was put.
    """
    parts: list[bytes] = []
    here = shift = 0
    for offset, text in insertions:
        start = offset + shift
        end = start + len(text)
        if output[start:end] != text:
            raise InvariantError("an inserted text is not where it was put")
        parts.append(output[here:start])
        here = end
        shift += len(text)
    parts.append(output[here:])
    return b"".join(parts)


def ordered(insertions: Iterable[Insertion]) -> tuple[Insertion, ...]:
    """The insertions by offset; those at one offset stay in the order in which they were made."""
    return tuple(sorted(insertions, key=itemgetter(0)))


def shifted(insertions: Iterable[Insertion], by: int) -> list[Insertion]:
    """The insertions with `by` bytes added to each offset."""
    return [Insertion(offset + by, text) for offset, text in insertions]


def pack_insertions(insertions: Sequence[Insertion]) -> bytes:
    """A compact form for the cache: offsets, a table of the distinct texts, and an index into it."""
    table: dict[bytes, int] = {}
    offsets, indexes = array("I"), array("I")
    for offset, text in insertions:
        offsets.append(offset)
        indexes.append(table.setdefault(text, len(table)))
    lengths = array("I", map(len, table))
    return b"".join(
        (_HEADER.pack(len(offsets), len(lengths), offsets.itemsize), offsets.tobytes(), indexes.tobytes(),
         lengths.tobytes(), *table)
    )  # fmt: skip


def unpack_insertions(data: bytes) -> list[Insertion]:
    """The inverse of `pack_insertions`. Raises InvariantError when `data` is not of that form."""
    try:
        count, distinct, itemsize = _HEADER.unpack_from(data)
        here = _HEADER.size
        arrays = []
        for length in (count, count, distinct):
            numbers = array("I")
            numbers.frombytes(data[here : here + length * itemsize])
            here += length * itemsize
            arrays.append(numbers)
        offsets, indexes, lengths = arrays
        texts = []
        for length in lengths:
            texts.append(data[here : here + length])
            here += length
        return list(map(Insertion, offsets, map(texts.__getitem__, indexes)))
    except (struct.error, ValueError, IndexError) as error:
        raise InvariantError(f"stored insertions are damaged: {error}") from None
