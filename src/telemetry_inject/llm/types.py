"""What passes between the parts of the model layer. Texts that hold source are left out of every repr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Literal, NamedTuple, Protocol

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str = field(repr=False)


class AnswerForm(IntEnum):
    """How strictly a server is asked to keep to the schema; servers that refuse one are asked for the next."""

    SCHEMA = 0  # the server enforces it
    OBJECT = 1  # the server promises some JSON object; the schema is in the prompt
    TEXT = 2  # the server promises nothing; the schema is in the prompt


class Stop(StrEnum):
    """Why a model stopped writing."""

    END = "end"
    LENGTH = "length"
    REFUSAL = "refusal"
    OTHER = "other"


class TokenUsage(NamedTuple):
    """Tokens of one call as the provider reports them. `input` includes those read from or written to a cache."""

    input: int
    output: int
    cache_read: int = 0
    cache_written: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to a model. `max_output` is in tokens, `timeout` in seconds for the whole exchange."""

    model: str
    messages: Sequence[Message]
    max_output: int
    timeout: float
    schema: Schema | None = None
    form: AnswerForm = AnswerForm.SCHEMA
    context: int = 0  # the model's context in tokens; 0 when unknown. Ollama needs it


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back from one request; `usage` is None when the provider reported none."""

    text: str = field(repr=False)
    usage: TokenUsage | None
    stop: Stop
    model: str = ""
    note: str = ""  # why it stopped, in the provider's own word


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """One model that a provider offers; 0 and empty mean that the provider does not say."""

    name: str
    context: int = 0
    max_output: int = 0
    note: str = ""
    size: int = 0  # bytes on the disk, for local models
    retired: bool = False


class Provider(Protocol):
    """A service that completes messages. Each method makes one exchange and raises ModelError."""

    name: str  # openai, anthropic or ollama
    address: str  # without a login; fit to be shown

    def complete(self, request: Request) -> Completion:
        """Make exactly one request, whatever comes of it."""
        ...

    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """The models that can be asked, as the provider lists them."""
        ...

    def describe(self, model: str, timeout: float) -> ModelDescription | None:
        """What the provider says about one model; None when it says nothing about limits."""
        ...

    def check(self, timeout: float) -> str:
        """Whether it answers and accepts the key, without spending anything: a line that says what it is."""
        ...

    def abort(self) -> None:
        """End every exchange in flight; their threads get Cancelled."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...
