"""Draws the README's pictures from real runs: a diff of the example, and the report of its spans."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent.parent / "examples" / "market_analyser"
COMMAND = [sys.executable, "-m", "telemetry_inject"]


def save(name: str, title: str, content: Syntax | Text, width: int) -> None:
    """Write one picture, with a name for its parts that does not change from run to run."""
    console = Console(record=True, width=width, file=open(os.devnull, "w"), color_system="truecolor")
    console.print(content)
    (HERE / name).write_text(console.export_svg(title=title, unique_id=name.partition(".")[0]))


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        spans = Path(folder, "spans.jsonl")
        out = Path(folder, "out")
        run = {"cwd": folder, "check": True, "capture_output": True, "text": True}
        subprocess.run([*COMMAND, EXAMPLE, "--use-scripts", "--no-cache", "-o", out], **run)  # type: ignore[call-overload]
        compared = ["git", "diff", "--no-index", "-w", "-U4", EXAMPLE / "market_analyser/portfolio.py",
                    out / "market_analyser/portfolio.py"]  # fmt: skip
        diff = subprocess.run(compared, capture_output=True, text=True).stdout
        body = "\n".join(diff.splitlines()[4:40])
        save("before-after.svg", "git diff -w market_analyser/portfolio.py", Syntax(body, "diff", theme="monokai"), 100)
        environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(spans)}
        subprocess.run([sys.executable, "-m", "market_analyser", "data"], cwd=out, env=environment, check=True)
        report = subprocess.run([*COMMAND, "report", spans], **run).stdout  # type: ignore[call-overload]
        save("report.svg", "telemetry-inject report telemetry/spans.jsonl", Text(report.rstrip()), 102)


if __name__ == "__main__":
    main()
