"""The way back for a script that failed: ask the refactorer, prove what it proposes, at most so many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetry_inject.engine.fragments import is_trusted
from telemetry_inject.engine.packs import Pack
from telemetry_inject.engine.verify import unit_problem
from telemetry_inject.scripts.acceptance import ForeignRefused, accept_foreign
from telemetry_inject.scripts.sandbox_backend import SandboxUnavailable
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_refactorer import ScriptRefactorer
from telemetry_inject.scripts.script_sandbox import ScriptSandbox
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.types import Problem, Script, Unit


@dataclass
class Repair:
    """Repairs scripts of one pack's language, with at most `attempts` proposals each."""

    pack: Pack
    refactorer: ScriptRefactorer
    generator: ScriptGenerator
    attempts: int = 3
    sandbox: Callable[[], ScriptSandbox] = ScriptSandbox

    def __call__(self, script: bytes, problems: Sequence[Problem], unit: Unit, key: bytes) -> Script | None:
        """A proved script for `unit`, or None when there is none: then the function stays as it was."""
        for _ in range(self.attempts):
            proposal = self.refactorer.refactor(script, problems, unit)
            if proposal is None:
                return None
            try:
                with self.sandbox() as sandbox:
                    return accept_foreign(
                        proposal, unit, key,
                        sandbox=sandbox, generator=self.generator, validator=self._validator(unit),
                    )  # fmt: skip
            except ForeignRefused as error:
                script, problems = proposal, error.problems
            except SandboxUnavailable:
                return None
        return None

    def _validator(self, unit: Unit) -> ScriptValidator:
        def checks_output(before: bytes, after: bytes) -> list[Problem]:
            problem = unit_problem(self.pack, unit, before, after)
            return [Problem("parser", problem)] if problem else []

        return ScriptValidator(lambda text: is_trusted(text, self.pack), checks_output)
