"""What compilers say, as outcomes that can be compared: one for each message, whatever line it has moved to."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import PurePosixPath

from telemetry_inject.proving.comparison import Change
from telemetry_inject.proving.reports import Outcomes, Row, each
from telemetry_inject.proving.variants import Item, Variants

_PATH = r"(?P<path>[^\s:()'\"]+\.\w+)"
_FORMS = (
    re.compile(rf"^\s*{_PATH}\((?P<line>\d+),\d+\): (?P<text>.+)$"),  # tsc
    re.compile(rf"^\s*{_PATH}:(?P<line>\d+)(?::\d+)?(?::| - )\s*(?P<text>.+)$"),  # go, gcc, javac, tsc --pretty, ...
)
_PYTHON = re.compile(r'^\s*File "(?P<path>[^"]+)", line (?P<line>\d+)')
_RUST = re.compile(rf"^\s*--> {_PATH}:(?P<line>\d+):\d+")
_COLORS = re.compile(r"\x1b\[[0-9;]*m")

Suspects = Callable[[Sequence[Change], Collection[Item]], list[Item]]


def read_diagnostics(output: str) -> Outcomes:
    """The messages of a compiler, or of several. Their line and path stand in front of the reason."""
    rows: list[Row] = []
    lines = _COLORS.sub("", output).splitlines()
    for number, line in enumerate(lines):
        form = next((found for form in _FORMS if (found := form.match(line))), None)
        text = form["text"] if form else ""
        if form is None and (form := _PYTHON.match(line)):
            text = next((each.strip() for each in lines[number + 1 : number + 5] if re.match(r"\w*Error\b", each)), "")
        elif form is None and (form := _RUST.match(line)):
            text = lines[number - 1].strip() if number else ""
        if form is not None:
            path = _plain(form["path"])
            rows.append((f"{path}: {text.strip()}", "failed", f"{path}:{form['line']}: {text.strip()}"))
    return each(rows, complete=True)


def _plain(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).as_posix().removeprefix("./")


def suspects_of(variants: Variants, scanned: str, folder: str) -> Suspects:
    """The functions in which the new messages are. `scanned` is the scanned folder in the project, `folder` the one
    that the command runs in: messages name files from there."""

    def suspects(changes: Sequence[Change], left: Collection[Item]) -> list[Item]:
        found: dict[Item, None] = {}
        for change in changes:
            match = re.match(r"(?P<path>.+?):(?P<line>\d+): ", change.reason)
            if match is None:
                continue
            for path in _below(match["path"], scanned, folder):
                item = variants.function_at(path, int(match["line"]), left)
                if item is not None:
                    found[item] = None
                    break
        return list(found)

    return suspects


def _below(path: str, scanned: str, folder: str) -> list[str]:
    """What a path in a message may be below the scanned folder."""
    import posixpath

    tries = (posixpath.normpath(posixpath.join(folder, path)), posixpath.normpath(path))
    prefix = "" if scanned in ("", ".") else scanned + "/"
    return [each.removeprefix(prefix) for each in dict.fromkeys(tries) if each.startswith(prefix)]
