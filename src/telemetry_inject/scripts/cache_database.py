"""Opens the cache's SQLite file: only a file that is ours, of our schema, and in a mode that works there.

A damaged file is renamed to `cache.sqlite3.corrupt-<n>`, one begun with another user's key to
`cache.sqlite3.foreign`, and an empty one takes its place. Nobody may rename a file that another process has
open: SQLite names its journal after the path. So each user of the database holds a shared lock on its
directory, and setting aside takes an exclusive one.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import time
from pathlib import Path

from telemetry_inject.scripts.owned_directory import OwnedDirectory, RefusedPlace, check_owner

NAME = "cache.sqlite3"
OWNER = "owner"
COMPANIONS = ("", "-wal", "-shm", "-journal")
MAX_ROW_BYTES = 32 * 1024 * 1024
BUSY_SECONDS = 15.0
_KEPT_ASIDE = 3
_LOCK_SECONDS = 1.0

SCHEMA = (
    "CREATE TABLE files (id INTEGER PRIMARY KEY, used INTEGER, functions BLOB, seal BLOB, payload BLOB)",
    "CREATE TABLE functions (id INTEGER PRIMARY KEY, used INTEGER, created INTEGER, key BLOB,"
    " language BLOB, stem BLOB, name BLOB, seal BLOB, payload BLOB)",
    "CREATE TABLE state (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
)
_NETWORK = (
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "glusterfs", "gpfs", "lustre", "nfs"),
    *("nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs"),
    *("fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"),
)


class DamagedDatabase(Exception):
    """The file is no database of ours."""


# UnicodeDecodeError: SQLite quotes a damaged schema in its message, and Python fails to read the message.
DATABASE_ERRORS = (sqlite3.Error, DamagedDatabase, UnicodeDecodeError)


def is_damage(error: Exception) -> bool:
    """Whether `error` says that the file's content is wrong, and not that it can't be used right now."""
    if isinstance(error, (DamagedDatabase, UnicodeDecodeError)):
        return True
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # absent: an error of Python's own
    damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG)
    # SQLITE_ERROR: our statements are right, so the schema under them is not.
    return code in (*damaged, sqlite3.SQLITE_ERROR)


def open_database(
    place: OwnedDirectory, owner: bytes, *, readonly: bool, warnings: list[str]
) -> sqlite3.Connection | None:
    """The database in `place`, or None; what a person should know is added to `warnings`.

    `owner` is the mark of this user; a database without it is never given to SQLite.
    """
    path = place.path / NAME
    place.lock(exclusive=False)
    for attempt in range(2):
        try:
            known = _check_files(place)
            if known is not None and place.read(OWNER, len(owner)) != owner:
                if readonly:
                    return None
                warnings.append(f"the cache {path} was made by somebody else, or with another key; it was set aside")
                if not set_aside(place, known, foreign=True):
                    return None
                known = None
            if known is None:
                if readonly:
                    return None
                place.replace(OWNER, owner, 0o600)
            return _connect(place, readonly=readonly)
        except RefusedPlace as error:
            warnings.append(f"no cache: {error}")
            return None
        except DATABASE_ERRORS as error:
            if readonly:
                return None
            if not is_damage(error) or attempt:
                warnings.append(f"no cache: {path}: {error}")
                return None
            if not report_damage(place, known, error, warnings):
                return None
        except OSError as error:
            if not readonly:
                warnings.append(f"no cache: {error}")
            return None
    return None


def report_damage(place: OwnedDirectory, known: os.stat_result | None, error: Exception, warnings: list[str]) -> bool:
    """Set the damaged database aside and tell; whether a new one can be begun."""
    path = place.path / NAME
    reason = ascii(str(error))[1:-1][:100]  # SQLite quotes what it found, which may be anything
    if set_aside(place, known):
        warnings.append(f"the cache {path} is damaged ({reason}); it was set aside, a new one is begun")
        return True
    warnings.append(f"the cache {path} is damaged ({reason}) and in use; this run goes on without it")
    return False


def _check_files(place: OwnedDirectory) -> os.stat_result | None:
    """What the database file is, or None. Raises RefusedPlace unless it and its journals are ours."""
    found = None
    for suffix in COMPANIONS:
        state = place.stat(NAME + suffix)
        if state is None:
            continue
        if not stat.S_ISREG(state.st_mode):
            raise RefusedPlace(f"{place.path / (NAME + suffix)} is not a regular file")
        check_owner(place.path / (NAME + suffix), state)
        if not suffix:
            found = state
    return found


def _connect(place: OwnedDirectory, *, readonly: bool) -> sqlite3.Connection:
    uri = (place.path.absolute() / NAME).as_uri()
    if not readonly:
        return _prepare(_raw(f"{uri}?mode=rwc"), place, readonly=False)
    try:
        return _prepare(_raw(f"{uri}?mode=ro"), place, readonly=True)
    except sqlite3.OperationalError:
        # A read-only directory has no room for the shared memory of WAL; without a log there is none needed.
        log = place.stat(f"{NAME}-wal")
        if log is not None and log.st_size:
            raise
        return _prepare(_raw(f"{uri}?mode=ro&immutable=1"), place, readonly=True)


def _raw(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, place: OwnedDirectory, *, readonly: bool) -> sqlite3.Connection:
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * MAX_ROW_BYTES)
        connection.text_factory = bytes
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA cache_size=-16384")
        if not readonly:
            # The journal of a network file system must not be in shared memory.
            wanted = b"delete" if on_network(place.path) else b"wal"
            _set_journal(connection, wanted)
            connection.execute("PRAGMA synchronous=NORMAL")
        _check_schema(connection, readonly=readonly)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_journal(connection: sqlite3.Connection, wanted: bytes) -> None:
    """Switch the journal mode; where the place can't do it, SQLite keeps the one it has."""
    deadline = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
        try:
            connection.execute(f"PRAGMA journal_mode={wanted.decode()}")
        except sqlite3.OperationalError as error:
            # This switch doesn't wait for others by itself, and two first runs may do it at once.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _check_schema(connection: sqlite3.Connection, *, readonly: bool) -> None:
    """Make the tables, or see that exactly they are there: no view or trigger of somebody else."""
    expected = sorted(text.encode() for text in SCHEMA)
    query = "SELECT sql FROM sqlite_master"
    found = sorted(row[0] or b"" for row in connection.execute(query).fetchmany(10))
    if not found and not readonly:
        connection.execute("BEGIN IMMEDIATE")
        found = sorted(row[0] or b"" for row in connection.execute(query).fetchmany(10))
        if not found:
            for statement in SCHEMA:
                connection.execute(statement)
            found = expected
        connection.execute("COMMIT")
    if found != expected:
        raise DamagedDatabase("its tables are not ours")


