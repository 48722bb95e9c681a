"""What is fit for a terminal: colour only where it is wanted, names without control characters."""

from __future__ import annotations

from typing import TextIO

_CODES = {"bold": "1", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def wants_color(setting: str, stream: TextIO) -> bool:
    """Whether to colour what goes to `stream`; `setting` is auto, always or never."""
    return setting == "always" or (setting == "auto" and stream.isatty())


def painted(text: str, color: str, wanted: bool) -> str:
    """`text` in a colour (or bold), when wanted."""
    return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if wanted else text


def printable(text: str) -> str:
    """`text` with control characters and undecodable bytes written as escapes: it may be a file's name."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`, `2 copies`, `2 processes`."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun}"
