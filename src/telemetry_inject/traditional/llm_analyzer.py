"""LLMAnalyzer: without a grammar, a model says on which lines functions begin and end; every word of it is checked.

Long files are asked for in pieces that begin at functions; a piece that fits into no prompt is told, not cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry_inject.llm.errors import Truncated
from telemetry_inject.llm.prompts import Prompt
from telemetry_inject.llm.token_detector import pack
from telemetry_inject.traditional.light_instrumenter import LightFile, Proof, prove
from telemetry_inject.traditional.light_packs import LightPack
from telemetry_inject.traditional.line_claims import LineFinder, claims_of
from telemetry_inject.traditional.retry_injector import Judged, RetryInjector, Task

FIXED_TOKENS = 1500
A_FUNCTION = 120  # tokens of the answer
MOST_FUNCTIONS = 400
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 2000},
        "functions": {
            "type": "array",
            "maxItems": MOST_FUNCTIONS,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 200},
                    "first": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
                    "first_text": {"type": "string", "maxLength": 5000},
                    "last": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
                    "last_text": {"type": "string", "maxLength": 5000},
                },
                "required": ["name", "first", "first_text", "last", "last_text"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["reason", "functions"],
    "additionalProperties": False,
}


@dataclass
class LLMAnalyzer:
    """Analyses files of languages that only have a light pack."""

    injector: RetryInjector
    prompt: Prompt

    def analyse(self, file: LightFile, pack_: LightPack) -> Proof:
        """The functions that are proved. Raises ModelError, BudgetExceeded."""
        finder = LineFinder(file.base, file.masked, pack_)
        pieces = list(_pieces(finder))
        sizes = [sum(len(_numbered(finder, line)) for line in piece) // 2 + 1 for piece in pieces]
        packing = pack(sizes, self.injector.client.limits, FIXED_TOKENS, _answer_tokens(20))
        proof = Proof()
        for group in packing.groups:
            lines = [line for index in group for line in pieces[index]]
            if any(number in lines for number in finder.longer()):
                proof = proof.and_also(self._asked(file, pack_, finder, lines))
        for index in packing.too_large:
            piece = pieces[index]
            told = f"line {piece[0]}: up to line {piece[-1]} it is too long for the model's context"
            proof = proof.and_also(Proof(left=(told,)))
        return proof

    def _asked(self, file: LightFile, pack_: LightPack, finder: LineFinder, lines: Sequence[int]) -> Proof:
        headers = sum(number in set(lines) for number in finder.headers())
        empty = 0

        def judge(value: Any) -> Judged[Proof]:
            nonlocal empty
            proof = prove(file, pack_, claims_of(value["functions"]))
            empty += not value["functions"]
            if empty == 1 and not value["functions"]:  # said twice, it is what the model thinks
                return Judged(proof, ("not one function was named",))
            return Judged(proof, proof.problems)

        task = Task(
            "analysis",
            self.prompt,
            {"language": pack_.title, "source": "".join(_numbered(finder, line) for line in lines)},
            SCHEMA,
            judge,
            _answer_tokens(headers),
        )
        try:
            return self.injector.ask(task).value
        except Truncated:
            middle = [line for line in lines if line in set(finder.headers())]
            if len(middle) < 2:
                raise
            cut = lines.index(middle[len(middle) // 2])
            one, other = lines[:cut], lines[cut:]
            return self._asked(file, pack_, finder, one).and_also(self._asked(file, pack_, finder, other))


def _answer_tokens(functions: int) -> int:
    return min(16_384, 1024 + A_FUNCTION * functions)


def _numbered(finder: LineFinder, number: int) -> str:
    return f"{number}|{finder.shown(number)}\n"


def _pieces(finder: LineFinder) -> Iterator[list[int]]:
    """The lines of a file in runs that begin with a function as far left as any, or with the file."""
    headers = finder.headers()
    indents = {number: len(finder.line(number)) - len(finder.line(number).lstrip()) for number in headers}
    # Methods stand deeper than functions; splitting at the deepest level that is common keeps pieces small, and a
    # function that holds another is proved by its own first and last line or not at all.
    least = min(indents.values(), default=0)
    outer = [number for number in headers if indents[number] == least]
    if len(outer) == 1 and len(headers) > 1:
        outer = headers
    starts = [1, *(number for number in outer if number > 1)]
    for start, end in zip(starts, [*starts[1:], finder.count + 1], strict=True):
        yield list(range(start, end))
