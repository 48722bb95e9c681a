"""The source text that a page shows, and where in it a recorded line is.

The program that ran may have been an instrumented copy, with lines that the source does not have; the source may be the
copy itself. The telemetry can be taken out of either, so what is left tells which lines belong together. Counts of
branches are recorded relative to the source as it was before, lines of stacks as they were in the file that ran.
Only files inside of the given folder are ever shown.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from telemetry_inject.engine.packs import Pack, load_pack, pack_names
from telemetry_inject.engine.stripper import strip
from telemetry_inject.report.page_facts import Facts, Place
from telemetry_inject.report.stack_frames import innermost

MOST_BYTES = 8 * 1024 * 1024
"""So much text is put into a page."""

LARGEST_FILE = 1024 * 1024
_MOST_INSERTED = 60  # lines in one place: a helper written into the file


@dataclass(frozen=True)
class _Text:
    """A file of the source: what is shown, and where in it a line of the file that ran, or of the original, is."""

    text: str
    ran: Sequence[int] | None  # None: not known
    original: Sequence[int] | None


class SourceTexts:
    """Finds the files below a folder that recorded paths mean."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._left = MOST_BYTES
        self._packs = {
            "." + extension: name for name in pack_names() for extension in load_pack(name).config["extensions"]
        }

    def of(self, facts: Facts) -> dict[str, Any]:
        """The texts by recorded path, and the line in them of each place, count and exception."""
        recorded = {place.file for place in facts.places}
        recorded |= {frame[0] for failure in facts.failed if (frame := innermost(failure.stack))}
        texts = {path: text for path in sorted(recorded) if path and (text := self._find(path))}
        lines = {
            (number, place): self._line_of(place, texts[place.file])
            for place, number in facts.places.items()
            if place.file in texts
        }
        return {
            "texts": {path: text.text for path, text in texts.items()},
            "places": {str(number): line for (number, _), line in lines.items() if line},
            "counts": {
                f"{number} {key}": line
                for (number, place), here in lines.items()
                for key in facts.counts.get(number, ())
                if (line := _line_of_count(key, place, here, texts[place.file]))
            },
            "raised": [_shown(innermost(failure.stack), texts) for failure in facts.failed],
        }

    def _find(self, recorded: str) -> _Text | None:
        path = _inside(self._folder, recorded)
        data = _read(path) if path else None
        if path is None or data is None or len(data) > self._left:
            return None
        self._left -= len(data)
        name = self._packs.get(path.suffix.lower())
        pack = load_pack(name) if name else None
        text = data.decode("utf-8", "replace")
        here = Path(recorded).is_absolute() and not recorded.startswith(("//", "\\\\"))  # not on another machine
        ran = _read(Path(recorded)) if here else None
        return _Text(text, *_lines(data, ran, pack))

    def _line_of(self, place: Place, text: _Text) -> int:
        """Where a function begins; 0 when it cannot be found."""
        word = re.search(r"\w+$", place.name.partition("<")[0].rstrip("."))
        lines = _LINE_END.split(text.text)
        near = _at(text.ran, place.line)
        if word is None:
            return near
        wanted = re.compile(rf"\b{re.escape(word.group())}\b")
        if near and any(wanted.search(line) for line in lines[near - 1 : near + 9]):
            return near
        found = [number for number, line in enumerate(lines, 1) if wanted.search(line) and _DEFINES.search(line)]
        return max((number for number in found if number <= place.line), default=0)


_LINE_END = re.compile(r"\r\n|\n|\r")  # `splitlines` of a text knows more line ends than languages do
_DEFINES = re.compile(r"\b(def|func|function|class|async|fn|sub)\b|=>|\)\s*\{")


def _line_of_count(key: str, place: Place, line: int, text: _Text) -> int:
    """The line of a label such as `branch if+4`: so many lines below the function's first line in the original."""
    offset = key.rpartition("+")[2]
    if not line or not offset.isdigit():
        return 0
    if text.original is None:
        return 0
    first = next((number for number, shown in enumerate(text.original, 1) if shown >= line), 0)
    return _at(text.original, first + int(offset)) if first else 0


def _lines(data: bytes, ran: bytes | None, pack: Pack | None) -> tuple[Sequence[int] | None, Sequence[int] | None]:
    """The line of `data` for each line of the file that ran, and of the file before it was instrumented."""
    same = range(1, len(data.splitlines()) + 1)
    clean = strip(data, pack) if pack else data
    if clean != data:  # the source is the instrumented tree itself
        return same, _aligned(clean, data)
    if ran is None or ran == data or pack is None:
        return same if ran == data or pack is None else None, same
    return (_aligned(ran, data) if strip(ran, pack) == data else None), same


def _aligned(one: bytes, other: bytes) -> list[int]:
    """For each line of one text the line of the other that it belongs to.

    One of them is the other with telemetry in it, so the lines of the shorter are in those of the longer, in order.
    """
    lines, wider = one.splitlines(), other.splitlines()
    if len(one) <= len(other):
        return _places_in(lines, wider)
    found = [0] * len(lines)
    for number, place in enumerate(_places_in(wider, lines), 1):
        found[place - 1] = found[place - 1] or number
    for index in range(len(found)):
        found[index] = found[index] or (found[index - 1] if index else 1)
    return found


def _places_in(lines: Sequence[bytes], wider: Sequence[bytes]) -> list[int]:
    found = []
    place = 0
    for line in lines:
        following = range(place, min(place + _MOST_INSERTED, len(wider)))
        place = next((index + 1 for index in following if _is_within(line.strip(), wider[index].strip())), place)
        found.append(max(place, 1))
    return found


def _is_within(line: bytes, wider: bytes) -> bool:
    """Whether a line is left when parts of a wider one are taken out."""
    if not line or line == wider:
        return line == wider
    letters = iter(wider)
    return all(letter in letters for letter in line)


def _at(lines: Sequence[int] | None, number: int) -> int:
    return lines[number - 1] if lines is not None and 0 < number <= len(lines) else 0


def _shown(frame: tuple[str, int] | None, texts: dict[str, _Text]) -> list[Any] | None:
    if not frame or frame[0] not in texts:
        return None
    line = _at(texts[frame[0]].ran, frame[1])
    return [frame[0], line] if line else None


def _inside(folder: Path, recorded: str) -> Path | None:
    """The file below `folder` whose path has the most in common with the end of the recorded one."""
    windows = "\\" in recorded and "/" not in recorded
    parts = [part for part in (PureWindowsPath(recorded) if windows else PurePosixPath(recorded)).parts if part != "/"]
    if ".." in parts or "\0" in recorded:
        return None
    for first in range(len(parts)):
        path = folder.joinpath(*parts[first:])
        try:
            resolved = path.resolve()
            if resolved.is_relative_to(folder) and resolved.is_file():
                return resolved
        except (OSError, RuntimeError, ValueError):  # too long, a circle of links, no name for a file
            continue
    return None


def _read(path: Path) -> bytes | None:
    """What a file of ordinary size holds; None when there is no such file, or no text in it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe or a device may wait, or do something
            return None
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError):
        return None
    return None if b"\0" in data or len(data) > LARGEST_FILE else data
