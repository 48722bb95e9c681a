"""Makes the insertion script of one function from the insertions that its templates gave."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from telemetry_inject.scripts.lessons import Lesson, Lessons
from telemetry_inject.scripts.script_format import escaped_path, insert
from telemetry_inject.types import Insertion, Script, Unit

_is_plain = re.compile(r"[A-Za-z0-9_./ -]*").fullmatch


class ScriptGenerator:
    """Generates scripts for one language pack, and knows the lessons learned from failures.

    `template_digest` (hex) names the content of the pack; `lessons_root` is the folder that holds
    `<language>/*.md`, or None.
    """

    def __init__(self, template_digest: str, lessons_root: Path | None = None) -> None:
        self.template_digest = template_digest
        self._lessons = Lessons(lessons_root)

    def generate(
        self, unit: Unit, insertions: Sequence[Insertion], key: bytes, sites: int | None = None, file: str = ""
    ) -> Script:
        """The script that puts `insertions` (offsets in `unit.source`, sorted) into the unit.

        `key` is the unit's 32-byte cache key. `sites` is the number of sites served; without it every
        insertion that is not mere white space counts as one. `file` is the file that holds the unit, from
        the folder of the script's test. Raises ScriptRefused for insertions that are not sorted or lie
        outside.
        """
        return self.draft(unit, insertions, key, sites, file)[0]

    def draft(
        self, unit: Unit, insertions: Sequence[Insertion], key: bytes, sites: int | None = None, file: str = ""
    ) -> tuple[Script, bytes]:
        """As `generate`; also the output that the script promises."""
        source = unit.source
        output = insert(source, insertions)
        if sites is None:
            sites = len(insertions) - sum([text.isspace() for _, text in insertions])
        meta = {
            "file": file if _is_plain(file) else escaped_path(file),
            "function": unit.qualname,
            "language": unit.language,
            "template": self.template_digest,
            "key": key.hex(),
            "source_sha256": sha256(source).hexdigest(),
            "output_sha256": sha256(output).hexdigest(),
            "source_length": len(source),
            "output_length": len(output),
            "sites": sites,
        }
        return Script(meta, tuple(insertions)), output

    def lessons(self, language: str) -> tuple[Lesson, ...]:
        """What was learned about `language`; read from disk at the first call."""
        return self._lessons.of(language)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One line for each lesson that could not be read so far."""
        return self._lessons.warnings
