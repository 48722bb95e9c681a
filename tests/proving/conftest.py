"""The command as a process on small projects whose tests notice telemetry in real ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "NODE_", "npm_", "PYTEST_", "GOFLAGS"))
}


@dataclass
class Verified:
    """What came of one call of the command."""

    code: int
    document: dict[str, Any]
    said: str
    output: Path

    @property
    def status(self) -> str:
        return str(self.document["verify"]["status"])

    @property
    def left(self) -> dict[str, str]:
        """Function -> likely cause."""
        return {each["function"]: each["likely_cause"] for each in self.document["verify"]["left_out"]}

    @property
    def tests(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document["verify"]["tests"]
        return found

    @property
    def changed(self) -> set[str]:
        return {change["test"] for change in self.tests["changed_at_first"]}


Verify = Callable[..., Verified]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def environment(home: Path, **more: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    paths = os.pathsep.join([str(Path(sys.executable).parent), CLEAN.get("PATH", "")])
    return {
        **CLEAN, "PATH": paths, "HOME": str(home), "TMPDIR": str(home), "TELEMETRY_INJECT_KEY_DIR": str(home / "key"),
        "PYTHONUSERBASE": str(home / ".local"), "GOPATH": CLEAN.get("GOPATH", str(Path.home() / "go")),
        "GOCACHE": CLEAN.get("GOCACHE", str(Path.home() / ".cache/go-build")), **more,
    }  # fmt: skip


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    """Run the command on the project in `tmp_path / "project"` with this command for its tests."""

    def run(command: str, *flags: str, flag: str = "--verify", **more: str) -> Verified:
        project, output = tmp_path / "project", tmp_path / "out"
        words = [
            sys.executable,
            "-m",
            "telemetry_inject",
            ".",
            "--use-scripts",
            "--json",
            "-o",
            str(output),
            flag,
            command,
        ]
        done = subprocess.run(
            [*words, *flags], cwd=project, env=environment(tmp_path / "home", **more), capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1, 5, 6), done.stderr
        assert not list((tmp_path / "home").glob("tiv-*"))
        return Verified(done.returncode, json.loads(done.stdout), done.stderr, output)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Write the files of the project."""
    return lambda files: write(tmp_path / "project", files)
