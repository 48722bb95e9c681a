"""The table of what a call costs with telemetry, the same for every language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FIGURES = Path(__file__).parents[1] / ".work" / "overhead.json"


@dataclass
class Cost:
    """Nanoseconds of one kind of call, the best seen: with telemetry, and of the function as it was."""

    name: str
    call: float = float("inf")
    bare: float = float("inf")

    def seen(self, call: float) -> None:
        """Take a further measurement."""
        self.call = min(self.call, call)


def keep(part: str, title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Write the figures of one part of the benchmark beside those of the others, for the picture."""
    FIGURES.parent.mkdir(exist_ok=True)
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    figures[part] = {"title": title, "rows": rows}
    FIGURES.write_text(json.dumps(figures, indent=1))


def print_costs(part: str, title: str, costs: Sequence[Cost], reference: Cost) -> None:
    """A Markdown table, one line a kind of call; the ratio is that of the overhead to the reference's."""
    print(f"\n{title}\n\n|  | ns a call | uninstrumented | added | of ours |\n| --- | ---: | ---: | ---: | ---: |")
    ours = reference.call - reference.bare
    for cost in costs:
        added = cost.call - cost.bare
        print(f"| {cost.name} | {cost.call:,.1f} | {cost.bare:,.1f} | {added:,.1f} | {added / ours:.2f}x |")
    keep(part, title, [{"name": cost.name, "overhead": cost.call - cost.bare} for cost in costs])


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
