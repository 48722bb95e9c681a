"""CodeInjector: with a language pack, a model says which functions are worth a span; it can do nothing but choose.

The functions are enumerated, the model answers `span` or `nothing` for each id. What is inserted comes from the
pack's snippets, whatever it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from telemetry_inject.llm.errors import Truncated
from telemetry_inject.llm.prompts import Prompt
from telemetry_inject.llm.redaction import redacted
from telemetry_inject.llm.token_detector import pack
from telemetry_inject.traditional.retry_injector import Judged, RetryInjector, Task
from telemetry_inject.types import Unit

NOT_WORTH = "not worth a span, says the model"
FIXED_TOKENS = 1500  # of the prompt, beside the functions
A_FUNCTION = 40  # tokens of the answer


@dataclass(frozen=True, slots=True)
class Selection:
    """`left` are the starts of the units that get nothing; `unseen` are those that fit into no prompt: they get
    what the templates give."""

    left: frozenset[int] = frozenset()
    unseen: int = 0


@dataclass
class CodeInjector:
    """Chooses among the units of a file."""

    injector: RetryInjector
    prompt: Prompt
    more: Mapping[str, str] = field(default_factory=dict)

    def choose(self, units: Sequence[Unit], language: str) -> Selection:
        """What to leave out. Raises ModelError, BudgetExceeded."""
        texts = [_shown(f"f{number}", unit) for number, unit in enumerate(units, 1)]
        sizes = [len(text.encode()) // 2 + 1 for text in texts]
        output = _answer_tokens(len(units))
        packing = pack(sizes, self.injector.client.limits, FIXED_TOKENS, output)
        left: set[int] = set()
        for group in packing.groups:
            left |= self._group([units[index] for index in group], language)
        return Selection(frozenset(left), len(packing.too_large))

    def _group(self, units: Sequence[Unit], language: str) -> set[int]:
        ids = [f"f{number}" for number in range(1, len(units) + 1)]
        texts = [_shown(name, unit) for name, unit in zip(ids, units, strict=True)]
        task: Task[dict[str, str]] = Task(
            "injection",
            self.prompt,
            {"language": language, "functions": "\n\n".join(texts)},
            _schema(ids),
            lambda value: _judge(value, ids),
            _answer_tokens(len(units)),
        )
        try:
            chosen = self.injector.ask(task).value
        except Truncated:
            if len(units) == 1:
                raise
            half = len(units) // 2
            return self._group(units[:half], language) | self._group(units[half:], language)
        return {unit.start for name, unit in zip(ids, units, strict=True) if chosen.get(name, "span") == "nothing"}


def _answer_tokens(functions: int) -> int:
    return min(16_384, 1024 + A_FUNCTION * functions)


def _shown(name: str, unit: Unit) -> str:
    source = redacted(unit.source.decode("utf-8", "backslashreplace"))
    return f"{name}: {unit.qualname}, line {unit.line}\nBEGIN {name}\n{source}\nEND {name}"


def _schema(ids: Sequence[str]) -> dict[str, Any]:
    row = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": list(ids)},
            "record": {"type": "string", "enum": ["span", "nothing"]},
        },
        "required": ["id", "record"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": 2000},
            "functions": {"type": "array", "items": row, "maxItems": 2 * len(ids) + 10},
        },
        "required": ["reason", "functions"],
        "additionalProperties": False,
    }


def _judge(value: Any, ids: Sequence[str]) -> Judged[dict[str, str]]:
    chosen: dict[str, str] = {}
    problems = []
    for row in value["functions"]:
        name = row["id"]
        if chosen.setdefault(name, row["record"]) != row["record"]:
            problems.append(f"{name} has two different answers")
            chosen[name] = "span"
    missing = [name for name in ids if name not in chosen]
    if missing:
        problems.append(f"no answer for {', '.join(missing[:10])}")
    return Judged(chosen, tuple(problems))
