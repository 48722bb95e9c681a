"""Results of an interrupted verification: found again by what they depend on, believed only when they are ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from telemetry_inject.proving.project_copy import Project, ProjectCopier
from telemetry_inject.proving.suite import Run, RunCache, Suite

from .conftest import environment, write

RUN = Run({"a": "passed"}, {}, True, 0, False, 1.0, 1.0, "", 0, 0, ["pytest"], 1)


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "key"))


def test_a_result_is_found_again_by_another_process(tmp_path: Path) -> None:
    RunCache(tmp_path / "runs").put("k", RUN)
    assert RunCache(tmp_path / "runs").get("k") == RUN
    assert RunCache(tmp_path / "runs").get("other") is None


def test_what_a_stranger_has_put_there_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RunCache(tmp_path / "runs").put("k", RUN)
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "another"))
    assert RunCache(tmp_path / "runs").get("k") is None


def test_a_result_is_not_that_of_another_key_and_may_be_damaged(tmp_path: Path) -> None:
    cache = RunCache(tmp_path / "runs")
    cache.put("k", RUN)
    data = (tmp_path / "runs" / "k.json").read_bytes()
    (tmp_path / "runs" / "other.json").write_bytes(data)
    (tmp_path / "runs" / "half.json").write_bytes(data[: len(data) // 2])
    assert RunCache(tmp_path / "runs").get("other") is None
    assert RunCache(tmp_path / "runs").get("half") is None


def test_a_run_is_repeated_only_when_something_it_depends_on_is_another(tmp_path: Path) -> None:
    source = write(tmp_path / "project", {"data.txt": "1"})
    project = Project(source, ".", ".")
    counter = tmp_path / "counter"
    command = f"echo x >> {counter}; cat data.txt"

    def run(files: Mapping[str, bytes], number: int, repeat: int = 0, text: str = command) -> Run:
        work = tmp_path / f"work{number}"
        work.mkdir()
        cache = RunCache(tmp_path / "runs")
        suite = Suite(project, ProjectCopier(source), text, work, environment(tmp_path / "h"), cache, threading.Event())
        return suite.run(files, 20, repeat=repeat)

    def runs() -> int:
        return counter.read_text().count("x")

    assert run({}, 1).output == "1"
    assert run({}, 2).output == "1" and runs() == 1
    assert run({"data.txt": b"2"}, 3).output == "2" and runs() == 2
    assert run({}, 4, repeat=1).output == "1" and runs() == 3
    assert run({}, 5, text=command + " ") and runs() == 4
    assert json.loads((tmp_path / "runs").iterdir().__next__().read_bytes().split(b"\n", 1)[1])["exit_code"] == 0
