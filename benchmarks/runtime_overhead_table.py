"""The table of what a call costs with telemetry, the same for every language."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    """Nanoseconds of one kind of call, the best seen: with telemetry, and of the function as it was."""

    name: str
    call: float = float("inf")
    bare: float = float("inf")

    def seen(self, call: float) -> None:
        """Take a further measurement."""
        self.call = min(self.call, call)


def print_costs(costs: Sequence[Cost], reference: Cost) -> None:
    """One line a kind of call; the ratio is that of the overhead to the reference's."""
    print(f"{'':50}{'ns/call':>9}{'bare':>7}{'overhead':>10}{'ratio':>8}")
    for cost in costs:
        overhead = cost.call - cost.bare
        ratio = overhead / (reference.call - reference.bare)
        print(f"{cost.name:50}{cost.call:9.0f}{cost.bare:7.0f}{overhead:10.0f}{ratio:8.2f}")


def instrument(source: Path, target: Path, level: str) -> None:
    """An instrumented copy of a folder: every function, trivial ones too."""
    command = [sys.executable, "-m", "telemetry_inject", os.fspath(source), "--use-scripts", "--isolated", "--quiet"]
    command += ["--all-functions", "--level", level, "--no-cache", "-o", os.fspath(target)]
    subprocess.run(command, check=True, cwd=target.parent)


def all_recorded(folder: Path, calls: int) -> None:
    """Raises SystemExit when fewer than 99 % of the calls are in the span files: dropping is cheap."""
    found = sum(path.read_bytes().count(b'"spanId"') for path in folder.glob("*.jsonl"))
    if found < calls * 0.99:
        sys.exit(f"only {found} of {calls} spans were written: the figures are not those of recording")
