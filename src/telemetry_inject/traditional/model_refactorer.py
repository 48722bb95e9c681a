"""ModelRefactorer: a script that failed is repaired by a model, which is told the exact error and what was learned.

What it proposes is foreign: Repair sandboxes it, verifies its output and freezes that to data. Once that has
passed, what was learned is written as a lesson for the next prompts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.engine.packs import Pack
from telemetry_inject.engine.snippets import Names
from telemetry_inject.errors import OutputError, TelemetryInjectError
from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.errors import BudgetExceeded, ModelError
from telemetry_inject.llm.prompts import Prompt
from telemetry_inject.scripts.lessons import Lesson
from telemetry_inject.scripts.repair import Repair
from telemetry_inject.scripts.sandbox_backend import one_line
from telemetry_inject.scripts.script_format import recognise, render_edits
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.types import Problem, Script, Unit

ATTEMPTS = 3
LONGEST_SCRIPT = 20_000  # characters that are shown
MOST_OUTPUT = 8192
SCHEMA = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 2000},
        "lesson": {"type": "string", "maxLength": 600},
        "script": {"type": "string", "maxLength": 100_000},
    },
    "required": ["reason", "lesson", "script"],
    "additionalProperties": False,
}


class ModelRefactorer:
    """A ScriptRefactorer that asks a model. `failed` hears of what went wrong with the model itself."""

    def __init__(self, client: ModelClient, prompt: Prompt, failed: Callable[[TelemetryInjectError], None]) -> None:
        self._client = client
        self._prompt = prompt
        self._failed = failed
        self.learned = ""  # what the latest proposal says about the error

    def refactor(
        self,
        script: bytes,
        problems: Sequence[Problem],
        unit: Unit,
        pack: Pack | None = None,
        lessons: Sequence[Lesson] = (),
    ) -> bytes | None:
        """See ScriptRefactorer."""
        errors = [f"{problem.check}: {problem.message}" for problem in problems]
        values = {
            "forms": "\n".join(f"    {form}" for form in _forms(unit, pack)) or "    (those of the script below)",
            "language": unit.language,
            "name": unit.qualname,
            "source": unit.source.decode("utf-8", "backslashreplace"),
            "script": _shown(script),
            "problems": "\n".join(f"- {one_line(error, 500)}" for error in errors),
            "lessons": _lessons(lessons, errors),
        }
        try:
            question = Question("refactoring", self._prompt.messages(values), SCHEMA, MOST_OUTPUT, 256)
            answer = self._client.ask(question).value
        except (ModelError, BudgetExceeded) as error:
            self._failed(error)
            return None
        self.learned = str(answer["lesson"])
        return str(answer["script"]).encode()


@dataclass
class _ForPack:
    """The refactorer with what the protocol does not pass on."""

    refactorer: ModelRefactorer
    pack: Pack
    lessons: Sequence[Lesson]

    def refactor(self, script: bytes, problems: Sequence[Problem], unit: Unit) -> bytes | None:
        return self.refactorer.refactor(script, problems, unit, self.pack, self.lessons)


@dataclass
class ModelRepair:
    """Repairs scripts of one pack's language. `lessons` is the folder that holds `<language>/*.md`."""

    pack: Pack
    refactorer: ModelRefactorer
    generator: ScriptGenerator
    lessons: Path | None
    more: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, script: bytes, problems: Sequence[Problem], unit: Unit, key: bytes) -> Script | None:
        """A proved script for `unit`, or None when there is none: then the function stays as it was."""
        known = self.generator.lessons(unit.language)
        repair = Repair(self.pack, _ForPack(self.refactorer, self.pack, known), self.generator, ATTEMPTS, **self.more)
        fixed = repair(script, problems, unit, key)
        if fixed is None:
            return None
        if self.lessons is not None and not any(lesson.helps_with(problems[0].message) for lesson in known):
            write_lesson(self.lessons, unit.language, problems[0], self.refactorer.learned)
        return replace(fixed, meta={**fixed.meta, "provenance": "model"})


def write_lesson(root: Path, language: str, problem: Problem, learned: str) -> Path | None:
    """Write what was learned from a fix that was proved; None when it cannot be written. No source is in it."""
    message = one_line(problem.message, 200)
    text = one_line(" ".join(learned.split()), 600).replace("`", "'")
    if not text or not re.fullmatch(r"[A-Za-z0-9_+-]+", language):
        return None
    name = re.sub(r"[^a-z0-9]+", "-", f"{problem.check} {message}".lower()).strip("-")[:60] or "lesson"
    path = root / language / f"{name}.md"
    title = one_line(f"{problem.check}: {message}", 120)
    front = f"---\ntitle: {title}\nlanguage: {language}\nerror: {re.escape(message)}\n---\n"
    try:
        if path.exists():
            return None
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, f"{front}{text}\n".encode())
    except (OSError, OutputError):
        return None  # the fix counts, the lesson is a help
    return path


def _shown(script: bytes) -> str:
    exact = recognise(script)
    text = script.decode("utf-8", "backslashreplace") if exact is None else ""
    if exact is not None:
        text = f"EDITS = {render_edits(exact.edits).decode()}  # [byte offset, text] pairs, by a fixed driver"
    return text if len(text) <= LONGEST_SCRIPT else text[:LONGEST_SCRIPT] + "\n# ... and so on"


def _lessons(lessons: Sequence[Lesson], errors: Sequence[str]) -> str:
    found = [lesson for lesson in lessons if any(lesson.helps_with(error) for error in errors)]
    if not found:
        return ""
    told = "\n".join(f"- {lesson.title}: {lesson.text[:1000]}" for lesson in found[:5])
    return f"What was learned from errors like this one:\n{told}\n"


def _forms(unit: Unit, pack: Pack | None) -> Iterator[str]:
    """The statements that may be inserted, with the names that this file uses."""
    if pack is None or not unit.context:
        return
    names = Names(unit.context[0])
    seen = set()
    for text in _texts({name: table for name, table in pack.snippets.items() if name != "import"}):
        shown = text.replace("{alias}", names.alias).replace("{span}", names.span).replace("{error}", names.error)
        shown = shown.replace("{name}", unit.qualname).replace("{arguments}", "")
        if shown not in seen:
            seen.add(shown)
            yield shown


def _texts(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if key in ("anchor", "split"):
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value)
