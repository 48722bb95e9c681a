"""Technical indicators over a series of closing prices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from market_analyser.errors import NotEnoughData


class Macd(NamedTuple):
    """The MACD line, its signal line, and the distance between the two, on one day."""

    line: float
    signal: float
    histogram: float


def windows(values: Iterable[float], size: int) -> Iterator[tuple[float, ...]]:
    """Every run of `size` neighbouring values."""
    window: deque[float] = deque(maxlen=size)
    for value in values:
        window.append(value)
        if len(window) == size:
            yield tuple(window)


def moving_average(values: Iterable[float], size: int) -> list[float]:
    """The plain average of each window."""
    return [sum(window) / size for window in windows(values, size)]


def calculate_ema(values: Sequence[float], period: int) -> list[float]:
    """Exponential moving average; it starts from the plain average of the first `period` values."""
    if len(values) < period:
        raise NotEnoughData(f"an EMA of {period} days needs {period} prices, there are {len(values)}")
    weight = 2 / (period + 1)
    averages = [sum(values[:period]) / period]
    for value in values[period:]:
        averages.append(averages[-1] + weight * (value - averages[-1]))
    return averages


def calculate_rsi(values: Sequence[float], period: int = 14) -> float:
    """Relative strength index of the last day (Wilder's smoothing): 0 is all losses, 100 all gains."""
    changes = [after - before for before, after in pairwise(values)]
    if len(changes) < period:
        raise NotEnoughData(f"an RSI of {period} days needs {period + 1} prices, there are {len(values)}")

    def smoothed(parts: list[float]) -> float:
        average = sum(parts[:period]) / period
        for part in parts[period:]:
            average += (part - average) / period
        return average

    gains = smoothed([max(change, 0.0) for change in changes])
    losses = smoothed([max(-change, 0.0) for change in changes])
    if losses == 0:
        return 100.0 if gains else 50.0
    return 100 - 100 / (1 + gains / losses)


def calculate_macd(values: Sequence[float], fast: int = 12, slow: int = 26, smooth: int = 9) -> list[Macd]:
    """Moving average convergence and divergence, for each day that has all three averages."""
    short = calculate_ema(values, fast)[slow - fast :]
    long = calculate_ema(values, slow)
    lines = [quick - sluggish for quick, sluggish in zip(short, long, strict=True)]
    signals = calculate_ema(lines, smooth)
    return [Macd(line, signal, line - signal) for line, signal in zip(lines[smooth - 1 :], signals, strict=True)]
