"""Files and lines in the texts of stacks, as CPython, V8 and Go write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

_LONGEST_LINE = 4096
_FRAMES = (
    re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d{1,9})\b'),  # CPython
    re.compile(r"\s*at (?:[^(]*\()?(?P<file>(?:file://)?[^()]+?):(?P<line>\d{1,9}):\d{1,9}\)?$"),  # V8
    re.compile(r"\s*(?P<file>[^\s:][^:]*\.\w+):(?P<line>\d{1,9})\b"),  # Go
)
_FOREIGN = ("node:", "<", "/node_modules/", "/usr/local/go/", "runtime/panic.go")


def frame_of(line: str) -> tuple[str, int] | None:
    """The file and line that one line of a stack names."""
    if len(line) < _LONGEST_LINE:
        for pattern in _FRAMES:
            if found := pattern.match(line):
                return _path(found["file"]), int(found["line"])
    return None


def frames_of(stack: str) -> Iterator[tuple[str, int]]:
    """The files and lines that a stack names, in its order."""
    for line in stack.splitlines():
        if frame := frame_of(line):
            yield frame


def innermost(stack: str) -> tuple[str, int] | None:
    """Where the exception came from: the innermost call in a file that is not the language's own."""
    frames = [frame for frame in frames_of(stack) if not any(word in frame[0] for word in _FOREIGN)]
    if not frames:
        return None
    return frames[-1] if stack.lstrip().startswith("Traceback") else frames[0]


def _path(file: str) -> str:
    """A path as it is recorded elsewhere: stacks of ECMAScript modules have URLs."""
    return unquote(urlsplit(file).path) if file.startswith("file://") else file
