"""The rows of the cache: what they hold, and how they are sealed.

A seal is a keyed BLAKE2b over everything that is believed of a row (1 us; HMAC-SHA256 takes twice that).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

VERSION = "v1"  # the directory of the store; another format of rows takes another one
SEAL_BYTES = 16
Id = int  # the first 63 bits of a key: SQLite's own row number, so a look-up is one descent of one tree


class StoredFunction(NamedTuple):
    """What the index tells of one cached function; `created` is in seconds since 1970."""

    key: bytes
    language: str
    name: str
    stem: str
    created: int


class NewFile(NamedTuple):
    """A file's result that is not stored yet; `functions` as `join_ids` writes them."""

    payload: bytes
    functions: bytes


class NewFunction(NamedTuple):
    """A function's result that is not stored yet."""

    payload: bytes
    facts: StoredFunction


@dataclass(slots=True)
class CacheStats:
    """What the cache was asked and gave. `foreign` counts rows that were there and not believed."""

    file_hits: int = 0
    file_misses: int = 0
    function_hits: int = 0
    function_misses: int = 0
    foreign: int = 0
    stored: int = 0
    evicted: int = 0


@dataclass(slots=True)
class Touches:
    """Rows that were used and have an older date; plain data, so that workers can hand it to their parent."""

    files: set[Id] = field(default_factory=set)
    functions: set[Id] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.files or self.functions)

    def add(self, other: Touches) -> None:
        """Take over what `other` holds."""
        self.files |= other.files
        self.functions |= other.functions

    def clear(self) -> None:
        """Forget all."""
        self.files.clear()
        self.functions.clear()


def row_id(key: bytes) -> Id:
    """The row number of `key`. Two keys may share one (2^-63): the seal covers the whole key."""
    return int.from_bytes(key[:8], "big") >> 1


def join_ids(keys: Iterable[bytes]) -> bytes:
    """The row numbers of `keys`, as stored with a file row."""
    return b"".join([key[:8] for key in keys])


def split_ids(data: bytes) -> list[Id]:
    """The row numbers written by `join_ids`."""
    return [row_id(data[start : start + 8]) for start in range(0, len(data) - 7, 8)]


class RowSeal:
    """Seals rows with the user's key."""

    def __init__(self, user_key: bytes) -> None:
        self._file = blake2b(key=user_key, digest_size=SEAL_BYTES, person=b"file row")
        self._function = blake2b(key=user_key, digest_size=SEAL_BYTES, person=b"function row")
        self._owner = blake2b(key=user_key, digest_size=SEAL_BYTES, person=b"owner")

    def owner(self) -> bytes:
        """What tells that a cache directory was begun by this user."""
        return self._owner.hexdigest().encode()

    def file(self, key: bytes, functions: bytes, payload: bytes) -> bytes:
        """The seal of a row of `files`."""
        seal = self._file.copy()
        seal.update(b"%b%d:%b" % (key, len(functions), functions))
        seal.update(payload)
        return seal.digest()

    def function(self, key: bytes, facts: bytes, payload: bytes) -> bytes:
        """The seal of a row of `functions`; `facts` as `pack_facts` writes them."""
        seal = self._function.copy()
        seal.update(b"%b%d:%b%b" % (key, len(facts), facts, payload))
        return seal.digest()


def pack_facts(language: bytes, stem: bytes, created: int, name: bytes) -> bytes:
    """The export facts of a row as one string of bytes; only `name`, the last, may hold any character."""
    return b"%b/%b/%d/%b" % (language, stem, created, name)
