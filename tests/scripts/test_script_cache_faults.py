"""Nothing that is wrong with a cache stops a run, and nothing that is not ours is believed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from telemetry_inject.scripts.cache_database import MAX_ROW_BYTES
from telemetry_inject.scripts.cache_rows import RowSeal, row_id
from telemetry_inject.scripts.script_cache import ScriptCache

from .cache_process import give_away, key_of, payload_of, store


@pytest.fixture(autouse=True)
def key_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".telemetry_cache"


@pytest.fixture
def database(directory: Path) -> Path:
    store(directory, 0, 50)
    return directory / "v1" / "cache.sqlite3"


def run(directory: Path, first: int = 0, count: int = 50) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("cache_process.py")), directory, first, count]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)


def found(directory: Path, count: int = 50) -> int:
    with ScriptCache.open(directory, readonly=True) as cache:
        return len(cache.get_functions([key_of(number) for number in range(count)]))


def assert_works_again(directory: Path) -> None:
    """Two more runs: the first may have to begin anew, the second finds all."""
    store(directory, 0, 50)
    cache = store(directory, 0, 50)
    assert (cache.stats.function_hits, cache.warnings) == (50, [])
    assert cache.stats.foreign == 0


def test_four_processes_at_once_lose_nothing(directory: Path) -> None:
    processes = [run(directory, 200 * number, 200) for number in range(4)]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert outputs == ["hits 0 stored 201 []\n"] * 4
    assert found(directory, 800) == 800


def test_a_run_killed_at_any_moment_harms_nothing(directory: Path) -> None:
    started = time.monotonic()
    assert run(directory, 10_000, 200).wait() == 0
    duration = time.monotonic() - started
    chance = random.Random(7)
    interrupted = 0
    for turn in range(25):
        process = run(directory, 200 * turn, 200)
        time.sleep(duration * chance.uniform(0.0, 1.0))
        process.send_signal(signal.SIGKILL)
        interrupted += process.wait() == -signal.SIGKILL
        for path in [*directory.glob("scripts/*/*"), *directory.glob("tests/*/*")]:
            assert path.read_bytes().endswith(b"\n# the end\n"), path
    assert interrupted > 0
    cache = store(directory, 10_000, 200)
    assert (cache.stats.function_hits, cache.warnings) == (200, [])
    assert [path.name for path in (directory / "v1").iterdir() if "staging" in path.name or "tmp" in path.name] == []
    assert sum(1 for _ in directory.glob("scripts/*/*")) == sum(1 for _ in directory.glob("tests/*/*"))
    assert found(directory, 10_200) == sum(1 for _ in directory.glob("scripts/*/*"))


def damage_nothing_left(data: bytes) -> bytes:
    return b""


def damage_no_database(data: bytes) -> bytes:
    return b"this is no database\n" * 1000


def damage_header(data: bytes) -> bytes:
    return data[:16] + b"\xff" * 84 + data[100:]


def damage_truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damage_torn_page(data: bytes) -> bytes:
    return data[:5000]


def damage_second_half(data: bytes) -> bytes:
    return data[: len(data) // 2] + b"\xa5" * (len(data) - len(data) // 2)


def damage_all_but_first_page(data: bytes) -> bytes:
    return data[:4096] + bytes(len(data) - 4096)


DAMAGES = [
    damage_nothing_left,
    damage_no_database,
    damage_header,
    damage_truncated,
    damage_torn_page,
    damage_second_half,
    damage_all_but_first_page,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_costs_only_its_content(directory: Path, database: Path, damage: object) -> None:
    database.write_bytes(damage(database.read_bytes()))  # type: ignore[operator]
    cache = store(directory, 0, 50)
    assert all("is damaged" in warning and "set aside" in warning for warning in cache.warnings)
    assert bool(cache.warnings) == any("corrupt" in path.name for path in database.parent.iterdir())
    assert_works_again(directory)


def test_a_single_wrong_byte_anywhere_is_never_believed(directory: Path, database: Path) -> None:
    good = database.read_bytes()
    chance = random.Random(3)
    refused = 0
    for _ in range(150):
        position = chance.randrange(len(good))
        database.write_bytes(
            good[:position] + bytes([good[position] ^ (1 << chance.randrange(8))]) + good[position + 1 :]
        )
        with ScriptCache.open(directory, readonly=True) as cache:
            got = cache.get_functions([key_of(number) for number in range(50)])
        assert all(got[key_of(number)] == payload_of(number) for number in range(50) if key_of(number) in got)
        refused += len(got) < 50
    assert refused > 20


def test_damaged_databases_are_kept_but_not_for_ever(directory: Path, database: Path) -> None:
    for _ in range(5):
        database.write_bytes(b"this is no database\n" * 1000)
        assert store(directory, 0, 1).warnings != []
    names = sorted(path.name for path in database.parent.iterdir() if "corrupt" in path.name)
    assert names == [f"cache.sqlite3.corrupt-{number}" for number in (1, 2, 3)]


def test_processes_that_meet_a_damaged_database_all_succeed(directory: Path, database: Path) -> None:
    database.write_bytes(b"this is no database\n" * 1000)
    processes = [run(directory, 200 * number, 200) for number in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 4
    assert_works_again(directory)


def test_damage_that_shows_while_storing_loses_only_the_old(directory: Path, database: Path) -> None:
    with ScriptCache.open(directory) as cache:
        data = database.read_bytes()
        database.write_bytes(data[:4096] + bytes(len(data) - 4096))
        cache.put_file(key_of(1), b"new")
        assert cache.commit()
        assert cache.get_file(key_of(1)) == b"new"
        assert "set aside" in cache.warnings[0]
    assert_works_again(directory)


@contextmanager
def raw(database: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(database)
    with connection:
        yield connection
    connection.close()


def test_rows_sealed_with_another_key_are_not_believed(directory: Path, database: Path) -> None:
    theirs = RowSeal(b"k" * 32)
    evil, facts = b"evil", b"python/f_00000000/0/f"
    with raw(database) as connection:
        for number in range(10):
            values = (theirs.function(key_of(number), facts, evil), evil, row_id(key_of(number)))
            connection.execute("UPDATE functions SET seal = ?, payload = ? WHERE id = ?", values)
    with ScriptCache.open(directory) as cache:
        got = cache.get_functions([key_of(number) for number in range(50)])
        assert len(got) == 40 and evil not in got.values()
        assert (cache.stats.foreign, cache.stats.function_misses) == (10, 10)
        assert len(list(cache.functions())) == 40
    store(directory, 0, 50)
    assert_works_again(directory)


@pytest.mark.parametrize(
    "change",
    [
        "payload = 'text'",
        "payload = NULL",
        "payload = 7",
        "payload = payload || x'00'",
        "seal = NULL",
        "seal = x''",
        "seal = 'aaaaaaaaaaaaaaaa'",
        "seal = zeroblob(16)",
        "name = name || x'00'",
        "name = NULL",
        "stem = x'2e2e2f2e2e2f78'",
        "language = x'2e2e'",
        "language = 1.5",
        "created = created + 1",
        "created = 'now'",
        "created = NULL",
    ],
)
def test_rows_changed_in_any_column_are_not_believed(directory: Path, database: Path, change: str) -> None:
    with raw(database) as connection:
        connection.execute(f"UPDATE functions SET {change}")
    with ScriptCache.open(directory) as cache:
        assert cache.get_functions([key_of(number) for number in range(50)]) == {}
        assert list(cache.functions()) == []
        assert cache.stats.foreign == 50
    store(directory, 0, 50)
    assert_works_again(directory)


def test_the_row_of_one_key_is_not_believed_for_another(directory: Path, database: Path) -> None:
    with raw(database) as connection:
        connection.execute("DELETE FROM functions WHERE id = ?", (row_id(key_of(1)),))
        connection.execute("UPDATE functions SET id = ? WHERE id = ?", (row_id(key_of(1)), row_id(key_of(2))))
    with ScriptCache.open(directory) as cache:
        assert cache.get_functions([key_of(1), key_of(2)]) == {}


def test_a_file_row_is_not_believed_as_a_function(directory: Path, database: Path) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_file(key_of(99), b"payload")
        cache.commit()
    with raw(database) as connection:
        connection.execute(
            "INSERT INTO functions SELECT id, used, 0, x'00', x'', x'', x'', seal, payload FROM files WHERE id = ?",
            (row_id(key_of(99)),),
        )
    with ScriptCache.open(directory) as cache:
        assert cache.get_functions([key_of(99)]) == {}


@pytest.mark.parametrize("column", ["used", "functions", "seal"])
def test_wrong_types_in_a_file_row_are_a_miss(directory: Path, database: Path, column: str) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_file(key_of(99), b"payload", [key_of(1)])
        cache.commit()
    with raw(database) as connection:
        connection.execute(f"UPDATE files SET {column} = 'x'")
    with ScriptCache.open(directory) as cache:
        assert cache.get_file(key_of(99)) in (None, b"payload" if column == "used" else None)
        assert cache.commit() and cache.warnings == []


@pytest.mark.parametrize("value", ["'text'", "NULL", "-9223372036854775808", "9223372036854775807", "x'00'"])
def test_hints_of_somebody_else_do_no_harm(directory: Path, database: Path, value: str) -> None:
    with raw(database) as connection:
        connection.execute(f"UPDATE state SET value = {value}")
    assert_works_again(directory)


def test_a_database_of_another_user_s_cache_is_never_opened(
    directory: Path, database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "other"))
    with ScriptCache.open(directory, readonly=True) as cache:
        assert cache.get_functions([key_of(1)]) == {}
    cache = store(directory, 0, 50)
    assert cache.stats.function_hits == 0
    assert "made by somebody else, or with another key" in cache.warnings[0]
    assert (database.parent / "cache.sqlite3.foreign").exists()
    assert_works_again(directory)


ENDLESS = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"


@pytest.mark.parametrize(
    "statements",
    [
        [
            "DROP TABLE files",
            f"CREATE VIEW files AS {ENDLESS} SELECT id, 1 used, x'' functions, x'' seal, x'' payload FROM n",
        ],
        ["CREATE TRIGGER t AFTER INSERT ON functions BEGIN DELETE FROM functions; END"],
        ["CREATE INDEX i ON functions (payload)"],
        ["DROP TABLE state"],
        ["ALTER TABLE files ADD COLUMN more"],
        ["CREATE TABLE more (x)"],
    ],
    ids=["endless view", "trigger", "index", "missing table", "more columns", "more tables"],
)
def test_a_database_with_other_tables_is_set_aside(directory: Path, database: Path, statements: list[str]) -> None:
    with raw(database) as connection:
        for statement in statements:
            connection.execute(statement)
    cache = store(directory, 0, 50)
    assert cache.stats.function_hits == 0 and "its tables are not ours" in cache.warnings[0]
    assert_works_again(directory)


def test_a_giant_row_fills_no_memory(directory: Path, database: Path) -> None:
    with raw(database) as connection:
        connection.execute(
            "UPDATE functions SET payload = zeroblob(?) WHERE id = ?", (3 * MAX_ROW_BYTES, row_id(key_of(1)))
        )
    cache = store(directory, 0, 50)
    assert "damaged" in cache.warnings[0]
    assert_works_again(directory)


@pytest.mark.parametrize("name", ["", "v1", "v1/cache.sqlite3", "v1/cache.sqlite3-wal", "v1/cache.sqlite3-journal"])
def test_links_are_not_followed(directory: Path, database: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "elsewhere"
    place = directory / name
    if place.exists():
        place.rename(target)
    else:
        target.write_bytes(b"precious")
    place.symlink_to(target)
    before = snapshot(target)
    cache = store(directory, 0, 50)
    assert cache.stats.function_hits == 0
    assert len(cache.warnings) == 1 and "no cache:" in cache.warnings[0]
    assert snapshot(target) == before


def snapshot(path: Path) -> dict[str, bytes]:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return {str(file): file.read_bytes() for file in files}


@pytest.mark.parametrize("name", ["", "v1", "v1/cache.sqlite3"])
def test_what_belongs_to_somebody_else_is_not_used(
    directory: Path, database: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    give_away(directory / name, monkeypatch)
    before = snapshot(directory)
    cache = store(directory, 0, 50)
    assert cache.stats.function_hits == 0
    assert "another user" in cache.warnings[0]
    assert {path: data for path, data in snapshot(directory).items() if "/v1/" in path and "cache.sqlite3" in path} == {
        path: data for path, data in before.items() if "/v1/" in path and "cache.sqlite3" in path
    }


@pytest.mark.parametrize("kind", ["file", "pipe"])
@pytest.mark.parametrize("name", ["", "v1", "v1/cache.sqlite3"])
def test_other_things_in_its_place_are_refused(directory: Path, name: str, kind: str) -> None:
    place = directory / name
    place.parent.mkdir(parents=True)
    (os.mkfifo(place) if kind == "pipe" else place.write_bytes(b"precious"))
    cache = store(directory, 0, 5)
    if name == "v1/cache.sqlite3" and kind == "file":
        assert (place.parent / "cache.sqlite3.foreign").read_bytes() == b"precious"
        return
    assert cache.warnings != []
    assert kind == "pipe" or place.read_bytes() == b"precious"


def test_without_a_place_for_the_key_the_run_goes_on(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "file"))
    for _ in range(2):
        cache = store(directory, 0, 50)
        assert cache.stats.function_hits == 0
        assert len(cache.warnings) == 1 and "this run only" in cache.warnings[0]
    assert not (directory / "v1" / "cache.sqlite3").exists()


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A temporary directory whose parents other users may enter, unlike tmp_path's."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_a_read_only_directory_is_read(public_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a child process that is not root, because root may write everywhere."""
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(public_directory / "keys"))
    directory = public_directory / ".telemetry_cache"
    store(directory, 0, 50)
    root = os.geteuid() == 0
    for path in [public_directory, *public_directory.rglob("*")]:
        if root:
            os.chown(path, 65534, 65534)
        if directory in (path, *path.parents) and path.is_dir():
            path.chmod(0o500)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if root:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            cache = store(directory, 0, 51)
            os.write(writer, f"{cache.stats.function_hits} {cache.stats.stored} {cache.warnings}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as output:
        text = output.read()
    os.waitpid(child, 0)
    for path in [directory, *directory.rglob("*")]:
        if path.is_dir():
            path.chmod(0o700)
    assert text.startswith("50 0 [") and "can't be written" in text


def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = store(tmp_path / "file" / ".telemetry_cache", 0, 5)
    assert len(cache.warnings) == 1 and str(tmp_path / "file") in cache.warnings[0]


def test_a_cache_in_use_by_a_slow_process_is_waited_for_in_vain(
    directory: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry_inject.scripts.cache_database.BUSY_SECONDS", 0.1)
    with raw(database) as slow:
        slow.execute("BEGIN IMMEDIATE")
        cache = store(directory, 0, 60)
        assert cache.stats.function_hits == 50 and "locked" in cache.warnings[0]
        slow.execute("COMMIT")
    assert_works_again(directory)


def test_the_store_of_another_version_is_left_alone(directory: Path) -> None:
    (directory / "v0").mkdir(parents=True)
    (directory / "v0" / "cache.sqlite3").write_bytes(b"an older format")
    assert store(directory, 0, 5).warnings == []
    assert (directory / "v0" / "cache.sqlite3").read_bytes() == b"an older format"
