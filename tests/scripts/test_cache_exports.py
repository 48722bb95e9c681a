"""Scripts, tests and index: there for people, complete, and never outside of the cache directory."""

import errno
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from telemetry_inject.scripts.cache_exports import CacheExports
from telemetry_inject.scripts.export_writer import ExportWriter, full_stem
from telemetry_inject.scripts.script_cache import ScriptCache

from .cache_process import full_disk, give_away, key_of, script_of, store

INDEX = "metadata/cache_index.json"


@pytest.fixture(autouse=True)
def key_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "keys"))
    return tmp_path / "keys"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".telemetry_cache"


def index_of(directory: Path) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((directory / INDEX).read_text())
    return loaded


def assert_complete(directory: Path, count: int) -> None:
    """The index has `count` entries, and exactly their files are there."""
    index = index_of(directory)
    assert len(index) == count
    files = {
        str(path.relative_to(directory)) for area in ("scripts", "tests") for path in directory.glob(f"{area}/*/*")
    }
    assert files == {entry[part] for entry in index.values() for part in ("script", "test")}
    for path in files:
        assert (directory / path).read_bytes().endswith(b"\n# the end\n")


def test_each_function_is_exported_and_indexed(directory: Path) -> None:
    store(directory, 0, 3)
    assert_complete(directory, 3)
    key = key_of(1).hex()
    entry = index_of(directory)[key]
    assert entry.pop("created").endswith("Z")
    assert entry == {
        "function": "f1",
        "language": "python",
        "script": f"scripts/python/function_{key[:8]}.py",
        "test": f"tests/python/test_function_{key[:8]}.py",
        "key": key,
    }
    assert (directory / entry["script"]).read_bytes() == script_of(1)


def test_a_run_without_functions_leaves_an_empty_index(directory: Path) -> None:
    store(directory, 0, 0)
    assert index_of(directory) == {}


def test_a_cached_run_writes_nothing(directory: Path) -> None:
    store(directory, 0, 5)
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*") if "v1" not in path.parts}
    store(directory, 0, 5)
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*") if "v1" not in path.parts} == before


def test_later_runs_add_to_the_index(directory: Path) -> None:
    store(directory, 0, 5)
    store(directory, 3, 5)
    assert_complete(directory, 8)


def test_the_index_holds_any_name(directory: Path) -> None:
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        for number, name in enumerate(['"}, "x": {"', "a\\", "new\nline", "Größe", "\udcff", "\0"]):
            stem = exports.write("python", f"f_{number:08}", key_of(number), b"\n# the end\n", b"\n# the end\n")
            cache.put_function(key_of(number), b"", language="python", name=name, stem=stem)
        exports.finish()
    assert {entry["function"] for entry in index_of(directory).values()} == {
        '"}, "x": {"', "a\\", "new\nline", "Größe", "?", "\0",
    }  # fmt: skip
    assert_complete(directory, 6)


def damage_no_scripts(directory: Path) -> None:
    shutil.rmtree(directory / "scripts")


def damage_no_tests_of_a_language(directory: Path) -> None:
    shutil.rmtree(directory / "tests" / "python")


def damage_one_script_missing(directory: Path) -> None:
    next((directory / "scripts" / "python").iterdir()).unlink()


def damage_no_index(directory: Path) -> None:
    (directory / INDEX).unlink()


def damage_other_index(directory: Path) -> None:
    (directory / INDEX).write_text("{}")


def damage_no_database(directory: Path) -> None:
    (directory / "v1" / "cache.sqlite3").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damage_no_scripts,
        damage_no_tests_of_a_language,
        damage_one_script_missing,
        damage_no_index,
        damage_other_index,
        damage_no_database,
    ],
)
def test_what_was_deleted_is_made_again_by_the_next_run(directory: Path, damage: object) -> None:
    store(directory, 0, 5)
    damage(directory)  # type: ignore[operator]
    assert store(directory, 0, 5).warnings == []
    assert_complete(directory, 5)


