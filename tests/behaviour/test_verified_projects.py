"""One small real project of each language goes through `--verify`; `dev.py proofs` does it with all of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECTS = {"itsdangerous": "python3", "fastq": "npm", "uuid": "go"}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_real_project_ends_the_same_with_every_function_instrumented(name: str, tmp_path: Path) -> None:
    if not shutil.which(PROJECTS[name]):
        assert os.environ.get("CI") != "true", f"CI has to have {PROJECTS[name]}"
        pytest.skip(f"no {PROJECTS[name]} on this machine")
    results = tmp_path / "results.json"
    command = [sys.executable, ROOT / "benchmarks/behaviour/verify.py", name, "--results", results]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = json.loads(results.read_text())
    assert (row["exit_code"], row["changed_at_first"], row["left_out"], row["problem"]) == (0, 0, [], "")
    assert row["functions"] > 20
    assert row["tests"] > 100
