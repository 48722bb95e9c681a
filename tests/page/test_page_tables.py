"""Call tree, functions, exceptions and counts: the same figures as elsewhere, sorted and opened by clicks and keys."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from page_support import ROOT, Page, Recorded, Written

from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.html_page import write_html
from telemetry_inject.report.span_file import load_spans

pytestmark = pytest.mark.xdist_group("page")

ROWS = "tbody tr:not(.space)"


def cells(page: Page, column: int) -> list[str]:
    return page.texts(f"{ROWS} td:nth-child({column})")


def test_functions_have_the_figures_of_the_report(page: Page, written: Written, recorded: Recorded) -> None:
    spans = Spans(load_spans(recorded("market_analyser")))
    _, functions = spans.tree()
    page.open(written("market_analyser"), height=1200, tab="functions")
    shown = dict(zip([text.split()[0] for text in cells(page, 1)], cells(page, 2), strict=True))
    assert shown == {spans.labels[label].name: f"{stats.calls:,}" for label, stats in functions.items() if stats.calls}


def test_functions_are_sorted_by_any_column(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), height=1200, tab="functions")
    page.click("th button:has-text('Calls')")
    page.see("th[aria-sort=descending]", "Calls")
    calls = [int(text.replace(",", "")) for text in cells(page, 2)]
    assert calls == sorted(calls, reverse=True)
    assert calls[0] > calls[-1]
    page.click("th button:has-text('Calls')")
    page.see("th[aria-sort=ascending]", "Calls")
    assert [int(text.replace(",", "")) for text in cells(page, 2)] == calls[::-1] or cells(page, 2)[0] == "1"
    page.click("th button:has-text('Function')")
    names = [text.split()[0].lower() for text in cells(page, 1)]
    assert names[0] < names[-1]
    page.fill("input[type=search]", "portfolio")
    page.until("document.querySelectorAll('tbody tr').length < 12")
    assert all("ortfolio" in text for text in cells(page, 1))


def test_a_function_leads_to_its_spans(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), tab="functions")
    page.click(f"{ROWS}:has-text('parse_number')")
    page.see(".details", "Longest calls")
    page.see(".details .source .marked", "def parse_number(")
    page.click(".details .spans-list button")
    page.see("[role=tab][aria-selected=true]", "Timeline")
    page.see(".details h2", "parse_number")


def test_the_call_tree_opens_and_closes_by_keys(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), height=1200, tab="tree")
    before = len(cells(page, 1))
    assert "main" in cells(page, 1)[0]
    page.evaluate("document.querySelector('tbody tr').focus()")
    page.press("ArrowLeft")
    page.until("document.querySelectorAll('tbody tr').length === 1")
    page.press("ArrowRight")
    page.until("document.querySelectorAll('tbody tr').length > 1")
    assert len(cells(page, 1)) == before
    page.press("ArrowDown", "Enter")
    page.see("tbody tr[aria-selected=true]")
    page.see(".details h2", cells(page, 1)[1].strip())
    page.click("button:has-text('Collapse all')")
    page.until("document.querySelectorAll('tbody tr').length === 1")


def test_exceptions_come_with_stack_source_line_and_spans(page: Page, written: Written) -> None:
    page.open(written("market_analyser"), tab="errors")
    page.click(".failure:has-text('MalformedData') button.head")
    failure = ".failure:has-text('MalformedData')"
    page.see(f"{failure} .marked", "raise MalformedData(line")
    page.see(f"{failure} .stack", "in parse_number")
    page.click(f"{failure} button:has-text('Show in timeline')")
    page.see(".details h2", "parse_number")
    page.see(".details", "close is not a number")


@pytest.mark.parametrize(
    ("example", "kind", "first", "within"),
    [
        ("order_service_js", "RangeError", "function priceOf(", "throw new RangeError(`unknown article"),
        ("inventory_go", "errorString", "func ask(", "recover()"),
    ],
)
def test_where_only_the_function_of_an_exception_is_known_its_text_is_shown(
    page: Page, written: Written, example: str, kind: str, first: str, within: str
) -> None:
    page.open(written(example), tab="errors")
    if page.evaluate(f"!document.querySelector('.failure').innerText.includes('{kind}')"):
        page.click(f".failure:has-text('{kind}') button.head")
    page.see(".failure .marked", first)
    page.see(".failure .source", within)


def test_source_text_is_in_the_page_only_when_it_was_asked_for(page: Page, recorded: Recorded, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    write_html(recorded("market_analyser"), out)
    page.open(out, tab="errors")
    page.click(".failure:has-text('MalformedData') button.head")
    page.see(".failure:has-text('MalformedData') code", "prices.py:")
    assert page.texts(".source") == []


def test_the_source_may_be_the_instrumented_copy(page: Page, recorded: Recorded, tmp_path: Path) -> None:
    files = recorded("market_analyser")
    out = tmp_path / "page.html"
    write_html(files, out, files[0].parent.parent / "market_analyser")
    page.open(out, tab="errors")
    page.click(".failure:has-text('MalformedData') button.head")
    page.see(".failure .marked", "raise MalformedData(line")
    page.click("#tab-counts")
    page.click(f"{ROWS}:has-text('parse_number'):has-text('except')")
    page.see(".below .marked", "except ValueError")


def test_the_source_may_be_elsewhere_than_the_copy_that_ran(page: Page, recorded: Recorded, tmp_path: Path) -> None:
    spans = tmp_path / "moved.jsonl"
    (path,) = recorded("market_analyser")
    spans.write_text(path.read_text().replace(str(path.parent.parent / "market_analyser"), "/srv/copy"))
    out = tmp_path / "page.html"
    write_html([spans], out, ROOT / "examples/market_analyser")
    page.open(out, tab="functions")
    page.click(f"{ROWS}:has-text('parse_number')")
    page.see(".details .source .marked", "def parse_number(")


def test_counts_of_branches_and_loops_are_those_of_the_spans(page: Page, written: Written, recorded: Recorded) -> None:
    times: Counter[str] = Counter()
    for span in load_spans(recorded("market_analyser")):
        for key, value in span.attributes.items():
            if key.startswith(("telemetry.branch.", "telemetry.loop.", "telemetry.handled.")) and isinstance(
                value, int
            ):
                times[f"{span.name} {key}"] += value
    page.open(written("market_analyser"), height=1400, tab="counts")
    shown = sorted(int(text.replace(",", "")) for text in cells(page, 4))
    assert shown == sorted(times.values())
    page.click(f"{ROWS}:has-text('parse_number'):has-text('except')")
    page.see(".below .marked", "except ValueError")
    page.click(f"{ROWS}:has-text('follow_signals'):has-text('for')")
    page.see(".below .marked", "for ")


def test_views_are_tabs_for_keys_as_well(page: Page, written: Written) -> None:
    page.open(written("market_analyser"))
    page.evaluate("document.getElementById('tab-timeline').focus()")
    for name in ("tree", "functions", "errors", "counts", "gaps", "timeline"):
        page.press("ArrowRight")
        assert page.evaluate("document.activeElement.id") == f"tab-{name}"
        page.see(f"#tab-{name}[aria-selected=true]")
    page.press("3")
    page.see("#tab-functions[aria-selected=true]")
    page.press("?")
    page.see("dialog", "Keys")
    page.press("Escape")
    page.until("!document.querySelector('dialog')")
