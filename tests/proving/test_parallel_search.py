"""Where there are processors for it, several runs of the suite go on at a time, each in a place of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .conftest import Verify

NAMES = [f"work_{number}" for number in range(8)]
APP = "".join(f"def {name}(value):\n    value += 1\n    return value\n\n\n" for name in NAMES)
CHECK = """
import inspect, os, time
import pytest
import app

def log(word):
    with open(os.environ["LOG"], "a") as file:
        file.write(f"{word} {os.getcwd()}\\n")

@pytest.fixture(scope="session", autouse=True)
def logged():
    log("begins")
    time.sleep(0.5)
    yield
    log("ends")

@pytest.mark.parametrize("name", ["work_1", "work_6"])
def test_source(name):
    getattr(app, name)(1)
    assert "_tlm" not in inspect.getsource(getattr(app, name))
"""


def test_culprits_are_searched_in_two_places_at_once(
    project: Callable[[Mapping[str, str]], Path], verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project({"pyproject.toml": "", "app.py": APP, "test_app.py": CHECK})
    (tmp_path / "many" / "sitecustomize.py").parent.mkdir()
    (tmp_path / "many" / "sitecustomize.py").write_text("import os\nos.cpu_count = lambda: 4\n")
    log = tmp_path / "log"
    command = f"{sys.executable} -m pytest -q -p no:cacheprovider"
    flags = ("--include", "/app.py", "--all-functions")
    found = verify(command, *flags, PYTHONPATH=str(tmp_path / "many"), LOG=str(log))
    assert (found.code, found.left) == (5, {"app.py:work_1": "source text", "app.py:work_6": "source text"})
    running: set[str] = set()
    most = 0
    for line in log.read_text().splitlines():
        word, place = line.split()
        (running.add if word == "begins" else running.remove)(place)
        most = max(most, len(running))
    assert most == 2 and not running
