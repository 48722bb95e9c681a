"""Reading prices."""

from datetime import date

import pytest
from market_analyser.errors import MalformedData
from market_analyser.prices import Price, read_prices

HEADER = "date,close,volume"


def test_each_line_becomes_a_price():
    lines = [HEADER, "2025-01-02,42.50,1000", "2025-01-03,43,900"]
    assert list(read_prices(lines)) == [
        Price(date(2025, 1, 2), 42.5, 1000),
        Price(date(2025, 1, 3), 43.0, 900),
    ]


def test_rows_are_read_only_when_asked_for():
    prices = read_prices([HEADER, "2025-01-02,42.50,1000", "nonsense"])
    assert next(prices).close == 42.5
    with pytest.raises(MalformedData):
        next(prices)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2025-01-02,n/a,1000", "line 2: close is not a number: 'n/a'"),
        ("2025-01-02,-1,1000", "line 2: close must be positive: -1"),
        ("2025-01-02,42.50", "line 2: volume is not a number: ''"),
        ("tomorrow,42.50,1000", "line 2: not a date: 'tomorrow'"),
    ],
)
def test_a_malformed_row_names_its_line_and_its_problem(row, problem):
    with pytest.raises(MalformedData) as caught:
        list(read_prices([HEADER, row]))
    assert str(caught.value) == problem
    assert caught.value.line == 2


def test_a_missing_column_is_named():
    with pytest.raises(MalformedData, match="no column 'volume'"):
        list(read_prices(["date,close", "2025-01-02,42.50"]))


def test_days_must_come_in_order():
    with pytest.raises(MalformedData, match="line 3: 2025-01-02 does not come after 2025-01-02"):
        list(read_prices([HEADER, "2025-01-02,42,1", "2025-01-02,42,1"]))
