"""Buying, selling, and trading on signals."""

from datetime import date, timedelta

import pytest
from market_analyser.errors import InsufficientFunds, UnknownHolding
from market_analyser.portfolio import FEE, Portfolio
from market_analyser.prices import Price
from market_analyser.strategy import find_signals, follow_signals


def series(*closes):
    return [Price(date(2025, 1, 1) + timedelta(day), close, 1) for day, close in enumerate(closes)]


VALLEY_AND_HILL = series(*range(30, 10, -1), *range(10, 30), *range(30, 10, -1))


def test_buying_and_selling_move_cash_and_shares():
    portfolio = Portfolio(1000)
    portfolio.buy("ACME", 10, 50)
    portfolio.sell("ACME", 4, 60)
    assert portfolio.holdings == {"ACME": 6}
    assert portfolio.cash == 1000 - 500 + 240 - 2 * FEE
    assert portfolio.value({"ACME": 100}) == portfolio.cash + 600


def test_a_purchase_beyond_the_cash_changes_nothing():
    portfolio = Portfolio(100)
    with pytest.raises(InsufficientFunds, match=r"2 ACME cost 101\.50, the cash is 100\.00"):
        portfolio.buy("ACME", 2, 50)
    assert (portfolio.cash, portfolio.holdings) == (100, {})


def test_only_what_is_held_can_be_sold():
    with pytest.raises(UnknownHolding, match="cannot sell 1 ACME: 0 held"):
        Portfolio(100).sell("ACME", 1, 50)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_order_of_no_shares_is_a_mistake_of_the_caller(side):
    with pytest.raises(ValueError, match="at least one share"):
        getattr(Portfolio(100), side)("ACME", 0, 50)


def test_crossing_averages_give_signals():
    sides = [(signal.side, signal.price.close) for signal in find_signals(VALLEY_AND_HILL)]
    assert sides == [("buy", 16), ("sell", 24)]


def test_a_refused_order_is_remembered_and_the_next_one_tried():
    outcome = follow_signals(Portfolio(100), "ACME", VALLEY_AND_HILL)
    assert outcome.orders == 0
    assert [reason.split()[1] for reason in outcome.refused] == ["buy:", "sell:"]


def test_signals_that_can_be_followed_are():
    portfolio = Portfolio(10_000)
    assert follow_signals(portfolio, "ACME", VALLEY_AND_HILL) == (2, [])
    assert portfolio.cash == 10_000 + 100 * (24 - 16) - 2 * FEE
