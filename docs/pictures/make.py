"""Draws the README's pictures from real runs: a diff of an example in each language, and the report of spans."""

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
EXAMPLES = HERE.parent.parent / "examples"
PYTHON = EXAMPLES / "market_analyser"
COMMAND = [sys.executable, "-m", "telemetry_inject"]
# picture -> example, file, options of git diff, which lines of the diff, and how wide they are
DIFFS = {
    "before-after.svg": ("market_analyser", "market_analyser/portfolio.py", ("-w", "-U4"), slice(4, 40), 100),
    "before-after-js.svg": ("order_service_js", "src/orders.js", ("-U1",), slice(4, 28), 100),
    "before-after-go.svg": ("inventory_go", "store.go", ("-U2",), slice(4, 39), 104),
}


def save(name: str, title: str, content: Syntax | Text, width: int) -> None:
    """Write one picture, with a name for its parts that does not change from run to run."""
    console = Console(record=True, width=width, file=open(os.devnull, "w"), color_system="truecolor")
    console.print(content)
    (HERE / name).write_text(console.export_svg(title=title, unique_id=name.partition(".")[0]))


def instrumented(example: Path, out: Path) -> Path:
    """Instrument an example into a folder."""
    subprocess.run([*COMMAND, example, "--use-scripts", "--no-cache", "-q", "-o", out], check=True)
    return out


def draw_diff(picture: str, room: Path) -> None:
    """Draw what changes in one file of one example."""
    name, file, options, lines, width = DIFFS[picture]
    out = instrumented(EXAMPLES / name, room / name)
    compared = ["git", "diff", "--no-index", *options, EXAMPLES / name / file, out / file]
    diff = subprocess.run(compared, capture_output=True, text=True).stdout
    body = "\n".join(diff.splitlines()[lines])
    words = " ".join(option for option in options if option == "-w")
    save(picture, f"git diff {words} {file}".replace("  ", " "), Syntax(body, "diff", theme="monokai"), width)


def draw_report(room: Path) -> None:
    """Draw the report of the Python example's spans."""
    spans, out = room / "spans.jsonl", instrumented(PYTHON, room / "run")
    environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(spans)}
    subprocess.run([sys.executable, "-m", "market_analyser", "data"], cwd=out, env=environment, check=True)
    report = subprocess.run([*COMMAND, "report", spans], check=True, capture_output=True, text=True).stdout
    save("report.svg", "telemetry-inject report telemetry/spans.jsonl", Text(report.rstrip()), 102)


def main() -> None:
    """Make all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        for picture in DIFFS:
            draw_diff(picture, Path(folder))
        draw_report(Path(folder))


if __name__ == "__main__":
    main()
