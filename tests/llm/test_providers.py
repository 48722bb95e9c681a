"""The three adapters with the real SDKs over HTTP: what is sent, what each failure becomes, what it costs."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest

from telemetry_inject.errors import ExitCode
from telemetry_inject.llm import errors
from telemetry_inject.llm.answers import first_problem
from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.types import Message

from .samples import GOOD, KEY, MESSAGES, MODELS, PROVIDERS, QUESTION, SCHEMA, SOURCE
from .scripted_server import PATHS, Reply, ScriptedServer, answer, failure

Make = Callable[..., ModelClient]
each = pytest.mark.parametrize("provider", PROVIDERS)


@each
def test_success(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [answer(provider, GOOD, (100, 20))]
    client = make(provider, budget="1")
    got = client.ask(QUESTION)
    assert got.value == {"anchor": "entry"}
    assert got.cost == Decimal("0.0006")  # 100 * 3 + 20 * 15 dollars a million
    assert client.tracker.spent == Decimal("0.0006")
    assert [request.path for request in server.requests] == [PATHS[provider]]
    sent = server.requests[0]
    assert KEY in sent.headers.get("authorization", "") + sent.headers.get("x-api-key", "")
    assert sent.body["model"] == MODELS[provider]
    assert SOURCE in str(sent.body["messages"])


def test_what_openai_compatible_servers_are_sent(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("openai", GOOD)]
    make("openai").ask(QUESTION)
    body = server.requests[0].body
    assert body["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}
    assert body["max_tokens"] == 1000
    assert body["temperature"] == 0
    assert "JSON schema" in body["messages"][-1]["content"]


def test_what_openai_itself_is_sent(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("openai", GOOD)]
    client = make("openai")
    client.provider.compatible = False  # type: ignore[attr-defined]
    client.ask(QUESTION)
    body = server.requests[0].body
    assert body["max_completion_tokens"] == 1000
    assert "temperature" not in body and "max_tokens" not in body
    assert body["messages"] == [{"role": each.role, "content": each.text} for each in MESSAGES]


def test_what_anthropic_is_sent(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("anthropic", GOOD)]
    make("anthropic").ask(QUESTION)
    body = server.requests[0].body
    assert body["system"] == "You name anchors."
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert body["max_tokens"] == 1000
    assert "temperature" not in body


def test_what_ollama_is_sent(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("ollama", GOOD)]
    make("ollama").ask(QUESTION)
    body = server.requests[0].body
    assert body["format"] == SCHEMA
    assert (body["stream"], body["truncate"], body["shift"]) == (False, False, False)
    assert body["options"]["num_ctx"] == 4096
    assert (body["options"]["num_predict"], body["options"]["temperature"]) == (1000, 0)
    assert "JSON schema" in body["messages"][-1]["content"]


def test_ollama_gets_the_context_that_the_prompt_needs(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("ollama", GOOD)]
    make("ollama").ask(Question("injection", (Message("user", "x = 1\n" * 3000),), SCHEMA, 1000))
    assert server.requests[0].body["options"]["num_ctx"] == 16384


def test_a_prompt_that_ollama_cut_is_not_believed(server: ScriptedServer, make: Make) -> None:
    server.replies = [answer("ollama", GOOD, (4096, 20))]
    with pytest.raises(errors.PromptCut):
        make("ollama").ask(QUESTION)


def test_bounds_are_kept_from_the_server_and_checked_here(server: ScriptedServer, make: Make) -> None:
    schema = {**SCHEMA, "properties": {"anchor": {"type": "string", "maxLength": 3}}}
    server.replies = [answer("openai", GOOD)]
    with pytest.raises(errors.WrongAnswer, match=r"answer\.anchor is too short or too long"):
        make("openai").ask(Question("injection", MESSAGES, schema, 1000))
    sent = server.requests[0].body["response_format"]["json_schema"]["schema"]
    assert sent["properties"] == {"anchor": {"type": "string"}}


WHOLE = "the whole hold"
STATUSES = [
    (301, errors.Redirected, 1, "0", ExitCode.USAGE),
    (400, errors.FormRejected, 3, "0", ExitCode.INCOMPLETE),  # of servers that only speak like the provider
    (401, errors.KeyRejected, 1, "0", ExitCode.USAGE),
    (402, errors.OutOfCredit, 1, "0", ExitCode.USAGE),
    (403, errors.AccessDenied, 1, "0", ExitCode.USAGE),
    (404, errors.NotThere, 1, "0", ExitCode.USAGE),
    (405, errors.RequestRejected, 1, "0", ExitCode.INCOMPLETE),
    (408, errors.TimedOut, 2, WHOLE, ExitCode.INCOMPLETE),
    (409, errors.RequestRejected, 1, "0", ExitCode.INCOMPLETE),
    (413, errors.RequestTooLarge, 1, "0", ExitCode.INCOMPLETE),
    (418, errors.RequestRejected, 1, "0", ExitCode.INCOMPLETE),
    (429, errors.RateLimited, 4, "0", ExitCode.INCOMPLETE),
    (502, errors.ServerFailed, 4, WHOLE, ExitCode.INCOMPLETE),
    (503, errors.Overloaded, 4, "0", ExitCode.INCOMPLETE),
    (504, errors.ServerFailed, 4, WHOLE, ExitCode.INCOMPLETE),
    (529, errors.Overloaded, 4, "0", ExitCode.INCOMPLETE),
]


@each
@pytest.mark.parametrize(("status", "kind", "calls", "cost", "code"), STATUSES, ids=lambda value: str(value)[:30])
def test_each_status(
    provider: str,
    status: int,
    kind: type[errors.ModelError],
    calls: int,
    cost: str,
    code: ExitCode,
    server: ScriptedServer,
    make: Make,
) -> None:
    server.default = lambda request: failure(provider, status)
    client = make(provider, budget="1")
    with pytest.raises(errors.ModelError) as caught:
        client.ask(QUESTION)
    expected = errors.RequestRejected if kind is errors.FormRejected else kind
    if kind is errors.FormRejected and provider == "ollama":
        calls = 1
    assert type(caught.value) is expected
    assert f"HTTP {status}" in caught.value.title
    assert "it failed" in caught.value.title
    assert caught.value.help_text
    assert caught.value.exit_code == code
    assert len(server.requests) == calls
    assert len(client.slept) == (0 if kind is errors.FormRejected else calls - 1)  # type: ignore[attr-defined]
    total = client.tracker.total()
    assert total.attempts == calls
    if cost == "0":
        assert client.tracker.spent == 0
    else:
        assert client.tracker.spent == total.estimated > 0
    assert client.tracker._held == 0


@each
def test_500_counts_as_perhaps_billed(provider: str, server: ScriptedServer, make: Make) -> None:
    server.default = lambda request: failure(provider, 500)
    client = make(provider, budget="1")
    client.provider._place = type(client.provider._place)(provider, "there")  # type: ignore[attr-defined]
    with pytest.raises(errors.ServerFailed):
        client.ask(QUESTION)
    assert client.tracker.spent == client.tracker.total().estimated > 0


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_server_that_fails_over_the_schema_is_asked_for_less(
    provider: str, server: ScriptedServer, make: Make
) -> None:
    server.replies = [
        failure(provider, 500, "Internal Server Error"),
        failure(provider, 400, "response_format is not supported"),
        answer(provider, f"Here you are:\n```json\n{GOOD}\n```"),
        answer(provider, GOOD),
    ]
    client = make(provider)
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    bodies = [request.body for request in server.requests]
    forms = [str(body.get("response_format") or body.get("output_config")) for body in bodies]
    assert len(forms) == 4  # the second question starts where the first one ended
    assert forms[2] == forms[3] == "None"
    assert "JSON schema" in str(bodies[2]["messages"])
    assert client.slept == []  # type: ignore[attr-defined]


def test_a_500_that_may_be_about_the_form_is_charged_and_not_believed_at_once(
    server: ScriptedServer, make: Make
) -> None:
    client = make("openai", budget="1")
    for _ in range(2):
        server.replies = [failure("openai", 500), answer("openai", GOOD, (100, 20))]
        spent = client.tracker.spent
        client.ask(QUESTION)
        assert client.tracker.spent - spent > Decimal("0.0155")  # the hold and the answer
    server.replies = [answer("openai", GOOD)]
    client.ask(QUESTION)
    forms = [request.body["response_format"]["type"] for request in server.requests]
    assert forms == ["json_schema", "json_object", "json_schema", "json_object", "json_object"]


def test_an_ollama_that_does_not_know_schemas_is_asked_for_json(server: ScriptedServer, make: Make) -> None:
    server.replies = [failure("ollama", 400, "invalid format: expected json"), answer("ollama", GOOD)]
    assert make("ollama").ask(QUESTION).value == {"anchor": "entry"}
    assert [request.body["format"] for request in server.requests] == [SCHEMA, "json"]


CONNECTIONS: list[tuple[str, dict[str, Any], type[errors.ModelError], int]] = [
    ("late", {"delay": 30}, errors.TimedOut, 2),
    ("slow bytes", {"dribble": 0.05}, errors.TimedOut, 2),
    ("dropped", {"drop": True}, errors.ConnectionLost, 4),
    ("half an answer", {"half": True}, errors.ConnectionLost, 4),
]


@each
@pytest.mark.parametrize(("name", "how", "kind", "calls"), CONNECTIONS, ids=[row[0] for row in CONNECTIONS])
def test_each_broken_connection(
    provider: str,
    name: str,
    how: dict[str, Any],
    kind: type[errors.ModelError],
    calls: int,
    server: ScriptedServer,
    make: Make,
) -> None:
    server.default = lambda request: answer(provider, GOOD, **how)
    client = make(provider, budget="1", timeout=0.5 if kind is errors.TimedOut else 30)
    with pytest.raises(kind) as caught:
        client.ask(QUESTION)
    assert type(caught.value) is kind
    assert client.tracker.total().attempts == calls
    assert client.tracker.spent == client.tracker.total().estimated > 0
    assert caught.value.exit_code == ExitCode.INCOMPLETE


@each
def test_nobody_there(provider: str, server: ScriptedServer, make: Make) -> None:
    client = make(provider, budget="1")
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(errors.Unreachable, match="refused") as caught:
        client.ask(QUESTION)
    assert client.tracker.spent == 0
    assert client.slept == []  # type: ignore[attr-defined]
    assert caught.value.help_text


@each
def test_trouble_that_passes_is_tried_again_and_all_of_it_is_charged(
    provider: str, server: ScriptedServer, make: Make
) -> None:
    server.replies = [failure(provider, 503), answer(provider, GOOD, drop=True), answer(provider, GOOD, (100, 20))]
    client = make(provider, budget="1")
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    assert client.slept == [1.0, 2.0]  # type: ignore[attr-defined]
    total = client.tracker.total()
    assert total.attempts == 3
    assert total.cost == total.estimated + Decimal("0.0006")
    assert total.estimated > 0


@each
def test_retry_after_in_seconds_and_as_a_date(provider: str, server: ScriptedServer, make: Make) -> None:
    date = formatdate(1_800_000_000 + 30, usegmt=True)
    server.replies = [
        failure(provider, 429, headers={"retry-after": "7"}),
        failure(provider, 429, headers={"retry-after": date}),
        failure(provider, 429, headers={"retry-after-ms": "1500"}),
        answer(provider, GOOD),
    ]
    client = make(provider)
    place = client.provider._place  # type: ignore[attr-defined]
    object.__setattr__(place, "now", lambda: 1_800_000_000.0)
    client.ask(QUESTION)
    assert client.slept == pytest.approx([7 * 1.05, 30 * 1.05, 1.5 * 1.05])  # type: ignore[attr-defined]


@each
def test_a_provider_that_asks_for_an_hour_is_not_waited_for(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [failure(provider, 429, headers={"retry-after": "3600"})]
    client = make(provider)
    with pytest.raises(errors.RateLimited):
        client.ask(QUESTION)
    assert client.slept == []  # type: ignore[attr-defined]


NO_ANSWERS = [
    ("a web page", b"<!DOCTYPE html><html><body>Log in</body></html>", "text/html", "a web page"),
    ("a web page called JSON", b"<html></html>", "application/json", "a web page"),
    ("nothing", b"", "application/json", "nothing"),
    ("half of JSON", b'{"choices": [', "application/json", "not JSON"),
    ("a list", b"[]", "application/json", "not a JSON object"),
    ("an empty object", b"{}", "application/json", ""),
    ("another shape", b'{"choices": 3, "content": null, "message": []}', "application/json", ""),
]


@each
@pytest.mark.parametrize(("name", "body", "kind", "said"), NO_ANSWERS, ids=[row[0] for row in NO_ANSWERS])
def test_a_success_that_is_no_answer(
    provider: str, name: str, body: bytes, kind: str, said: str, server: ScriptedServer, make: Make
) -> None:
    server.replies = [Reply(200, body, kind=kind)]
    client = make(provider, budget="1")
    with pytest.raises(errors.NotAnAnswer) as caught:
        client.ask(QUESTION)
    assert said in caught.value.title
    assert "LLM_BASE_URL" in caught.value.help_text
    assert client.tracker.spent == client.tracker.total().estimated > 0
    assert len(server.requests) == 1


def test_an_endless_answer_is_cut(server: ScriptedServer, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry_inject.llm.connections.MOST_BYTES", 10_000)
    server.replies = [answer("openai", "x" * 20_000)]
    with pytest.raises(errors.NotAnAnswer, match="far too large"):
        make("openai").ask(QUESTION)


UNUSABLE = [
    ("words", "I would rather not say.", errors.WrongAnswer),
    ("wrong value", '{"anchor": "exit"}', errors.WrongAnswer),
    ("wrong type", '{"anchor": 3}', errors.WrongAnswer),
    ("missing", "{}", errors.WrongAnswer),
    ("too much", '{"anchor": "entry", "code": "os.system(1)"}', errors.WrongAnswer),
    ("twice", '{"anchor": "exit", "anchor": "entry"}', errors.WrongAnswer),
    ("empty", "", errors.EmptyAnswer),
    ("blank", " \n", errors.EmptyAnswer),
]


@each
@pytest.mark.parametrize(("name", "text", "kind"), UNUSABLE, ids=[row[0] for row in UNUSABLE])
def test_an_answer_that_cannot_be_used_is_charged_as_reported(
    provider: str, name: str, text: str, kind: type[errors.AnswerError], server: ScriptedServer, make: Make
) -> None:
    server.replies = [answer(provider, text, (100, 20))]
    client = make(provider, budget="1")
    with pytest.raises(kind) as caught:
        client.ask(QUESTION)
    assert type(caught.value) is kind
    assert client.tracker.spent == Decimal("0.0006")
    if kind is errors.WrongAnswer:
        assert caught.value.text == text
        assert text not in caught.value.title


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_refusal(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [answer(provider, None, (100, 20), "refusal")]
    client = make(provider, budget="1")
    with pytest.raises(errors.Refused):
        client.ask(QUESTION)
    assert client.tracker.spent == Decimal("0.0006")


def test_refusal_in_openais_own_field(server: ScriptedServer, make: Make) -> None:
    reply = answer("openai", None)
    reply.body["choices"][0]["message"]["refusal"] = "I can't help with that."
    server.replies = [reply]
    with pytest.raises(errors.Refused):
        make("openai").ask(QUESTION)


@each
def test_cut_at_its_length(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [answer(provider, '{"anchor": "en', (100, 1000), "length")]
    client = make(provider, budget="1")
    with pytest.raises(errors.Truncated, match="1,000 tokens"):
        client.ask(QUESTION)
    assert client.tracker.spent == Decimal("0.0153")


@each
def test_no_usage_is_charged_in_full(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [answer(provider, GOOD, None)]
    client = make(provider, budget="1")
    assert client.ask(QUESTION).value == {"anchor": "entry"}
    assert client.tracker.spent == client.tracker.total().estimated > Decimal("0.015")


def test_anthropic_counts_cached_tokens_apart(server: ScriptedServer, make: Make) -> None:
    reply = answer("anthropic", GOOD)
    reply.body["usage"] |= {"cache_read_input_tokens": 40, "cache_creation_input_tokens": 60}
    server.replies = [reply]
    assert make("anthropic").ask(QUESTION).input == 200


WORDS = [
    ("openai", 429, "You exceeded your current quota", "insufficient_quota", errors.OutOfCredit),
    ("anthropic", 400, "Your credit balance is too low", "invalid_request_error", errors.OutOfCredit),
    (
        "openai",
        400,
        "This model's maximum context length is 8192 tokens",
        "context_length_exceeded",
        errors.RequestTooLarge,
    ),
    ("anthropic", 400, "prompt is too long: 210000 tokens > 200000 maximum", "", errors.RequestTooLarge),
    ("ollama", 400, "the input length exceeds the context length", "", errors.RequestTooLarge),
    ("ollama", 404, "model 'qwen2.5-coder:7b' not found", "", errors.NotThere),
]


@pytest.mark.parametrize(("provider", "status", "message", "code", "kind"), WORDS)
def test_the_providers_words_decide(
    provider: str,
    status: int,
    message: str,
    code: str,
    kind: type[errors.ModelError],
    server: ScriptedServer,
    make: Make,
) -> None:
    server.default = lambda request: failure(provider, status, message, code)
    with pytest.raises(kind):
        make(provider).ask(QUESTION)


def test_a_model_that_is_not_there_comes_with_the_command_to_get_it(server: ScriptedServer, make: Make) -> None:
    server.replies = [failure("ollama", 404, "model 'x' not found")]
    with pytest.raises(errors.NotThere) as caught:
        make("ollama").ask(QUESTION)
    assert "ollama pull qwen2.5-coder:7b" in caught.value.help_text


@each
@pytest.mark.parametrize(
    "message",
    [
        f"cannot read: {SOURCE}",
        f"bad key {KEY}",
        "Incorrect API key provided: sk-test-******ghij.",
        f"near {SOURCE[10:40]}",
    ],
)
def test_neither_keys_nor_sources_are_in_errors(
    provider: str, message: str, server: ScriptedServer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    server.default = lambda request: failure(provider, 418, message)
    seen: list[Any] = []
    client = make(provider, trace=lambda *args, **data: seen.append((args, data)))
    with pytest.raises(errors.RequestRejected) as caught:
        client.ask(QUESTION)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(vars(client)) + repr(QUESTION)
    shown += repr(seen) + caught.value.title
    assert KEY not in shown
    assert "ghij" not in shown
    assert SOURCE[10:40] not in shown


@each
def test_a_redirect_is_not_followed(provider: str, server: ScriptedServer, make: Make) -> None:
    server.replies = [Reply(307, b"", {"location": server.url + "/elsewhere"}), answer(provider, GOOD)]
    with pytest.raises(errors.Redirected):
        make(provider).ask(QUESTION)
    assert len(server.requests) == 1


@each
def test_a_call_in_flight_can_be_cancelled(provider: str, server: ScriptedServer, make: Make) -> None:
    server.default = lambda request: answer(provider, GOOD, delay=30)
    client = make(provider, budget="1")
    caught: list[BaseException] = []

    def work() -> None:
        try:
            client.ask(QUESTION)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert server.arrived.acquire(timeout=20)
    client.cancel()
    thread.join(20)
    assert not thread.is_alive()
    assert [type(error) for error in caught] == [errors.Cancelled]
    assert client.tracker.spent > 0  # it was on its way: nobody knows
    spent = client.tracker.spent
    with pytest.raises(errors.Cancelled):
        client.ask(QUESTION)
    assert (len(server.requests), client.tracker.spent) == (1, spent)


def test_loopback_is_called_without_the_proxy(
    server: ScriptedServer, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    for provider in PROVIDERS:
        server.replies = [answer(provider, GOOD)]
        make(provider).ask(QUESTION)


def test_a_proxy_is_used_for_the_world(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from telemetry_inject.llm.ollama_provider import OllamaProvider

    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.replies = [Reply(200, {"version": "0.33"})]
    assert "0.33" in OllamaProvider("http://models.invalid").check(20)
    assert server.requests[0].headers["host"] == "models.invalid"


@each
def test_debug_logs_of_the_sdks_stay_off(
    provider: str, server: ScriptedServer, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import logging

    for name in ("openai", "anthropic", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    server.replies = [answer(provider, GOOD)]
    make(provider).ask(QUESTION)
    assert caplog.text == ""


def test_the_schema_check_knows_the_subset() -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": ["integer", "null"], "maximum": 9}, "maxItems": 3},
            "kind": {"anyOf": [{"const": "a"}, {"type": "boolean"}]},
        },
        "required": ["items", "kind"],
        "additionalProperties": False,
    }
    assert first_problem({"items": [1, None], "kind": True}, schema) is None
    assert first_problem({"items": [True], "kind": "a"}, schema) == "answer.items[0] is not integer or null"
    assert first_problem({"items": [10], "kind": "a"}, schema) == "answer.items[0] is too small or too large"
    assert first_problem({"items": [1, 2, 3, 4], "kind": "a"}, schema) == "answer.items has too few or too many items"
    assert first_problem({"items": [], "kind": "b"}, schema) == "answer.kind fits none of the forms allowed"
