"""Reading configuration files that anyone may have written: bounded, and never a device, a pipe or a folder."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

LARGEST = 1 << 20  # bytes; the largest package.json and go.mod in public are a fifth of it

# A string is one token whether it is closed or not, so that no quote is looked at twice.
_STRING_OR_COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_STRING_OR_LAST_COMMA = re.compile(r'("(?:[^"\\\n]|\\.)*+"?)|,(?=\s*+[}\]])')


class UnusableFileError(Exception):
    """A file that is there and cannot be used; the text says why. `missing` when tools take it as not there."""

    def __init__(self, reason: str, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


def is_file(path: Path) -> bool:
    """Whether there is a regular file, or a link to one; False when that cannot be found out."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where a folder may not be entered


def read_small(path: Path) -> bytes | None:
    """All bytes of a regular file, or None when there is none. Raises UnusableFileError."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no file can have such a name
        return None
    except OSError as error:
        raise UnusableFileError(f"cannot be read: {error.strerror or error}", missing=True) from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = b""
        while more := os.read(handle, LARGEST + 1 - len(data)):
            data += more
            if len(data) > LARGEST:
                raise UnusableFileError(f"larger than {LARGEST >> 20} MiB")
        return data
    except OSError as error:
        raise UnusableFileError(f"cannot be read: {error.strerror or error}", missing=True) from None
    finally:
        os.close(handle)


def decode(data: bytes) -> str:
    """The text of a configuration file; a byte order mark says that it is UTF-16, and is dropped."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def json_object(data: bytes, comments: bool = False) -> dict[str, Any]:
    """The JSON object in a file, with comments and trailing commas when the format has them.

    Raises UnusableFileError; its text holds nothing of the file.
    """
    text = decode(data)
    try:
        if comments:
            text = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
            text = _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or "", text)
            if not text.strip():
                return {}
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnusableFileError(f"not valid JSON (line {error.lineno})") from None
    except RecursionError:
        raise UnusableFileError("nested too deeply") from None
    except ValueError:  # a number of many thousands of digits
        raise UnusableFileError("not valid JSON") from None
    if not isinstance(value, dict):
        raise UnusableFileError("not a JSON object")
    return value
