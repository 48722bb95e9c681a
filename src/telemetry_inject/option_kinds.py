"""Kinds of option values: how each is read from text or TOML, and what is allowed, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from telemetry_inject.types import Level

if TYPE_CHECKING:
    from decimal import Decimal

TRACE_LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR")
SIZE_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
TIME_UNITS = {"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9}
MOST_WORKERS = 512


class Secret:
    """Text that must not be seen: only `reveal()` gives it; str, repr and format give stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, spec: str) -> str:
        return format("***", spec)


class Kind(NamedTuple):
    """`parse` takes text, or a TOML value of one of the types `toml`, and raises ValueError."""

    parse: Callable[[Any], Any]
    allowed: str
    toml: tuple[type, ...]


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise ValueError(value)


def _whole(value: Any, least: int, most: int | None = None) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"\+?[0-9]{1,18}", text):
        raise ValueError(value)
    number = int(text)
    if number < least or (most is not None and number > most):
        raise ValueError(value)
    return number


def whole(least: int, most: int | None = None) -> Kind:
    """Whole numbers from `least` up to `most`."""
    limit = f"{least} or more" if most is None else f"from {least} to {most}"
    return Kind(lambda value: _whole(value, least, most), f"a whole number, {limit}", (int,))


def choice(values: tuple[str, ...], fold: Callable[[str], str] = str.lower) -> Kind:
    """One of `values`; `fold` brings what was typed to their case."""

    def parse(value: Any) -> str:
        text = fold(str(value).strip())
        if text not in values:
            raise ValueError(value)
        return text

    return Kind(parse, "one of " + ", ".join(values), (str,))


def _text(value: Any) -> str:
    text = str(value).strip()
    if not text or "\0" in text:
        raise ValueError(value)
    return text


def _folder(value: Any) -> Path:
    if not str(value) or "\0" in str(value):
        raise ValueError(value)
    return Path(value)


def _money(value: Any) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(value) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(value)
    return amount


def _price(value: Any) -> str:
    text = str(value).strip()
    amount = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
    if not re.fullmatch(rf"{amount}\s*/\s*{amount}", text):
        raise ValueError(value)
    return text


def _seconds(value: Any) -> float:
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError(value)
    return number


def _rate(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ValueError(value)
    return number


def _short_time(value: Any) -> int:
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(ns|us|µs|μs|ms|s)", str(value).strip())
    if match is None:
        raise ValueError(value)
    time = round(float(match[1]) * TIME_UNITS[match[2]])
    if not time:
        raise ValueError(value)
    return time


def _files(value: Any) -> tuple[str, ...]:
    if not all(isinstance(name, str) and name and "\0" not in name for name in value):
        raise ValueError(value)
    return tuple(dict.fromkeys(value))


def _percent(value: Any) -> float:
    match = re.fullmatch(r"([0-9]{1,4}(?:\.[0-9]{1,4})?)\s*%", str(value).strip())
    if match is None:
        raise ValueError(value)
    return float(match[1]) / 100


def _size(value: Any) -> int:
    match = re.fullmatch(r"([0-9]{1,15})\s*([KMG]?)(?:i?B)?", str(value).strip(), re.IGNORECASE)
    if match is None:
        raise ValueError(value)
    return int(match[1]) * SIZE_UNITS[match[2].upper()]


def _globs(value: Any) -> tuple[str, ...]:
    if not all(isinstance(glob, str) and glob.strip() for glob in value):
        raise ValueError(value)
    return tuple(value)


def _functions(value: Any) -> tuple[str, ...]:
    if not all(isinstance(name, str) and re.fullmatch(r"[^:]+:\S.*", name.strip(), re.DOTALL) for name in value):
        raise ValueError(value)
    return tuple(dict.fromkeys(name.strip() for name in value))


def _level(value: Any) -> Level:
    return Level(str(value).strip().lower())


def _secret(value: Any) -> Secret:
    text = _text(value)
    if not text.isascii() or any(character.isspace() for character in text):
        raise ValueError("the value is not shown")
    return Secret(text)


def _url(value: Any) -> str:
    text = str(value).strip()
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text, re.IGNORECASE):
        raise ValueError(value)
    return text


BOOLEAN = Kind(_boolean, "true or false", (bool,))
TEXT = Kind(_text, "some text", (str,))
FOLDER = Kind(_folder, "a path", (str,))
MONEY = Kind(_money, "an amount of US dollars such as 5.00, 0 or more", (int, float, str))
PRICE = Kind(_price, "dollars a million tokens as INPUT/OUTPUT, such as 2.50/10", (str,))
SECONDS = Kind(_seconds, "a number of seconds, more than 0", (int, float))
RATE = Kind(_rate, "a number of calls a second, more than 0", (int, float))
SHORT_TIME = Kind(_short_time, "a time with its unit (ns, us, ms, s), such as 10us", (str,))
FILES = Kind(_files, "a list of files", (list,))
PERCENT = Kind(_percent, "a share such as 10%", (str,))
SIZE = Kind(_size, "a number of bytes, or a size such as 500K or 5M", (int, str))
GLOBS = Kind(_globs, "a list of globs", (list,))
FUNCTIONS = Kind(_functions, "a list of functions as in --json: path/to/file.py:Class.method", (list,))
LEVEL = Kind(_level, "one of " + ", ".join(Level), (str,))
TRACE_LEVEL = choice(TRACE_LEVELS, str.upper)
COLOR = choice(("auto", "always", "never"))
PROVIDER = choice(("openai", "anthropic", "ollama"))
URL = Kind(_url, "an address that starts with http:// or https://", (str,))
SECRET = Kind(_secret, "a key without spaces", (str,))
