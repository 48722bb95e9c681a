"""One Chromium and one recording of each example for all tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from page_support import ROOT, Page, Recorded, Written, browsing, record

from telemetry_inject.report.html_page import write_html


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    with browsing() as running:
        yield running


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """The browser; afterwards nothing may have gone wrong in it."""
    yield browser
    browser.quiet()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The span files of an example, with everything in them (level `full`)."""
    return cache(lambda example: record(example, tmp_path_factory.mktemp(example)))


@pytest.fixture(scope="session")
def written(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """The page of an example, with its source."""

    @cache
    def write(example: str) -> Path:
        out = tmp_path_factory.mktemp("page") / f"{example}.html"
        write_html(recorded(example), out, ROOT / "examples" / example)
        return out

    return write
