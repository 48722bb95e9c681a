"""The command line: analyse every price file of a folder."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from market_analyser.errors import NotEnoughData
from market_analyser.feeds import Feed, fetch_all
from market_analyser.indicators import calculate_ema, calculate_macd, calculate_rsi
from market_analyser.portfolio import Portfolio
from market_analyser.strategy import follow_signals


def describe(feed: Feed) -> str:
    """One line about one symbol."""
    closes = [price.close for price in feed.prices]
    ema = calculate_ema(closes, 12)[-1]
    trend = "rising" if calculate_macd(closes)[-1].histogram > 0 else "falling"
    return f"{feed.symbol:<10}{closes[-1]:>9.2f}{ema:>9.2f}{calculate_rsi(closes):>7.1f}  {trend}"


def analyse(feeds: Sequence[Feed], portfolio: Portfolio) -> int:
    """Print what there is to say about each feed; gives the number of feeds analysed."""
    last: dict[str, float] = {}
    print(f"{'symbol':<10}{'close':>9}{'EMA 12':>9}{'RSI':>7}  trend")
    for feed in feeds:
        if feed.error is not None:
            print(f"{feed.symbol:<10}skipped: {feed.error}")
            continue
        try:
            print(describe(feed))
        except NotEnoughData as error:
            print(f"{feed.symbol:<10}skipped: {error}")
            continue
        last[feed.symbol] = feed.prices[-1].close
        outcome = follow_signals(portfolio, feed.symbol, feed.prices)
        print(f"{'':<10}{outcome.orders} orders carried out, {len(outcome.refused)} refused")
        for refusal in outcome.refused:
            print(f"{'':<10}  {refusal}")
    print(f"portfolio {portfolio.value(last):>9.2f}")
    return len(last)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; 0 when at least one file could be analysed."""
    parser = argparse.ArgumentParser(prog="market_analyser", description=__doc__)
    parser.add_argument("data_dir", type=Path, help="a folder of CSV files: date,close,volume")
    parser.add_argument("--cash", type=float, default=10_000.0, help="what the portfolio starts with")
    options = parser.parse_args(arguments)
    paths = sorted(options.data_dir.glob("*.csv"))
    if not paths:
        print(f"market_analyser: no CSV files in {options.data_dir}", file=sys.stderr)
        return 1
    feeds = asyncio.run(fetch_all(paths))
    return 0 if analyse(feeds, Portfolio(options.cash)) else 1
