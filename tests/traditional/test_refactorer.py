"""A script that failed is repaired by a model: proved, frozen to data, cached; what was learned becomes a lesson."""

# ruff: noqa: F811

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from llm.conftest import make  # noqa: F401
from llm.scripted_server import ScriptedServer, answer

from telemetry_inject.engine.instrumenter import instrument
from telemetry_inject.engine.packs import load_pack
from telemetry_inject.llm.errors import BudgetExceeded, ModelError
from telemetry_inject.llm.prompts import load_prompt
from telemetry_inject.scripts.lessons import Lessons
from telemetry_inject.scripts.script_format import recognise, render
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.traditional.model_refactorer import ModelRefactorer, ModelRepair, write_lesson
from telemetry_inject.types import Problem, Unit

SOURCE = b"""def withdraw(account, amount):
    if amount > account:
        raise ValueError("too much")
    return account - int(amount)
"""
PACK = load_pack("python")
KEY = bytes(range(32))
GOOD = """
def transform(source: str) -> str:
    head, _, body = source.partition("\\n")
    lines = ["    " + line if line.strip() else line for line in body.split("\\n")]
    return head + "\\n    with _tlm(\\"withdraw\\"):\\n" + "\\n".join(lines)
"""
EVIL = {
    "a command": GOOD.replace("\\n    with", '\\n    __import__(\\"os\\").system(\\"id\\")\\n    with'),
    "a guard is gone": "def transform(source: str) -> str:\n    return source.replace('raise ValueError(\"too much\")', 'pass')\n",
    "a file": "def transform(source: str) -> str:\n    return open('/etc/passwd').read()\n",
    "for ever": "def transform(source: str) -> str:\n    while True:\n        pass\n",
    "no Python": "Sure, here it is!",
    "another function": "def transform(source: str) -> str:\n    return 'def other(): pass'\n",
    "a moved return": GOOD.replace(
        '"\\n".join(lines)', '"\\n".join(lines).replace("            raise", "        raise")'
    ),
    "nothing": "def transform(source: str) -> str:\n    return source\n",
}


@pytest.fixture
def unit() -> Unit:
    class Gate:
        units: Sequence[Unit] = ()

        def known(self, units: Sequence[Unit]) -> list[None]:
            self.units = units
            return [None] * len(units)

        def prove(self, unit: Unit, edits: Any) -> Any:
            return edits

    gate = Gate()
    instrument(SOURCE, PACK, gate=gate)
    return gate.units[0]


def said(script: str, lesson: str = "The body was not indented.") -> str:
    return json.dumps({"reason": "r", "lesson": lesson, "script": script})


def repair_with(client: Any, lessons: Path | None, failures: list[Any]) -> ModelRepair:
    refactorer = ModelRefactorer(client, load_prompt("refactor"), failures.append)
    return ModelRepair(PACK, refactorer, ScriptGenerator(PACK.digest, lessons), lessons)


PROBLEM = Problem("tests", "line 3: unexpected indent")


def test_a_repair_is_proved_frozen_and_learned_from(
    make: Callable[..., Any],
    server: ScriptedServer,
    unit: Unit,
    tmp_path: Path,
) -> None:
    server.default = lambda request: answer("openai", said(GOOD))
    client = make("openai")
    fixed = repair_with(client, tmp_path, [])(b"broken", [PROBLEM], unit, KEY)
    assert fixed is not None and fixed.meta["provenance"] == "model"
    data = render(fixed)
    assert recognise(data) is not None and b"def transform" not in data
    (lesson,) = Lessons(tmp_path).of("python")
    assert lesson.helps_with("line 3: unexpected indent") and lesson.text == "The body was not indented."
    # It is told to the next one.
    repair_with(client, tmp_path, [])(b"broken", [PROBLEM], unit, KEY)
    assert "The body was not indented." in json.dumps(server.requests[-1].body)
    assert len(Lessons(tmp_path).of("python")) == 1


