"""From what an SDK or the HTTP library raised to an error of ours, in words that hold no key and no source."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from telemetry_inject.llm import errors
from telemetry_inject.llm.addresses import is_loopback
from telemetry_inject.llm.connections import Line, TooMuch
from telemetry_inject.llm.types import AnswerForm, Message, Request

_VARIABLE = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_LONGEST_QUOTE = 200
_WINDOW = 16  # as many characters of a prompt in a provider's message, and the message is not shown
_KEY = re.compile(r"\b(sk|pk|key|Bearer)[-_ ][A-Za-z0-9*_.-]{6,}")
_TOO_LONG = re.compile(
    r"context.{0,20}(length|window|size)|(prompt|input).{0,30}(too long|exceeds)|too many tokens", re.I
)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance|billing|payment|quota", re.I)
_FORM = re.compile(
    r"response_format|json_schema|json_object|output_config|structured|grammar|\bschema\b|\bformat\b", re.I
)


@dataclass(frozen=True)
class Place:
    """Who was asked, for the words; `compatible` when it is not the provider itself but speaks like it."""

    name: str
    address: str  # without a login
    secrets: tuple[str, ...] = field(default=(), repr=False)
    compatible: bool = False
    now: Callable[[], float] = field(default=time.time, repr=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.compatible or self.name == "ollama" else self.name


def raise_failure(error: Exception, place: Place, line: Line, request: Request | None = None) -> NoReturn:
    """Raise the ModelError that `error` means; the original is not kept, for it holds the request."""
    raise _translated(error, place, line, request) from None


def _translated(error: Exception, place: Place, line: Line, request: Request | None) -> errors.ModelError:
    if isinstance(error, errors.ModelError):
        return error
    if line.cut == "cancelled":
        return errors.Cancelled(f"{place}: the call was cancelled")
    chain = list(_chain(error))
    names = {base.__name__ for link in chain for base in type(link).__mro__}
    if line.cut == "late" or ("TimeoutException" in names and "ConnectTimeout" not in names):
        if line.connected:
            return errors.TimedOut(
                f"{place}: no answer in time", "Raise LLM_TIMEOUT (seconds), or choose a faster model."
            )
        return _unreachable(place, "no connection in time")
    if any(isinstance(link, TooMuch) for link in chain):
        return errors.NotAnAnswer(f"{place}: the answer is far too large", "Check LLM_BASE_URL.")
    for link in chain:
        response = getattr(link, "response", None)
        status = getattr(response, "status_code", None)
        if isinstance(status, int) and status >= 300:
            headers = getattr(response, "headers", {})
            return status_error(status, headers, getattr(response, "content", b""), place, request)
    if names & {"ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "PoolTimeout"}:
        return _unreachable(place, _system_word(chain))
    if "TransportError" in names:
        if line.connected:
            return errors.ConnectionLost(f"{place}: the connection ended before the answer did", "Try again.")
        return _unreachable(place, _system_word(chain))
    if names & {"DecodingError", "JSONDecodeError", "UnicodeDecodeError"}:
        return not_an_answer(place)
    failure = errors.ModelError(f"{place}: the call failed: {type(error).__name__}", "Try --check-api.")
    failure.charge = errors.Charge.UNKNOWN
    return failure


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _system_word(chain: Sequence[BaseException]) -> str:
    """The operating system's or the TLS library's own word for why there is no connection."""
    for link in reversed(chain):
        if isinstance(link, OSError) and (link.strerror or getattr(link, "verify_message", "")):
            return str(getattr(link, "verify_message", "") or link.strerror)
    return "no connection"


def _unreachable(place: Place, why: str) -> errors.Unreachable:
    if place.name == "ollama":
        help_text = "Start it with `ollama serve`, or say where it is with LLM_BASE_URL."
    else:
        help_text = "Check the network, HTTPS_PROXY and LLM_BASE_URL; --use-scripts works without a model."
    error = errors.Unreachable(f"{place.name} cannot be reached at {place.address}: {why}", help_text)
    error.retry = not is_loopback(place.address)
    return error


def not_an_answer(place: Place, what: str = "") -> errors.NotAnAnswer:
    """A success that is no answer; `what` says what came instead."""
    help_text = "LLM_BASE_URL may point to a web page or to another protocol, or a proxy answers in its place."
    return errors.NotAnAnswer(f"{place}: what came back is {what or 'not an answer of this protocol'}", help_text)


def status_error(
    status: int, headers: Mapping[str, str], body: bytes, place: Place, request: Request | None = None
) -> errors.ModelError:
    """The error that an HTTP status means. `body` is read for the provider's own word, which is shown if fit."""
    code, message = _provider_words(body)
    said = _quotable(code, message, place, request)
    title = f"{place}: {{}} (HTTP {status}{said})"
    words = f"{code} {message}"
    if 300 <= status < 400:
        return errors.Redirected(
            title.format("answered with a redirect, which is not followed"), "Give the final address in LLM_BASE_URL."
        )
    if status == 401:
        return errors.KeyRejected(title.format("the key was rejected"), _key_help(place))
    if status == 402 or (status in (400, 403, 429) and _NO_CREDIT.search(words) and "rate" not in code):
        return errors.OutOfCredit(title.format("the account has no credit left"), "Add credit at the provider.")
    if status == 403:
        return errors.AccessDenied(title.format("the key may not do this"), "Check the key's rights and its region.")
    if status == 404:
        return _not_there(title, place, request, words)
    if status == 408:
        return errors.TimedOut(title.format("the server waited too long"), "Raise LLM_TIMEOUT, or try again.")
    if status == 413 or (400 <= status < 500 and _TOO_LONG.search(words)):
        return errors.RequestTooLarge(title.format("the prompt is too long for the model"), "Choose a larger model.")
    if status == 429:
        return errors.RateLimited(
            title.format("too many requests"), "Lower --max-parallel, or wait.", _retry_after(headers, place.now)
        )
    if _is_form(status, words, place, request):
        rejected = errors.FormRejected(title.format("this form of answer is not known there"), "Choose another model.")
        if status == 500:  # it may have been anything, also after the work
            rejected.sure, rejected.charge = False, errors.Charge.UNKNOWN
        return rejected
    if status in (503, 529):
        return errors.Overloaded(
            title.format("the provider is overloaded"), "Try again later.", _retry_after(headers, place.now)
        )
    if status >= 500:
        return errors.ServerFailed(
            title.format("the provider failed"), "Try again later.", _retry_after(headers, place.now)
        )
    return errors.RequestRejected(title.format("the request was rejected"), "Check the model with --check-api.")


