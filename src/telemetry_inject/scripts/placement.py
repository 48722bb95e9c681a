"""Where edits of a foreign script may stand: a statement at its line's indent, or the line's missing indent.

Insert-only edits can't remove code, but one line end in the wrong place moves a `return` out of its `if`. So
an inserted statement has to begin where the text of a line begins, and has to give that line the indent back.
What is inserted inside of a line is left to templates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from telemetry_inject.types import Insertion, Problem

# Names whose values never go into a span, whoever asks for it.
_SENSITIVE = re.compile(
    rb"passw|passphrase|pwd|secret|token|credential|api_?key|private_?key|authori[sz]ation|cookie", re.I
)
_TEXTS = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")


def check_placement(source: bytes, edits: Sequence[Insertion]) -> list[Problem]:
    """What is wrong with where `edits` stand, and with the names whose values they record."""
    problems = []
    line = -1
    given = unit = b""
    opened = False
    for offset, text in edits:
        start = source.rfind(b"\n", 0, offset) + 1
        before = source[start:offset]
        if start != line:
            line, given = start, b""
        if not text.strip(b" \t"):
            unit = unit or text
            if before.strip(b" \t"):
                problems.append(_problem(offset, "white space inside of a line"))
            elif not opened or text != unit:
                problems.append(_problem(offset, "a line is indented that no inserted statement holds"))
            given += text
            continue
        sensitive = _SENSITIVE.search(_TEXTS.sub(b"''", text))
        if sensitive:
            problems.append(_problem(offset, f"the value of {sensitive[0].decode()!a} would be recorded"))
        statement, _, tail = text.rpartition(b"\n")
        here = given + before
        if start == 0:
            problems.append(_problem(offset, "text in the line on which the function begins"))
        elif before.strip(b" \t") or source[offset : offset + 1] in (b"", b" ", b"\t", b"\r", b"\n"):
            problems.append(_problem(offset, "a statement that does not begin where its line does"))
        elif not statement or b"\n" in statement or tail.strip(b" \t") or not tail.startswith(here):
            problems.append(_problem(offset, "text that is not one statement with a line of its own"))
        elif tail != here and not statement.rstrip().endswith(b":"):
            problems.append(_problem(offset, "a statement that changes the indent of the line after it"))
        elif tail != here:
            opened = True
            unit = unit or tail[len(here) :]
            given += tail[len(here) :]
    return problems


def _problem(offset: int, message: str) -> Problem:
    return Problem("placement", f"byte {offset}: {message}")
