"""Indicators, against values worked out by hand."""

import pytest
from market_analyser.errors import NotEnoughData
from market_analyser.indicators import calculate_ema, calculate_macd, calculate_rsi, moving_average, windows


def test_windows_are_the_runs_of_neighbours():
    assert list(windows([1, 2, 3, 4], 3)) == [(1, 2, 3), (2, 3, 4)]
    assert list(windows([1, 2], 3)) == []


def test_moving_average_is_the_average_of_each_window():
    assert moving_average([1, 2, 3, 6], 2) == [1.5, 2.5, 4.5]


def test_ema_starts_from_the_plain_average_and_leans_to_the_latest():
    assert calculate_ema([1, 2, 3, 7], 3) == [2, 4.5]


def test_rsi_compares_gains_with_losses():
    assert calculate_rsi([1, 2, 3, 2], period=3) == pytest.approx(100 - 100 / 3)
    assert calculate_rsi([1, 2, 3, 2, 2], period=3) == pytest.approx(100 - 100 / 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3], 100.0), ([3, 2, 1], 0.0), ([2, 2, 2], 50.0)],
    ids=["up", "down", "flat"],
)
def test_rsi_of_one_sided_series(values, expected):
    assert calculate_rsi(values, period=2) == expected


def test_macd_of_a_steady_price_is_zero():
    assert calculate_macd([5.0] * 40)[-1] == (0, 0, 0)


def test_macd_is_positive_while_the_price_speeds_up():
    points = calculate_macd([1.05**day for day in range(60)])
    assert len(points) == 60 - 26 - 9 + 2
    assert points[-1].line > points[-1].signal > 0
    assert points[-1].histogram == points[-1].line - points[-1].signal


@pytest.mark.parametrize("indicator", [calculate_ema, calculate_rsi])
def test_too_few_prices_are_refused(indicator):
    with pytest.raises(NotEnoughData, match="there are 2"):
        indicator([1.0, 2.0], 14)
