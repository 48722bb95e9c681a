"""Makes the insertion script of one function from the insertions that its templates gave."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from telemetry_inject.scripts.lessons import Lesson, Lessons
from telemetry_inject.scripts.script_format import insert
from telemetry_inject.types import Insertion, Script, Unit


class ScriptGenerator:
    """Generates scripts for one language pack, and knows the lessons learned from failures.

    `template_digest` (hex) names the content of the pack; `lessons_root` is the folder that holds
    `<language>/*.md`, or None.
    """

    def __init__(self, template_digest: str, lessons_root: Path | None = None) -> None:
        self.template_digest = template_digest
        self._lessons = Lessons(lessons_root)

    def generate(self, unit: Unit, insertions: Sequence[Insertion], key: bytes, sites: int | None = None) -> Script:
        """The script that puts `insertions` (offsets in `unit.source`, sorted) into the unit.

        `key` is the unit's 32-byte cache key. `sites` is the number of sites served; without it every
        insertion that is not mere white space counts as one. Raises ScriptRefused for insertions that are
        not sorted or lie outside.
        """
        output = insert(unit.source, insertions)
        if sites is None:
            sites = sum(not text.isspace() for _, text in insertions)
        meta = {
            "function": unit.qualname,
            "language": unit.language,
            "template": self.template_digest,
            "key": key.hex(),
            "source_sha256": sha256(unit.source).hexdigest(),
            "output_sha256": sha256(output).hexdigest(),
            "sites": sites,
        }
        return Script(meta, tuple(insertions))

    def lessons(self, language: str) -> tuple[Lesson, ...]:
        """What was learned about `language`; read from disk at the first call."""
        return self._lessons.of(language)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each lesson that could not be read so far."""
        return self._lessons.warnings
