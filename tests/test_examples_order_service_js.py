"""The JavaScript example behaves the same when instrumented, and its spans tell what happened."""

from __future__ import annotations

import pytest
from examples_support import LEVELS, Copy, Example, check_it_can_be_taken_back, instrumented, original

pytestmark = pytest.mark.xdist_group("order_service_js")

EXAMPLE = Example(
    folder="order_service_js",
    needs=("node",),
    suites=(("", ("node", "--test", "--test-reporter=tap")),),
    programs={"orders": ("node", "src/main.js", "data/orders.json"), "usage": ("node", "src/main.js")},
)

CALLS = {
    ("", "main"),
    ("main", "Bank.constructor"),
    ("main", "Worker.constructor"),
    ("main", "Worker.close"),
    ("main", "Worker.run"),
    ("main", "makeServer"),
    ("main", "report"),
    ("main", "submit"),
    ("report", "OrderBook.inState"),
    ("Worker.run", "Worker.fulfil"),
    ("Worker.fulfil", "OrderBook.find"),
    ("Worker.fulfil", "OrderBook.move"),
    ("Worker.fulfil", "withRetries"),
    ("Worker.fulfil", "printLabel"),
    ("Worker.fulfil", "pick"),
    ("OrderBook.move", "OrderBook.find"),
    ("withRetries", "Worker.fulfil.<anonymous>"),
    ("Worker.fulfil.<anonymous>", "Bank.charge"),
    ("Bank.charge", "PaymentDeclined.constructor"),
    ("makeServer.<anonymous>", "route"),
    ("makeServer.<anonymous>", "send"),
    ("route", "readBody"),
    ("route", "parseOrder"),
    ("route", "OrderBook.add"),
    ("route", "Worker.enqueue"),
    ("parseOrder", "OrderError.constructor"),
    ("OrderBook.add", "OrderBook.#price"),
    ("OrderBook.#price", "quote"),
    ("OrderBook.#price", "OrderError.constructor"),
    ("quote", "subtotal"),
    ("quote", "discountFor"),
    ("subtotal", "subtotal.<anonymous>"),
    ("subtotal.<anonymous>", "priceOf"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return original(EXAMPLE, tmp_path_factory.mktemp("order_service_js"))


@pytest.fixture(scope="module", params=LEVELS)
def copy(source: Copy, request: pytest.FixtureRequest) -> Copy:
    return instrumented(source, request.param)


def test_its_own_tests_pass_before_and_after(source: Copy, copy: Copy) -> None:
    before = source.test()
    assert set(before.values()) == {"ok"}
    assert copy.test() == before


@pytest.mark.parametrize("program", EXAMPLE.programs)
def test_the_program_prints_the_same(source: Copy, copy: Copy, program: str) -> None:
    assert copy.run(program) == source.results[program]


def test_every_span_lies_below_the_call_that_made_it(copy: Copy) -> None:
    copy.run("orders")
    spans = copy.spans("orders")
    # What the worker waits with, and the server is called with, come from the event loop.
    loop = {"Worker.jobs", "Worker.jobs.<anonymous>", "makeServer.<anonymous>"}
    assert {(caller, called) for caller, called in spans.edges if called not in loop} == CALLS
    assert loop <= spans.names


def test_errors_are_recorded_once_where_they_were_thrown(copy: Copy) -> None:
    copy.run("orders")
    spans = copy.spans("orders")
    assert spans.errors == {
        ("priceOf", "unknown article: piano"),
        ("OrderBook.#price", "unknown article: piano"),  # caught there, thrown on as an OrderError
        ("parseOrder", "bad quantity for anvil"),
        ("Bank.charge", "the bank is busy"),
        ("Bank.charge", "payment of 1344.60 declined for acme"),
    }
    assert {"route", "withRetries"} <= spans.failed
    assert not {"main", "Worker.run", "Worker.fulfil", "makeServer.<anonymous>"} & spans.failed


def test_spans_know_their_place_and_kind(copy: Copy) -> None:
    copy.run("orders")
    spans = copy.spans("orders")
    (line,) = {span.attributes["code.line.number"] for span in spans.all if span.name == "withRetries"}
    text = (EXAMPLE.source / "src/worker.js").read_text().splitlines()[int(line) - 1]
    assert text.startswith("export async function withRetries(")
    assert {span.kind for span in spans.all if span.name == "Worker.jobs"} == {"async_generator"}
    assert {span.kind for span in spans.all if span.name == "OrderBook.inState"} == {"generator"}
    assert {span.kind for span in spans.all if span.name == "Bank.charge"} == {"async"}


def test_what_each_level_adds(copy: Copy) -> None:
    copy.run("orders")
    spans, level = copy.spans("orders"), copy.folder.name
    loops = spans.values("withRetries", "telemetry.loop.for+1")
    handled = [name for span in spans.all for name in span.attributes if name.startswith("telemetry.handled.")]
    assert sorted(map(int, loops)) == ([] if level == "function" else [1, 1, 1, 2])
    assert bool(handled) is (level != "function")
    customers = set(spans.values("Bank.charge", "telemetry.arg.customer"))
    assert customers == ({"wile", "road", "acme", "bugs"} if level == "full" else set())


def test_it_can_be_taken_back_and_done_again(source: Copy, copy: Copy) -> None:
    check_it_can_be_taken_back(source, copy, copy.folder.name)
