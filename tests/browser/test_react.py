"""A React app in Chromium: it looks, logs and asks for the same when it is instrumented, and its spans arrive."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from browser_support import ANSWERS, CLEAN, Browser, Built, Server, Span, Step, modules, run, serving

pytestmark = pytest.mark.xdist_group("browser")

VISIT: list[Step] = [("see", "h1", "Shop")]
SHOPPING: list[Step] = [
    *VISIT,
    ("fill", "input", "Ann"),
    ("see", "h1", "Shop of Ann"),
    ("click", "#load"),
    ("see", "output", "loaded"),
    ("click", "#choose-1"),
    ("see", ".details", "green leaves"),
    ("click", "#add-2"),
    ("see", "footer", "1 in the basket"),
    ("click", "#dark"),
    ("see", "footer.dark", "milk"),
    ("click", "#broken"),
    ("see", "output", "failed with 500"),
    ("click", "#about"),
    ("see", "h2", "About, 0"),
    ("click", "#up"),
    ("see", "h2", "About, 1"),
    ("click", "#greet"),
    ("see", "#greeting", "Hello you"),
    ("click", "#throw"),
    ("click", "#bomb"),
    ("see", "[role=alert]", "the bomb went off"),
    ("click", "#add"),
    ("see", "#add", "16"),
]


def settings(server: Server, **more: str) -> dict[str, str]:
    """What the page says for spans to be sent."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": server.url, "OTEL_SERVICE_NAME": "shop", **more}


QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


def named(spans: list[Span], name: str) -> list[Span]:
    return [span for span in spans if span.name == name]


def nesting(spans: list[Span]) -> set[tuple[str, str]]:
    """(name of the parent, name) of every span; "" for no parent, "?" for one that is not there."""
    names = {span.span_id: span.name for span in spans}
    return {(names.get(span.parent_id, "?") if span.parent_id else "", span.name) for span in spans}


def errors(spans: list[Span], name: str) -> list[str]:
    return [str(span.attributes["error.type"]) for span in named(spans, name) if span.failed]


@pytest.mark.parametrize("variant", ["function", "full"])
def test_it_type_checks(shop: Built, variant: str) -> None:
    run("tsc", "-p", ".", cwd=shop(variant))


@pytest.mark.parametrize("variant", ["function", "full", "compiled function"])
def test_without_an_endpoint_nothing_can_be_seen_of_it(
    built: Built, server: Server, browser: Browser, variant: str
) -> None:
    server.folder = built(variant.replace("function", "original").replace("full", "original")) / "dist"
    before = browser.use(server.url, SHOPPING)
    assert (before.failed, before.errors) == ("", ["TypeError: thrown by a handler"])
    server.folder = built(variant) / "dist"
    after = browser.use(server.url, SHOPPING)
    assert after == before
    assert not server.bodies


@pytest.mark.parametrize("variant", ["function", "full"])
def test_spans_arrive_and_all_else_is_the_same(built: Built, server: Server, browser: Browser, variant: str) -> None:
    server.folder = built("original") / "dist"
    before = browser.use(server.url, SHOPPING)
    server.folder = built(variant) / "dist"
    after = browser.use(server.url, SHOPPING, settings(server, **QUICKLY))
    spans = server.until(lambda spans: len(named(spans, "Counting.add")) == 2)
    assert after.posts > 1
    assert (after.doms, after.console, after.errors) == (before.doms, before.console, before.errors)
    assert (after.requests, after.failed) == (before.requests, "")
    assert nesting(spans) >= {
        ("", "App"),
        ("App", "useToggle"),
        ("App", "numbered"),
        ("useTotal", "useTotal.<anonymous>"),
        ("App.onLoad", "loadItems"),
        ("loadItems", "getJson"),
        ("App.onBroken", "loadBroken"),
        ("loadBroken", "getJson"),
        ("getJson", "HttpError.constructor"),
        ("Details", "detailsOf"),
        ("addToBasket", "Store.value"),
        ("Store.value", "Store.get"),
        ("Basket", "useBasket"),
        ("Stopwatch.componentDidMount", "Counting.add"),
        ("greet", "greet.<anonymous>"),
    }
    assert {"Row", "Field", "About", "level", "useToggle.toggle", "ErrorBoundary.getDerivedStateFromError"} <= {
        span.name for span in spans
    }
    assert set(errors(spans, "Bomb")) == {"RangeError"}
    assert set(errors(spans, "getJson")) == set(errors(spans, "loadBroken")) == {"HttpError"}
    assert sorted(set(errors(spans, "App.<anonymous>") + errors(spans, "App.<anonymous>#2"))) == ["TypeError"]
    assert not errors(spans, "App.onBroken")
    assert named(spans, "Bomb")[0].resource["service.name"] == "shop"
    assert str(named(spans, "App")[0].attributes["code.file.path"]).startswith(server.url)
    if variant == "full":
        assert named(spans, "addToBasket")[0].attributes["telemetry.arg.name"] == "milk"


