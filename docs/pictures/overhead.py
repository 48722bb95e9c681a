"""Draws what tracing adds to a call, from the figures of the last `python3 dev.py overhead`, as bars on a log scale."""

from __future__ import annotations

import json
import math
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIGURES = HERE.parents[1] / ".work" / "overhead.json"
LEFT, PLOT, ROW, BAR = 330, 480, 24, 14  # pixels: names, the scale, one line, one bar
LEAST, DECADES = 1.0, 5  # nanoseconds where the scale starts, and how many powers of ten it has
OURS, OTHERS, INK, FAINT = "#2f6fde", "#9aa3ad", "#24292f", "#d0d7de"
# Part of the figures -> heading, and the rows shown; all rows where there are none.
PARTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "program": ("Python, a whole program: CPU time of all threads, with writing", ()),
    "node": (
        "Node: time in the call; the SDK exports to nowhere",
        ("switched off", "level function, recorded", "OpenTelemetry SDK, startActiveSpan"),
    ),
    "go": (
        "Go: time in the call; the SDK exports to nowhere",
        ("switched off", "level function, recorded", "OpenTelemetry SDK, Start and End"),
    ),
}
PEERS = ("OpenTelemetry", "logfire", "cProfile", "VizTracer")


def text(x: float, y: float, words: str, more: str = "") -> str:
    """One piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def amount(nanoseconds: float) -> str:
    """A number of nanoseconds for a reader."""
    if nanoseconds < LEAST:
        return "under 1 ns"
    return f"{nanoseconds:,.1f} ns" if nanoseconds < 10 else f"{nanoseconds:,.0f} ns"


def bar(y: float, name: str, nanoseconds: float) -> list[str]:
    """One line: whose it is, the bar, and the figure."""
    ours = not name.startswith(PEERS)
    length = PLOT * min(1.0, math.log10(max(nanoseconds, LEAST) / LEAST) / DECADES)
    label = name if not ours or name.startswith("ours") else f"ours, {name.removeprefix('level function, ')}"
    return [
        text(LEFT - 8, y + 12, label, 'text-anchor="end"'),
        f'<rect x="{LEFT}" y="{y:.1f}" width="{max(length, 1):.1f}" height="{BAR}" fill="{OURS if ours else OTHERS}"/>',
        text(LEFT + length + 6, y + 12, amount(nanoseconds)),
    ]


def main() -> None:
    """Write overhead.svg."""
    figures = json.loads(FIGURES.read_text())
    parts: list[str] = []
    top = y = 44.0
    for part, (heading, names) in PARTS.items():
        if part not in figures:
            continue
        parts.append(text(8, y + 14, heading, 'font-weight="600"'))
        y += ROW
        for row in figures[part]["rows"]:
            if row["name"] != "uninstrumented" and (not names or row["name"] in names):
                parts += bar(y, row["name"], row["overhead"])
                y += ROW
        y += 10
    scale = []
    for power in range(DECADES + 1):
        x = LEFT + PLOT * power / DECADES
        scale.append(f'<line x1="{x}" x2="{x}" y1="{top}" y2="{y}" stroke="{FAINT}"/>')
        scale.append(text(x, y + 16, f"{int(LEAST * 10**power):,} ns", 'text-anchor="middle" font-size="11"'))
    width, height = LEFT + PLOT + 100, y + 30
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" font-family="sans-serif" '
    head += f'font-size="13" fill="{INK}" role="img"><title>What tracing adds to one call</title>'
    paper = f'<rect width="{width}" height="{height:.0f}" fill="#ffffff"/>'
    title = text(8, 24, "What tracing adds to one call (log scale, less is better)", 'font-size="16"')
    (HERE / "overhead.svg").write_text("\n".join([head, paper, title, *scale, *parts, "</svg>"]) + "\n")


if __name__ == "__main__":
    main()