@pytest.mark.parametrize("name", EVIL)
def test_a_bad_proposal_is_refused_and_its_error_quoted(
    name: str,
    make: Callable[..., Any],
    server: ScriptedServer,
    unit: Unit,
    tmp_path: Path,
) -> None:
    server.default = lambda request: answer("openai", said(EVIL[name]))
    fixed = repair_with(make("openai"), tmp_path, [])(b"broken", [PROBLEM], unit, KEY)
    assert fixed is None
    posts = [request for request in server.requests if request.method == "POST"]
    assert len(posts) == 3
    assert "unexpected indent" in json.dumps(posts[0].body)
    assert "unexpected indent" not in json.dumps(posts[1].body)  # the proposal's own error instead
    assert not list(tmp_path.rglob("*.md"))


def test_the_second_proposal_may_be_the_right_one(
    make: Callable[..., Any],
    server: ScriptedServer,
    unit: Unit,
    tmp_path: Path,
) -> None:
    server.replies = [answer("openai", said(EVIL["nothing"])), answer("openai", said(GOOD))]
    assert repair_with(make("openai"), tmp_path, [])(b"broken", [PROBLEM], unit, KEY) is not None


def test_a_model_that_fails_mends_nothing(
    make: Callable[..., Any],
    server: ScriptedServer,
    unit: Unit,
    tmp_path: Path,
) -> None:
    failures: list[Any] = []
    server.default = lambda request: answer("openai", said(GOOD), (1000, 100))
    assert repair_with(make("openai", "0.000001"), tmp_path, failures)(b"broken", [PROBLEM], unit, KEY) is None
    server.default = lambda request: answer("openai", "no")
    assert repair_with(make("openai"), tmp_path, failures)(b"broken", [PROBLEM], unit, KEY) is None
    assert isinstance(failures[0], BudgetExceeded) and isinstance(failures[1], ModelError)


def test_a_lesson_keeps_to_one_line_and_its_folder(tmp_path: Path) -> None:
    path = write_lesson(tmp_path, "python", Problem("x", "../../etc: (bad)\n---\nlanguage: go"), "Do\n---\nthis `now`")
    assert path is not None and path.parent == tmp_path / "python"
    (lesson,) = Lessons(tmp_path).of("python")
    assert lesson.text == "Do --- this 'now'"
    assert write_lesson(tmp_path, "../x", PROBLEM, "text") is None
    assert write_lesson(tmp_path, "python", PROBLEM, "  ") is None


def test_the_script_pipeline_asks_a_model_when_a_script_fails(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from telemetry_inject import pipeline
    from telemetry_inject.config import load_settings
    from telemetry_inject.observer import SilentObserver
    from telemetry_inject.scripts import worker

    class Strict(worker.ScriptValidator):
        def check(self, script: Any, source: bytes, output: bytes | None = None) -> list[Problem]:
            return [PROBLEM]

    monkeypatch.setattr(worker, "ScriptValidator", Strict)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "key"))
    server.default = lambda request: answer("openai", said(GOOD))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_bytes(SOURCE)
    environment = {
        "OPENAI_API_KEY": "sk-test-1",
        "LLM_BASE_URL": server.url + "/v1",
        "LLM_MODEL": "gpt-4o",
        "LLM_CONTEXT": "50000",
        "LLM_MAX_OUTPUT": "8000",
    }
    settings = load_settings({"path": "src", "use_scripts": True}, environment, tmp_path)
    result = pipeline.run(settings, SilentObserver())
    assert result.details["model_calls"] == 1
    assert [function.provenance for function in result.files[0].functions] == ["model"]
    assert b'with _tlm("withdraw"):' in (tmp_path / "instrumented" / "a.py").read_bytes()
    assert list((tmp_path / "docs" / "lessons" / "python").glob("*.md"))
    again = pipeline.run(settings, SilentObserver())
    assert again.details.get("model_calls", 0) == 0
