"""TreeSitterAnalyzer: what a file holds, from one parse: functions, sites, and lines that must not be moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry_inject.engine.function_extractor import Extraction, extract
from telemetry_inject.engine.indent_layout import Range, opaque_ranges
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import Pack, grammar_of
from telemetry_inject.engine.sites import Site, find_sites
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Analysis:
    """One parsed file. `sites` are by the start offset of the function that holds them.

    `uncertain`: the grammar met syntax that it does not know, so the rest of the tree needs proof.
    """

    text: bytes
    root: Node
    uncertain: bool
    extraction: Extraction
    opaque: list[Range]
    sites: dict[int, list[Site]]


class TreeSitterAnalyzer:
    """Analyses files of one pack's language; no model, no I/O. `everything` takes trivial functions too."""

    def __init__(self, pack: Pack, level: Level, everything: bool, placement: Placement = Placement()) -> None:  # noqa: B008 - frozen
        self._placement = placement
        self._pack = pack
        self._level = level
        self._everything = everything

    def analyse(self, text: bytes) -> Analysis:
        """The analysis of `text`, which must be UTF-8. Raises PackError when the pack's grammar does not load."""
        pack, grammar = self._pack, grammar_of(self._pack)
        root = grammar.parser.parse(text).root_node
        extraction = extract(root, text, pack, grammar, self._level, self._everything, self._placement)
        opaque: list[Range] = []
        if extraction.functions and pack.config["layout"] == "indent":
            opaque = opaque_ranges(root, text, pack)
        sites = find_sites(root, text, pack, grammar, self._level, extraction)
        return Analysis(text, root, root.has_error, extraction, opaque, sites)
