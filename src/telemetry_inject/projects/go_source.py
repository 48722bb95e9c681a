"""What the head of a Go file says: its build constraint, and what it imports."""

from __future__ import annotations

import re

_IGNORE = "ignore"  # by custom, the tag that nobody sets
_MOST_TOKENS = 100  # of one build constraint

_BLANK = re.compile(rb"(?:\xef\xbb\xbf)?+(?:\s++|//[^\n]*+|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_PACKAGE = re.compile(rb"package\b(?:[^\S\n]++|/\*[^\n]*?\*/)*+[\w\x80-\xff]++")
_IMPORT = re.compile(rb"import\b")
_SPEC = re.compile(rb'(?:(?:\.|[\w\x80-\xff]++)(?:\s|/\*.*?\*/)*+)?+("[^"\n]*+"|`[^`]*+`)', re.DOTALL)
_CONSTRAINT = re.compile(rb"//go:build(?=[ \t\r]|$)(.*)")
_OLD_CONSTRAINT = re.compile(rb"//[ \t]*\+build(?=[ \t\r]|$)(.*)")
_TOKEN = re.compile(r"\s*(&&|\|\||[!()]|[^\s&|!()]+)")


def imports(source: bytes) -> tuple[str, ...]:
    """The import paths of a Go file, in order; as far as it can be read."""
    found: list[str] = []
    at = _skip(source, 0)
    package = _PACKAGE.match(source, at)
    if package is None:
        return ()
    at = _skip(source, package.end())
    while (word := _IMPORT.match(source, at)) is not None:
        at = _skip(source, word.end())
        block = source[at : at + 1] == b"("
        if block:
            at = _skip(source, at + 1)
        while (spec := _SPEC.match(source, at)) is not None:
            found.append(spec[1][1:-1].decode("utf-8", "replace"))
            at = _skip(source, spec.end())
            if not block:
                break
        if block and source[at : at + 1] == b")":
            at = _skip(source, at + 1)
    return tuple(found)


def build_ignored(source: bytes) -> bool:
    """Whether the file's build constraint can only hold with the tag `ignore`, which nobody sets."""
    if b"ignore" not in source:
        return False
    new, old = _constraints(source)
    if new is not None:
        return _holds(new) is False
    return any(_old_line_fails(line) for line in old)


def _skip(source: bytes, at: int) -> int:
    """Past white space, comments and semicolons."""
    at = _blank(source, at)
    while source[at : at + 1] == b";":
        at = _blank(source, at + 1)
    return at


def _blank(source: bytes, at: int) -> int:
    found = _BLANK.match(source, at)
    return found.end() if found else at


def _constraints(source: bytes) -> tuple[str | None, list[str]]:
    """The first //go:build line before the package clause; and the +build lines, which a blank line must follow."""
    end = _blank(source, 0)
    head = source[:end].removeprefix(b"\xef\xbb\xbf")
    new: str | None = None
    old: list[str] = []
    waiting: list[str] = []
    in_comment = False
    for raw in head.split(b"\n")[:-1]:  # the last is the package clause's own line
        line = raw.strip()
        if in_comment or line.startswith(b"/*"):
            in_comment = b"*/" not in line
        elif not line:
            old += waiting
            waiting = []
        elif new is None and (found := _CONSTRAINT.match(line)):
            new = found[1].decode("utf-8", "replace")
        elif found := _OLD_CONSTRAINT.match(line):
            waiting.append(found[1].decode("utf-8", "replace"))
    return new, old


def _old_line_fails(line: str) -> bool:
    """Whether a +build line (spaces are or, commas are and) can only hold with the tag."""
    options = line.split()
    return bool(options) and all(_IGNORE in option.split(",") for option in options)


def _holds(expression: str) -> bool | None:
    """A constraint's value when `ignore` is not set: None when that depends on other tags, or cannot be read."""
    tokens = _TOKEN.findall(expression.partition("//")[0])
    if len(tokens) > _MOST_TOKENS:
        return None
    tokens.reverse()
    value = _either(tokens)
    return None if tokens else value


def _either(tokens: list[str]) -> bool | None:
    value = _both(tokens)
    while tokens and tokens[-1] == "||":
        tokens.pop()
        other = _both(tokens)
        value = True if True in (value, other) else None if None in (value, other) else False
    return value


def _both(tokens: list[str]) -> bool | None:
    value = _single(tokens)
    while tokens and tokens[-1] == "&&":
        tokens.pop()
        other = _single(tokens)
        value = False if False in (value, other) else None if None in (value, other) else True
    return value


def _single(tokens: list[str]) -> bool | None:
    token = tokens.pop() if tokens else ""
    if token == "!":
        value = _single(tokens)
        return None if value is None else not value
    if token == "(":
        value = _either(tokens)
        if tokens and tokens[-1] == ")":
            tokens.pop()
        return value
    return False if token == _IGNORE else None
