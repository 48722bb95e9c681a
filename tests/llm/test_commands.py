"""--list-models, --check-api and --configure, with real SDKs against the scripted server."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from telemetry_inject.config_menu import RealTerminal, run_config_menu
from telemetry_inject.errors import ExitCode, UsageError
from telemetry_inject.llm import api_checker, model_manager
from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.env_file import changed, write_env_file
from telemetry_inject.llm.errors import NotThere, UnpricedModel
from telemetry_inject.llm.factory import build_client
from telemetry_inject.llm.recommendation import recommended
from telemetry_inject.llm.types import ModelDescription
from telemetry_inject.option_kinds import Secret

from .samples import KEY
from .scripted_server import Recorded, Reply, ScriptedServer, answer, failure

LISTS: dict[str, Any] = {
    "openai": {"data": [{"id": "gpt-4o"}, {"id": "my-model", "context_length": 9000}, {"id": "gpt-6-sol"}, {"x": 1}]},
    "anthropic": {
        "data": [
            {"id": "claude-sonnet-5-5", "max_input_tokens": 1_000_000, "max_tokens": 64_000, "lifecycle": "active"},
            {"id": "claude-old", "lifecycle": "deprecated", "retires_at": "2026-11-30T00:00:00Z"},
        ]
    },
    "ollama": {
        "models": [
            {"name": "llama3.2:3b", "size": 3, "details": {"parameter_size": "3B", "quantization_level": "Q4"}},
            {"name": "qwen2.5-coder:7b", "size": 7, "details": {}},
            {"name": "qwen2.5-coder:1.5b", "size": 2, "details": {}},
            {"name": "qwen3-coder:480b-cloud", "size": 0},
            {"name": "nomic-embed-text"},
        ]
    },
}


def choice_for(provider: str, server: ScriptedServer, model: str = "", key: str = KEY) -> Choice:
    url = server.url + ("/v1" if provider == "openai" else "")
    return Choice(provider, model, url, Secret(key) if key else None, 10.0, "flag --provider")


def working(provider: str) -> Any:
    """A server where everything works."""

    def reply(request: Recorded) -> Reply:
        if request.method == "POST" and request.path != "/api/show":
            return answer(provider, '{"answer": "ready"}', (30, 5))
        if request.path.endswith("/version"):
            return Reply(200, {"version": "0.33.1"})
        if request.path == "/api/show":
            return Reply(200, {"model_info": {"qwen2.context_length": 32_768}})
        return Reply(200, LISTS[provider])

    return reply


@pytest.mark.parametrize(
    ("provider", "best"), [("openai", "gpt-6-sol"), ("anthropic", "claude-sonnet-5-5"), ("ollama", "qwen2.5-coder:7b")]
)
def test_list_models(provider: str, best: str, server: ScriptedServer) -> None:
    server.default = working(provider)
    choice = choice_for(provider, server, "gpt-4o")
    rows = model_manager.list_models(choice)
    assert [row.name for row in rows if row.recommended] == [best]
    assert [row.name for row in rows] == sorted(row.name for row in rows)
    text = model_manager.as_text(rows, choice)
    assert best in text and "recommended" in text and KEY not in text
    document = json.loads(json.dumps(model_manager.as_json(rows, choice)))
    assert {model["name"] for model in document["models"]} == {row.name for row in rows}
    if provider == "openai":
        by_name = {row.name: row for row in rows}
        assert (by_name["gpt-4o"].input_price, by_name["gpt-4o"].context) == (Decimal("2.5"), 128_000)
        assert by_name["my-model"].context == 9000
        assert by_name["gpt-4o"].chosen
    if provider == "anthropic":
        assert "ends 2026-11-30" in text
        assert {row.name: row.input_price for row in rows}["claude-old"] in (None, 0)
    if provider == "ollama":
        assert "Ollama's own servers" in text and "nomic" not in text


def test_openais_own_list_leaves_out_what_cannot_chat(server: ScriptedServer) -> None:
    from telemetry_inject.llm.openai_provider import OpenAIProvider

    names = ["gpt-4o", "text-embedding-3-small", "whisper-1", "gpt-image-1", "gpt-6-sol", "tts-1"]
    server.default = lambda request: Reply(200, {"data": [{"id": name} for name in names]})
    provider = OpenAIProvider(KEY, server.url + "/v1")
    provider.compatible = False
    assert [model.name for model in provider.list_models(5)] == ["gpt-4o", "gpt-6-sol"]


def test_no_model_is_taken_that_sends_sources_on() -> None:
    assert recommended("ollama", [ModelDescription("qwen3-coder:480b-cloud")]) == ""


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_check_api(provider: str, server: ScriptedServer, tmp_path: Path) -> None:
    server.default = working(provider)
    choice = choice_for(provider, server, "qwen2.5-coder:7b" if provider == "ollama" else "gpt-4o")
    client = build_client(choice, Decimal(1), limits_cache=tmp_path / "limits.json")
    report = api_checker.check_api(choice, client)
    assert [(step.name, step.passed) for step in report.steps] == [
        ("settings", True),
        ("address", True),
        ("limits", True),
        ("answer", True),
    ]
    assert report.exit_code == ExitCode.DONE
    document = json.loads(json.dumps(api_checker.as_json(report)))
    assert document["ok"] is True
    assert document["cost_usd"] == pytest.approx(0 if provider == "ollama" else 30 * 2.5e-6 + 5 * 1e-5)
    assert KEY not in api_checker.as_text(report) + json.dumps(document)


def test_check_api_says_what_is_wrong(server: ScriptedServer) -> None:
    server.default = lambda request: failure("openai", 401, "Incorrect API key", "invalid_api_key")
    choice = choice_for("openai", server, "gpt-4o")
    report = api_checker.check_api(choice, build_client(choice))
    assert report.exit_code == ExitCode.USAGE
    assert [step.passed for step in report.steps] == [True, False]
    assert "help: Check OPENAI_API_KEY" in api_checker.as_text(report)
    assert api_checker.as_json(report)["exit_code"] == 2


def test_check_api_with_a_model_that_thinks_at_length(server: ScriptedServer) -> None:
    works = working("openai")
    server.default = lambda request: (
        works(request) if request.method == "GET" else answer("openai", "", (30, 1024), "length")
    )
    choice = choice_for("openai", server, "gpt-4o")
    assert api_checker.check_api(choice, build_client(choice)).exit_code == ExitCode.DONE


def test_a_client_without_a_price_is_not_built_with_a_budget(server: ScriptedServer) -> None:
    choice = Choice("openai", "my-own", "https://gateway.invalid/v1", Secret(KEY), 5.0, "test")
    with pytest.raises(UnpricedModel):
        build_client(choice, Decimal(5))
    build_client(choice).close()


def test_the_best_installed_model_is_taken(server: ScriptedServer) -> None:
    server.default = working("ollama")
    assert build_client(choice_for("ollama", server)).model == "qwen2.5-coder:7b"
    server.default = lambda request: Reply(200, {"models": []})
    with pytest.raises(NotThere) as caught:
        build_client(choice_for("ollama", server))
    assert "ollama pull" in caught.value.help_text


class Typist:
    """A terminal with somebody who types `answers`."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.shown: list[str] = []

    def say(self, text: str) -> None:
        self.shown.append(text)

    def ask(self, question: str, default: str = "") -> str:
        self.shown.append(f"{question} [{default}]")
        if not self.answers:
            raise EOFError
        return self.answers.pop(0) or default

    def ask_unseen(self, question: str) -> str:
        self.shown.append(question)
        return self.answers.pop(0)


