"""The script pipeline's view of one unit: known from the cache, or generated, tested, proved and exported.

    ScriptCache.get -> ScriptGenerator -> TestGenerator -> ScriptValidator -> (ScriptRefactorer) -> ScriptCache.put
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from telemetry_inject.errors import TelemetryInjectError
from telemetry_inject.scripts.cache_keys import KeyScope, unit_key
from telemetry_inject.scripts.payloads import decode_unit, encode_unit
from telemetry_inject.scripts.script_format import render, script_stem
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.test_generator import TestGenerator
from telemetry_inject.types import Problem, Script, Unit, UnitEdits


class Export(NamedTuple):
    """A new script, ready for the cache: its key, what the cache stores, and the two files to export."""

    key: bytes
    payload: bytes
    language: str
    name: str
    stem: str
    script: bytes
    test: bytes


Refactor = Callable[[bytes, Sequence[Problem], Unit, bytes], Script | None]


@dataclass
class ScriptGate:
    """Decides about the units of one file.

    `recall` looks keys up, `refactor` may repair a failing script; `keys` are those of the units asked for,
    by the unit's identity. `origin` tells the tests where the file is, from their own folder.
    """

    scope: KeyScope
    recall: Callable[[Sequence[bytes]], dict[bytes, bytes]]
    generator: ScriptGenerator
    validator: ScriptValidator
    tests: TestGenerator
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
            script = self.generator.generate(unit, edits.insertions, key)
            data = render(script)
            problems = self.validator.check(script, unit.source)
        except TelemetryInjectError as error:
            return error.title
        if problems:
            repaired = self.refactor(data, problems, unit, key)
            if repaired is None:
                return problems[0].message
            script, data = repaired, render(repaired)
            edits = UnitEdits(repaired.edits, edits.late_skips)
        self.exports.append(
            Export(key, encode_unit(edits), unit.language, unit.qualname, script_stem(unit.name, key), data,
                   self.tests.generate(script, self.origin, len(unit.source)))
        )  # fmt: skip
        return edits
