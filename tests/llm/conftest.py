"""The scripted server, and clients of it with the real SDKs; no proxy, no key of the machine, no waiting."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from telemetry_inject.llm.client import ModelClient
from telemetry_inject.llm.cost_tracker import CostTracker
from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.factory import build_provider
from telemetry_inject.llm.token_detector import TokenDetector
from telemetry_inject.option_kinds import Secret

from .samples import KEY, MODELS, PRICE
from .scripted_server import ScriptedServer


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("OPENAI_", "ANTHROPIC_", "LLM_", "OLLAMA_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


class Slept(list[float]):
    """The waits that were asked for, none of which took place."""


@pytest.fixture
def make(server: ScriptedServer) -> Iterator[Callable[..., ModelClient]]:
    made: list[ModelClient] = []

    def build(provider: str, budget: str | None = None, timeout: float = 20.0, **more: Any) -> ModelClient:
        url = server.url + ("/v1" if provider == "openai" else "")
        choice = Choice(provider, MODELS[provider], url, Secret(KEY), timeout, "test")
        prices = more.pop("prices", PRICE)
        slept = Slept()
        client = ModelClient(
            build_provider(choice),
            choice.model,
            CostTracker(None if budget is None else Decimal(budget)),
            TokenDetector(100_000, 8000),
            prices,
            timeout,
            sleep=more.pop("sleep", slept.append),
            chance=lambda: 0.5,
            **more,
        )
        client.slept = slept  # type: ignore[attr-defined]
        made.append(client)
        return client

    yield build
    for client in made:
        client.close()
