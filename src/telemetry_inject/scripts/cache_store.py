"""The tables of an open cache database: believed rows out, sealed rows in.

Every query here may raise sqlite3.Error; script_cache.py decides what becomes of the database then. A row of
somebody else may hold any type in any column, and none of it is used before its seal was checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hmac import compare_digest
from typing import Any

from telemetry_inject.scripts.cache_rows import (
    CacheStats,
    Id,
    NewFile,
    NewFunction,
    RowSeal,
    StoredFunction,
    Touches,
    pack_facts,
    row_id,
    split_ids,
)

_BATCHES = (512, 64, 8, 1)  # few forms of one statement, so that each is compiled once
_SELECT = {
    "files": "SELECT id, used, seal, payload, functions FROM files WHERE id IN ",
    "functions": "SELECT id, used, seal, payload, language, stem, created, name FROM functions WHERE id IN ",
}
_ROW = "SELECT id, used, seal, payload, language, stem, created, name, key FROM functions"
_ALL = f"{_ROW} ORDER BY id"
_ONE = f"{_ROW} WHERE id = ?"
_KEYS = "SELECT id, key FROM functions ORDER BY id"


class CacheStore:
    """Rows of one connection, sealed and checked with the key of one user."""

    def __init__(self, connection: sqlite3.Connection, seal: RowSeal, stats: CacheStats, touches: Touches) -> None:
        self.connection = connection
        self._seal = seal
        self._stats = stats
        self._touches = touches
        self._empty: dict[str, bool] = {}  # by table; a row that another process adds later is only a miss

    def read(self, table: str, wanted: Sequence[bytes], today: int) -> dict[bytes, bytes]:
        """The payloads of the rows of `table` that exist and are believed, by key."""
        found: dict[bytes, bytes] = {}
        if self._is_empty(table):
            return found
        keys = {row_id(key): key for key in wanted}
        for row in self._select(table, list(keys)):
            key = keys[row[0]]
            if not self._believed(table, key, row):
                self._stats.foreign += 1
                continue
            found[key] = row[3]
            if row[1] != today:
                self._note_use(table, row)
        return found

    def _is_empty(self, table: str) -> bool:
        empty = self._empty.get(table)
        if empty is None:
            empty = self._empty[table] = self.connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None
        return empty

    def _select(self, table: str, ids: Sequence[Id]) -> Iterator[Any]:
        start = 0
        for size in _BATCHES:
            statement = f"{_SELECT[table]}({','.join('?' * size)})" if len(ids) - start >= size else ""
            while len(ids) - start >= size:
                yield from self.connection.execute(statement, ids[start : start + size])
                start += size

    def _believed(self, table: str, key: bytes, row: Sequence[Any]) -> bool:
        seal, payload = row[2], row[3]
        try:
            if table == "files":
                expected = self._seal.file(key, row[4], payload)
            else:
                expected = self._seal.function(key, pack_facts(*row[4:8]), payload)
            return compare_digest(seal, expected)
        except TypeError:
            return False

    def _note_use(self, table: str, row: Sequence[Any]) -> None:
        if table == "files":
            self._touches.files.add(row[0])
            self._touches.functions.update(split_ids(row[4]))
        else:
            self._touches.functions.add(row[0])

    def functions(self, new: Mapping[bytes, NewFunction]) -> Iterator[StoredFunction]:
        """Every believed function, in the order of the row numbers; `new` are those that `write` just stored."""
        if not new:
            yield from map(_stored, filter(self._is_function, self.connection.execute(_ALL)))
            return
        for row_number, key in self.connection.execute(_KEYS):
            known = new.get(key) if isinstance(key, bytes) else None
            if known is not None:
                yield known.facts
                continue
            for row in self.connection.execute(_ONE, (row_number,)):
                if self._is_function(row):
                    yield _stored(row)

    def _is_function(self, row: Sequence[Any]) -> bool:
        return isinstance(row[8], bytes) and self._believed("functions", row[8], row)

    def write(self, files: Mapping[bytes, NewFile], functions: Mapping[bytes, NewFunction], today: int) -> None:
        """Store new rows, in place of those with the same key, and the dates of the used ones."""
        seal = self._seal
        self._empty.clear()
        self.connection.executemany(
            "INSERT OR REPLACE INTO files (id, used, functions, seal, payload) VALUES (?, ?, ?, ?, ?)",
            [
                (row_id(key), today, new.functions, seal.file(key, new.functions, new.payload), new.payload)
                for key, new in sorted(files.items())  # in the order of the tree: half the time of any other
            ],
        )
        self.connection.executemany(
            "INSERT OR REPLACE INTO functions (id, used, created, key, language, stem, name, seal, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._function_row(new, today) for _, new in sorted(functions.items())),
        )
        if functions:
            self.count_change()
        for table, ids in (("files", self._touches.files), ("functions", self._touches.functions)):
            self.connection.executemany(
                f"UPDATE {table} SET used = ? WHERE id = ? AND used < ?",
                [(today, id_, today) for id_ in sorted(ids)],
            )

    def _function_row(self, new: NewFunction, today: int) -> tuple[Any, ...]:
        key, language, name, stem, created = new.facts
        columns = language.encode(), stem.encode(), name.encode()
        seal = self._seal.function(key, pack_facts(columns[0], columns[1], created, columns[2]), new.payload)
        return (row_id(key), today, created, key, *columns, seal, new.payload)

    def forget(self, keys: Sequence[bytes]) -> None:
        """Remove functions, and the files that contain them, so that the next run makes them again."""
        if not keys:
            return
        self.count_change()
        ids = {row_id(key) for key in keys}
        self.connection.executemany("DELETE FROM functions WHERE id = ?", [(id_,) for id_ in ids])
        rows = self.connection.execute("SELECT id, functions FROM files").fetchall()
        holders = [(id_,) for id_, held in rows if not isinstance(held, bytes) or not ids.isdisjoint(split_ids(held))]
        self.connection.executemany("DELETE FROM files WHERE id = ?", holders)

    def count_change(self) -> None:
        """Tell later runs that the set of functions is another one."""
        count = self.state("generation")
        self.set_state("generation", count % 2**62 + 1 if isinstance(count, int) else 1)

    def state(self, name: str) -> Any:
        """What `set_state` kept under `name`; None when there is nothing. Not sealed: for hints only."""
        row = self.connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def set_state(self, name: str, value: int | bytes) -> None:
        """Keep `value` under `name`."""
        self.connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))


def _stored(row: Sequence[Any]) -> StoredFunction:
    return StoredFunction(row[8], row[4].decode(), row[7].decode(), row[5].decode(), row[6])
