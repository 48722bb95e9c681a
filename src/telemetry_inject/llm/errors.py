"""Everything that can go wrong with a model: one class each, with exit code, help, and what it costs.

No message holds a key, a prompt or an answer. `charge` says what becomes of the money held for the attempt.
"""

from __future__ import annotations

from enum import StrEnum

from telemetry_inject.errors import ExitCode, TelemetryInjectError, UsageError


class Charge(StrEnum):
    """What an attempt that ended like this has cost."""

    NOTHING = "nothing"  # it was refused before a model saw it
    UNKNOWN = "unknown"  # the model may have worked: the whole hold is charged
    REPORTED = "reported"  # the provider said


class ModelError(TelemetryInjectError):
    """Base of the errors of one call. `retry` says whether another attempt may help, `after` when (seconds)."""

    exit_code = ExitCode.INCOMPLETE
    charge = Charge.NOTHING
    retry = False

    def __init__(self, title: str, help_text: str = "", after: float | None = None) -> None:
        super().__init__(title, help_text)
        self.after = after
        self.elsewhere = False  # another server can be asked at once


class SdkMissing(UsageError):
    """The packages that talk to providers are not installed."""


class NoProvider(UsageError):
    """Nothing says which provider to use."""


class KeyMissing(ModelError):
    """The provider needs a key and there is none."""

    exit_code = ExitCode.USAGE


class KeyRejected(ModelError):
    """401: the key is wrong."""

    exit_code = ExitCode.USAGE


class AccessDenied(ModelError):
    """403: the key is right, but may not do this."""

    exit_code = ExitCode.USAGE


class OutOfCredit(ModelError):
    """The account with the provider has no money left, or its own limit was reached."""

    exit_code = ExitCode.USAGE


class NotThere(ModelError):
    """404: no such model, or not an address of this protocol."""

    exit_code = ExitCode.USAGE


class Redirected(ModelError):
    """3xx: sources and keys do not follow redirects."""

    exit_code = ExitCode.USAGE


class RequestRejected(ModelError):
    """400, 422 and other 4xx: the provider does not take the request as it is."""


class FormRejected(RequestRejected):
    """The server does not know this form of answer: ask for a simpler one. Not `sure` after a mere 500."""

    sure = True


class RequestTooLarge(ModelError):
    """413, or a prompt longer than the model's context."""


class RateLimited(ModelError):
    """429: too many requests."""

    retry = True


class Overloaded(ModelError):
    """503 and 529: the provider has no room; nothing was done."""

    retry = True


class ServerFailed(ModelError):
    """Another 5xx: the provider failed, perhaps after the work."""

    charge = Charge.UNKNOWN
    retry = True


class Unreachable(ModelError):
    """No connection: nothing was sent."""

    retry = True


class TimedOut(ModelError):
    """No whole answer in time."""

    charge = Charge.UNKNOWN
    retry = True


class ConnectionLost(ModelError):
    """The connection ended before the answer did."""

    charge = Charge.UNKNOWN
    retry = True


class Cancelled(ModelError):
    """The call was ended because the run is ending."""

    exit_code = ExitCode.INTERRUPTED
    charge = Charge.UNKNOWN


class NotAnAnswer(ModelError):
    """A success whose body is not an answer of this protocol: a web page, for example."""

    charge = Charge.UNKNOWN


class AnswerError(ModelError):
    """Base of answers that came and cannot be used; `text` is the answer, for a prompt that asks again."""

    charge = Charge.REPORTED

    def __init__(self, title: str, help_text: str = "", text: str = "") -> None:
        super().__init__(title, help_text)
        self.text = text


class Refused(AnswerError):
    """The model declined."""


class Truncated(AnswerError):
    """The answer reached the most tokens it may have."""


class EmptyAnswer(AnswerError):
    """The model said nothing."""


class WrongAnswer(AnswerError):
    """The answer is no JSON, or does not fit the schema; the title says where."""


class PromptCut(AnswerError):
    """The server cut the prompt to fit its context: the answer is about something else."""


class BudgetExceeded(TelemetryInjectError):
    """The next call could cost more than what is left."""

    exit_code = ExitCode.BUDGET


class UnpricedModel(UsageError):
    """A budget is set, and nobody knows what the model costs."""