def test_a_file_whose_function_lost_its_script_is_a_miss(directory: Path) -> None:
    store(directory, 0, 5)
    store(directory, 5, 5)
    entry = index_of(directory)[key_of(2).hex()]
    (directory / entry["script"]).unlink()
    with ScriptCache.open(directory) as cache, CacheExports(cache):
        assert cache.get_file(key_of(-1)) is None
        assert cache.get_file(key_of(-6)) == b"file"
        assert list(cache.get_functions([key_of(1), key_of(2)])) == [key_of(1)]


def test_exports_without_a_row_are_removed(directory: Path) -> None:
    store(directory, 0, 5)
    (directory / "v1" / "cache.sqlite3").unlink()
    store(directory, 3, 5)
    assert_complete(directory, 5)


def test_exports_of_aged_rows_are_removed(directory: Path) -> None:
    store(directory, 0, 5)
    with ScriptCache.open(directory, clock=lambda: 4_000_000_000.0) as cache, CacheExports(cache) as exports:
        exports.finish()
        assert cache.stats.evicted == 5
    assert_complete(directory, 0)


def test_files_that_are_not_ours_are_left_alone(directory: Path) -> None:
    store(directory, 0, 5)
    mine = [directory / "scripts/python/notes.py", directory / "tests/python/conftest.py", directory / "notes.txt"]
    for path in mine:
        path.write_text("mine")
    store(directory, 0, 7)
    assert [path.read_text() for path in mine] == ["mine"] * 3
    assert len(index_of(directory)) == 7


def collide(*numbers: int) -> list[bytes]:
    """Keys of different functions with the same first 8 digits."""
    return [b"same" + key_of(number)[4:] for number in numbers]


def store_keys(directory: Path, keys: list[bytes], scripts: list[bytes]) -> list[str]:
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        stems = []
        for key, script in zip(keys, scripts, strict=True):
            stems.append(exports.write("python", f"f_{key.hex()[:8]}", key, script, script))
            cache.put_function(key, script, language="python", name="f", stem=stems[-1])
        exports.finish()
        assert cache.warnings == []
    return stems


@pytest.mark.parametrize("runs", [1, 2])
def test_functions_with_the_same_label_are_kept_apart(directory: Path, runs: int) -> None:
    keys, scripts = collide(1, 2), [script_of(1), script_of(2)]
    if runs == 1:
        stems = store_keys(directory, keys, scripts)
    else:
        stems = store_keys(directory, keys[:1], scripts[:1]) + store_keys(directory, keys[1:], scripts[1:])
    assert stems == ["f_73616d65", full_stem("f_73616d65", keys[1])] == ["f_73616d65", f"f_{keys[1].hex()}"]
    assert_complete(directory, 2)
    for key, script in zip(keys, scripts, strict=True):
        assert (directory / index_of(directory)[key.hex()]["script"]).read_bytes() == script
    with ScriptCache.open(directory, readonly=True) as cache:
        assert cache.get_functions(keys) == dict(zip(keys, scripts, strict=True))


def test_the_same_label_in_two_runs_at_once_ends_well(directory: Path) -> None:
    """Neither run sees the other's files in time: the one that is last is made again by the next run."""
    keys, scripts = collide(1, 2), [script_of(1), script_of(2)]
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        stem = exports.write("python", "f_73616d65", keys[0], scripts[0], scripts[0])
        cache.put_function(keys[0], scripts[0], language="python", name="f", stem=stem)
        store_keys(directory, keys[1:], scripts[1:])
        exports.finish()
    missing = [number for number in (0, 1) if keys[number].hex() not in index_of(directory)]
    assert len(missing) == 1
    store_keys(directory, [keys[missing[0]]], [scripts[missing[0]]])
    assert_complete(directory, 2)


def test_the_same_function_twice_is_exported_once(directory: Path) -> None:
    assert store_keys(directory, [key_of(1)] * 2, [script_of(1)] * 2) == [f"f_{key_of(1).hex()[:8]}"] * 2
    assert_complete(directory, 1)