def set_aside(place: OwnedDirectory, known: os.stat_result | None, *, foreign: bool = False) -> bool:
    """Rename the database `known` out of the way; False when that can't be done now.

    When somebody else has done it already, that is success. The caller has closed its connection.
    """
    place.unlock()
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while place.lock(exclusive=True) is False:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        now = place.stat(NAME)
        if now is None or (known is not None and (now.st_ino, now.st_dev) != (known.st_ino, known.st_dev)):
            return True
        aside = f"{NAME}.foreign" if foreign else _free_name(place)
        # The database last: a process killed in between leaves it damaged as it was.
        for suffix in reversed(COMPANIONS):
            if place.stat(NAME + suffix) is not None:
                place.rename(NAME + suffix, place, aside + suffix)
            else:
                place.unlink(aside + suffix)
        return True
    except OSError:
        return False
    finally:
        place.lock(exclusive=False)


def _free_name(place: OwnedDirectory) -> str:
    names = [f"{NAME}.corrupt-{number}" for number in range(1, _KEPT_ASIDE + 1)]
    return next((name for name in names if place.stat(name) is None), names[-1])


def on_network(path: Path) -> bool:
    """Whether `path` lies on a file system of another machine, as far as Linux tells; False elsewhere."""
    if sys.platform != "linux":
        return False
    device = os.stat(path).st_dev  # noqa: PTH116
    wanted = f"{os.major(device)}:{os.minor(device)}".encode()
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:  # no /proc here: then WAL either works or SQLite says so
        return False
    for line in lines:
        fields = line.split(b" ")
        if len(fields) > 6 and fields[2] == wanted and b"-" in fields:
            return fields[fields.index(b"-") + 1].decode("ascii", "replace") in _NETWORK
    return False
