"""Adds to a list of a project file and leaves every other byte of the file as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.config_sources import OWN_FILE, SHARED_FILE, TABLE
from telemetry_inject.errors import UsageError

_HEADER = re.compile(rf"""^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*["']?{TABLE}["']?[ \t]*\][^\r\n]*(\r?\n|$)""", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[\]]|[^\s"\'#\[\]]+')


def project_file_for(path: Path, known: Path | None) -> Path:
    """The project file to write to: the one that was read, else the nearest pyproject.toml of the repository, else a
    file of our own in the folder that is instrumented."""
    if known is not None:
        return known
    folder = path if path.is_dir() else path.parent
    for above in (folder.absolute(), *folder.absolute().parents):
        if (above / SHARED_FILE).is_file():
            return above / SHARED_FILE
        if (above / ".git").exists():
            break
    return folder / OWN_FILE


def add_to_list(file: Path, key: str, items: Iterable[str]) -> tuple[str, ...]:
    """Add those of `items` that are not in the list `key` of the settings in `file`; gives those that were added.

    The file is made when it is not there. Raises UsageError when it cannot be changed without risk (the message
    says what to add by hand), OutputError when it cannot be written.
    """
    try:
        data = file.read_bytes().decode()
        before = tomllib.loads(data)
    except FileNotFoundError:
        data, before = "", {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read: {error}", "Mend it first.") from None
    shared = file.name == SHARED_FILE
    old = _settings(before, shared).get(key, [])
    new = tuple(item for item in dict.fromkeys(items) if item not in old)
    if not new:
        return ()
    newline = "\r\n" if "\r\n" in data else "\n"
    text = _added(data, key, new, newline, shared)
    wanted = _with(before, key, [*old, *new], shared)
    try:
        changed = tomllib.loads(text)
    except ValueError:
        changed = {}
    if changed != wanted:
        quoted = ", ".join(map(_quoted, new))
        raise UsageError(f"{file}: {key} cannot be changed safely", f"Add to {key} by hand: {quoted}")
    write_atomic(file, text.encode())
    return new


def _settings(values: dict[str, Any], shared: bool) -> dict[str, Any]:
    found = values.get("tool", {}).get(TABLE, {}) if shared else values
    return found if isinstance(found, dict) else {}


def _with(values: dict[str, Any], key: str, items: list[str], shared: bool) -> dict[str, Any]:
    if not shared:
        return {**values, key: items}
    tool = values.get("tool", {})
    return {**values, "tool": {**tool, TABLE: {**tool.get(TABLE, {}), key: items}}}


def _added(data: str, key: str, items: tuple[str, ...], newline: str, shared: bool) -> str:
    """The text with the items in the list: behind its last one, or in a new list at the top of the table."""
    start = 0
    if shared:
        header = _HEADER.search(data)
        if header is None:
            gap = "" if not data else newline if data.endswith("\n") else 2 * newline
            return f"{data}{gap}[tool.{TABLE}]{newline}{_list(key, items, newline)}"
        start = header.end()
    following = _TABLE.search(data, start)
    known = re.compile(rf"""^[ \t]*["']?{re.escape(key)}["']?[ \t]*=[ \t]*\[""", re.MULTILINE).search(data, start)
    if known is None or (following is not None and following.start() < known.start()):
        return data[:start] + _list(key, items, newline) + data[start:]
    depth, last, at = 1, "[", known.end()
    for token in _TOKEN.finditer(data, known.end()):
        word = token.group()
        depth += {"[": 1, "]": -1}.get(word, 0)
        if not depth:
            comma = "" if last in "[," else ","
            gap = data[at : token.start()].rstrip(" \t")
            gap = gap if gap.endswith("\n") else gap + newline
            lines = "".join(f"    {_quoted(item)},{newline}" for item in items)
            return data[:at] + comma + gap + lines + data[token.start() :]
        if not word.startswith("#"):
            last, at = word[-1], token.end()
    return data  # not closed: what comes of it is not what is wanted, and is refused


def _list(key: str, items: tuple[str, ...], newline: str) -> str:
    return f"{key} = [{newline}" + "".join(f"    {_quoted(item)},{newline}" for item in items) + f"]{newline}"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found.group()):04x}", escaped) + '"'
