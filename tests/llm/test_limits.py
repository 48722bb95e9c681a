"""How long prompts and answers may be, where that is known from, and how pieces are spread over prompts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_inject.llm import errors
from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.prices import find_prices
from telemetry_inject.llm.token_detector import OLDEST, Limits, TokenDetector, pack
from telemetry_inject.llm.types import Message

from .samples import QUESTION, SCHEMA
from .scripted_server import Reply, ScriptedServer

CLAUDE = {"id": "claude-x", "type": "model", "max_input_tokens": 500_000, "max_tokens": 64_000, "lifecycle": "active"}
SHOWN = {"model_info": {"general.architecture": "qwen2", "qwen2.context_length": 32_768, "qwen2.block_count": 28}}
VLLM = {"object": "list", "data": [{"id": "gpt-4o", "object": "model", "max_model_len": 16_000}]}


@pytest.mark.parametrize(
    ("provider", "reply", "path", "expected"),
    [
        ("anthropic", CLAUDE, "/v1/models/claude-sonnet-5-5", Limits(500_000, 64_000, "anthropic")),
        ("ollama", SHOWN, "/api/show", Limits(32_768, 4096, "ollama")),
        ("openai", VLLM, "/v1/models", Limits(16_000, 4096, "openai")),
    ],
)
def test_the_provider_is_asked_once_and_remembered(
    provider: str, reply: Any, path: str, expected: Limits, server: ScriptedServer, make: Any, tmp_path: Path
) -> None:
    client: ModelClient = make(provider)
    server.replies = [Reply(200, reply)]
    file = tmp_path / "deep" / "limits.json"
    now = [1000.0]
    assert TokenDetector(file=file, now=lambda: now[0]).limits(client.provider, client.model) == expected
    assert [request.path for request in server.requests] == [path]
    again = TokenDetector(file=file, now=lambda: now[0]).limits(client.provider, client.model)
    assert (again.context, again.output) == (expected.context, expected.output)
    assert len(server.requests) == 1
    now[0] += OLDEST + 1
    server.replies = [Reply(200, reply)]
    TokenDetector(file=file, now=lambda: now[0]).limits(client.provider, client.model)
    assert len(server.requests) == 2


def test_the_users_numbers_win_and_nobody_is_asked(server: ScriptedServer, make: Any) -> None:
    client: ModelClient = make("ollama")
    assert TokenDetector(4096, 1000).limits(client.provider, "m") == Limits(4096, 1000, "stated")
    assert server.requests == []


def test_then_the_catalogue_then_a_default(server: ScriptedServer, make: Any, tmp_path: Path) -> None:
    client: ModelClient = make("anthropic")
    notes: list[str] = []
    server.default = lambda request: Reply(500, {})
    prices = find_prices("anthropic", "https://api.anthropic.com", "claude-sonnet-4-6")
    detector = TokenDetector(note=notes.append)
    found = detector.limits(client.provider, "claude-sonnet-4-6", prices)
    assert found == Limits(1_000_000, 32_768, "genai-prices")
    assert "HTTP 500" in notes[0]
    file = tmp_path / "limits.json"
    assert TokenDetector(file=file).limits(client.provider, "other") == Limits(8192, 4096, "default")
    assert not file.exists()  # a guess is not worth keeping


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        json.dumps({"format": 1, "rows": 3}).encode(),
        json.dumps({"format": 99, "rows": {}}).encode(),
        *(
            json.dumps({"format": 1, "rows": {"KEY": row}}).encode()
            for row in (
                3,
                {"context": -1, "output": 1, "source": "x", "at": 0},
                {"context": True, "output": 1, "source": "x", "at": 0},
                {"context": 10**12, "output": 1, "source": "x", "at": 0},
                {"context": 9, "output": 1, "source": "x", "at": 10**9},
                {"context": 9, "output": 1, "at": 0},
            )
        ),
    ],
)
def test_a_damaged_cache_is_made_anew(content: bytes, server: ScriptedServer, make: Any, tmp_path: Path) -> None:
    client: ModelClient = make("ollama")
    file = tmp_path / "limits.json"
    file.write_bytes(content.replace(b"KEY", f"ollama {client.provider.address} m".encode()))
    server.replies = [Reply(200, SHOWN)]
    found = TokenDetector(file=file, now=lambda: 5.0).limits(client.provider, "m")
    assert (found.context, found.source) == (32_768, "ollama")
    assert json.loads(file.read_bytes())["rows"]


def test_a_prompt_that_does_not_fit_is_not_sent(server: ScriptedServer, make: Any) -> None:
    client: ModelClient = make("openai")
    with pytest.raises(errors.RequestTooLarge, match="does not fit its 100,000"):
        client.ask(Question("j", (Message("user", "x" * 400_000),), SCHEMA, 1000))
    assert server.requests == []
    assert client.tracker.total().attempts == 0


def test_cancelled_while_asking_for_limits_is_not_swallowed(make: Any) -> None:
    client: ModelClient = make("ollama")
    client.provider.abort()
    with pytest.raises(errors.Cancelled):
        TokenDetector().limits(client.provider, "m")
    with pytest.raises(errors.Cancelled):
        client.ask(QUESTION)


@given(
    sizes=st.lists(st.integers(0, 5000), max_size=40),
    context=st.integers(100, 20_000),
    fixed=st.integers(0, 3000),
    output=st.integers(1, 5000),
)
def test_pieces_are_spread_whole_and_in_order(sizes: list[int], context: int, fixed: int, output: int) -> None:
    limits = Limits(context, context // 2, "test")
    packing = pack(sizes, limits, fixed, output)
    placed = [index for group in packing.groups for index in group]
    assert placed == sorted(placed)
    assert sorted([*placed, *packing.too_large]) == list(range(len(sizes)))
    free = max(0, context - fixed - min(output, context // 2))
    for group in packing.groups:
        assert group and sum(sizes[index] for index in group) <= free
    assert all(sizes[index] > free for index in packing.too_large)
    sums = [sum(sizes[index] for index in group) for group in packing.groups]
    assert all(one + sizes[after[0]] > free for one, after in zip(sums, packing.groups[1:], strict=False))