def test_waiting_in_suspense_is_no_error(built: Built, server: Server, browser: Browser) -> None:
    server.folder = built("function") / "dist"
    browser.use(server.url, SHOPPING, settings(server, **QUICKLY))
    spans = server.until(lambda spans: len(named(spans, "Counting.add")) == 2)
    assert len(named(spans, "Details")) > 1  # once to wait, once to show
    assert not errors(spans, "Details")


def test_leaving_the_page_delivers_what_waits(built: Built, server: Server, browser: Browser) -> None:
    server.folder = built("function") / "dist"
    browser.use(server.url, SHOPPING, settings(server))  # takes less time than spans wait for each other
    spans = server.until(lambda spans: len(named(spans, "Counting.add")) == 2 and bool(named(spans, "App")))
    assert not any("telemetry.dropped_spans" in span.scope for span in spans)


def test_another_origin(built: Built, server: Server, browser: Browser, tmp_path: Path) -> None:
    server.folder = built("function") / "dist"
    with serving(tmp_path, {}) as elsewhere:
        browser.use(server.url, VISIT, settings(elsewhere))
        elsewhere.until(lambda spans: bool(named(spans, "App")))
    assert not server.bodies


def compiled(folder: Path) -> list[str]:
    """The lines that begin functions with memoised values."""
    text = "\n".join(path.read_text() for path in sorted((folder / "dist/assets").glob("*.js")))
    return re.findall(r"^(.*)\n.*(?:_tlm\.entry.*\n.*)?\(0, import_compiler_runtime\.c\)\(", text, re.MULTILINE)


def test_the_react_compiler_compiles_the_same_components(built: Built, server: Server, browser: Browser) -> None:
    before, after = compiled(built("compiled original")), compiled(built("compiled function"))
    assert len(before) > 8
    assert after == [line for line in before if "lazy)(" not in line]  # it memoises nothing
    server.folder = built("original") / "dist"
    rendered = browser.use(server.url, SHOPPING).console.count("debug: banner Shop of Ann")
    server.folder = built("compiled function") / "dist"
    seen = browser.use(server.url, SHOPPING, settings(server, **QUICKLY))
    assert rendered > 1
    assert seen.console.count("debug: banner Shop of Ann") == 1
    spans = server.until(lambda spans: len(named(spans, "Counting.add")) == 2)
    assert nesting(spans) >= {("", "App"), ("", "useToggle"), ("", "Row"), ("loadItems", "getJson")}


# ---- The development server -----------------------------------------------------------------------------------


@contextmanager
def developing(folder: Path, answers: Server) -> Iterator[str]:
    """Vite's development server; its address."""
    command = [str(modules() / ".bin/vite"), "--port", "0"]
    environment = CLEAN | {"SHOP_SERVER": answers.url, "NO_COLOR": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            found = next((found for line in process.stdout if (found := re.search(r"http://[\w.:]+", line))), None)
            assert found, "the server has ended"
            yield found[0]
        finally:
            process.terminate()


def edited(folder: Path, old: str, new: str) -> Step:
    """A step that edits a source file while the page is open."""
    path = folder / "src/App.tsx"
    assert old in path.read_text()
    return ("edit", os.fspath(path), old, new)


def test_the_development_server_refreshes_components_in_place(shop: Built, browser: Browser, tmp_path: Path) -> None:
    seen = {}
    folders = {variant: shop(variant) for variant in ("original", "function")}  # the one is made from the other
    for variant, folder in folders.items():
        steps = [
            *SHOPPING[:9],
            edited(folder, "<h1>{text}</h1>", "<h1>{text}, open</h1>"),
            ("see", "h1", "Shop of Ann, open"),  # what was typed is still there
            ("see", "footer", "1 in the basket"),
        ]
        with serving(tmp_path, ANSWERS) as answers, developing(folder, answers) as url:
            seen[variant] = browser.use(url, steps, {"OTEL_EXPORTER_OTLP_ENDPOINT": url} | QUICKLY)
            if variant == "function":
                spans = answers.until(lambda spans: bool(named(spans, "addToBasket")))
                assert {("App", "useToggle"), ("Details", "detailsOf")} <= nesting(spans)
                assert not errors(spans, "Details")
            else:
                assert not answers.bodies
    assert (seen["function"].doms, seen["function"].failed) == (seen["original"].doms, "")
    # When the page has reached the server does not hang together with what it renders.
    said = [[line for line in each.console if line != "debug: [vite] connected."] for each in seen.values()]
    assert said[0] == said[1]
    assert seen["function"].errors == seen["original"].errors == []
