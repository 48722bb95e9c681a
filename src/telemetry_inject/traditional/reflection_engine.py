"""ReflectionEngine: after repeated failures the model is asked what was misunderstood; its advice goes to the model."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry_inject.llm.client import ModelClient, Question
from telemetry_inject.llm.errors import AnswerError, RequestTooLarge
from telemetry_inject.llm.prompts import Prompt

SCHEMA = {
    "type": "object",
    "properties": {"advice": {"type": "string", "maxLength": 1500}},
    "required": ["advice"],
    "additionalProperties": False,
}
MOST_OUTPUT = 1024
LATEST = 10  # problems that are shown


class ReflectionEngine:
    """Advice for the next attempt. It is text for a prompt and nothing else."""

    def __init__(self, client: ModelClient, prompt: Prompt) -> None:
        self._client = client
        self._prompt = prompt

    def reflect(self, question: str, answer: str, problems: Sequence[str]) -> str:
        """The advice; nothing when the model had none that can be used. Raises ModelError, BudgetExceeded."""
        shown = "\n".join(f"- {problem}" for problem in problems[-LATEST:])
        values = {"question": question, "answer": answer, "problems": shown}
        try:
            found = self._client.ask(Question("reflection", self._prompt.messages(values), SCHEMA, MOST_OUTPUT, 64))
        except (AnswerError, RequestTooLarge):
            return ""  # the next attempt goes without
        return "A second look at this said: " + " ".join(str(found.value["advice"]).split())
