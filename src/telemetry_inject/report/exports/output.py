"""Where an export goes: a file that is there when it is complete, and the values that JSON can say exactly."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from telemetry_inject.errors import OutputError
from telemetry_inject.report.span_lines import STDIN

_EXACT = 1 << 53
_DEEPEST = 50


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """A text file that takes the name `path` when the block ends well; `-` is standard output.

    What is no regular file (a pipe, /dev/stdout) is written to as it is.

    Raises:
        OutputError: it cannot be written.
    """
    if path == STDIN:
        yield sys.stdout
        return
    in_place = path.exists() and not path.is_file()
    target = path if in_place else Path(os.path.realpath(path))
    temporary = target if in_place else target.with_name(f".telemetry-inject-{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "w" if in_place else "x", encoding="utf-8", newline="\n") as file:
            yield file
        if not in_place:
            temporary.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}", "Choose another place, or make room there."
        ) from error
    finally:
        if not in_place:
            temporary.unlink(missing_ok=True)


def as_json(value: Any) -> str:
    """JSON on one line, without blanks; numbers that other readers would round are text."""
    try:
        return _encode(plain(value))
    except (TypeError, ValueError):
        return _encode(str(value))


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def plain(value: Any, depth: int = 0) -> Any:
    """The same with text for numbers that JSON has no form for, or that JavaScript rounds."""
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    return str(value)
