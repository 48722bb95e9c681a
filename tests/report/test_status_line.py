"""What is said about the work in hand where there is no terminal, as in a CI log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from telemetry_inject.config import Settings
from telemetry_inject.report import status_line
from telemetry_inject.report.status_line import StatusLine

SETTINGS = Settings(path=Path())


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_each_kind_of_work_gets_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with StatusLine(SETTINGS) as line:
        for text in ("copying", "looking: run 1", "looking: run 2", "looking: run 1,003", "proving"):
            line.say(text)
    assert said(capsys) == ["copying ...", "looking: run 1 ...", "proving ..."]


def test_work_that_takes_long_gets_another_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(status_line.time, "monotonic", lambda: now)
    with StatusLine(SETTINGS) as line:
        for number in range(1, 61):
            line.say(f"looking: run {number}")
            now += 1
    assert said(capsys) == ["looking: run 1 ...", "looking: run 32 ..."]


def test_a_quiet_run_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with StatusLine(replace(SETTINGS, quiet=True)) as line:
        line.say("copying")
    assert said(capsys) == []
