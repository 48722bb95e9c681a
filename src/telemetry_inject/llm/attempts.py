"""Attempts at one request: each passes the budget; what may pass by itself is tried again after a wait.

The wait is what the provider asks for, else it doubles from a second, with a part left to chance so that
workers do not come back all at once.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from telemetry_inject.llm.errors import Cancelled, Charge, ModelError, TimedOut

Result = TypeVar("Result")
MOST_SERVERS = 64  # of a pool, that one call tries one after the other


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` in all, of which `late` may end in a time-out; waits in seconds."""

    attempts: int = 4
    late: int = 2
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_asked: float = 120.0  # a provider that asks for more is not waited for

    def wait(self, tried: int, error: ModelError, chance: float) -> float | None:
        """Seconds until the next attempt; None when it would be too long. `chance` is from 0 to 1."""
        if error.elsewhere:
            return 0.0
        if error.after is not None:
            return error.after * (1 + chance / 10) if error.after <= self.longest_asked else None
        return min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1)) * (0.5 + chance)


class Cancellation:
    """A wish to end, told to all who wait."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """End: from any thread, also from a signal handler."""
        self._event.set()

    @property
    def wanted(self) -> bool:
        """Whether the run is ending."""
        return self._event.is_set()

    def sleep(self, seconds: float) -> None:
        """Wait, or raise Cancelled as soon as the run is ending."""
        if self._event.wait(seconds):
            raise cancelled()


def cancelled() -> Cancelled:
    """The error of a call that was not made."""
    error = Cancelled("the call was cancelled before it began")
    error.charge = Charge.NOTHING
    return error


def with_retries(
    attempt: Callable[[], Result],
    policy: RetryPolicy,
    sleep: Callable[[float], None],
    chance: Callable[[], float] = random.random,
    told: Callable[[ModelError, float], None] = lambda error, wait: None,
) -> Result:
    """The result of the first attempt that succeeds; `told` hears of each that failed, and of the wait.

    Raises the last attempt's ModelError, and at once what another attempt cannot help.
    """
    tried = late = moved = 0
    while True:
        try:
            return attempt()
        except ModelError as error:
            late += isinstance(error, TimedOut)
            moved += error.elsewhere
            tried += not error.elsewhere
            if not error.retry or tried >= policy.attempts or late >= policy.late or moved > MOST_SERVERS:
                raise
            wait = policy.wait(tried, error, chance())
            if wait is None:
                raise
            told(error, wait)
            if wait:
                sleep(wait)
