"""Small projects of each language pass their own tests with every function instrumented.

The behaviour harness in benchmarks/behaviour does the same with many projects, in minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FETCHERS = ("'pip'", "'npm'", "'go', 'mod', 'download'")
HARNESS = ROOT / "benchmarks" / "behaviour" / "run.py"


def compare(project: str, level: str, results: Path) -> dict[str, Any]:
    """What the harness found about one project; what it fetched, and the runs of the untouched source, are kept."""
    done = subprocess.run(
        [sys.executable, str(HARNESS), project, "--level", level, "--results", str(results)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if (
        "NOT COMPARED" in done.stdout
        and any(tool in done.stdout for tool in FETCHERS)
        and os.environ.get("CI") != "true"
    ):
        pytest.skip("the package index cannot be reached")
    found = results / f"{level}.json"
    assert found.exists(), done.stdout
    (result,) = json.loads(found.read_text())
    comparison: dict[str, Any] = result["comparison"]
    return comparison


@pytest.mark.slow
@pytest.mark.parametrize(
    ("project", "level"),
    [
        ("h11", "function"),
        ("itsdangerous", "full"),
        ("qs", "function"),
        ("fastq", "function"),
        ("uuid", "function"),
        ("mux", "function"),
    ],
)
def test_a_project_passes_its_own_tests_as_before(project: str, level: str, tmp_path: Path) -> None:
    found = compare(project, level, tmp_path)
    assert found["different"] == [] and found["expected"] == {}
    assert found["span_problems"] == []
    assert found["other_problems"] == []
    assert found["exit_codes"] == [0, 0]
    assert found["passed"] > 50 and found["functions"] > 20
    assert found["spans"] > found["passed"], "each test calls something that is instrumented"
