"""Several Ollama servers as one: least busy first, dead ones out and back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from telemetry_inject.llm import errors
from telemetry_inject.llm.client import ModelClient
from telemetry_inject.llm.cost_tracker import CostTracker
from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.factory import build_provider
from telemetry_inject.llm.ollama_model_pool import FIRST_REST, OllamaModelPool
from telemetry_inject.llm.ollama_provider import OllamaProvider
from telemetry_inject.llm.prices import FREE
from telemetry_inject.llm.token_detector import TokenDetector
from telemetry_inject.llm.types import Request

from .samples import GOOD, MESSAGES, QUESTION, SCHEMA
from .scripted_server import Reply, ScriptedServer, answer, failure

ASKED = Request("any", MESSAGES, 100, 10.0, SCHEMA)


@pytest.fixture
def two() -> Any:
    with ScriptedServer() as one, ScriptedServer() as other:
        for server in (one, other):
            server.default = lambda request: answer("ollama", GOOD)
        yield one, other


def models(server: ScriptedServer) -> list[str]:
    return [request.body["model"] for request in server.requests if request.path == "/api/chat"]


def test_calls_are_spread_over_servers_and_models(two: Any) -> None:
    pool = OllamaModelPool([OllamaProvider(server.url) for server in two], ["a", "b"])
    used = [pool.complete(ASKED).model for _ in range(8)]
    assert sorted(used) == ["a"] * 4 + ["b"] * 4
    assert [sorted(models(server)) for server in two] == [["a", "a", "b", "b"]] * 2


def test_the_least_busy_is_taken(two: Any) -> None:
    one, other = two
    release = threading.Event()

    def slow(request: Any) -> Reply:
        release.wait(20)
        return answer("ollama", GOOD)

    one.default = slow
    pool = OllamaModelPool([OllamaProvider(one.url), OllamaProvider(other.url)], ["a"])
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(pool.complete, ASKED)
        assert one.arrived.acquire(timeout=20)
        for _ in range(5):
            pool.complete(ASKED)
        release.set()
        first.result(20)
    assert (len(one.requests), len(other.requests)) == (1, 5)
    assert [member.busy for member in pool.members] == [0, 0]


def test_a_dead_one_is_left_out_and_comes_back(two: Any) -> None:
    one, other = two
    now = [0.0]
    pool = OllamaModelPool([OllamaProvider(one.url), OllamaProvider(other.url)], ["a"], lambda: now[0])
    one.replies = [failure("ollama", 500, "CUDA error")]
    with pytest.raises(errors.ServerFailed) as caught:
        pool.complete(ASKED)
    assert caught.value.elsewhere
    for _ in range(4):
        pool.complete(ASKED)
    assert (len(one.requests), len(other.requests)) == (1, 4)
    now[0] = FIRST_REST + 1
    pool.complete(ASKED)
    assert len(one.requests) == 2
    assert [member.failures for member in pool.members] == [0, 0]


def test_a_call_moves_on_at_once(two: Any) -> None:
    one, other = two
    one.default = lambda request: failure("ollama", 404, "model not found")
    slept: list[float] = []
    pool = OllamaModelPool([OllamaProvider(one.url), OllamaProvider(other.url)], ["a", "b"])
    client = ModelClient(
        pool, "a,b", CostTracker(), TokenDetector(50_000, 4000), FREE, 10.0, sleep=slept.append, chance=lambda: 0.5
    )
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    assert slept == []
    assert client.tracker.total().cost == 0
    assert "a" in client.tracker.by_model()


def test_all_dead_ends_with_the_last_ones_error(two: Any) -> None:
    for server in two:
        server.default = lambda request: failure("ollama", 404, "model not found")
    pool = OllamaModelPool([OllamaProvider(server.url) for server in two], ["a"])
    client = ModelClient(pool, "a", CostTracker(), TokenDetector(50_000, 4000), FREE, 10.0, sleep=lambda wait: None)
    with pytest.raises(errors.NotThere):
        client.ask(QUESTION)
    assert [len(server.requests) for server in two] == [1, 1]


def test_the_smallest_context_counts_and_lists_are_joined(two: Any) -> None:
    one, other = two
    one.default = lambda request: Reply(200, {"models": [{"name": "a"}, {"name": "b"}]})
    other.default = lambda request: Reply(200, {"models": [{"name": "b"}, {"name": "nomic-embed-text"}]})
    pool = OllamaModelPool([OllamaProvider(server.url) for server in two], ["a"])
    assert [model.name for model in pool.list_models(5)] == ["a", "b"]
    one.default = lambda request: Reply(200, {"model_info": {"x.context_length": 9000}})
    other.default = lambda request: Reply(200, {"model_info": {"x.context_length": 5000}})
    described = pool.describe("a", 5)
    assert described is not None and described.context == 5000
    one.default = lambda request: Reply(drop=True)
    other.default = lambda request: Reply(200, {"version": "1"})
    assert "version 1" in pool.check(5)


def test_commas_make_a_pool(two: Any) -> None:
    urls = ",".join(server.url for server in two)
    provider = build_provider(Choice("ollama", "a, b", urls, None, 10.0, "test"))
    assert isinstance(provider, OllamaModelPool)
    assert len(provider.members) == 4
    single = build_provider(Choice("ollama", "a", two[0].url, None, 10.0, "test"))
    assert isinstance(single, OllamaProvider)
