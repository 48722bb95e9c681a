"""What is being done now, on standard error: one line that changes on a terminal, else a line for each kind of work,
and again while that takes long."""

from __future__ import annotations

import os
import re
import sys
import time

from telemetry_inject.config import Settings
from telemetry_inject.report.terminal import printable

AGAIN_AFTER = 30.0
"""Seconds after which the same kind of work gets another line in a log."""


class StatusLine:
    """Entered for the time of the work; says nothing when the run is quiet."""

    def __init__(self, settings: Settings) -> None:
        self._quiet = settings.quiet
        self._changes = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not settings.verbose
        self._last = ""
        self._width = 0
        self._printed = 0.0

    def __enter__(self) -> StatusLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            print("\r" + " " * self._width + "\r", end="", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Show what is being done."""
        if self._quiet:
            return
        text = printable(text)
        if self._changes:
            print("\r" + f"{text} ...".ljust(self._width), end="", file=sys.stderr, flush=True)
            self._width = max(self._width, len(text) + 4)
            return
        kind = re.sub(r"[\d,]+", "", text)
        if kind != self._last or time.monotonic() - self._printed > AGAIN_AFTER:
            print(f"{text} ...", file=sys.stderr, flush=True)
            self._printed = time.monotonic()
        self._last = kind
