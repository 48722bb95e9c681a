"""RetryInjector: a question, a judge of the answer, and the exact error back to the model until attempts run out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.errors import EmptyAnswer, PromptCut, Refused, Truncated, WrongAnswer
from telemetry_inject.llm.prompts import Prompt, load_prompt
from telemetry_inject.llm.redaction import redacted
from telemetry_inject.llm.types import Message, Schema
from telemetry_inject.traditional.reflection_engine import ReflectionEngine

Value = TypeVar("Value")
Trace = Callable[..., None]
LONGEST_QUOTE = 4000  # characters of an answer that go back to the model
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Judged(Generic[Value]):
    """What an answer came to: `value` is all that may be used of it, `problems` is what was wrong with the rest."""

    value: Value
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task(Generic[Value]):
    """One question: its stage, the prompt with its values, the schema, the judge, and the answer's length in tokens."""

    job: str
    prompt: Prompt
    values: Mapping[str, str] = field(repr=False)
    schema: Schema = field(repr=False)
    judge: Callable[[Any], Judged[Value]]
    most: int
    least: int = 64


class RetryInjector:
    """Asks a model at most `attempts` times; after `threshold` failures a reflection comes first.

    The last attempt's answer is used as far as it is good. `trace` hears of prompts and answers, with what looks
    like a secret starred.
    """

    def __init__(
        self,
        client: ModelClient,
        attempts: int,
        threshold: int,
        prompts: Path | None,
        trace: Trace,
        secrets: Sequence[str] = (),
    ) -> None:
        self.client = client
        self._attempts = max(1, attempts)
        self._threshold = threshold
        self._again = load_prompt("again", prompts)
        self._reflection = ReflectionEngine(client, load_prompt("reflection", prompts))
        self._trace = trace
        self._secrets = tuple(secrets)

    def ask(self, task: Task[Value]) -> Judged[Value]:
        """The judged answer, its problems those of the last attempt. Raises ModelError, BudgetExceeded.

        WrongAnswer and the like are raised when not one attempt gave an answer that fits the schema.
        """
        first = task.prompt.messages(task.values)
        messages: tuple[Message, ...] = first
        found: list[str] = []
        best: Judged[Value] | None = None
        for attempt in range(1, self._attempts + 1):
            failure: Exception | None = None
            problems: tuple[str, ...]
            self._told(task, "prompt", messages[-1].text, attempt)
            try:
                answer = self.client.ask(Question(task.job, messages, task.schema, task.most, task.least))
            except (Refused, PromptCut, Truncated):
                raise  # the same question would fare the same
            except (WrongAnswer, EmptyAnswer) as error:
                failure, said, problems = error, error.text, (error.title,)
            else:
                said = answer.text
                judged = task.judge(answer.value)
                problems = judged.problems
                if best is None or len(problems) <= len(best.problems):
                    best = judged
                if not problems:
                    return judged
            self._told(task, "answer", said, attempt)
            self._trace("RetryInjector", "not usable", "INFO", job=task.job, attempt=attempt, problems=len(problems))
            found += problems[:MOST_PROBLEMS]
            if attempt == self._attempts:
                if best is None and failure is not None:
                    raise failure
                break
            advice = ""
            if attempt >= self._threshold:
                advice = self._reflection.reflect(first[-1].text, said[:LONGEST_QUOTE], found)
            quoted = "\n".join(f"- {problem}" for problem in problems[:MOST_PROBLEMS])
            more = self._again.messages({"problems": quoted, "advice": advice})
            messages = (*first, Message("assistant", said[:LONGEST_QUOTE] or "{}"), more[-1])
        assert best is not None
        return best

    def _told(self, task: Task[Value], kind: str, text: str, attempt: int) -> None:
        self._trace(
            "RetryInjector", kind, "TRACE", job=task.job, attempt=attempt, **{kind: redacted(text, self._secrets)}
        )
