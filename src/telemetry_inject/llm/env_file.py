"""Changes variables in a `.env` file and leaves all else in it byte for byte; only its owner may read the result."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.errors import UsageError

OWNER_ONLY = 0o600
_PLAIN = re.compile(r"[A-Za-z0-9_./:@,+=~%-]+")


def write_env_file(path: Path, changes: Mapping[str, str | None]) -> None:
    """Set each variable, or take it out when its value is None. Raises UsageError and OutputError."""
    if path.is_symlink():
        raise UsageError(f"{path}: is a symbolic link", "Change the file it points to, or remove the link.")
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}", "Mend it or move it away.") from None
    write_atomic(path, changed(before, changes).encode("utf-8"), mode=OWNER_ONLY)


def changed(text: str, changes: Mapping[str, str | None]) -> str:
    """`text` with the changes: a variable stays where it was, a new one comes at the end."""
    from dotenv.parser import parse_stream

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark)
    newline = "\r\n" if "\r\n" in body else "\n"
    pieces: list[str] = []
    written: set[str] = set()
    for binding in parse_stream(io.StringIO(body, newline="")):
        original, name = binding.original.string, binding.key
        if binding.error or name is None or name not in changes:
            pieces.append(original)
            continue
        value = changes[name]
        blank, export = _before(original)
        pieces.append(blank)
        if value is not None and name not in written:  # of several the last counted: one stays
            written.add(name)
            pieces.append(f"{export}{name}={_quoted(value)}{newline}")
    result = "".join(pieces)
    missing = [(name, value) for name, value in changes.items() if value is not None and name not in written]
    if missing and result and not result.endswith("\n"):
        result += newline
    return mark + result + "".join(f"{name}={_quoted(value)}{newline}" for name, value in missing)


def _before(original: str) -> tuple[str, str]:
    """Empty lines before a variable, and the word `export`."""
    match = re.match(r"((?:[^\S\n]*\n)*)[^\S\n]*(export[^\S\n]+)?", original)
    assert match is not None
    return match[1], "export " if match[2] else ""


def _quoted(value: str) -> str:
    if "\n" in value or "\r" in value or "\0" in value:
        raise UsageError("a value with a line break cannot be written to .env", "Give it on one line.")
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
