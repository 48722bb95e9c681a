"""The one way in for a script somebody else wrote: lint, sandbox, freeze, check; the script is dropped."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry_inject.errors import ExitCode, TelemetryInjectError
from telemetry_inject.scripts.freeze import NotInsertOnly, freeze
from telemetry_inject.scripts.placement import check_placement
from telemetry_inject.scripts.sandbox_backend import SandboxError, SandboxUnavailable
from telemetry_inject.scripts.script_format import ScriptRefused, insert, recognise
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_sandbox import ScriptSandbox
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.security_lint import lint
from telemetry_inject.types import Problem, Script, Unit


class ForeignRefused(TelemetryInjectError):
    """A foreign script, or what it gave, was not accepted; `problems` say why."""

    exit_code = ExitCode.INCOMPLETE

    def __init__(self, unit: Unit, problems: Sequence[Problem]) -> None:
        super().__init__(f"{unit.qualname!a}: {problems[0].message}")
        self.problems = tuple(problems)


def accept_foreign(
    script: bytes,
    unit: Unit,
    key: bytes,
    *,
    sandbox: ScriptSandbox,
    generator: ScriptGenerator,
    validator: ScriptValidator,
    timeout: float = 2.0,
) -> Script:
    """A script of the exact form that does what `script` does to `unit`.

    `timeout` is in seconds. Raises ForeignRefused with all problems found, and SandboxUnavailable when this
    machine can't run foreign scripts; the function then keeps what its templates gave, or stays as it was.
    Raises ValueError when `validator` lacks one of its checks.
    """
    if not validator.complete:
        raise ValueError("foreign scripts need a validator that knows the templates and checks the output")
    exact = recognise(script)
    if exact is not None:
        # Its edits are data like any others; what it says about itself is not believed.
        try:
            return accept_output(insert(unit.source, exact.edits), unit, key, generator=generator, validator=validator)
        except ScriptRefused as error:
            raise ForeignRefused(unit, [Problem("form", error.title)]) from error
    problems = lint(script)
    if problems:
        raise ForeignRefused(unit, problems)
    try:
        output = sandbox.run(script, unit.source, timeout=timeout)
    except SandboxUnavailable:
        raise
    except SandboxError as error:
        raise ForeignRefused(unit, [Problem("sandbox", error.title)]) from error
    return accept_output(output, unit, key, generator=generator, validator=validator)


def accept_output(
    output: bytes, unit: Unit, key: bytes, *, generator: ScriptGenerator, validator: ScriptValidator
) -> Script:
    """The script of the exact form that turns `unit` into `output`, whoever made that.

    Raises ForeignRefused unless `output` is the unit plus statements from trusted templates, each where a
    statement may stand, and the validator has nothing against the result.
    """
    try:
        edits = freeze(unit.source, output)
    except NotInsertOnly as error:
        raise ForeignRefused(unit, [Problem("insert-only", error.title)]) from error
    if not edits:
        raise ForeignRefused(unit, [Problem("sites", "the result has no telemetry")])
    script = generator.generate(unit, edits, key)
    problems = [*check_placement(unit.source, edits), *validator.check(script, unit.source)]
    if problems:
        raise ForeignRefused(unit, problems)
    return script
