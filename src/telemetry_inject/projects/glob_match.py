"""Matches paths against the patterns of tsconfig's `files`, `include` and `exclude`, in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

_DEEP = "**"


def matches(pattern: str, path: str, below: bool = False) -> bool:
    """Whether an absolute pattern matches an absolute path; with `below`, also what lies in a folder it matches.

    `*` and `?` stand for characters of one name, `**` for any number of folders; a last name without a dot or
    wildcard means the folder with all it contains (typescriptlang.org/tsconfig/#include).
    """
    parts = pattern.split("/")
    if below or not any(mark in parts[-1] for mark in ".*?"):
        parts.append(_DEEP)
    return _match(parts, path.split("/"), _DEEP, _name_matches)


@lru_cache(1024)
def _name_matches(pattern: str, name: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == name
    return _match(pattern, name, "*", lambda mark, letter: mark in ("?", letter))


def _match(pattern: Sequence[str], text: Sequence[str], star: str, same: Callable[[str, str], bool]) -> bool:
    """Whether the pattern covers the text, its stars any run of items: only the last star is ever tried again."""
    here = there = resume = 0
    last_star = -1
    while there < len(text):
        if here < len(pattern) and pattern[here] == star:
            last_star, resume = here, there
            here += 1
        elif here < len(pattern) and same(pattern[here], text[there]):
            here += 1
            there += 1
        elif last_star >= 0:
            resume += 1
            here, there = last_star + 1, resume
        else:
            return False
    return all(item == star for item in pattern[here:])
