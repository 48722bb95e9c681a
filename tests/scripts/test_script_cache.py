"""What the cache promises while nothing goes wrong; see test_script_cache_faults.py for the rest."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from telemetry_inject.scripts.script_cache import MAX_PAYLOAD, NullCache, ScriptCache

from .cache_process import key_of, payload_of

DAY = 86400
NOW = 20_000 * DAY


@pytest.fixture(autouse=True)
def key_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".telemetry_cache"


def put(cache: ScriptCache, *numbers: int) -> None:
    for number in numbers:
        name = f"f_{key_of(number).hex()[:8]}"
        cache.put_function(key_of(number), payload_of(number), language="python", name="f", stem=name)


def fill(directory: Path, *numbers: int, clock: Callable[[], float] = lambda: NOW) -> None:
    with ScriptCache.open(directory, clock=clock) as cache:
        put(cache, *numbers)
        assert cache.commit()
        assert cache.warnings == []


def found(directory: Path, *numbers: int, clock: Callable[[], float] = lambda: NOW) -> list[int]:
    with ScriptCache.open(directory, readonly=True, clock=clock) as cache:
        got = cache.get_functions([key_of(number) for number in numbers])
        assert all(got[key_of(number)] == payload_of(number) for number in numbers if key_of(number) in got)
        return [number for number in numbers if key_of(number) in got]


def test_what_was_stored_is_found_by_the_next_run(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_file(key_of(1), b"\0all bytes\xff")
        cache.put_function(key_of(2), b"", language="go", name="Größe", stem="f_00000000")
        assert cache.commit() and cache.persistent
    with ScriptCache.open(directory) as cache:
        assert cache.get_file(key_of(1)) == b"\0all bytes\xff"
        assert cache.get_functions([key_of(2), key_of(3)]) == {key_of(2): b""}
        assert [(row.language, row.name, row.stem) for row in cache.functions()] == [("go", "Größe", "f_00000000")]
        assert (cache.stats.file_hits, cache.stats.function_hits, cache.stats.function_misses) == (1, 1, 1)


def test_files_and_functions_do_not_mix(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_file(key_of(1), b"file")
        assert cache.get_functions([key_of(1)]) == {}
        cache.commit()
        assert cache.get_functions([key_of(1)]) == {}


def test_nothing_is_kept_without_commit(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        put(cache, 1)
        assert cache.get_functions([key_of(1)]) == {key_of(1): payload_of(1)}
    assert found(directory, 1) == []


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 1100])
def test_any_number_of_keys_at_once(directory: Path, count: int) -> None:
    fill(directory, *range(0, count, 2))
    assert found(directory, *range(count)) == list(range(0, count, 2))


def test_the_last_result_for_a_key_counts(directory: Path) -> None:
    for payload in (b"old", b"new"):
        with ScriptCache.open(directory) as cache:
            cache.put_file(key_of(1), payload)
            cache.commit()
    with ScriptCache.open(directory) as cache:
        assert cache.get_file(key_of(1)) == payload


def test_keys_with_the_same_row_number_are_not_confused(directory: Path) -> None:
    one, other = b"12345678" + b"a" * 24, b"12345678" + b"b" * 24
    with ScriptCache.open(directory) as cache:
        cache.put_file(one, b"one")
        cache.put_file(other, b"other")
        cache.commit()
    with ScriptCache.open(directory) as cache:
        results = cache.get_files([one]) | cache.get_files([other])
        assert results in ({one: b"one"}, {other: b"other"})


def test_a_key_of_another_length_is_our_bug(directory: Path) -> None:
    with ScriptCache.open(directory) as cache, pytest.raises(ValueError, match="32 bytes"):
        cache.put_file(b"short", b"")


def test_a_giant_result_is_not_kept(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_file(key_of(1), bytes(MAX_PAYLOAD))
        cache.put_file(key_of(2), bytes(MAX_PAYLOAD + 1))
        cache.commit()
    with ScriptCache.open(directory) as cache:
        assert len(cache.get_file(key_of(1)) or b"") == MAX_PAYLOAD
        assert cache.get_file(key_of(2)) is None
        assert cache.warnings == []


def test_names_that_are_no_text_are_kept_readable(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        cache.put_function(key_of(1), b"", language="python", name="f\udcff\0", stem="f_00000000")
        assert cache.commit()
        assert [row.name for row in cache.functions()] == ["f?\0"]


def test_git_and_backups_leave_the_directory_alone(directory: Path) -> None:
    fill(directory, 1)
    assert (directory / ".gitignore").read_text() == "*\n"
    assert (directory / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


def test_a_worker_sees_the_store_and_writes_nothing(directory: Path) -> None:
    fill(directory, 1)
    before = (directory / "v1" / "cache.sqlite3").read_bytes()
    with ScriptCache.open(directory, readonly=True) as cache:
        assert cache.get_functions([key_of(1)]) == {key_of(1): payload_of(1)}
        put(cache, 2)
        assert not cache.commit() and not cache.persistent
    assert (directory / "v1" / "cache.sqlite3").read_bytes() == before


def test_a_worker_without_a_store_finds_nothing_and_makes_nothing(directory: Path) -> None:
    with ScriptCache.open(directory, readonly=True) as cache:
        assert cache.get_functions([key_of(1)]) == {}
        assert cache.warnings == []
    assert not directory.exists()


def test_a_forked_child_has_its_own_view(directory: Path) -> None:
    with ScriptCache.open(directory) as cache:
        put(cache, 1)
        cache.commit()
        child = os.fork()
        if not child:
            try:
                good = cache.get_functions([key_of(1)]) == {key_of(1): payload_of(1)} and not cache.persistent
                cache.close()
            finally:
                os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
        put(cache, 2)
        assert cache.commit()
    assert found(directory, 1, 2) == [1, 2]


def test_rows_age_out_thirty_days_after_their_last_use(directory: Path) -> None:
    today = [NOW]
    fill(directory, 1, 2, clock=lambda: today[0])
    for _ in range(3):
        today[0] += 20 * DAY
        with ScriptCache.open(directory, clock=lambda: today[0]) as cache:
            assert cache.get_functions([key_of(1)]) == {key_of(1): payload_of(1)}
            cache.commit()
    assert found(directory, 1, 2) == [1]


def test_use_by_a_worker_counts(directory: Path) -> None:
    fill(directory, 1, 2)

    def later() -> float:
        return NOW + 20 * DAY

    with ScriptCache.open(directory, clock=later) as cache:
        with ScriptCache.open(directory, readonly=True, clock=later) as worker:
            worker.get_functions([key_of(1)])
            cache.add_touches(pickle.loads(pickle.dumps(worker.take_touches())))
        cache.commit()
    with ScriptCache.open(directory, clock=lambda: NOW + 40 * DAY) as cache:
        cache.commit()
    assert found(directory, 1, 2) == [1]


def test_functions_live_as_long_as_their_file(directory: Path) -> None:
    with ScriptCache.open(directory, clock=lambda: NOW) as cache:
        put(cache, 1, 2, 3)
        cache.put_file(key_of(9), b"file", [key_of(1), key_of(2)])
        cache.commit()
    for days in (20, 40):
        with ScriptCache.open(directory, clock=partial(float, NOW + days * DAY)) as cache:
            assert cache.get_file(key_of(9)) == b"file"
            cache.commit()
    assert found(directory, 1, 2, 3) == [1, 2]


def test_dates_are_written_once_a_day(directory: Path) -> None:
    fill(directory, 1)
    contents = []
    for seconds in (DAY, DAY + 60, 2 * DAY):
        with ScriptCache.open(directory, clock=partial(float, NOW + seconds)) as cache:
            cache.get_functions([key_of(1)])
            cache.commit()
        contents.append((directory / "v1" / "cache.sqlite3").read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_over_its_cap_the_cache_drops_what_was_unused_longest(directory: Path) -> None:
    fill(directory, *range(300))
    with ScriptCache.open(directory, clock=lambda: NOW + DAY) as cache:
        cache.max_bytes = 200_000
        put(cache, *range(300, 400))
        cache.commit()
        assert cache.stats.evicted > 100
    left = found(directory, *range(400))
    assert left[-100:] == list(range(300, 400)) and len(left) < 300
    assert found(directory, *range(300)) != []


def test_no_cache_has_the_same_surface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with NullCache() as cache:
        put(cache, 1)
        cache.put_file(key_of(1), b"x", [key_of(2)])
        assert cache.get_file(key_of(1)) is None
        assert cache.get_functions([key_of(1)]) == {}
        assert not cache.commit() and list(cache.functions()) == [] and cache.warnings == []
    assert os.listdir(tmp_path) == []


def test_no_cache_lacks_nothing_that_a_run_uses() -> None:
    own = {"open", "directory", "root", "store", "new_functions", "max_bytes", "max_age_days"}  # for exports and tests
    with NullCache() as none:
        public = {name for name in dir(ScriptCache) if not name.startswith("_")}
        assert public - own <= set(dir(none))
        assert not isinstance(none, ScriptCache)


def test_the_cache_imports_no_third_party_package() -> None:
    code = (
        "import sys; before = set(sys.modules); import telemetry_inject.scripts.cache_exports;"
        "print([name for name in set(sys.modules) - before if name.split('.')[0] not in sys.stdlib_module_names"
        " and not name.lstrip('_').startswith('telemetry_inject')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
