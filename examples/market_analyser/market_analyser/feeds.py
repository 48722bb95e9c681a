"""Price files, fetched side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import NamedTuple

from market_analyser.errors import MarketError
from market_analyser.prices import Price, read_prices


class Feed(NamedTuple):
    """What one file gave: its prices, or the error that it has none."""

    symbol: str
    prices: list[Price]
    error: MarketError | None = None


async def fetch_lines(path: Path) -> list[str]:
    """The lines of a file, read without holding up the other files."""
    text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    return text.splitlines()


async def stream_prices(path: Path, pause_every: int = 16) -> AsyncIterator[Price]:
    """The prices of a file, one at a time, letting other work run now and then."""
    for count, price in enumerate(read_prices(await fetch_lines(path)), start=1):
        yield price
        if count % pause_every == 0:
            await asyncio.sleep(0)


async def fetch_feed(path: Path) -> Feed:
    """All prices of one file; a malformed file gives a feed with an error."""
    symbol = path.stem.upper()
    try:
        return Feed(symbol, [price async for price in stream_prices(path)])
    except MarketError as error:
        return Feed(symbol, [], error)


async def fetch_all(paths: Iterable[Path]) -> list[Feed]:
    """All files at once, in the order of `paths`."""
    return await asyncio.gather(*(fetch_feed(path) for path in paths))