def test_configure_writes_what_works(server: ScriptedServer, tmp_path: Path) -> None:
    server.default = working("openai")
    env = tmp_path / ".env"
    before = "# mine\nDATABASE=x  # kept\n\nexport LLM_MODEL='old'\nLLM_TIMEOUT=30\n"
    env.write_text(before)
    typist = Typist("4", server.url + "/v1", KEY, "1")
    assert run_config_menu(tmp_path, {"LLM_MODEL": "other"}, typist) == 0
    text = env.read_text()
    assert "# mine\nDATABASE=x  # kept\n\nexport LLM_MODEL=gpt-6-sol\nLLM_TIMEOUT=30\n" in text
    values = dotenv_values(env)
    assert values["LLM_PROVIDER"] == "openai"
    assert values["OPENAI_API_KEY"] == KEY
    assert values["LLM_BASE_URL"] == server.url + "/v1"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    shown = "\n".join(typist.shown)
    assert KEY not in shown
    assert "It works, and lists 3 models." in shown
    assert "LLM_MODEL is set too, and wins" in shown


def test_configure_says_why_it_does_not_work_and_asks_again(server: ScriptedServer, tmp_path: Path) -> None:
    server.replies = [failure("openai", 401, f"bad key {KEY}")]
    server.default = working("ollama")
    typist = Typist("4", server.url + "/v1", KEY, "a", "3", server.url, "")
    assert run_config_menu(tmp_path, {}, typist) == 0
    shown = "\n".join(typist.shown)
    assert "the key was rejected" in shown
    assert KEY not in shown + (tmp_path / ".env").read_text()
    assert dotenv_values(tmp_path / ".env")["LLM_MODEL"] == "qwen2.5-coder:7b"


