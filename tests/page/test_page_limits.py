"""Pages of what no program should write: hostile texts, nothing, one span, broken recordings, very many spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_spans import line, pairs, span, write, write_many
from page_support import Page

from telemetry_inject.errors import UsageError
from telemetry_inject.report.html_page import page_text, write_html

pytestmark = pytest.mark.xdist_group("page")

HOSTILE = (
    "</script><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>"
    "<style>@import 'http://127.0.0.1:9/y'</style>{{policy}}--><svg onload=alert(3)>\u2028\u202e\x00'\"&amp;"
)
SEEN = "<img src=http://127.0.0.1:9/x onerror=alert(2)>"


def made(out: Path, spans: Path, **options: int) -> Path:
    out.write_text(page_text([spans], **options), "utf-8")
    return out


def test_hostile_texts_are_shown_as_text(page: Page, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "app.py").write_text(
        f"# {HOSTILE.replace(chr(0), '')}\ndef f():\n    raise ValueError({HOSTILE!r})\n", "utf-8"
    )
    stack = pairs(
        {
            "exception.type": f"a.{HOSTILE}",
            "exception.message": HOSTILE,
            "exception.stacktrace": f'Traceback (most recent call last):\n  File "{source}/app.py", line 3, in f\n{HOSTILE}',
        }
    )
    attributes = {
        "code.function.name": HOSTILE,
        "code.file.path": f"{source}/app.py",
        "code.line.number": 2,
        "thread.name": HOSTILE,
        HOSTILE: HOSTILE,
        "telemetry.branch." + HOSTILE: 1,
        "__proto__": "polluted",
    }
    events = [
        {"timeUnixNano": "1", "name": "exception", "attributes": stack},
        {"timeUnixNano": "x", "name": HOSTILE, "attributes": pairs({HOSTILE: HOSTILE})},
    ]
    links = [{"traceId": HOSTILE, "spanId": HOSTILE}]
    spans = [
        span(
            1,
            HOSTILE,
            0,
            100,
            attributes=attributes,
            events=events,
            links=links,
            status={"code": 2, "message": HOSTILE},
        ),
        span(2, HOSTILE, 1, 100, attributes=attributes | {"thread.name": "other"}),
    ]
    file = write(tmp_path / "a<img src=x onerror=alert(4)>.jsonl", spans, service=HOSTILE)
    out = tmp_path / "page.html"
    write_html([file], out, source)
    page.open(out)
    page.see(".head h1", "a<img src=x onerror=alert(4)>.jsonl")
    page.click("canvas.spans", 300, 57)
    page.see(".details h2", SEEN)
    page.see(".details .events", SEEN)
    page.hover("canvas.spans", 320, 57)
    page.see(".tip", SEEN)
    for tab, where in (("tree", "td"), ("functions", "td"), ("errors", ".failure"), ("counts", "td")):
        page.click(f"#tab-{tab}")
        page.see(f"#view {where}", "</script><script>alert(1)</script>")
    page.click("#tab-errors")
    page.see(".source .marked", "raise ValueError(")
    page.fill("input[type=search]", HOSTILE[:40])
    page.see(".matches output", "2")
    assert page.evaluate("document.querySelectorAll('#page img, #page svg, #page script, #page style').length") == 0
    assert page.evaluate("({}).polluted") is None


def test_a_script_that_would_get_into_the_page_is_not_run(browser: Page, tmp_path: Path) -> None:
    text = page_text([write(tmp_path / "one.jsonl", [span(1, "f", 0, 5)])])
    out = tmp_path / "page.html"
    out.write_text(text.replace("</body>", "<script>document.title = 'run'</script></body>"), "utf-8")
    browser.open(out)
    assert browser.evaluate("document.title") == "telemetry-inject report"
    browser.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    with pytest.raises(AssertionError, match="Content Security Policy"):
        browser.quiet()


def test_nothing_recorded_is_a_page_as_well(page: Page, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    page.open(made(tmp_path / "page.html", tmp_path / "empty.jsonl"))
    page.see(".nothing", "There are no spans in 1 file.")
    page.evaluate("document.querySelector('.lanes').focus()")
    page.press("w", "ArrowDown", "ArrowRight", "Enter", "0")
    for tab, words in (
        ("tree", "There are no calls."),
        ("functions", "There are no functions."),
        ("errors", "No exception was recorded."),
        ("counts", "Nothing was counted"),
        ("gaps", "Nothing is missing"),
    ):
        page.click(f"#tab-{tab}")
        page.see(".nothing", words)


def test_what_is_no_span_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("hello\n")
    with pytest.raises(UsageError, match="not a span file"):
        page_text([tmp_path / "other.txt"])


@pytest.mark.parametrize("length", [0, 1, 3 * 10**18])
def test_one_span_of_any_length(page: Page, tmp_path: Path, length: int) -> None:
    page.open(made(tmp_path / "page.html", write(tmp_path / "one.jsonl", [span(0xABC, "only", 0, length)])))
    page.click("canvas.spans", 1, 57)
    page.see(".details h2", "only")
    page.see(".details dd", "0000000000000abc")
    page.evaluate("document.querySelector('.lanes').focus()")
    page.press(*"wwwwssss0", "Enter", "ArrowUp", "ArrowLeft")
    begin, end = page.view()
    assert begin < end


def test_attributes_are_shown_as_they_were_recorded(page: Page, tmp_path: Path) -> None:
    attributes = {
        "big": 9007199254740993,
        "small": -9223372036854775808,
        "yes": True,
        "half": 0.5,
        "text": "ä\n€\U0001f600",
    }
    one = span(1, "f", 0, 5, attributes=attributes, droppedAttributesCount=7, traceState="a=b", kind=2)
    one["attributes"] += [
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "x"}]}}},
        {"key": "nan", "value": {"doubleValue": float("nan")}},
        {"key": "none", "value": {}},
    ]
    page.open(made(tmp_path / "page.html", write(tmp_path / "one.jsonl", [one])))
    page.click("canvas.spans", 300, 57)
    page.see(".details section", "big")
    shown = dict(zip(page.texts(".details .values dt"), page.texts(".details .values dd"), strict=True))
    expected = {
        "big": "9007199254740993", "small": "-9223372036854775808", "yes": "true", "half": "0.5", "text": "ä\n€\U0001f600",
        "list": '[1,"x"]', "nan": "nan", "none": "null",
    }  # fmt: skip
    assert {key: " ".join(value.split()) for key, value in shown.items() if key in expected} == {
        key: " ".join(value.split()) for key, value in expected.items()
    }
    assert "7 attributes" in page.text(".details")
    assert "a=b" in page.text(".details")
    page.see(".details .chip", "server")


def test_what_no_helper_writes_is_taken_as_it_is(page: Page, tmp_path: Path) -> None:
    deep: dict[str, Any] = {"stringValue": "bottom"}
    for _ in range(90):
        deep = {"kvlistValue": {"values": [{"key": "k", "value": deep}]}}
    odd = span(1, "odd", 0, 5, kind={"a": 1}, traceState=5, status={"code": 2, "message": ["x"]}, droppedEventsCount={})
    odd["attributes"] += [{"key": "deep", "value": deep}, {"key": 7, "value": {"stringValue": "seven"}}, {"key": "inf", "value": 1}]
    odd["events"] = [{"name": 5, "timeUnixNano": [], "attributes": [{"key": [1]}]}, None, {}]
    odd["links"] = [{"traceId": None, "attributes": 5}, "x"]
    page.open(made(tmp_path / "page.html", write(tmp_path / "odd.jsonl", [odd, span(2, "even", 6, 9)])))
    page.see(".summary", "2 spans")
    page.click("canvas.spans", 300, 57)
    page.see(".details", "seven")


def test_gaps_are_marked_told_and_found(page: Page, tmp_path: Path) -> None:
    spans = [
        span(1, "whole", 0, 10_000),
        span(2, "orphan", 100, 900, parent=77),
        span(3, "unfinished", 1_000, 0, parent=1) | {"endTimeUnixNano": "0"},
        span(4, "backwards", 5_000, 4_000, parent=1),
        span(6, "early", 2_000, 3_000, parent=7, trace=2),
        span(7, "caller", 2_500, 3_500, trace=2),
    ]
    file = tmp_path / "gaps.jsonl"
    file.write_text(line(spans, scope={"telemetry.dropped_spans": 12}) + "{]\n" + line(spans)[:40], "utf-8")
    page.open(made(tmp_path / "page.html", file), tab="gaps")
    said = " ".join(page.text(".gaps").split())
    for words in (
        "12 spans dropped", "1 span never ended", "1 span without the parent", "1 span that ended before the start",
        "1 span that began before the parent", "1 unreadable line", "1 line cut off",
    ):  # fmt: skip
        assert words in said
    for gap, name, chip in (
        ("without the parent", "orphan", "parent not in the files"),
        ("never ended", "unfinished", "never ended"),
        ("ended before", "backwards", "clock went backwards"),
        ("began before", "early", "began before its parent"),
    ):
        page.click("#tab-gaps")
        page.click(f".gaps li:has-text('{gap}') button")
        page.see(".details h2", name)
        page.see(".details .chip.warn", chip)
    page.click("#tab-gaps")
    page.click(".gaps li:has-text('without the parent') button")
    page.see(".details dd", "span 000000000000004d, not in the files")


def test_processes_and_languages_are_joined_by_trace(page: Page, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line([span(1, "ask", 0, 9_000, trace=5)], pid=1, service="shop"), "utf-8")
    (tmp_path / "b.jsonl").write_text(
        line([span(2, "answer", 1_000, 8_000, 1, trace=5)], pid=2, service="stock"), "utf-8"
    )
    out = tmp_path / "page.html"
    write_html([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], out)
    page.open(out)
    assert page.evaluate("document.querySelector('.spans').dataset.lanes") == "2"
    page.click("canvas.spans", 600, 57)
    page.see(".details h2", "ask")
    page.click(".details .spans-list button")
    page.see(".details h2", "answer")
    page.see(".details dd", "stock 2")
    page.choose("select", "trace")
    page.until("document.querySelector('.spans').dataset.lanes === '1'")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_many(tmp_path_factory.mktemp("many") / "spans.jsonl", 200_000)


def test_two_hundred_thousand_spans_are_used_like_a_few(page: Page, many: Path, tmp_path: Path) -> None:
    page.open(made(tmp_path / "page.html", many))
    page.see(".summary", "200,000")
    page.evaluate("document.querySelector('.lanes').focus()")
    whole = page.view()
    page.press(*"wwwwwwwwww")
    assert page.view()[1] - page.view()[0] < (whole[1] - whole[0]) / 100
    page.fill("input[type=search]", "function_42")
    page.press("Enter")
    page.see(".details h2", "function_42")
    page.fill("input[type=search]", "item-4711")  # an argument
    page.until("/^[1-9]\\d*$/.test(document.querySelector('.matches output').innerText)")
    page.choose("select", "trace")
    page.until("Number(document.querySelector('.spans').dataset.lanes) > 500")
    page.press("Escape")
    page.click("#tab-functions")
    page.see(".toolbar", "300 functions")
    assert page.evaluate("document.querySelectorAll('tbody tr').length") < 100
    page.click("#tab-errors")
    page.click(".failure:nth-child(2) button.head")
    page.click(".failure:nth-child(2) button:has-text('Show in timeline')")
    page.see(".details .chip.bad", "error")


def test_of_more_spans_than_a_page_holds_all_are_counted(page: Page, many: Path, tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    with many.open(encoding="utf-8") as lines:
        few.write_text("".join(next(lines) for _ in range(10)), "utf-8")
    page.open(made(tmp_path / "page.html", few, most=3_000))
    page.see(".notice", "The timeline has 3,000 of 20,000 spans")
    page.see(".summary", "20,000")
    page.click("#tab-functions")
    page.click("th button:has-text('Calls')")
    page.click("#tab-gaps")
    page.see(".gaps", "17,000 spans not drawn")
    failed = page.evaluate("Number(document.querySelector('.summary .bad b').innerText)")
    page.click("#tab-errors")
    assert sum(int(text[:-1]) for text in page.texts(".failure .times")) == failed
