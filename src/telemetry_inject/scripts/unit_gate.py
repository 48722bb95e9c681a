"""The script pipeline's view of one unit: known from the cache, or generated, tested, proved and exported.

ScriptCache.get -> ScriptGenerator -> ScriptValidator -> (ScriptRefactorer) -> ScriptCache.put, TestGenerator
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from telemetry_inject.errors import TelemetryInjectError
from telemetry_inject.scripts.cache_keys import KeyScope, unit_key
from telemetry_inject.scripts.script_format import render, render_edits, script_stem
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.unit_payload import decode_unit, encode_unit
from telemetry_inject.types import Problem, Script, Unit, UnitEdits


class Export(NamedTuple):
    """A new script, ready for the cache: its key, what the cache stores, and the file to export."""

    key: bytes
    payload: bytes
    language: str
    name: str
    stem: str
    script: bytes


Refactor = Callable[[bytes, Sequence[Problem], Unit, bytes], Script | None]


@dataclass
class ScriptGate:
    """Decides about the units of one file.

    `recall` looks keys up, `refactor` may repair a failing script; `keys` are those of the units asked for,
    by the unit's identity. `origin` tells the tests where the units' file is, from their own folder.
    """

    scope: KeyScope
    recall: Callable[[Sequence[bytes]], dict[bytes, bytes]]
    generator: ScriptGenerator
    validator: ScriptValidator
    refactor: Refactor
    origin: str
    exports: list[Export] = field(default_factory=list)
    keys: dict[int, bytes] = field(default_factory=dict)
    recalled: int = 0

    def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
        """The edits that the cache holds for each unit."""
        keys = [unit_key(self.scope, unit) for unit in units]
        self.keys.update(zip(map(id, units), keys, strict=True))
        found = self.recall(keys)
        self.recalled += len(found)
        return [decode_unit(found[key]) if key in found else None for key in keys]

    def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
        """The edits of a new unit once its script has passed, repaired if need be; else what is wrong."""
        if not edits.insertions:
            return edits
        key = self.keys[id(unit)]
        try:
            script, output = self.generator.draft(unit, edits.insertions, key, file=self.origin)
            rendered = render_edits(script.edits)
            data = render(script, rendered)
            problems = self.validator.check(script, unit.source, output)
        except TelemetryInjectError as error:
            return error.title
        if problems:
            repaired = self.refactor(data, problems, unit, key)
            if repaired is None:
                return problems[0].message
            script = replace(repaired, meta={**repaired.meta, "file": script.meta["file"]})
            rendered = render_edits(script.edits)
            data = render(script, rendered)
            edits = UnitEdits(script.edits, edits.late_skips)
        self.exports.append(
            Export(key, encode_unit(edits, rendered), unit.language, unit.qualname, script_stem(unit.name, key), data)
        )
        return edits
