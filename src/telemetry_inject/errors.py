"""Every error of the product: its exit code, its words, and what to do about it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; documented in the README."""

    DONE = 0
    INCOMPLETE = 1  # --check found something to change, or a file or function failed
    USAGE = 2  # wrong arguments, configuration, or input path
    BUG = 3  # our fault: please report
    BUDGET = 4  # the budget was reached
    REPAIRED = 5  # --verify: functions were left out and the rest is proved, or the budget for time was not met
    UNPROVED = 6  # --verify: not proved, and nothing is written
    INTERRUPTED = 130  # ^C


class TelemetryInjectError(Exception):
    """Base of all errors shown to a person: a one-line title, and a help line that says what to do."""

    exit_code = ExitCode.USAGE

    def __init__(self, title: str, help_text: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.help_text = help_text


class UsageError(TelemetryInjectError):
    """Arguments, environment, configuration file or input path are wrong."""


class PackError(TelemetryInjectError):
    """A language pack is not valid; the title names the pack, the file and the entry."""


class OutputError(TelemetryInjectError):
    """A result could not be written."""

    exit_code = ExitCode.INCOMPLETE


class InvariantError(TelemetryInjectError):
    """A promise of ours did not hold (for example, removing the insertions did not give the original)."""

    exit_code = ExitCode.BUG