def _not_there(title: str, place: Place, request: Request | None, words: str) -> errors.ModelError:
    if request is not None and "model" in words.lower():
        help_text = "--list-models shows what there is."
        if place.name == "ollama":
            help_text = f"Get it with `ollama pull {request.model}`; {help_text}"
        return errors.NotThere(title.format(f"there is no model {request.model!r}"), help_text)
    return errors.NotThere(
        title.format("there is nothing at this address"), "Check LLM_BASE_URL, and that LLM_PROVIDER fits it."
    )


def _key_help(place: Place) -> str:
    variable = _VARIABLE.get(place.name, "the key")
    return f"Check {variable}, or set it up with --configure."


def _is_form(status: int, words: str, place: Place, request: Request | None) -> bool:
    """Whether it is the form of the answer that was refused. Compatible servers may fail with 500 over it."""
    if request is None or request.schema is None or request.form is AnswerForm.TEXT:
        return False
    foreign = place.compatible and place.name != "ollama"
    if status in (400, 404, 415, 422, 501):
        return _FORM.search(words) is not None or (foreign and status in (400, 422, 501))
    return foreign and status == 500


def _provider_words(body: bytes) -> tuple[str, str]:
    """The provider's code and message, wherever its protocol keeps them."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if isinstance(value, dict) and isinstance(value.get("error"), dict | str):
        value = value["error"]
    if isinstance(value, str):
        return "", value
    if not isinstance(value, dict):
        return "", ""
    code, message = value.get("code") or value.get("type"), value.get("message") or value.get("detail")
    return (code if isinstance(code, str) else ""), (message if isinstance(message, str) else "")


def _quotable(code: str, message: str, place: Place, request: Request | None) -> str:
    """The provider's own words, if they hold neither a key nor a piece of what was sent."""
    said = ""
    if re.fullmatch(r"[A-Za-z0-9_.:-]{1,60}", code) and not _echoes(code, request):
        said = f", {code}"
    message = " ".join(message.split())
    for secret in place.secrets:
        message = message.replace(secret, "***")
    message = _KEY.sub("***", message)
    if message and not _echoes(message, request):
        said += f": {message[:_LONGEST_QUOTE]}" + ("..." if len(message) > _LONGEST_QUOTE else "")
    return said


def _echoes(message: str, request: Request | None) -> bool:
    texts: Sequence[Message] = request.messages if request is not None else ()
    sent = " ".join(" ".join(each.text.split()) for each in texts)
    if len(message) < _WINDOW:
        return bool(message) and message in sent
    return any(message[start : start + _WINDOW] in sent for start in range(len(message) - _WINDOW + 1))


def _retry_after(headers: Mapping[str, str], now: Callable[[], float]) -> float | None:
    """Seconds to wait, from the header's number or date; None when there is none that can be read."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
            return float(value) / unit
        if value and name == "retry-after":
            try:
                return max(0.0, parsedate_to_datetime(value).timestamp() - now())
            except ValueError:
                continue
    return None
