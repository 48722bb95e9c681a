"""ModelClient: a question in, JSON that fits its schema out, or one error that says what went wrong.

Around one provider: limits, budget, attempts, the forms of answers that servers know, our own check of what
came back. The order after each success is: charge what was used, see why the model stopped, check the answer.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from telemetry_inject.llm import errors
from telemetry_inject.llm.answers import parse_answer
from telemetry_inject.llm.attempts import Cancellation, RetryPolicy, cancelled, with_retries
from telemetry_inject.llm.cost_tracker import CostTracker, Hold, Need
from telemetry_inject.llm.prices import Prices
from telemetry_inject.llm.token_detector import Limits, TokenDetector
from telemetry_inject.llm.token_estimate import estimated_tokens, strict_tokens
from telemetry_inject.llm.types import AnswerForm, Completion, Message, Provider, Request, Schema, Stop

COMPONENT = "ModelClient"
Trace = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Question:
    """What a stage wants to know. `job` names the stage in the totals; lengths are in tokens.

    An answer shorter than `least_output` is of no use: rather than that, the budget is called reached.
    """

    job: str
    messages: Sequence[Message] = field(repr=False)
    schema: Schema = field(repr=False)
    max_output: int = 8192
    least_output: int = 512


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` fits the schema. `cost` in dollars, None when nobody knows it."""

    value: Any = field(repr=False)
    text: str = field(repr=False)
    model: str
    cost: Decimal | None
    input: int
    output: int


def _silent(component: str, event: str, level: str = "DEBUG", **data: Any) -> None:
    """The trace of those who want none."""


class ModelClient:
    """Thread-safe. `trace` has the signature of DebugTraceLogger.trace; `timeout` is in seconds a call."""

    def __init__(
        self,
        provider: Provider,
        model: str,
        tracker: CostTracker,
        detector: TokenDetector,
        prices: Prices | None,
        timeout: float,
        policy: RetryPolicy | None = None,
        cancellation: Cancellation | None = None,
        trace: Trace = _silent,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.provider, self.model, self.tracker, self.prices = provider, model, tracker, prices
        self._detector, self._timeout, self._trace, self._chance = detector, timeout, trace, chance
        self._policy = policy or RetryPolicy()
        self._cancellation = cancellation or Cancellation()
        self._sleep = sleep or self._cancellation.sleep
        self._form = AnswerForm.SCHEMA
        self._doubted = False  # whether a simpler form helped once, when something else may have been wrong
        self._lock = threading.Lock()

    @property
    def limits(self) -> Limits:
        """How long prompts and answers may be; the first time the provider may be asked."""
        with self._lock:
            return self._detector.limits(self.provider, self.model, self.prices)

    def ask(self, question: Question) -> Answer:
        """The answer. Raises ModelError, BudgetExceeded or UnpricedModel."""
        limits = self.limits
        most = min(question.max_output, limits.output)
        prompt = estimated_tokens(question.messages, question.schema)
        if prompt + most > limits.context:
            raise errors.RequestTooLarge(
                f"{self.model}: the prompt of about {prompt:,} tokens does not fit its {limits.context:,}",
                "Choose a model with a larger context; --list-models shows them.",
            )
        need = Need(
            question.job,
            self.model,
            strict_tokens(question.messages, question.schema),
            most,
            min(question.least_output, most),
        )
        completion, hold = self._completed(question, need, limits)
        return self._checked(question, completion, hold, most)

    def cancel(self) -> None:
        """End what is in flight and refuse what comes: the run is ending. From any thread."""
        self._cancellation.cancel()
        self.tracker.cancel()
        self.provider.abort()

    def close(self) -> None:
        """Give connections back."""
        self.provider.close()

    def _completed(self, question: Question, need: Need, limits: Limits) -> tuple[Completion, Hold]:
        form, sure = self._form, False
        while True:
            try:
                result = with_retries(
                    partial(self._attempt, question, need, limits, form),
                    self._policy,
                    self._sleep,
                    self._chance,
                    self._told,
                )
            except errors.FormRejected as error:
                if form is AnswerForm.TEXT:
                    raise
                form, sure = AnswerForm(form + 1), sure or error.sure
                self._trace(COMPONENT, "simpler form", "INFO", form=form.name.lower(), why=error.title)
            else:
                with self._lock:
                    if sure or self._doubted:
                        self._form = max(self._form, form)  # the next question starts where this one ended
                    self._doubted = self._doubted or form > self._form
                return result

    def _attempt(self, question: Question, need: Need, limits: Limits, form: AnswerForm) -> tuple[Completion, Hold]:
        if self._cancellation.wanted:
            raise cancelled()
        began = time.monotonic()
        with self.tracker.attempt(need, self.prices) as hold:
            request = Request(
                self.model, question.messages, hold.max_output, self._timeout, question.schema, form, limits.context
            )
            completion = self.provider.complete(request)
            if self.provider.name == "ollama" and completion.model:
                hold.model = completion.model  # the pool's choice
            self.tracker.settle(hold, completion.usage)
        usage = completion.usage
        self._trace(
            COMPONENT,
            "call",
            "INFO",
            job=need.job,
            model=hold.model,
            stop=str(completion.stop),
            input_tokens=usage.input if usage else None,
            output_tokens=usage.output if usage else None,
            usd=None if hold.cost is None else float(hold.cost),
            seconds=round(time.monotonic() - began, 3),
        )
        return completion, hold

    def _told(self, error: errors.ModelError, wait: float) -> None:
        self._trace(COMPONENT, "again", "WARNING", why=error.title, error=type(error).__name__, wait=round(wait, 3))

    def _checked(self, question: Question, completion: Completion, hold: Hold, most: int) -> Answer:
        who, said = f"{self.provider.name}, {hold.model}", completion.text
        if completion.stop is Stop.REFUSAL:
            raise errors.Refused(f"{who}: the model declined to answer", "Ask another model.", said)
        if completion.stop is Stop.LENGTH:
            if hold.max_output < most:
                help_text = f"Only {hold.max_output:,} tokens of answer were left in the budget: raise --budget."
            else:
                help_text = "Choose a model that may answer at greater length."
            raise errors.Truncated(f"{who}: the answer was cut at {hold.max_output:,} tokens", help_text, said)
        if not said.strip():
            raise errors.EmptyAnswer(f"{who}: the answer is empty", "Ask again, or another model.")
        value = parse_answer(said, question.schema)
        usage = completion.usage
        return Answer(value, said, hold.model, hold.cost, usage.input if usage else 0, usage.output if usage else 0)
