"""Keeps spans in a temporary database on disk, and gives them back in the order that is asked for.

The database has no name in the file system: it is gone when the process is, however it ends. Up to some tens of
megabytes nothing is written at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from telemetry_inject.errors import OutputError

Row = tuple[int, int, int, int, int, int]
"""Start, end (nanoseconds since 1970), key, key of the parent (0: none), number of the function, flags.

A key is made from the ids of a span and its trace."""

FullRow = tuple[int, int, int, int, int, int, int, int, int, str]
"""A row with the number of its process, its thread, a number for its trace, and the span itself as JSON."""

ERROR, GENERATOR, REMOTE, UNFINISHED, BACKWARDS = 1, 2, 4, 8, 16

_COLUMNS = ("start INTEGER", "end INTEGER", "key INTEGER", "parent INTEGER", "label INTEGER", "flags INTEGER")
_MORE_COLUMNS = ("process INTEGER", "thread INTEGER", "trace INTEGER", "span TEXT")
_CACHE_KIB = 16 * 1024  # sorting takes as much again, for each of its threads
_CALLER_FIRST = "start, end DESC, rowid DESC"  # writers write a call when it ends: the caller after what it called


class SpanStore:
    """The spans of a report. With `full`, whole spans are kept, for exports."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self._indexed = False
        self._database = temporary_database()
        columns = (*_COLUMNS, *_MORE_COLUMNS) if full else _COLUMNS
        self._database.execute(f"CREATE TABLE span ({', '.join(columns)})")
        self._insert = f"INSERT INTO span VALUES ({', '.join('?' * len(columns))})"

    def add(self, rows: Iterable[Row] | Iterable[FullRow]) -> None:
        """Store rows, of the width that the store was made for.

        Raises:
            OutputError: there is no room for the temporary database.
        """
        with room():
            self._database.execute("BEGIN")
            self._database.executemany(self._insert, rows)
            self._database.execute("COMMIT")

    def by_start(self) -> Iterator[Row]:
        """All rows, the earliest first."""
        return self._select(f"SELECT start, end, key, parent, label, flags FROM span ORDER BY {_CALLER_FIRST}")

    def find(self, key: int) -> Row | None:
        """The earliest row of a key."""
        self._index()
        query = "SELECT start, end, key, parent, label, flags FROM span WHERE key = ? ORDER BY start LIMIT 1"
        return next(self._select(query, key), None)

    def by_thread(self) -> Iterator[FullRow]:
        """All full rows, thread by thread, the earliest first."""
        return self._select(f"SELECT * FROM span ORDER BY process, thread, {_CALLER_FIRST}")

    def by_trace(self) -> Iterator[FullRow]:
        """All full rows, trace by trace, the earliest first."""
        return self._select(f"SELECT * FROM span ORDER BY trace, {_CALLER_FIRST}")

    def durations(self) -> Iterator[tuple[int, int, int]]:
        """Of every row its function, its flags and its length in nanoseconds, in any order."""
        return self._select("SELECT label, flags, end - start FROM span")

    def callers_elsewhere(self, most: int = 200_000) -> set[int]:
        """The keys of at most so many calls that called something in another thread or process."""
        self._index()
        query = """SELECT DISTINCT caller.key FROM span JOIN span caller ON caller.key = span.parent
            WHERE span.process != caller.process OR span.thread != caller.thread LIMIT ?"""
        return {key for (key,) in self._select(query, most)}

    def keep_latest(self, count: int) -> None:
        """Forget all rows but those that were added last."""
        with room():
            self._database.execute("DELETE FROM span WHERE rowid <= (SELECT max(rowid) FROM span) - ?", (count,))

    def _index(self) -> None:
        if not self._indexed:
            with room():
                self._database.execute("CREATE INDEX by_key ON span (key)")
            self._indexed = True

    def _select(self, query: str, *values: int) -> Iterator[Any]:
        with room():
            yield from self._database.execute(query, values)

    def close(self) -> None:
        """Give the room back."""
        self._database.close()


def temporary_database() -> sqlite3.Connection:
    """A database of this process alone, on disk when it grows, without a name."""
    database = sqlite3.connect("", isolation_level=None)
    # No journal, no locks: nobody else sees the database, and nobody needs it after a crash.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", f"cache_size=-{_CACHE_KIB}",
                   "temp_store=FILE", "threads=1"):  # fmt: skip
        database.execute(f"PRAGMA {pragma}").fetchall()
    return database


@contextmanager
def room() -> Iterator[None]:
    """Turn the failure of a temporary database to grow into an OutputError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutputError(
            f"the spans cannot be kept in a temporary file: {error}",
            "It needs about 100 bytes a span, with --export as much as the files: name a folder with room in TMPDIR.",
        ) from error
