"""The whole standard library of the running interpreter at the level that inserts most, and a third of its files at the
others, which insert parts of that (its own tests and packages left out)."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "benchmarks/corpus.py"


@pytest.mark.parametrize(("level", "step"), [("function", 3), ("flow", 3), ("full", 1)])
def test_the_files_of_the_standard_library_come_back_and_are_the_same_program(level: str, step: int) -> None:
    excluded = [f"--exclude={name}" for name in ("test", "tests", "idle_test", "site-packages", "__pycache__")]
    command = [sys.executable, str(CORPUS), "--level", level, f"--step={step}", *excluded, sysconfig.get_path("stdlib")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 problems" in done.stdout
