"""What the cache stores for a file, as bytes and back."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry_inject.engine.edits import pack_insertions, unpack_columns
from telemetry_inject.errors import InvariantError
from telemetry_inject.types import FileStatus, FunctionReport, FunctionStatus

if TYPE_CHECKING:
    from telemetry_inject.engine.instrumenter import Result

_STATUS = {status.value: status for status in FunctionStatus}
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file's outcome as the cache knows it. `reason` and `functions` as in the result, its
    insertions as offsets and texts."""

    status: FileStatus
    reason: str
    functions: tuple[FunctionReport, ...]
    offsets: Sequence[int]
    texts: list[bytes]


def encode_file(result: Result) -> bytes:
    """A file's outcome as bytes."""
    functions = [(function.qualname, function.line, function.status.value, function.reason, function.sites)
                 for function in result.functions]  # fmt: skip
    head = json.dumps([result.status.value, result.reason, functions]).encode()
    return _LENGTH.pack(len(head)) + head + pack_insertions(result.insertions)


def decode_file(data: bytes) -> FileEntry:
    """The inverse of `encode_file`. Raises InvariantError when `data` is not of that form."""
    head, rest = _split(data)
    try:
        status, reason, functions = head
        reports = tuple(
            FunctionReport(name, line, _STATUS[state], why, "cache", sites)
            for name, line, state, why, sites in functions
        )
        return FileEntry(FileStatus(status), reason, reports, *unpack_columns(rest))
    except (ValueError, TypeError, KeyError) as error:
        raise InvariantError(f"a stored file entry is damaged: {error}") from None


def _split(data: bytes) -> tuple[list, bytes]:  # type: ignore[type-arg]
    try:
        (length,) = _LENGTH.unpack_from(data)
        head = json.loads(data[_LENGTH.size : _LENGTH.size + length])
    except (struct.error, ValueError) as error:
        raise InvariantError(f"a stored entry is damaged: {error}") from None
    if not isinstance(head, list):
        raise InvariantError("a stored entry is damaged")
    return head, data[_LENGTH.size + length :]
