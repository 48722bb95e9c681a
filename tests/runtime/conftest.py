"""Runs small instrumented programs in processes of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runtime_support import CLEAN, HELPER, Outcome, Run, check_tree


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a program that may say `from _telemetry_inject import _tlm`; `check` its exit code and span tree."""

    def run(
        program: str,
        *arguments: str,
        env: dict[str, str] | None = None,
        python: str = sys.executable,
        flags: tuple[str, ...] = (),
        code: int | None = 0,
        tree: bool = True,
        timeout: float = 60,
    ) -> Outcome:
        shutil.copy(HELPER, tmp_path / HELPER.name)
        (tmp_path / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
        done = subprocess.run(
            [python, *flags, "program.py", *arguments],
            cwd=tmp_path,
            env=CLEAN | (env or {}),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        outcome = Outcome(tmp_path, done.returncode, done.stdout, done.stderr)
        if code is not None:
            assert done.returncode == code, done.stderr
        if tree:
            check_tree(outcome.spans)
        return outcome

    return run