@pytest.mark.parametrize("runs", [1, 3])
def test_of_a_function_in_two_files_one_script_is_kept(directory: Path, runs: int) -> None:
    """In one run that of the file that sorts first, whoever came first; a later run knows where it is now."""
    key = key_of(1)
    scripts = [b'META = {"file": "%b", "key": 1}\n' % name + script_of(1) for name in (b"b.py", b"a.py", b"c.py")]
    for written in [scripts] if runs == 1 else [[script] for script in scripts]:
        with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
            for script in written:
                assert exports.write("python", "f_73616d65", key, script, script_of(1)) == "f_73616d65"
            cache.put_function(key, script, language="python", name="f", stem="f_73616d65")
            exports.finish()
            assert cache.warnings == []
    assert_complete(directory, 1)
    assert (directory / "scripts/python/f_73616d65.py").read_bytes() == scripts[1 if runs == 1 else 2]


@pytest.mark.parametrize("links", [2, 65_000])
def test_tests_with_the_same_bytes_are_one_file(directory: Path, monkeypatch: pytest.MonkeyPatch, links: int) -> None:
    """As far as the disk allows it: a file can't have any number of names."""

    def link(one: str, other: str, **places: object) -> None:
        if os.stat(one, dir_fd=places["src_dir_fd"]).st_nlink >= links:
            raise OSError(errno.EMLINK, "too many links")
        made(one, other, **places)

    made = os.link
    monkeypatch.setattr(os, "link", link)
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        for number in range(6):
            stem = exports.write("python", f"f_{number:08}", key_of(number), script_of(number), script_of(0))
            cache.put_function(key_of(number), b"", language="python", name="f", stem=stem)
        exports.finish()
    assert_complete(directory, 6)
    assert len({path.stat().st_ino for path in directory.glob("tests/python/*")}) == (3 if links == 2 else 1)


def write_in_worker(directory: Path, staging: str, number: int) -> str:
    writer = ExportWriter(directory, staging)
    try:
        key = key_of(number)
        return writer.write("python", f"function_{key.hex()[:8]}", key, script_of(number), script_of(number))
    finally:
        writer.close()


@pytest.mark.parametrize("already", [0, 3])
def test_workers_write_exports_for_their_parent(directory: Path, already: int) -> None:
    store(directory, 100, already)
    with (
        ScriptCache.open(directory) as cache,
        CacheExports(cache) as exports,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        numbers = list(range(6))
        stems = pool.map(write_in_worker, [directory] * 6, [exports.staging()] * 6, numbers)
        for number, stem in zip(numbers, stems, strict=True):
            cache.put_function(key_of(number), b"", language="python", name="f", stem=stem)
        exports.finish()
    assert_complete(directory, 6 + already)


def test_what_a_dead_run_staged_is_removed_and_that_of_a_living_one_kept(directory: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from telemetry_inject.scripts.cache_exports import CacheExports\n"
        "from telemetry_inject.scripts.script_cache import ScriptCache\n"
        "exports = CacheExports(ScriptCache.open(Path(sys.argv[1])))\n"
        "exports.write('python', 'f_00000000', bytes(32), b'x', b'x')\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(directory)]).returncode == 9
    assert len(list(directory.glob("v1/staging-*/*/python/*"))) == 2
    with ScriptCache.open(directory) as cache, CacheExports(cache) as living:
        assert list(directory.glob("v1/staging-*")) == []
        living.write("python", "f_00000001", key_of(1), script_of(1), script_of(1))
        store(directory, 5, 5)
        assert len(list(directory.glob("v1/staging-*"))) == 1
        cache.put_function(key_of(1), b"", language="python", name="f", stem="f_00000001")
        living.finish()
    assert_complete(directory, 6)
    assert list(directory.glob("v1/staging-*")) == []


@pytest.mark.parametrize("stem", ["../../../evil", "/tmp/evil", "..", ".", "", "a/b", "a\0b", "x" * 300, "CON.", "ü"])
def test_no_name_escapes_the_directory(directory: Path, tmp_path: Path, stem: str) -> None:
    before = set(tmp_path.iterdir())
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        written = exports.write("python", stem, key_of(1), script_of(1), script_of(1))
        cache.put_function(key_of(1), b"", language="python", name=stem, stem=written)
        exports.finish()
        assert cache.warnings == []
    assert written == f"function_{key_of(1).hex()}"
    assert_complete(directory, 1)
    assert set(tmp_path.iterdir()) - before == {directory, tmp_path / "keys"} - before


@pytest.mark.parametrize("language", ["..", "", "a/b", "../../x", ".hidden"])
def test_a_language_that_is_no_name_is_our_bug(directory: Path, language: str) -> None:
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports, pytest.raises(ValueError, match="name"):
        exports.write(language, "f_00000000", key_of(1), b"", b"")


@pytest.mark.parametrize("name", ["scripts", "scripts/python", "tests", "tests/python", "metadata"])
@pytest.mark.parametrize("early", [True, False], ids=["first run", "later run"])
def test_planted_links_lead_nowhere(directory: Path, tmp_path: Path, name: str, early: bool) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / f"function_{key_of(0).hex()[:8]}.py").write_text("precious")
    (target / "old_01234567.py").write_text("precious")
    (target / "cache_index.json").write_text("precious")
    if not early:
        store(directory, 0, 3)
        shutil.rmtree(directory / name)
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).symlink_to(target, target_is_directory=True)
    for _ in range(2):
        cache = store(directory, 0, 5)
        assert "not a directory of its own" in cache.warnings[0]
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        f"function_{key_of(0).hex()[:8]}.py": "precious",
        "old_01234567.py": "precious",
        "cache_index.json": "precious",
    }


