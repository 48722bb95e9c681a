"""Fetching files, and the whole program."""

import asyncio
from pathlib import Path

from market_analyser.cli import main
from market_analyser.feeds import fetch_all, stream_prices

DATA = Path(__file__).parents[1] / "data"


def test_feeds_come_in_the_order_asked_for_and_a_bad_one_carries_its_error():
    names = ["umbrella", "acme", "hooli"]
    feeds = asyncio.run(fetch_all(DATA / f"{name}.csv" for name in names))
    assert [feed.symbol for feed in feeds] == ["UMBRELLA", "ACME", "HOOLI"]
    assert str(feeds[0].error) == "line 9: close is not a number: 'n/a'"
    assert [len(feed.prices) for feed in feeds] == [0, 60, 20]


def test_a_stream_can_be_left_early():
    async def first_three():
        stream = stream_prices(DATA / "acme.csv", pause_every=1)
        closes = []
        async for price in stream:
            closes.append(price.close)
            if len(closes) == 3:
                break
        await stream.aclose()
        return closes

    assert len(asyncio.run(first_three())) == 3


def test_the_program_reports_bad_files_and_analyses_the_others(capsys):
    assert main([str(DATA)]) == 0
    output = capsys.readouterr().out
    assert "UMBRELLA  skipped: line 9: close is not a number: 'n/a'" in output
    assert "HOOLI     skipped: an EMA of 26 days needs 26 prices, there are 20" in output
    assert "sell: cannot sell 100 ACME: 0 held" in output
    assert output.endswith("portfolio  10200.50\n")


def test_a_folder_without_prices_is_an_error(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "no CSV files" in capsys.readouterr().err
