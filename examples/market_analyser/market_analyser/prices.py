"""Daily prices, and how they are read from CSV text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from market_analyser.errors import MalformedData


@dataclass(frozen=True)
class Price:
    """The closing price of one day, and how many shares changed hands."""

    day: date
    close: float
    volume: int


def parse_number(text: str, column: str, line: int) -> float:
    """A positive number, or an error that says where it was wanted."""
    try:
        number = float(text)
    except ValueError:
        raise MalformedData(line, f"{column} is not a number: {text!r}") from None
    if number <= 0:
        raise MalformedData(line, f"{column} must be positive: {text}")
    return number


def parse_row(row: dict[str, str], line: int) -> Price:
    """One line of a price file."""
    try:
        day = date.fromisoformat(row["date"])
        close, volume = row["close"], row["volume"]
    except KeyError as missing:
        raise MalformedData(line, f"no column {missing}") from None
    except ValueError:
        raise MalformedData(line, f"not a date: {row['date']!r}") from None
    return Price(day, parse_number(close, "close", line), int(parse_number(volume, "volume", line)))


def read_prices(lines: Iterable[str]) -> Iterator[Price]:
    """The prices of a CSV file, one at a time, oldest first."""
    latest = date.min
    for line, row in enumerate(csv.DictReader(lines, restval=""), start=2):
        price = parse_row(row, line)
        if price.day <= latest:
            raise MalformedData(line, f"{price.day} does not come after {latest}")
        latest = price.day
        yield price