def test_planted_links_in_the_place_of_files_are_not_written_through(directory: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    name = f"function_{key_of(0).hex()[:8]}.py"
    for place in (f"scripts/python/{name}", f"tests/python/test_{name}", INDEX):
        (directory / place).parent.mkdir(parents=True)
        (directory / place).symlink_to(precious)
    store(directory, 0, 5)
    assert precious.read_text() == "precious"
    assert_complete(directory, 5)


def test_exports_of_somebody_else_give_way(directory: Path) -> None:
    """A repository can ship files with our names; they are neither kept nor listed."""
    name = f"function_{key_of(0).hex()[:8]}.py"
    for place in ("scripts/python/evil_01234567.py", f"scripts/python/{name}", f"tests/python/test_{name}"):
        (directory / place).parent.mkdir(parents=True, exist_ok=True)
        (directory / place).write_text("import os; os.system('evil')")
    store(directory, 0, 5)
    assert_complete(directory, 5)


@pytest.mark.parametrize("name", ["scripts", "tests/python", "metadata"])
def test_a_directory_of_somebody_else_is_not_written(
    directory: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    store(directory, 0, 3)
    give_away(directory / name, monkeypatch)
    before = {path: path.read_bytes() for path in (directory / name).rglob("*") if path.is_file()}
    cache = store(directory, 0, 5)
    assert "another user" in cache.warnings[0]
    assert {path: path.read_bytes() for path in (directory / name).rglob("*") if path.is_file()} == before


def test_on_a_full_disk_the_run_succeeds_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    with full_disk(tmp_path / "small", 3_000_000) as place:
        directory = place / ".telemetry_cache"
        store(directory, 0, 20)
        cache = store(directory, 20, 3000)
        assert cache.warnings != []
        for path in [*directory.glob("scripts/*/*"), *directory.glob("tests/*/*")]:
            assert path.read_bytes().endswith(b"\n# the end\n")
        assert list(directory.glob("v1/staging-*")) == []
        cache = store(directory, 0, 20)
        assert cache.warnings == []
        assert_complete(directory, len(index_of(directory)))
        assert len(index_of(directory)) >= 20


def test_without_a_key_the_exports_are_those_of_the_run(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "file"))
    store(directory, 0, 5)
    store(directory, 3, 5)
    assert_complete(directory, 5)


def test_a_cache_that_can_only_be_read_exports_nothing(directory: Path) -> None:
    with ScriptCache.open(directory, readonly=True) as cache, CacheExports(cache) as exports:
        assert exports.staging() == ""
        assert exports.write("python", "f_00000000", key_of(1), b"", b"") == "f_00000000"
        exports.finish()
    assert not os.path.lexists(directory)
