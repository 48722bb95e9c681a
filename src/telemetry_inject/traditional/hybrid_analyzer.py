"""HybridAnalyzer: tree-sitter where a language has a pack, a model where it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from telemetry_inject.engine.instrumenter import instrument
from telemetry_inject.engine.options import Options, Placement
from telemetry_inject.engine.packs import Pack
from telemetry_inject.errors import UsageError
from telemetry_inject.traditional.light_instrumenter import LightFile, Proof
from telemetry_inject.traditional.light_packs import LightPack
from telemetry_inject.traditional.llm_analyzer import LLMAnalyzer
from telemetry_inject.types import Unit, UnitEdits


@dataclass
class _Collector:
    """A gate that takes nothing and notes what there is."""

    units: list[Unit] = field(default_factory=list)

    def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
        self.units = list(units)
        return [UnitEdits(()) for _ in units]

    def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
        return edits


class HybridAnalyzer:
    """Chooses who analyses a file.

    `prefer_tree_sitter=False` lets the model analyse what has both a pack and a light pack; `force_tree_sitter`
    asks no model: what has no grammar is refused.
    """

    def __init__(self, analyzer: LLMAnalyzer, prefer_tree_sitter: bool = True, force_tree_sitter: bool = False) -> None:
        if force_tree_sitter and not prefer_tree_sitter:
            raise UsageError("force_tree_sitter and prefer_tree_sitter=False do not go together", "Choose one.")
        self._analyzer = analyzer
        self._prefer = prefer_tree_sitter
        self._force = force_tree_sitter

    def by_model(self, pack: Pack | None, light: LightPack | None) -> bool:
        """Whether a model analyses a language with these packs. Raises UsageError when nobody can."""
        if pack is not None and (self._prefer or light is None):
            return False
        if self._force or light is None:
            raise UsageError("this language has no grammar here", "Leave force_tree_sitter out, or write a pack.")
        return True

    @staticmethod
    def units(source: bytes, pack: Pack, options: Options, placement: Placement) -> list[Unit]:
        """The units of a file that may be instrumented, without a model."""
        collector = _Collector()
        instrument(source, pack, options, placement, collector)
        return collector.units

    def functions(self, file: LightFile, light: LightPack) -> Proof:
        """The functions of a file that a model names. Raises ModelError, BudgetExceeded."""
        return self._analyzer.analyse(file, light)
