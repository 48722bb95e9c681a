"""The tests in the cache after real runs: without source text, passing in place, skipped when there is nothing to prove."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from .conftest import FILES, Command, clean_environment, write_files

CACHE = ".telemetry_cache"
DISTINCT = (b"marzipan-4711", b"marzipan_comment", b"marzipan documentation", b"8472.125", b"marzipan default")
SECRETIVE = {
    "bank.py": '''"""marzipan documentation of the module"""


def charge(amount, key="marzipan default"):
    """marzipan documentation"""
    token = "marzipan-4711"  # marzipan_comment
    rate = 8472.125
    for item in [amount, "marzipan-4711"]:
        if item == "marzipan-4711":
            rate += 8472.125
    try:
        return f"marzipan-4711 {rate}" + token
    except ValueError as error:
        raise KeyError("marzipan-4711") from error


class Teller:
    @property
    def name(self): return print("marzipan-4711") or 8472.125
''',
    "latin.py": "# coding: latin-1\ndef f(a):\n    return print(a, '\xe9 marzipan-4711')\n",
    "broken.py": 'def f(a):\n    return print(a, "marzipan-4711"\n',
    "newer.py": 'def f(a):\n    print "marzipan-4711", a\n    return print(a)\n',
    "skipped.py": 'def f(a):\n    print("marzipan-4711")\n    return locals()\n',
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def prove(cache: Path) -> Counter[str]:
    """How many tests of the cache had each outcome."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(cache / "tests")],
        cwd=cache, env=clean_environment(cache), capture_output=True, text=True,
    )  # fmt: skip
    found = re.findall(r"(\d+) (passed|failed|skipped|errors?)", done.stdout.splitlines()[-1])
    assert found, done.stdout + done.stderr
    return Counter({outcome: int(count) for count, outcome in found})


@pytest.mark.parametrize("level", ["function", "flow", "full"])
@pytest.mark.parametrize("place", ["copy", "in-place"])
def test_no_source_text_is_in_the_cache(command: Command, tmp_path: Path, home: Path, level: str, place: str) -> None:
    project = tmp_path / "secretive"
    write_files(project, SECRETIVE)
    (project / "latin.py").write_bytes(SECRETIVE["latin.py"].encode("latin-1"))
    assert all(any(text in path.read_bytes() for path in project.iterdir()) for text in DISTINCT)
    where = ["--in-place"] if place == "in-place" else ["-o", tmp_path / "out"]
    for _ in range(2):
        command(project, "--use-scripts", "--level", level, "--all-functions", *where, check=None)
    files = [path for path in (home / CACHE).rglob("*") if path.is_file()]
    kinds = {path.relative_to(home / CACHE).parts[0] for path in files}
    assert kinds >= {"v1", "scripts", "tests", "metadata"}
    assert any(path.name.startswith("test_charge_") for path in files)
    assert [(path, text) for path in files for text in DISTINCT if text in path.read_bytes()] == []
    assert prove(home / CACHE).keys() == {"passed"}


@pytest.mark.parametrize("level", ["function", "full"])
def test_the_tests_pass_before_and_after_the_sources_are_instrumented(
    command: Command, project: Path, tmp_path: Path, home: Path, level: str
) -> None:
    command(project, "--use-scripts", "--level", level, "-o", tmp_path / "out")
    assert prove(home / CACHE) == {"passed": 42}
    command(project, "--use-scripts", "--level", level, "--in-place")
    assert b"_tlm" in (project / "app/core.py").read_bytes()
    assert prove(home / CACHE) == {"passed": 42}


def test_the_tests_of_an_edited_function_are_skipped(
    command: Command, project: Path, tmp_path: Path, home: Path
) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "out")
    deep = project / "app/sub/deep.py"
    deep.write_text("import os\n\n\n" + deep.read_text().replace("** 2", "** 3"))
    (project / "plain/beside.py").unlink()
    assert prove(home / CACHE) == {"passed": 30, "skipped": 12}


def test_a_cache_that_moves_with_its_tree_still_passes(command: Command, project: Path, tmp_path: Path) -> None:
    cache = project / CACHE
    command(project, "--use-scripts", "-o", tmp_path / "out", "--cache-dir", cache)
    assert prove(cache) == {"passed": 42}
    moved = tmp_path / "deeply/nested"
    moved.mkdir(parents=True)
    project.rename(moved / "renamed")
    assert prove(moved / "renamed" / CACHE) == {"passed": 42}


def test_a_function_in_several_files_has_one_script_and_one_test(command: Command, tmp_path: Path, home: Path) -> None:
    project = tmp_path / "twins"
    write_files(project, {f"{name}.py": f"NAME = {name!r}\n\n\n" + FILES["app/sub/deep.py"] for name in "abc"})
    command(project, "--use-scripts", "-o", tmp_path / "out")
    assert len(list((home / CACHE / "scripts/python").iterdir())) == 1
    assert prove(home / CACHE) == {"passed": 6}


def test_a_script_that_is_made_again_is_proved_where_its_function_is_now(
    command: Command, project: Path, tmp_path: Path, home: Path
) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "one")
    project.rename(tmp_path / "elsewhere")
    assert prove(home / CACHE) == {"skipped": 42}
    (home / CACHE / "v1/cache.sqlite3").unlink()
    command(tmp_path / "elsewhere", "--use-scripts", "-o", tmp_path / "two")
    assert len(list((home / CACHE / "scripts/python").iterdir())) == 7
    assert prove(home / CACHE) == {"passed": 42}
