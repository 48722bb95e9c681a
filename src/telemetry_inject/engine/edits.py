"""Insertions: applying them, taking them back, and keeping them small in storage."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate, chain, islice
from operator import add, eq, gt, itemgetter

from telemetry_inject.errors import InvariantError
from telemetry_inject.types import Insertion

_DISORDER = "insertions are out of order or lie outside of the source"
_ELSEWHERE = "an inserted text is not where it was put"
# What Insertion(...) does, at half the price: it is not a call in Python.
from_pair: Callable[[tuple[int, bytes]], Insertion] = partial(tuple.__new__, Insertion)
_HEADER = struct.Struct("<III")


def apply(source: bytes, insertions: Sequence[Insertion]) -> bytes:
    """`source` with every insertion made. Insertions are ordered by offset; equal offsets keep their order.

    Raises InvariantError when an offset lies outside of the source or the order is broken.
    """
    parts: list[bytes] = []
    add = parts.append
    done = 0
    for offset, text in insertions:
        if offset < done:
            raise InvariantError(_DISORDER)
        add(source[done:offset])
        add(text)
        done = offset
    if done > len(source):
        raise InvariantError(_DISORDER)
    add(source[done:])
    return b"".join(parts)


def revert(output: bytes, insertions: Sequence[Insertion]) -> bytes:
    """The source that `insertions` turned into `output`.

    Raises InvariantError when an inserted text is not found where it was put.
    """
    parts: list[bytes] = []
    add = parts.append
    here = grown = 0
    for offset, text in insertions:
        start, size = offset + grown, len(text)
        if start < here or not output.startswith(text, start):
            raise InvariantError(_ELSEWHERE)
        add(output[here:start])
        here = start + size
        grown += size
    add(output[here:])
    return b"".join(parts)


def columns(insertions: Sequence[Insertion]) -> tuple[list[int], list[bytes]]:
    """The offsets and the texts of insertions, apart."""
    return [offset for offset, _ in insertions], [text for _, text in insertions]


def apply_columns(source: bytes, offsets: Sequence[int], texts: Sequence[bytes]) -> bytes:
    """As `apply`, for offsets and texts apart. No step per insertion runs in Python: files have thousands."""
    if not offsets:
        return source
    if offsets[0] < 0 or offsets[-1] > len(source) or any(map(gt, offsets, islice(offsets, 1, None))):
        raise InvariantError(_DISORDER)
    kept = map(source.__getitem__, map(slice, chain((0,), offsets), offsets))
    return b"".join(chain(chain.from_iterable(zip(kept, texts, strict=True)), (source[offsets[-1] :],)))


def revert_columns(output: bytes, offsets: Sequence[int], texts: Sequence[bytes]) -> bytes:
    """As `revert`, for offsets and texts apart. Computed from the output alone, not from how it was made."""
    grown = list(accumulate(map(len, texts), initial=0))  # how far what follows each insertion has moved
    starts = list(map(add, offsets, grown))
    ends = list(map(add, offsets, islice(grown, 1, None)))
    if not all(map(eq, map(output.__getitem__, map(slice, starts, ends)), texts)):
        raise InvariantError(_ELSEWHERE)
    kept = map(output.__getitem__, map(slice, chain((0,), ends), chain(starts, (len(output),))))
    return b"".join(kept)


def ordered(insertions: Iterable[Insertion]) -> tuple[Insertion, ...]:
    """The insertions by offset; those at one offset stay in the order in which they were made."""
    return tuple(sorted(insertions, key=itemgetter(0)))


def shifted(insertions: Iterable[Insertion], by: int) -> list[Insertion]:
    """The insertions with `by` bytes added to each offset."""
    return [from_pair((offset + by, text)) for offset, text in insertions]


def pack_insertions(insertions: Sequence[Insertion]) -> bytes:
    """A compact form for the cache: offsets, a table of the distinct texts, and an index into it."""
    offsets, texts = columns(insertions)
    table = {text: index for index, text in enumerate(dict.fromkeys(texts))}
    numbers = array("I", offsets)
    lengths = array("I", map(len, table))
    return b"".join(
        (_HEADER.pack(len(offsets), len(lengths), numbers.itemsize), numbers.tobytes(),
         array("I", map(table.__getitem__, texts)).tobytes(), lengths.tobytes(), *table)
    )  # fmt: skip


def unpack_columns(data: bytes) -> tuple[Sequence[int], list[bytes]]:
    """The inverse of `pack_insertions`, as offsets and texts.

    Raises InvariantError when `data` is not of that form.
    """
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
        if not len(offsets) == len(indexes) == count:
            raise ValueError("cut off")
        ends = list(accumulate(lengths, initial=here))
        table = list(map(data.__getitem__, map(slice, ends, ends[1:])))
        return offsets, list(map(table.__getitem__, indexes))
    except (struct.error, ValueError, IndexError) as error:
        raise InvariantError(f"stored insertions are damaged: {error}") from None
