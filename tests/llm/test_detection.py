"""Which provider is chosen by what is said and by what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry_inject.config import load_settings
from telemetry_inject.errors import UsageError
from telemetry_inject.llm import addresses
from telemetry_inject.llm.detection import Choice, detect, ollama_answers, remarks, require
from telemetry_inject.llm.errors import KeyMissing, NoProvider
from telemetry_inject.option_kinds import Secret

from .scripted_server import Reply, ScriptedServer

OWN, CLAUDE = "sk-own-1234567890", "sk-ant-1234567890"


def found(
    folder: Path, environment: dict[str, str], reachable: tuple[str, ...] = (), dotenv: str = "", **flags: str
) -> Choice | None:
    (folder / ".env").write_text(dotenv)
    settings = load_settings({"path": str(folder), **flags}, environment, folder)
    return detect(settings, environment, lambda address: addresses.shown(address) in reachable)


@pytest.mark.parametrize(
    ("environment", "flags", "provider", "address"),
    [
        ({"OPENAI_API_KEY": OWN}, {}, "openai", addresses.OPENAI),
        ({"ANTHROPIC_API_KEY": CLAUDE}, {}, "anthropic", addresses.ANTHROPIC),
        ({"OPENAI_API_KEY": OWN, "ANTHROPIC_API_KEY": CLAUDE}, {}, "openai", addresses.OPENAI),
        (
            {"OPENAI_API_KEY": OWN, "ANTHROPIC_API_KEY": CLAUDE, "LLM_PROVIDER": "anthropic"},
            {},
            "anthropic",
            addresses.ANTHROPIC,
        ),
        ({"OPENAI_API_KEY": OWN, "LLM_PROVIDER": "ollama"}, {}, "ollama", addresses.OLLAMA),
        ({"LLM_BASE_URL": "http://localhost:11434/v1"}, {}, "ollama", "http://localhost:11434/v1"),
        (
            {"LLM_BASE_URL": "http://localhost:11434/v1", "OPENAI_API_KEY": OWN},
            {},
            "ollama",
            "http://localhost:11434/v1",
        ),
        ({"LLM_BASE_URL": "http://localhost:1234/v1"}, {}, "openai", "http://localhost:1234/v1"),
        ({}, {"api_key": CLAUDE}, "anthropic", addresses.ANTHROPIC),
        ({}, {"api_key": OWN}, "openai", addresses.OPENAI),
        ({"OLLAMA_HOST": "gpu:9000", "LLM_PROVIDER": "ollama"}, {}, "ollama", "http://gpu:9000"),
    ],
)
def test_what_is_said(
    tmp_path: Path, environment: dict[str, str], flags: dict[str, str], provider: str, address: str
) -> None:
    choice = found(tmp_path, environment, (), **flags)
    assert choice is not None
    assert (choice.provider, choice.address) == (provider, address)
    assert choice.timeout == (600 if provider == "ollama" else 120)
    assert choice.why


def test_a_server_that_is_there(tmp_path: Path) -> None:
    assert found(tmp_path, {}) is None
    choice = found(tmp_path, {}, (addresses.OLLAMA,))
    assert choice is not None
    assert (choice.provider, choice.timeout, choice.model) == ("ollama", 600, "")
    choice = found(tmp_path, {"LLM_BASE_URL": "http://box:5000"}, ("http://box:5000",))
    assert choice is not None and choice.provider == "ollama"


def test_nothing_at_all_says_what_to_do(tmp_path: Path) -> None:
    settings = load_settings({"path": str(tmp_path)}, {}, tmp_path)
    with pytest.raises(NoProvider) as caught:
        require(settings, {}, lambda address: False)
    assert "OPENAI_API_KEY" in caught.value.help_text and "--use-scripts" in caught.value.help_text


def test_a_provider_without_its_key(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="anthropic: there is no key"):
        found(tmp_path, {"LLM_PROVIDER": "anthropic", "OPENAI_API_KEY": OWN})


def test_dotenv_and_flags(tmp_path: Path) -> None:
    dotenv = f"ANTHROPIC_API_KEY={CLAUDE}\nLLM_MODEL=claude-haiku-4-5\nLLM_TIMEOUT=30\n"
    choice = found(tmp_path, {}, (), dotenv, model="claude-opus-4-8")
    assert choice is not None
    assert (choice.provider, choice.model, choice.timeout) == ("anthropic", "claude-opus-4-8", 30)
    assert choice.key == Secret(CLAUDE)
    assert CLAUDE not in repr(choice)


def test_a_strangers_dotenv_does_not_get_the_users_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sends your key for openai to https://evil\.example/v1") as caught:
        found(tmp_path, {"OPENAI_API_KEY": OWN}, (), "LLM_BASE_URL=https://evil.example/v1\n")
    assert OWN not in caught.value.title
    own = f"LLM_BASE_URL=https://mine.example/v1\nOPENAI_API_KEY={OWN}\n"
    choice = found(tmp_path, {}, (), own)
    assert choice is not None and choice.provider == "openai"
    assert found(tmp_path, {"OPENAI_API_KEY": OWN}, (), "", base_url="https://mine.example/v1") is not None


def test_several_models_are_for_ollama_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Ollama only"):
        found(tmp_path, {"OPENAI_API_KEY": OWN, "LLM_MODEL": "a,b"})


def test_a_key_in_the_clear_is_remarked(tmp_path: Path) -> None:
    choice = found(tmp_path, {"OPENAI_API_KEY": OWN}, (), "", base_url="http://user:pass@box.example/v1")
    assert choice is not None
    assert remarks(choice) == ["the key goes to http://box.example/v1 unencrypted: use https://"]
    assert "pass" not in repr(choice)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ""),
        ("gpu", "http://gpu:11434"),
        ("gpu:9000", "http://gpu:9000"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":9000", "http://127.0.0.1:9000"),
        ("https://gpu.example", "https://gpu.example:443"),
        ("https://gpu.example/ollama/", "https://gpu.example:443/ollama"),
    ],
)
def test_ollama_host(text: str, address: str) -> None:
    assert addresses.ollama_host(text) == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.0.0.9", True),
        ("http://[::1]:8000", True),
        ("https://127.0.0.1.evil.example", False),
        ("https://localhost.evil.example", False),
        ("http://user:localhost@evil.example", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert addresses.is_loopback(address) is expected


def test_the_look_for_ollama(server: ScriptedServer) -> None:
    server.replies = [Reply(200, {"version": "0.33"}), Reply(200, b"<html>"), Reply(404), Reply(drop=True)]
    assert [ollama_answers(server.url + "/v1") for _ in range(4)] == [True, False, False, False]
    assert {request.path for request in server.requests} == {"/api/version"}
    assert not ollama_answers("http://127.0.0.1:9")


def test_nobody_is_asked_where_nobody_listens(server: ScriptedServer) -> None:
    from telemetry_inject.presence import may_listen, ollama_address

    assert may_listen(server.url) and not server.requests
    assert not may_listen("http://127.0.0.1:1")
    assert may_listen("http://localhost:1") and may_listen("https://127.0.0.1:1") and may_listen("http://10.1.2.3:1")
    assert ollama_address({}) == "http://127.0.0.1:11434"
    assert ollama_address({"OLLAMA_HOST": "0.0.0.0:4000"}) == "http://127.0.0.1:4000"


def test_an_ollama_that_answers_is_used_by_a_run_that_says_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    server.default = lambda request: Reply(200, {"version": "0.33.1", "models": []})
    (tmp_path / "a.py").write_text("def f(x):\n    return len(x)\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OLLAMA_HOST": server.url.removeprefix("http://")}
    command = [sys.executable, "-m", "telemetry_inject", "a.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "ollama pull" in done.stderr
