"""Where texts between delimiters end: functions over bytes, for what lexis.py finds the beginnings of.

Each takes the place of a beginning, and gives the place behind the end; 0 when there is none.
"""

from __future__ import annotations

import re

CLOSING = {b"(": b")", b"[": b"]", b"{": b"}", b"<": b">"}
_QUOTE_LIKE = re.compile(rb"(q[qwrx]?|m|s|tr|y)\b(\s*)([^\w\s,;)]|(?<=\s)\w)?")
_FLAGS = re.compile(rb"[a-z]*")
_BLANK = re.compile(rb"\s*")


def behind(source: bytes, token: bytes, here: int) -> int:
    """The place behind the next `token`."""
    found = source.find(token, here)
    return 0 if found < 0 else found + len(token)


def delimited(source: bytes, here: int) -> int:
    """The end of what begins with the delimiter at `here`; brackets nest."""
    opened = source[here : here + 1]
    closed = CLOSING.get(opened, opened)
    depth, at = 1, here + 1
    while at < len(source):
        byte = source[at : at + 1]
        if byte == b"\\":
            at += 2
            continue
        if byte == closed:
            depth -= 1
            if not depth:
                return at + 1
        elif byte == opened:
            depth += 1
        at += 1
    return 0


def pattern_end(source: bytes, here: int) -> int:
    """The end of a pattern between slashes on one line; 0 when it is a division after all."""
    at, in_set = here + 1, False
    while at < len(source) and source[at : at + 1] != b"\n":
        byte = source[at : at + 1]
        if byte == b"\\":
            at += 2
            continue
        in_set = (in_set or byte == b"[") and byte != b"]"
        if byte == b"/" and not in_set:
            return _flagged(source, at + 1)
        at += 1
    return 0


def quote_like_end(source: bytes, here: int) -> int | None:
    """The end of `q{...}`, `m/.../x`, `s{...}{...}` and the like; None when it is an ordinary word after all."""
    found = _QUOTE_LIKE.match(source, here)
    if found is None or not found[3] or found[3] == b"=" or (found[3] == b"#" and found[2]):
        return None
    if re.match(rb"\s*=>", source[found.end(1) : found.end(1) + 20]):
        return None
    if source[here - 1 : here] == b"{" and source[found.end(1) : found.end(1) + 1] == b"}":
        return None
    if source[max(0, here - 4) : here] == b"sub ":
        return None
    end = delimited(source, found.end() - 1)
    if end and found[1] in (b"s", b"tr", b"y"):
        second = _BLANK.match(source, end) if found[3] in CLOSING else None
        end = delimited(source, second.end() if second else end - 1)
    return _flagged(source, end) if end else 0


def _flagged(source: bytes, end: int) -> int:
    flags = _FLAGS.match(source, end)
    return flags.end() if flags else end
