"""Takes the README's pictures of the page that `report --html` writes, in the browser that tests it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tests/page"))
from page_support import Page, browsing, record  # noqa: E402

from telemetry_inject.report.html_page import write_html  # noqa: E402

SPANS = "canvas.spans"
SIZE = {"width": 1280, "height": 720}


def written(example: str, room: Path) -> Path:
    """The page of an example, with its source."""
    place = room / example
    place.mkdir()
    out = place / f"{example}.html"
    write_html(record(example, place), out, ROOT / "examples" / example)
    return out


def own_trace(room: Path) -> Path:
    """The page of the tool itself, instrumented by itself, at work on an example."""
    tool, sources, spans = [sys.executable, "-m", "telemetry_inject"], room / "sources", room / "own.jsonl"
    own = [ROOT / "src", "--include", "*.py", "--exclude", "cases/", "-o", sources]
    work = [ROOT / "examples/market_analyser", "-o", room / "work"]
    for arguments, environment in (
        (own, {}),
        (work, {"PYTHONPATH": str(sources), "TELEMETRY_INJECT_FILE": str(spans), "OTEL_SERVICE_NAME": tool[-1]}),
    ):
        command = [*tool, *arguments, "--use-scripts", "--isolated", "--no-cache", "--quiet"]
        subprocess.run(command, check=True, cwd=room, env=os.environ | environment)
    out = room / "own.html"
    write_html([spans], out)
    return out


def draw_pages(room: Path) -> None:
    """A trace through three services, the errors of one program, its functions in the dark, and a phone."""
    services, analyser = written("three_services", room), written("market_analyser", room)
    with browsing() as page:
        page.open(own_trace(room), **SIZE)
        page.picture(HERE / "page-own-trace.png")
        draw_trace(page.open(services, **SIZE), HERE / "page-trace.png")
        page.open(analyser, **SIZE)
        page.click(SPANS, 330, 93)
        page.picture(HERE / "page-timeline.png")
        page.open(analyser, tab="errors", **SIZE)
        page.click(".failure:nth-child(2) button.head")
        page.picture(HERE / "page-errors.png")
        page.open(analyser, tab="functions", colorScheme="dark", **SIZE)
        page.click("tbody tr:has-text('parse_number')")
        page.see(".details .source")
        page.picture(HERE / "page-functions-dark.png")


def draw_trace(page: Page, path: Path) -> None:
    """One request on its way through the services."""
    page.choose("select", "trace")
    page.choose(".toolbar label:nth-of-type(2) select", "language")
    page.fill("input[type=search]", "exchangeRate")
    page.press("Enter")
    page.see(".details h2", "exchangeRate")
    page.fill("input[type=search]", "")
    page.evaluate("document.querySelector('.lanes').focus()")
    while page.text(".details h2") != "order":
        page.press("ArrowUp")
    page.press("Enter", "s")
    page.view()
    page.picture(path)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        draw_pages(Path(folder))
