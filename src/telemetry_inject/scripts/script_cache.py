"""The script cache: results by content, in one SQLite file that many processes share.

    .telemetry_cache/
      v1/cache.sqlite3      the store: `files` (key -> all insertions of a file) and `functions`
      scripts/ tests/ metadata/cache_index.json      exports for people, see cache_exports.py; never read back

Payloads are opaque bytes. Every row carries a seal made with this user's key (user_key.py); a row without it,
from a cloned repository or a damaged disk, is a miss. Nothing that is wrong with the cache stops a run: it
becomes a line in `warnings`, and the run goes on with less cache or none. Rows are written in one transaction
at the end of a run. Not for several threads at once; worker processes open a read-only view of their own.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from types import TracebackType

from telemetry_inject.scripts import cache_database
from telemetry_inject.scripts.cache_eviction import MAX_AGE_DAYS, MAX_BYTES, evict_aged, evict_over
from telemetry_inject.scripts.cache_keys import KEY_BYTES
from telemetry_inject.scripts.cache_rows import (
    VERSION,
    CacheStats,
    NewFile,
    NewFunction,
    RowSeal,
    StoredFunction,
    Touches,
    join_ids,
)
from telemetry_inject.scripts.cache_store import CacheStore
from telemetry_inject.scripts.null_cache import NullCache
from telemetry_inject.scripts.owned_directory import OwnedDirectory, RefusedPlace
from telemetry_inject.scripts.user_key import KeyUnavailable, load_key

__all__ = ["MAX_PAYLOAD", "NullCache", "ScriptCache"]

MAX_PAYLOAD = cache_database.MAX_ROW_BYTES
_SECONDS_A_DAY = 86400
_MARKS = {
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by telemetry-inject.\n",
    ".gitignore": b"*\n",
}
# Connections of the process this one was forked from: closing them here would harm its database.
_of_parent: list[sqlite3.Connection] = []


class ScriptCache:
    """One view of a cache directory. Make it with `open`; use it as a context manager."""

    def __init__(self, directory: Path, *, readonly: bool, clock: Callable[[], float]) -> None:
        self.directory = directory
        self.readonly = readonly
        self.warnings: list[str] = []
        self.stats = CacheStats()
        self.root: OwnedDirectory | None = None  # None: the directory can't be used at all
        self.max_bytes = MAX_BYTES
        self.max_age_days = MAX_AGE_DAYS
        self._clock = clock
        self._began = int(clock())
        self._place: OwnedDirectory | None = None
        self._seal: RowSeal | None = None
        self._store: CacheStore | None = None
        self._file: os.stat_result | None = None
        self._pid = os.getpid()
        self._new_files: dict[bytes, NewFile] = {}
        self._new_functions: dict[bytes, NewFunction] = {}
        self._touches = Touches()

    @classmethod
    def open(cls, directory: Path, *, readonly: bool = False, clock: Callable[[], float] = time.time) -> ScriptCache:
        """Open the cache in `directory`, made if missing unless `readonly`. Never raises for a bad cache.

        `clock` gives the seconds since 1970.
        """
        cache = cls(directory, readonly=readonly, clock=clock)
        try:
            cache._open_directory()
            cache._open_store()
        except BaseException:
            cache.close()
            raise
        return cache

    def _open_directory(self) -> None:
        try:
            self.root = OwnedDirectory.open(self.directory, create=not self.readonly)
            if not self.readonly and not os.access(self.directory, os.W_OK):
                self.warnings.append(f"the cache {self.directory} can't be written: nothing of this run is kept")
                self.readonly = True
            self._mark()
            self._place = self.root.child(VERSION, create=not self.readonly, mode=0o700)
            self._seal = RowSeal(load_key())
        except KeyUnavailable as error:
            self.warnings.append(f"the cache works for this run only, for no key can be kept: {error}")
        except (RefusedPlace, OSError) as error:
            if not (self.readonly and isinstance(error, FileNotFoundError)):
                self.warnings.append(f"no cache: {error}")
            self._leave()

    def _mark(self) -> None:
        """Tell backup programs and git to leave the directory alone."""
        if self.root is not None and not self.readonly:
            for name, data in _MARKS.items():
                if self.root.stat(name) is None:
                    try:
                        self.root.write_new(name, data)
                    except FileExistsError:  # another run was faster
                        pass

    def _open_store(self) -> None:
        if self._place is None or self._seal is None:
            return
        connection = cache_database.open_database(
            self._place, self._seal.owner(), readonly=self.readonly, warnings=self.warnings
        )
        if connection is not None:
            self._file = self._place.stat(cache_database.NAME)
            self._store = CacheStore(connection, self._seal, self.stats, self._touches)

    @property
    def store(self) -> CacheStore | None:
        """The tables, or None; for CacheExports, inside `commit`, which deals with the errors of the database."""
        if self._store is not None and self._pid != os.getpid():  # forked: this process needs a view of its own
            self._close_store()
            self._pid, self.readonly = os.getpid(), True
            self._open_store()
        return self._store

    @property
    def persistent(self) -> bool:
        """Whether what is put will be kept for the next run."""
        return self._store is not None and not self.readonly

    def close(self) -> None:
        """Close, without storing what `commit` has not stored."""
        self._close_store()
        if self._place is not None:
            self._place.unlock()
        self._leave()

    def _close_store(self) -> None:
        if self._store is not None:
            if self._pid == os.getpid():
                self._store.connection.close()
            else:
                _of_parent.append(self._store.connection)
        self._store = None

    def _leave(self) -> None:
        for directory in (self._place, self.root):
            if directory is not None:
                directory.close()
        self._place = self.root = None

    def __enter__(self) -> ScriptCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get_file(self, key: bytes) -> bytes | None:
        """The payload stored for a file, or None."""
        return self.get_files((key,)).get(key)

    def get_files(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The payloads there are, by key. Many keys in one call take a third of the time of many calls."""
        wanted = dict.fromkeys(keys)
        found = self._read("files", wanted, self._new_files)
        self.stats.file_hits += len(found)
        self.stats.file_misses += len(wanted) - len(found)
        return found

    def get_functions(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The payloads there are of functions, by key."""
        wanted = dict.fromkeys(keys)
        found = self._read("functions", wanted, self._new_functions)
        self.stats.function_hits += len(found)
        self.stats.function_misses += len(wanted) - len(found)
        return found

    def _read(
        self, table: str, wanted: Iterable[bytes], new: Mapping[bytes, NewFile | NewFunction]
    ) -> dict[bytes, bytes]:
        found = {key: new[key].payload for key in wanted if key in new}
        store = self.store
        if store is not None:
            try:
                found |= store.read(table, [key for key in wanted if key not in found], self._today())
            except cache_database.DATABASE_ERRORS as error:
                self._lose_store(error)
        return found

    def take_touches(self) -> Touches:
        """Which rows this view used, for `add_touches` in the parent of a worker; forgotten here."""
        taken = Touches(set(self._touches.files), set(self._touches.functions))
        self._touches.clear()
        return taken

    def add_touches(self, touches: Touches) -> None:
        """Note that rows were used elsewhere, so that they don't age out."""
        self._touches.add(touches)

    def functions(self) -> Iterator[StoredFunction]:
        """Every function of the store, sorted by row number; without a store, those of this run.

        Raises sqlite3.Error: for use inside `commit`, which deals with it.
        """
        store = self.store
        if store is None:
            return iter([new.facts for new in self._new_functions.values()])
        return store.functions(self._new_functions)

    def put_file(self, key: bytes, payload: bytes, functions: Iterable[bytes] = ()) -> None:
        """Remember a file's result; `functions` are the keys of its functions, which live as long as it."""
        _check_key(key)
        if len(payload) <= MAX_PAYLOAD:
            self._new_files[key] = NewFile(payload, join_ids(functions))

    def put_function(self, key: bytes, payload: bytes, *, language: str, name: str, stem: str) -> None:
        """Remember a function's result; `stem` names its exports, as `CacheExports.write` gave it."""
        _check_key(key)
        if len(payload) <= MAX_PAYLOAD:
            if not (name.isascii() and language.isascii() and stem.isascii()):
                language, name, stem = map(_clean, (language, name, stem))
            self._new_functions[key] = NewFunction(payload, StoredFunction(key, language, name, stem, self._began))

    def new_functions(self) -> Set[bytes]:
        """The keys of the functions that `commit` has yet to store, or is storing."""
        return self._new_functions.keys()

    def commit(self, within: Callable[[], None] | None = None) -> bool:
        """Store what was put, in one transaction; whether it was stored.

        `within` is called before the transaction ends: what it changes here belongs to it, and no other
        process stores anything meanwhile. It is called without a store, too, but not for a `readonly` view.
        """
        if self.readonly:
            return False
        if self.store is None and within is not None:
            within()
        for _ in range(2):  # again when a damaged database was set aside
            store = self.store
            if store is None:
                return False
            try:
                self._transact(store, within)
            except cache_database.DATABASE_ERRORS as error:
                self._lose_store(error)
                continue
            self.stats.stored += len(self._new_files) + len(self._new_functions)
            self._new_files.clear()
            self._new_functions.clear()
            self._touches.clear()
            return True
        return False

    def _transact(self, store: CacheStore, within: Callable[[], None] | None) -> None:
        today = self._today()
        connection = store.connection
        sweep = store.state("swept") != today
        if not (sweep or within or self._new_files or self._new_functions or self._touches):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            store.write(self._new_files, self._new_functions, today)
            gone = evict_aged(connection, today, self.max_age_days) + evict_over(connection, self.max_bytes)
            self.stats.evicted += gone
            if gone:
                store.count_change()
            if within is not None:
                within()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _lose_store(self, error: Exception) -> None:
        """Go on without the store after `error`, or with a new one when the old one is damaged."""
        self._close_store()
        if self.readonly or self._place is None:
            return
        if not cache_database.is_damage(error):
            self.warnings.append(f"the cache {self.directory} is left alone for the rest of this run: {error}")
        elif cache_database.report_damage(self._place, self._file, error, self.warnings):
            self._open_store()

    def _today(self) -> int:
        return int(self._clock()) // _SECONDS_A_DAY


def _check_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a cache key has {KEY_BYTES} bytes, not {len(key)}")


def _clean(text: str) -> str:
    """`text` without what UTF-8 can't hold: names come from user code in any encoding."""
    return text.encode("utf-8", "replace").decode()
