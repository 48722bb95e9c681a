"""When to buy and when to sell: two moving averages that cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from market_analyser.errors import OrderRefused
from market_analyser.indicators import moving_average
from market_analyser.portfolio import Portfolio
from market_analyser.prices import Price

Side = Literal["buy", "sell"]


class Signal(NamedTuple):
    """A reason to trade, and the price at which to do it."""

    side: Side
    price: Price


class Outcome(NamedTuple):
    """How many orders were carried out, and why the others were not."""

    orders: int
    refused: list[str]


def find_signals(prices: Sequence[Price], fast: int = 5, slow: int = 15) -> Iterator[Signal]:
    """Buy when the fast average rises above the slow one, sell when it falls below."""
    closes = [price.close for price in prices]
    short = moving_average(closes, fast)[slow - fast :]
    above = [quick > sluggish for quick, sluggish in zip(short, moving_average(closes, slow), strict=True)]
    for (before, now), price in zip(pairwise(above), prices[slow:], strict=True):
        if now and not before:
            yield Signal("buy", price)
        elif before and not now:
            yield Signal("sell", price)


def place_order(portfolio: Portfolio, symbol: str, signal: Signal, shares: int) -> None:
    """Carry out what a signal asks for."""
    order = portfolio.buy if signal.side == "buy" else portfolio.sell
    order(symbol, shares, signal.price.close)


def follow_signals(portfolio: Portfolio, symbol: str, prices: Sequence[Price], shares: int = 100) -> Outcome:
    """Trade on every signal of one symbol; an order that is refused is remembered, not fatal."""
    orders, refused = 0, []
    for signal in find_signals(prices):
        try:
            place_order(portfolio, symbol, signal, shares)
        except OrderRefused as error:
            refused.append(f"{signal.price.day} {signal.side}: {error}")
        else:
            orders += 1
    return Outcome(orders, refused)
