"""The map as a page, in Chromium: search, states, folders, dark and narrow, hostile names, very many functions."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_support import ROOT, Page, Recorded

from telemetry_inject.config import load_settings
from telemetry_inject.coverage.coverage_map import CoverageMap, coverage_map
from telemetry_inject.coverage.map_command import map_of
from telemetry_inject.coverage.map_page import map_page, write_map_page
from telemetry_inject.types import FileReport, FileStatus, FunctionReport, FunctionStatus, RunResult

pytestmark = pytest.mark.xdist_group("page")

HOSTILE = "</script><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\u202e\x1b'\"&amp;@BODY@"
VISIBLE = "[...document.querySelectorAll('main tr')].filter(row => row.parentNode.tagName === 'TBODY' && row.checkVisibility()).length"


def made(files: dict[str, list[tuple[str, str]]]) -> CoverageMap:
    """A map of functions (name, reason why it is left alone)."""
    reports = [
        FileReport(
            path, "python", FileStatus.INSTRUMENTED, "",
            tuple(
                FunctionReport(name, line, FunctionStatus.SKIPPED if why else FunctionStatus.INSTRUMENTED, why)
                for line, (name, why) in enumerate(functions, 1)
            ),
        )
        for path, functions in files.items()
    ]  # fmt: skip
    return coverage_map("tree", RunResult(tuple(reports)))


@pytest.fixture(scope="module")
def go_map(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The map of the Go example after a run."""
    flags = {
        "path": str(ROOT / "examples/inventory_go"), "map": True, "cache": False,
        "spans": list(map(str, recorded("inventory_go"))),
    }  # fmt: skip
    out = tmp_path_factory.mktemp("map") / "map.html"
    write_map_page(map_of(load_settings(flags, {}, out.parent)), out)
    return out


def test_a_person_finds_what_was_never_called(page: Page, go_map: Path) -> None:
    page.open(go_map)
    assert page.text("p") == "22 of 28 functions get spans (79%), in 4 files"
    assert page.evaluate(VISIBLE) == 28
    for state in ("c", "s"):
        page.click(f"input[value={state}]")
    assert page.evaluate(VISIBLE) == 7
    assert set(page.texts("tr.n td:last-child")) == {"never called"}
    page.see("summary .warn", "6 never")
    assert not page.evaluate("document.querySelector('[data-path=\"main.go\"]').checkVisibility()")


def test_the_search_finds_functions_and_paths_and_opens_what_it_finds(page: Page, go_map: Path) -> None:
    page.open(go_map)
    page.click("#close")
    assert page.evaluate(VISIBLE) == 0
    page.fill("#text", "STORE.TAKE")
    page.until(f"{VISIBLE} === 1")
    page.fill("#text", "server.go")
    page.until(f"{VISIBLE} === 7")
    page.fill("#text", "nothing of this name")
    page.see("#none", "Nothing is called so.")
    page.fill("#text", "")
    page.click("#open")
    page.until(f"{VISIBLE} === 28")


def test_it_works_by_keyboard(page: Page, go_map: Path) -> None:
    page.open(go_map)
    before = page.evaluate(VISIBLE)
    page.evaluate("document.querySelector('main summary').focus()")
    page.press("Enter")
    assert page.evaluate(VISIBLE) == 0
    page.press("Enter")
    assert page.evaluate(VISIBLE) == before
    page.press("Tab", "Space")
    assert 0 < page.evaluate(VISIBLE) < before


def test_it_can_be_read_in_the_dark_and_on_a_small_screen(page: Page, go_map: Path) -> None:
    contrast = """(() => {
      const light = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number).map((each) => each / 255)
        .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
      const back = light(getComputedStyle(document.body).backgroundColor);
      const least = (node) => { const [low, high] = [light(getComputedStyle(node).color), back].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05); };
      return Math.min(...[...document.querySelectorAll("td, .figure, .name, p")].map(least));
    })()"""
    for scheme in ("light", "dark"):
        page.open(go_map, width=360, colorScheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate(contrast) >= 4.5
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"


def test_without_scripts_all_is_there(page: Page, go_map: Path) -> None:
    text = (
        go_map.read_text()
        .replace("<script>", "<script type='text/plain'>")
        .replace('id="page"', 'id="page" data-ready')
    )
    plain = go_map.with_name("plain.html")
    plain.write_text(text)
    page.open(plain)
    assert page.evaluate(VISIBLE) == 28
    assert not page.evaluate("document.getElementById('find').checkVisibility()")


def test_hostile_names_are_shown_as_text(page: Page, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    out.write_text(map_page(made({f"{HOSTILE}/{HOSTILE}.py": [(HOSTILE, ""), ("f", HOSTILE)]})))
    page.open(out)
    assert "<img src=http://127.0.0.1:9/x onerror=alert(2)>\\u202e\\x1b'\"&amp;@BODY@" in page.text(
        "tr.i td:nth-child(2)"
    )
    assert page.evaluate("document.images.length") == 0


def test_twenty_thousand_functions_can_be_searched(page: Page, tmp_path: Path) -> None:
    files = {
        f"pkg{number // 40}/mod{number}.py": [(f"Class{number}.method{each}", "trivial" if each % 5 == 0 else "") for each in range(20)]
        for number in range(1000)
    }  # fmt: skip
    out = tmp_path / "map.html"
    out.write_text(map_page(made(files)))
    assert out.stat().st_size < 2_500_000
    page.open(out)
    assert page.text("p") == "16,000 of 20,000 functions get spans (80%), in 1,000 files"
    page.fill("#text", "Class777.method3")
    page.until(f"{VISIBLE} === 1")
    page.fill("#text", "")
    page.click("input[value=i]")
    page.click("#open")
    page.until(f"{VISIBLE} === 4000")
