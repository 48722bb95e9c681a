"""Light and dark, wide and narrow, on paper, for people who do not see the page; and how the page is built."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from page_support import CLEAN, ROOT, Page, Written, copied_page, program

pytestmark = pytest.mark.xdist_group("page")

TABS = ("timeline", "tree", "functions", "errors", "counts", "gaps")
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's sources, ready to be built."""
    return copied_page(tmp_path_factory.mktemp("sources") / "page")


def test_the_page_is_what_its_sources_build(sources: Path) -> None:
    for command in (["node_modules/typescript/bin/tsc"], ["build.mjs", "page.html"]):
        done = subprocess.run(
            [program("node"), *command],
            cwd=sources,
            env=CLEAN,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    built = (sources / "page.html").read_bytes()
    assert built == (ROOT / "src/telemetry_inject/report/page.html").read_bytes(), "run: python3 dev.py page"
    assert b"The MIT License" in built
    assert b"Copyright (c) 2015-present Jason Miller" in built  # of Preact
    assert b"http" not in built.partition(b"</title>")[2].replace(b"http://www.w3.org/", b"").replace(b"Http", b"")


def test_it_is_dark_where_the_system_is_and_when_asked(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), colorScheme="dark")
    dark = page.evaluate(BACKGROUND)
    page.press("t")
    light = page.evaluate(BACKGROUND)
    assert dark != light == "rgb(255, 255, 255)"
    page.open(written("market_analyser"))
    assert page.evaluate(BACKGROUND) == light
    page.click("button[aria-label^='Theme']")
    assert page.evaluate(BACKGROUND) == dark
    page.media(colorScheme="dark")
    page.click("button[aria-label^='Theme']")
    page.click("button[aria-label^='Theme']")
    assert page.evaluate(BACKGROUND) in (dark, light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_for_assistive_technology(page: Page, written: Written, sources: Path, scheme: str) -> None:
    axe = (sources / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    page.open(written("market_analyser"), colorScheme=scheme)
    page.evaluate(axe + ";0")
    page.click("canvas.spans", 400, 57)
    for tab in TABS:
        page.click(f"#tab-{tab}")
        found = page.evaluate(
            "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes.slice(0, 3).map(({html}) => html)]))"
        )
        assert found == [], tab


@pytest.mark.parametrize("width", [390, 1000])
def test_nothing_is_cut_off_on_narrow_screens(page: Page, written: Written, width: int) -> None:
    page.open(written("market_analyser"), width=width, height=740)
    page.click("canvas.spans", 100, 57)
    page.see(".details h2", "main")
    for tab in TABS:
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.evaluate(
            "(r => [r.left, r.right, r.bottom])(document.querySelector('.details').getBoundingClientRect())"
        )
        assert box[0] >= 0
        assert box[1] <= width
        assert box[2] <= 740
        assert page.evaluate("document.querySelector('#view').getBoundingClientRect().height") > 150


def test_it_can_be_printed(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), tab="functions", colorScheme="dark")
    assert page.pdf() > 10_000
    page.media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.search')).display") == "none"
    assert page.evaluate("getComputedStyle(document.querySelector('.table')).overflow") == "visible"