def test_configure_keeps_the_key_that_is_there(server: ScriptedServer, tmp_path: Path) -> None:
    server.default = working("openai")
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    typist = Typist("compatible", server.url + "/v1", "", "my-model")
    assert run_config_menu(tmp_path, {}, typist) == 0
    assert dotenv_values(tmp_path / ".env")["OPENAI_API_KEY"] == KEY
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("answers", [("4", "http://127.0.0.1:9/v1", "", "q"), ("9", "nonsense")])
def test_configure_given_up_writes_nothing(answers: tuple[str, ...], tmp_path: Path) -> None:
    try:
        assert run_config_menu(tmp_path, {}, Typist(*answers)) == 1
    except UsageError as error:
        assert "nothing was written" in error.title
    assert not (tmp_path / ".env").exists()


def test_configure_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "from telemetry_inject.config_menu import RealTerminal; RealTerminal()"
    done = subprocess.run([sys.executable, "-c", program], input="", capture_output=True, text=True)
    assert "needs a terminal" in done.stderr
    monkeypatch.setattr("sys.stdin", open(os.devnull))
    with pytest.raises(UsageError) as caught:
        RealTerminal()
    assert "LLM_PROVIDER" in caught.value.help_text


def test_the_real_terminal_never_echoes_a_key(server: ScriptedServer, tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    server.default = working("openai")
    program = (
        "from pathlib import Path; from telemetry_inject.config_menu import run_config_menu;"
        "run_config_menu(Path('.'), {})"
    )
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-c", program])
    seen = b""
    steps = [(b"Number [", "4"), (b"Address [", server.url + "/v1"), (b"OPENAI_API_KEY (", KEY), (b"Model (", "")]
    for prompt, typed in steps:
        while prompt not in seen.rpartition(b"\n")[2]:
            seen += os.read(terminal, 4096)
        os.write(terminal, typed.encode() + b"\n")
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert KEY.encode() not in seen
    assert dotenv_values(tmp_path / ".env")["OPENAI_API_KEY"] == KEY


def test_a_linked_env_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "other")
    with pytest.raises(UsageError, match="symbolic link"):
        write_env_file(tmp_path / ".env", {"B": "2"})
    assert (tmp_path / "other").read_text() == "A=1\n"


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("", {"A": "1"}, "A=1\n"),
        ("B=2", {"A": "1"}, "B=2\nA=1\n"),
        ("A=0\nB=2\nA=3\n", {"A": "1"}, "A=1\nB=2\n"),
        ("A=0\r\nB=2\r\n", {"A": "1", "C": "3"}, "A=1\r\nB=2\r\nC=3\r\n"),
        ("# a\n\n  export A = 'x' # c\n", {"A": "a b"}, "# a\n\nexport A='a b'\n"),
        ("A=0\n# end", {"A": None}, "# end"),
        ("\ufeffA=0\n", {"B": "1"}, "\ufeffA=0\nB=1\n"),
        ("not a line\nA='x\ny'\n", {"A": "1"}, "not a line\nA=1\n"),
        ("X='A=5'\n#A=6\n", {"A": None}, "X='A=5'\n#A=6\n"),
    ],
)
def test_env_files(before: str, changes: dict[str, str | None], after: str) -> None:
    assert changed(before, changes) == after


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\x85"), min_size=1))
def test_any_value_is_read_back(value: str) -> None:
    import io

    text = changed("FIRST=1\n", {"A": value, "LAST": "2"})
    assert dotenv_values(stream=io.StringIO(text), interpolate=False) == {"FIRST": "1", "A": value, "LAST": "2"}
