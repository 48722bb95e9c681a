"""OllamaModelPool: several Ollama servers and models as one provider.

A call goes to the member with the fewest calls in flight. A member that fails is left out for a while, longer
each time it fails again, and the call is tried at another one at once; when all are out, the one whose time is
nearest is tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from telemetry_inject.llm import errors
from telemetry_inject.llm.types import Completion, ModelDescription, Provider, Request

Result = TypeVar("Result")
FIRST_REST = 15.0  # seconds
LONGEST_REST = 300.0
_DEAD = (
    errors.Unreachable,
    errors.ConnectionLost,
    errors.ServerFailed,
    errors.Overloaded,
    errors.TimedOut,
    errors.NotThere,
    errors.NotAnAnswer,
    errors.KeyRejected,
    errors.AccessDenied,
)


@dataclass(slots=True)
class Member:
    """One model on one server, and how it is doing."""

    provider: Provider
    model: str
    busy: int = 0
    failures: int = 0
    out_until: float = 0.0
    calls: int = 0


class OllamaModelPool:
    """See Provider. `request.model` is not looked at: each member has its own."""

    name = "ollama"

    def __init__(
        self, providers: Sequence[Provider], models: Sequence[str], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._providers = tuple(providers)
        self._members = [Member(provider, model) for model in models for provider in providers]
        self._now = now
        self._lock = threading.Lock()
        self.address = ", ".join(provider.address for provider in providers)

    @property
    def members(self) -> tuple[Member, ...]:
        """A picture of all members as they are now."""
        with self._lock:
            return tuple(replace(member) for member in self._members)

    def complete(self, request: Request) -> Completion:
        """See Provider. A failure that another member may not have says so: `elsewhere`."""
        member = self._take()
        try:
            answer = member.provider.complete(replace(request, model=member.model))
        except _DEAD as error:
            others = self._leave_out(member)
            error.elsewhere = error.retry = others
            raise
        else:
            with self._lock:
                member.failures, member.out_until = 0, 0.0
            return replace(answer, model=member.model)
        finally:
            with self._lock:
                member.busy -= 1

    def _take(self) -> Member:
        with self._lock:
            now = self._now()
            alive = [member for member in self._members if member.out_until <= now]
            if alive:
                chosen = min(alive, key=lambda member: (member.busy, member.calls))
            else:
                chosen = min(self._members, key=lambda member: member.out_until)
            chosen.busy += 1
            chosen.calls += 1
            return chosen

    def _leave_out(self, member: Member) -> bool:
        """Give the member a rest; whether there are others that have none."""
        with self._lock:
            now = self._now()
            if member.out_until <= now:  # not once more for calls that were in flight together
                member.failures += 1
                member.out_until = now + min(LONGEST_REST, FIRST_REST * 2.0 ** (member.failures - 1))
            return any(other.out_until <= now for other in self._members)

    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """See Provider: those of all servers that answer, each once."""
        found: dict[str, ModelDescription] = {}
        for models in self._each(lambda provider: provider.list_models(timeout)):
            for model in models:
                found.setdefault(model.name, model)
        return tuple(found.values())

    def describe(self, model: str, timeout: float) -> ModelDescription | None:
        """The smallest context of all members: any of them may get the call."""
        smallest: ModelDescription | None = None
        for name in dict.fromkeys(member.model for member in self._members):
            for described in self._each(partial(_describe, name, timeout)):
                if described is not None and (smallest is None or described.context < smallest.context):
                    smallest = described
        return replace(smallest, name=model) if smallest is not None else None

    def check(self, timeout: float) -> str:
        """See Provider."""
        return "; ".join(self._each(lambda provider: provider.check(timeout)))

    def _each(self, ask: Callable[[Provider], Result]) -> list[Result]:
        """The answers of the servers that give one; the last failure when none does."""
        answers, failure = [], None
        for provider in self._providers:
            try:
                answers.append(ask(provider))
            except _DEAD as error:
                failure = error
        if failure is not None and not answers:
            raise failure
        return answers

    def abort(self) -> None:
        """See Provider."""
        for provider in self._providers:
            provider.abort()

    def close(self) -> None:
        """See Provider."""
        for provider in self._providers:
            provider.close()


def _describe(name: str, timeout: float, provider: Provider) -> ModelDescription | None:
    return provider.describe(name, timeout)
