"""Lessons: what failed once and what fixed it, as Markdown files with a front matter.

docs/lessons/python/nested-blocks.md:

    ---
    title: CPython 3.11 allows 20 nested blocks
    language: python
    error: too many statically nested blocks      # a regular expression, matched anywhere in an error
    applies_to: with, try                         # optional: what the lesson is about
    ---
    Count the blocks before inserting one more ...
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

MAX_LESSON_BYTES = 64 * 1024
MAX_ERROR_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson. `error` finds the errors it helps with; `text` is the Markdown below the front matter."""

    title: str
    language: str
    error: re.Pattern[str]
    applies_to: tuple[str, ...]
    text: str

    def helps_with(self, error: str) -> bool:
        """Whether this lesson was learned from an error like `error`."""
        return self.error.search(error[:MAX_ERROR_CHARACTERS]) is not None


class Lessons:
    """The lessons below one folder, read once per language and only when asked for."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._read: dict[str, tuple[Lesson, ...]] = {}
        self._warnings: list[str] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each file that was left out because it could not be read."""
        return tuple(self._warnings)

    def of(self, language: str) -> tuple[Lesson, ...]:
        """The lessons for `language`, by file name."""
        if language not in self._read:
            self._read[language] = tuple(self._load(language))
        return self._read[language]

    def _load(self, language: str) -> list[Lesson]:
        if self._root is None or not re.fullmatch(r"[A-Za-z0-9_+-]+", language):
            return []
        lessons = []
        for path in sorted((self._root / language).glob("*.md")):
            try:
                lessons.append(parse_lesson(_read_bounded(path), language))
            except (OSError, ValueError) as error:
                self._warnings.append(f"lesson {path.name} ({language}) left out: {error}")
        return lessons


def _read_bounded(path: Path) -> str:
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise ValueError("not a regular file")
    if state.st_size > MAX_LESSON_BYTES:
        raise ValueError(f"larger than {MAX_LESSON_BYTES} bytes")
    return path.read_text(encoding="utf-8-sig")


def parse_lesson(text: str, language: str) -> Lesson:
    """The lesson in `text`, which must be about `language`. Raises ValueError that says what is wrong."""
    match = re.match(r"---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)(.*)", text.replace("\r\n", "\n"), re.DOTALL)
    if match is None:
        raise ValueError("it has no front matter between two lines of ---")
    values = {}
    for line in match[1].split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"front matter line without a colon: {line!a}")
        values[key.strip()] = _unquoted(value.strip())
    missing = [key for key in ("title", "language", "error") if not values.get(key)]
    if missing:
        raise ValueError(f"front matter lacks {', '.join(missing)}")
    if values["language"] != language:
        raise ValueError(f"it is about {values['language']!a}, but lies in the folder of {language!a}")
    try:
        pattern = re.compile(values["error"])
    except re.error as error:
        raise ValueError(f"error is no regular expression: {error}") from error
    names = values.get("applies_to", "").strip("[]").split(",")
    applies_to = tuple(_unquoted(name.strip()) for name in names if name.strip())
    return Lesson(values["title"], language, pattern, applies_to, match[2].strip())


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
