"""The timeline of a real program, used with pointer, wheel and keys."""

from __future__ import annotations

import pytest
from page_support import Page, Recorded, Written

from telemetry_inject.report.span_file import load_spans

pytestmark = pytest.mark.xdist_group("page")

SPANS = "canvas.spans"
FIRST_ROW = 57  # the middle of the first lane's first row, in pixels from the top of the canvas


def test_it_shows_the_whole_run_and_what_it_sums_up_to(page: Page, written: Written, recorded: Recorded) -> None:
    spans = list(load_spans(recorded("market_analyser")))
    page.open(written("market_analyser"))
    length = max(span.end for span in spans) - min(span.start for span in spans)
    assert page.view() == (0, length)
    words = " ".join(page.text(".summary").split())
    assert f"{len(spans)} spans" in words
    assert "1 trace 1 process" in words
    assert f"{sum(span.error for span in spans)} failed" in words


def test_a_click_selects_a_span_and_shows_all_that_is_known_of_it(page: Page, written: Written) -> None:
    page.open(written("market_analyser"))
    page.click(SPANS, 400, FIRST_ROW)
    page.see(".details h2", "main")
    words = page.text(".details")
    for expected in ("Duration", "market_analyser.cli.main", "nobody: the start of a trace", "Arguments", "Returned"):
        assert expected in words
    page.see(".details .source .marked", "def main(")
    page.press("Escape")
    page.until("!document.querySelector('.details')")


def test_keys_go_from_caller_to_called_and_zoom(page: Page, written: Written) -> None:
    page.open(written("market_analyser"))
    page.click(SPANS, 400, FIRST_ROW)
    page.evaluate("document.querySelector('.lanes').focus()")
    page.press("ArrowDown")
    page.see(".details dd", "main")
    first = page.text(".details h2")
    assert first != "main"
    page.press("ArrowRight")
    assert page.text(".details h2") != "main"
    page.press("ArrowUp")
    assert page.text(".details h2") == "main"
    page.press("ArrowDown", "Enter")
    assert page.text(".details h2") == first
    begin, end = page.view()
    page.press("0")
    whole = page.view()
    assert whole[1] - whole[0] > end - begin
    page.press("w", "w", "d")
    near = page.view()
    assert near[1] - near[0] < whole[1] - whole[0]
    assert near[0] > whole[0]
    page.press("a", "s", "s")
    assert page.view()[1] - page.view()[0] == pytest.approx(whole[1] - whole[0], rel=0.05)


def test_wheel_pointer_and_buttons_zoom_and_move(page: Page, written: Written) -> None:
    page.open(written("market_analyser"))
    whole = page.view()
    page.wheel((700, 400), (0, -300), key="Control")
    near = page.view()
    assert whole[0] < near[0] < near[1] < whole[1]
    page.drag((900, 650), (600, 650))
    moved = page.view()
    assert moved[0] > near[0]
    assert moved[1] - moved[0] == pytest.approx(near[1] - near[0], rel=0.01)
    page.click("button:text-is('All')")
    assert page.view() == whole
    page.click("button[aria-label='Zoom in']")
    assert page.view()[1] < whole[1]
    page.double(SPANS, 640, FIRST_ROW)
    assert page.view()[0] <= 0  # the outermost call, with a margin
    x, y, width = page.evaluate(
        "(r => [r.x, r.y, r.width])(document.querySelector('.overview').getBoundingClientRect())"
    )
    page.drag((x + width // 5, y + 20), (x + width // 2, y + 20))
    begin, end = page.view()
    assert begin / whole[1] == pytest.approx(0.2, abs=0.01)
    assert end / whole[1] == pytest.approx(0.5, abs=0.01)


def test_search_counts_matches_and_goes_through_them(page: Page, written: Written, recorded: Recorded) -> None:
    spans = list(load_spans(recorded("market_analyser")))
    page.open(written("market_analyser"))
    page.press("/")
    page.fill("input[type=search]", "parse_row")
    page.see(".matches output", str(sum(span.name == "parse_row" for span in spans)))
    page.press("Enter")
    page.see(".details h2", "parse_row")
    page.see(".matches output", "1 of ")
    page.press("Shift+Enter")
    total = sum(span.name == "parse_row" for span in spans)
    page.see(".matches output", f"{total} of {total}")
    page.press("Escape")
    assert page.evaluate("document.querySelector('input[type=search]').value") == ""


def test_search_finds_what_was_recorded_as_an_argument(page: Page, written: Written, recorded: Recorded) -> None:
    spans = list(load_spans(recorded("market_analyser")))
    wanted = sum("2025-02-03" in str(span.raw) for span in spans)
    assert wanted
    page.open(written("market_analyser"))
    page.fill("input[type=search]", "2025-02-03")
    page.see(".matches output", str(wanted))


def test_three_languages_are_lanes_of_one_page(page: Page, written: Written) -> None:
    page.open(written("mixed"))
    assert page.evaluate("document.querySelector('.spans').dataset.lanes") == "3"
    page.see(".summary", "3 processes")
    page.fill("input[type=search]", "labelOf")
    page.see(".matches output")
    page.press("Enter")
    page.see(".details .chip", "JavaScript")
    page.fill("input[type=search]", "Graph.Shortest")
    page.press("Enter")
    page.see(".details h2", "Graph.Shortest")
    page.see(".details .chip", "Go")
    page.choose("select", "trace")
    traces = page.text(".summary span:nth-child(2) b")
    page.until(f"document.querySelector('.spans').dataset.lanes === '{traces}'")


def test_calls_between_services_are_one_trace(page: Page, written: Written) -> None:
    page.open(written("three_services"))
    page.see(".summary", "4 processes")  # the services, and who starts them
    page.fill("input[type=search]", "exchangeRate")
    page.press("Enter")
    page.see(".details .chip", "Go")
    page.choose("select", "trace")
    page.evaluate("document.querySelector('.lanes').focus()")
    languages = set()
    for _ in range(20):
        languages |= set(page.texts(".details .chip")) & {"Python", "JavaScript", "Go"}
        page.press("ArrowUp")
    assert languages == {"Python", "JavaScript", "Go"}
    assert page.text(".details h2") == "main"


def test_a_lane_is_closed_and_opened_by_its_heading(page: Page, written: Written) -> None:
    page.open(written("market_analyser"))
    tall = page.evaluate("document.querySelector('.lanes').scrollHeight")
    page.click(SPANS, 60, 34)
    page.click(SPANS, 400, FIRST_ROW)
    page.until("!document.querySelector('.details')")
    page.click(SPANS, 60, 34)
    page.click(SPANS, 400, FIRST_ROW)
    page.see(".details h2", "main")
    assert page.evaluate("document.querySelector('.lanes').scrollHeight") == tall
