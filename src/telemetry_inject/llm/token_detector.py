"""TokenDetector: how long a prompt and an answer may be, for each provider and model.

Asked in this order: the user's own numbers, the cache on the disk, the provider's API (Anthropic's model list,
Ollama's /api/show, some compatible servers), the price catalogue, a small default. What was found is kept in
the user's cache directory for a week.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.errors import OutputError
from telemetry_inject.llm.errors import Cancelled, ModelError
from telemetry_inject.llm.prices import Prices
from telemetry_inject.llm.types import Provider

DEFAULT_CONTEXT = 8192
DEFAULT_OUTPUT = 4096
LONG_CONTEXT, LONG_OUTPUT = 200_000, 32_768  # models of that size may think before they answer, at length
LARGEST = 100_000_000  # tokens; more is a mistake
OLDEST = 7 * 86400.0  # seconds
MOST_ROWS = 500
FORMAT = 1
FILE_NAME = "model_limits.json"
DIRECTORY_VARIABLE = "TELEMETRY_INJECT_LIMITS_DIR"


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens: `context` for prompt and answer together, `output` for an answer; `source` says who said so."""

    context: int
    output: int
    source: str


@dataclass(frozen=True, slots=True)
class Packing:
    """Which pieces (by index, in order) go into one prompt each, and which fit into none."""

    groups: tuple[tuple[int, ...], ...]
    too_large: tuple[int, ...]


class TokenDetector:
    """Finds and remembers limits. `context` and `output` are the user's own (0: none); `file` None: no cache."""

    def __init__(
        self,
        context: int = 0,
        output: int = 0,
        file: Path | None = None,
        now: Callable[[], float] = time.time,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._context, self._output = context, output
        self._file = file
        self._now = now
        self._note = note
        self._known: dict[str, Limits] = {}

    def limits(self, provider: Provider, model: str, prices: Prices | None = None, timeout: float = 10.0) -> Limits:
        """The limits of `model`; never fails but for Cancelled, for the default always holds."""
        key = f"{provider.name} {provider.address} {model}"
        if key not in self._known:
            self._known[key] = self._found(key, provider, model, prices, timeout)
        found = self._known[key]
        if not self._context and not self._output:
            return found
        return _limits(self._context or found.context, self._output or found.output, "stated")

    def _found(self, key: str, provider: Provider, model: str, prices: Prices | None, timeout: float) -> Limits:
        if self._context and self._output:
            return _limits(self._context, self._output, "stated")
        rows = self._read()
        row = rows.get(key)
        if row is not None:
            return _limits(row["context"], row["output"], f"{row['source']}, cached")
        found = None
        try:
            described = provider.describe(model, timeout)
        except Cancelled:
            raise
        except ModelError as error:
            self._note(f"the limits of {model} are not known: {error.title}")
        else:
            if described is not None and 0 < described.context <= LARGEST:
                found = _limits(described.context, described.max_output, provider.name)
        if found is None and prices is not None and prices.context:
            found = _limits(prices.context, 0, prices.source)
        if found is None:
            return _limits(DEFAULT_CONTEXT, 0, "default")
        rows[key] = {"context": found.context, "output": found.output, "source": found.source, "at": self._now()}
        self._write(rows)
        return found

    def _read(self) -> dict[str, Any]:
        """The rows that are young enough; none when the file is not ours to read or is damaged."""
        if self._file is None:
            return {}
        try:
            document = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}  # it is made anew
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            return {}
        rows = document.get("rows")
        return {key: row for key, row in rows.items() if self._is_good(row)} if isinstance(rows, dict) else {}

    def _is_good(self, row: Any) -> bool:
        if not isinstance(row, dict):
            return False
        numbers = [row.get(name) for name in ("context", "output")]
        at = row.get("at")
        return (
            all(type(number) is int and 0 < number <= LARGEST for number in numbers)
            and isinstance(row.get("source"), str)
            and isinstance(at, int | float)
            and 0 <= self._now() - at <= OLDEST
        )

    def _write(self, rows: dict[str, Any]) -> None:
        if self._file is None:
            return
        newest = sorted(rows.items(), key=lambda item: float(item[1]["at"]))[-MOST_ROWS:]
        data = json.dumps({"format": FORMAT, "rows": dict(newest)}, indent=1).encode()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._file, data)
        except (OSError, OutputError) as error:
            self._note(f"the limits of models cannot be kept: {error}")


def _limits(context: int, output: int, source: str) -> Limits:
    """An answer may not take the whole context, whoever says so."""
    usual = LONG_OUTPUT if context >= LONG_CONTEXT else DEFAULT_OUTPUT
    return Limits(context, min(output or usual, max(1, context // 2)), source)


def limits_file() -> Path:
    """Where limits are kept: the user's cache directory, or TELEMETRY_INJECT_LIMITS_DIR."""
    override = os.environ.get(DIRECTORY_VARIABLE, "")
    if override:
        return Path(override) / FILE_NAME
    if sys.platform == "linux":
        base = os.environ.get("XDG_CACHE_HOME", "").strip()
        return Path(base or Path("~/.cache").expanduser(), "telemetry-inject", FILE_NAME)
    import platformdirs

    return Path(platformdirs.user_cache_dir("telemetry-inject", appauthor=False)) / FILE_NAME


def room(limits: Limits, fixed: int, output: int) -> int:
    """Tokens left for source beside `fixed` tokens of prompt and an answer of `output`; 0 when there are none."""
    return max(0, limits.context - fixed - min(output, limits.output))


def pack(sizes: Sequence[int], limits: Limits, fixed: int, output: int) -> Packing:
    """Spread pieces (functions, by their size in tokens) over as few prompts as keep their order.

    Nothing is ever cut: a piece that fits into no prompt is named in `too_large`.
    """
    free = room(limits, fixed, output)
    groups: list[list[int]] = []
    too_large: list[int] = []
    used = 0
    for index, size in enumerate(sizes):
        if size > free:
            too_large.append(index)
        elif groups and used + size <= free:
            groups[-1].append(index)
            used += size
        else:
            groups.append([index])
            used = size
    return Packing(tuple(tuple(group) for group in groups), tuple(too_large))
