"""ChoosingWorker: a worker of the script pipeline that leaves out the functions a model sees no use in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from telemetry_inject.engine.packs import Pack
from telemetry_inject.scripts.cache_keys import KeyScope
from telemetry_inject.scripts.file_task import FileOutcome, FileTask, WorkContext
from telemetry_inject.scripts.unit_gate import ScriptGate
from telemetry_inject.scripts.worker import Worker
from telemetry_inject.traditional.code_injector import NOT_WORTH, Selection
from telemetry_inject.traditional.model_refactorer import ModelRefactorer, ModelRepair
from telemetry_inject.types import FunctionReport, FunctionStatus, Unit, UnitEdits

_BEFORE_NAMES = 3  # entries of a unit's context in front of those for its functions


@dataclass
class _ChoosingGate:
    """A ScriptGate that answers for the units that were left out."""

    gate: ScriptGate
    left: frozenset[int]

    def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
        wanted = [unit for unit in units if unit.start not in self.left]
        found = dict(zip(map(id, wanted), self.gate.known(wanted), strict=True))
        return [_nothing(unit) if unit.start in self.left else found[id(unit)] for unit in units]

    def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
        return self.gate.prove(unit, edits)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.gate, name)


def _nothing(unit: Unit) -> UnitEdits:
    """No insertions, and the reason for every function of the unit."""
    names = [entry.rpartition("=")[0] for entry in unit.context[_BEFORE_NAMES:]]
    return UnitEdits((), tuple((name, NOT_WORTH) for name in names))


class ChoosingWorker(Worker):
    """`script_scopes` are those of the script pipeline: what is known of a function serves both."""

    def __init__(
        self,
        context: WorkContext,
        script_scopes: dict[str, KeyScope],
        refactorer: ModelRefactorer | None,
    ) -> None:
        super().__init__(context)
        self._script_scopes = script_scopes
        self._refactorer = refactorer
        self._left: frozenset[int] = frozenset()

    def chosen(self, task: FileTask, selection: Selection) -> FileOutcome:
        """As `process`, without the units that were left out."""
        self._left = selection.left
        try:
            outcome = self.process(task)
        finally:
            self._left = frozenset()
        functions = tuple(map(_by_model, outcome.report.functions))
        return replace(outcome, report=replace(outcome.report, functions=functions))

    def _gate(self, pack: Pack, task: FileTask) -> Any:
        gate = super()._gate(pack, task)
        gate.scope = self._script_scopes[pack.name]
        if self._refactorer is not None:
            gate.refactor = ModelRepair(pack, self._refactorer, gate.generator, self._context.lessons)
        return _ChoosingGate(gate, self._left)


def _by_model(report: FunctionReport) -> FunctionReport:
    if report.status is FunctionStatus.INSTRUMENTED or report.reason == NOT_WORTH:
        return replace(report, provenance="model")
    return report
