"""The budget under concurrency, what each outcome costs, and the words for it."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_inject.errors import ExitCode
from telemetry_inject.llm import errors
from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.cost_report import as_json, cost_words, money, summary_lines
from telemetry_inject.llm.cost_tracker import CostTracker, Need
from telemetry_inject.llm.prices import FREE, Prices, Rate, flat
from telemetry_inject.llm.types import Message, TokenUsage

from .samples import GOOD, SCHEMA
from .scripted_server import Recorded, Reply, ScriptedServer, answer, failure

PRICE = flat(Decimal(3), Decimal(15), "stated")
NEED = Need("injection", "m", 1000, 1000, 100)  # $0.003 + $0.015 at the most, $0.0045 at the least


def test_reported_usage_is_charged_and_the_rest_of_the_hold_given_back() -> None:
    tracker = CostTracker(Decimal(1))
    with tracker.attempt(NEED, PRICE) as hold:
        assert (hold.amount, hold.max_output) == (Decimal("0.018"), 1000)
        tracker.settle(hold, TokenUsage(10, 10))
    assert (tracker.spent, tracker._held) == (Decimal("0.00018"), 0)


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (errors.RateLimited("x"), "0"),
        (errors.TimedOut("x"), "0.018"),
        (ValueError("ours"), "0.018"),
        (KeyboardInterrupt(), "0.018"),
    ],
)
def test_what_ends_unsettled(error: BaseException, charged: str) -> None:
    tracker = CostTracker(Decimal(1))
    with pytest.raises(type(error)), tracker.attempt(NEED, PRICE):
        raise error
    assert (tracker.spent, tracker._held) == (Decimal(charged), 0)
    assert tracker.total().estimated == Decimal(charged)


def test_the_answer_is_made_shorter_when_that_is_what_can_be_afforded() -> None:
    tracker = CostTracker(Decimal("0.01"))
    with tracker.attempt(NEED, PRICE) as hold:
        assert hold.max_output == 466  # (0.01 - 0.003) / 0.000015, rounded down
        assert hold.amount <= Decimal("0.01")


def test_what_is_too_dear_is_not_called_and_nothing_after_it_either() -> None:
    tracker = CostTracker(Decimal("0.0044"))
    with pytest.raises(errors.BudgetExceeded) as caught, tracker.attempt(NEED, PRICE):
        raise AssertionError("called")
    assert caught.value.exit_code == ExitCode.BUDGET
    assert "$0.0044 is reached" in caught.value.title
    with pytest.raises(errors.BudgetExceeded), tracker.attempt(Need("x", "m", 1, 1), PRICE):
        raise AssertionError("called")
    assert tracker.total().attempts == 0


def test_what_is_free_is_never_refused() -> None:
    tracker = CostTracker(Decimal(0))
    with pytest.raises(errors.BudgetExceeded), tracker.attempt(NEED, PRICE):
        pass
    with tracker.attempt(NEED, FREE) as hold:
        tracker.settle(hold, None)
    assert tracker.spent == 0


def test_an_unpriced_model_is_refused_with_a_budget_and_unknown_without() -> None:
    limited = CostTracker(Decimal(5))
    with pytest.raises(errors.UnpricedModel, match="price of m is not known"), limited.attempt(NEED, None):
        raise AssertionError("called")
    tracker = CostTracker()
    with tracker.attempt(NEED, None) as hold:
        tracker.settle(hold, TokenUsage(10, 10))
    assert hold.cost is None
    assert not tracker.total().known
    assert "unknown" in cost_words(tracker.total())
    assert "$0" not in summary_lines(tracker)[0]
    assert as_json(tracker)["cost_usd"] is None


def test_who_cannot_afford_it_yet_waits_for_those_in_flight() -> None:
    tracker = CostTracker(Decimal("0.02"))
    waiting = threading.Event()
    got: list[Decimal] = []

    def second() -> None:
        waiting.set()
        with tracker.attempt(NEED, PRICE) as hold:
            got.append(hold.amount)
            tracker.settle(hold, TokenUsage(1, 1))

    with tracker.attempt(NEED, PRICE) as hold:
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(20)
        assert got == []
        tracker.settle(hold, TokenUsage(1, 1))
    thread.join(20)
    assert got == [Decimal("0.018")]


def test_who_waits_can_be_cancelled() -> None:
    tracker = CostTracker(Decimal("0.02"))
    caught: list[BaseException] = []

    def second() -> None:
        try:
            with tracker.attempt(NEED, PRICE):
                raise AssertionError("called")
        except BaseException as error:
            caught.append(error)

    with tracker.attempt(NEED, PRICE):
        thread = threading.Thread(target=second)
        thread.start()
        tracker.cancel()
        thread.join(20)
    assert [type(error) for error in caught] == [errors.Cancelled]


def test_cache_writes_dearer_than_fresh_input_are_held_for() -> None:
    prices = Prices(Rate(Decimal(2)), Rate(Decimal(0)), Rate(Decimal(1)), Rate(Decimal("2.5")), "test")
    tracker = CostTracker(Decimal(100))
    with tracker.attempt(Need("j", "m", 10, 1), prices) as hold:
        tracker.settle(hold, TokenUsage(10, 1, cache_read=2, cache_written=8))
    assert hold.amount == 25
    assert hold.cost == 22


def test_a_lower_step_that_is_dearer_is_held_for() -> None:
    step = Rate(Decimal(3), ((5, Decimal(1)),))
    prices = Prices(step, step, step, step, "test")
    tracker = CostTracker(Decimal(100))
    with tracker.attempt(Need("j", "m", 10, 4), prices) as hold:
        tracker.settle(hold, TokenUsage(5, 4))
    assert hold.cost is not None and hold.cost <= hold.amount == 42


@settings(max_examples=60, deadline=None)
@given(
    budget=st.decimals(0, 1, places=4),
    seed=st.integers(0, 2**32),
    step=st.sampled_from([None, 500, 3000]),
)
def test_sixteen_in_flight_never_spend_more_than_the_budget(budget: Decimal, seed: int, step: int | None) -> None:
    steps = () if step is None else ((step, Decimal("0.00002")),)
    rate = Rate(Decimal("0.000003"), steps)
    prices = Prices(rate, Rate(Decimal("0.000015")), rate, Rate(Decimal("0.00000375"), steps), "test")
    tracker = CostTracker(budget)
    peak: list[Decimal] = []

    def one(number: int) -> None:
        luck = random.Random(f"{seed} {number}")
        need = Need(f"job{number % 3}", "m", luck.randint(1, 6000), luck.randint(200, 5000), 200)
        try:
            with tracker.attempt(need, prices) as hold:
                with tracker._changed:
                    peak.append(tracker._spent + tracker._held)
                outcome = luck.random()
                if outcome < 0.1:
                    raise errors.TimedOut("x")
                if outcome < 0.2:
                    raise errors.RateLimited("x")
                used = luck.randint(0, need.input)
                written = luck.randint(0, used)
                tracker.settle(
                    hold, None if outcome < 0.3 else TokenUsage(used, luck.randint(0, hold.max_output), 0, written)
                )
        except (errors.ModelError, errors.BudgetExceeded):
            pass

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(64)))
    assert tracker.spent <= budget
    assert all(amount <= budget for amount in peak)
    assert tracker._held == 0
    assert sum((row.cost for row in tracker.by_job().values()), Decimal(0)) == tracker.spent == tracker.total().cost


def test_sixteen_real_calls_in_flight_stay_within_the_budget(server: ScriptedServer, make: object) -> None:
    luck = random.Random(1)
    billed: list[Decimal] = []
    gate = threading.Barrier(16)

    def reply(request: Recorded) -> Reply:
        if len(server.requests) <= 16:
            gate.wait(30)  # the first sixteen are in flight together
        with server.lock:
            chosen = luck.random()
            if chosen < 0.15:
                return failure("openai", 503)
            length = sum(len(message["content"]) for message in request.body["messages"])
            used = (luck.randint(1, length), luck.randint(1, request.body["max_tokens"]))
            billed.append(PRICE.cost(TokenUsage(*used)))
        return answer("openai", GOOD, None if chosen < 0.25 else used, drop=0.25 < chosen < 0.3)

    server.default = reply
    client: ModelClient = make("openai", budget="0.45")  # type: ignore[operator]
    refused: list[errors.BudgetExceeded] = []

    def one(number: int) -> None:
        source = Message("user", "x" * luck.randint(100, 2000))
        try:
            client.ask(Question(f"job{number % 2}", (source,), SCHEMA, 1000, 200))
        except errors.BudgetExceeded as error:
            refused.append(error)
        except errors.ModelError:
            pass

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(80)))
    assert refused
    assert sum(billed) <= client.tracker.spent <= Decimal("0.45")  # what the provider counts is never more
    assert client.tracker.spent > Decimal("0.35")
    assert client.tracker._held == 0
    assert len(server.requests) == client.tracker.total().attempts


def test_a_cut_answer_says_that_the_budget_cut_it(server: ScriptedServer, make: object) -> None:
    server.replies = [answer("openai", '{"anch', (100, 300), "length")]
    client: ModelClient = make("openai", budget="0.01")  # type: ignore[operator]
    with pytest.raises(errors.Truncated) as caught:
        client.ask(Question("j", (Message("user", "x"),), SCHEMA, 1000, 100))
    assert "--budget" in caught.value.help_text


def test_an_exhausted_budget_asks_nobody(server: ScriptedServer, make: object) -> None:
    client: ModelClient = make("openai", budget="0.001")  # type: ignore[operator]
    with pytest.raises(errors.BudgetExceeded):
        client.ask(Question("j", (Message("user", "x"),), SCHEMA, 1000, 100))
    assert server.requests == []


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0", "$0.00"), ("0.00001", "less than $0.0001"), ("0.01234", "$0.0123"), ("12.345", "$12.35")],
)
def test_money_in_words(amount: str, words: str) -> None:
    assert money(Decimal(amount)) == words


def test_totals_by_job_and_model() -> None:
    tracker = CostTracker(Decimal(1))
    for job, model in (("analysis", "a"), ("injection", "a"), ("injection", "b")):
        with tracker.attempt(Need(job, model, 10, 10), PRICE) as hold:
            tracker.settle(hold, TokenUsage(1, 2))
    assert {name: row.attempts for name, row in tracker.by_job().items()} == {"analysis": 1, "injection": 2}
    assert {name: row.output for name, row in tracker.by_model().items()} == {"a": 4, "b": 2}
    lines = summary_lines(tracker)
    assert lines[0] == "Model calls: 3, cost: $0.0001 of $1"
    assert len(lines) == 5
    document = as_json(tracker)
    assert document["jobs"]["injection"]["calls"] == 2
    assert document["cost_usd"] == pytest.approx(0.000099)
