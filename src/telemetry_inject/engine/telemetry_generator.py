"""TelemetryGenerator: from the functions of a file to the insertions that instrument them.

Every inserted text is rendered from the pack's snippets; nothing else can come out of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from telemetry_inject.engine import brace_layout as braces
from telemetry_inject.engine import sites
from telemetry_inject.engine.brace_layout import Phase, Piece, Spot
from telemetry_inject.engine.edits import ordered
from telemetry_inject.engine.function_extractor import ENTRY_ONLY, Function
from telemetry_inject.engine.indent_layout import Frame, Range, Unwrappable, Wrap, plan, reindent
from telemetry_inject.engine.newlines import indent_before, line_indent
from telemetry_inject.engine.packs import Pack, hooks_of
from telemetry_inject.engine.sites import Site
from telemetry_inject.engine.snippets import Names, escaped, fixed, pairs_text, render
from telemetry_inject.types import Insertion, Level


class TelemetryGenerator(Protocol):
    """Renders the insertions of one file's units."""

    names: Names
    sites: Mapping[int, list[Site]]

    def unit(self, outermost: Function) -> tuple[Insertion, ...]:
        """The insertions for an outermost function and all it contains, at offsets into the file.

        A function that cannot be wrapped gets its reason in `skip`; the others of the unit are still done.
        """


def generator_for(
    pack: Pack, level: Level, source: bytes, names: Names, opaque: Sequence[Range],
    found: Mapping[int, list[Site]], same_line: bool,
) -> TelemetryGenerator:  # fmt: skip
    """The generator for the pack's layout. `opaque` and `found` (sites) are those of the file."""
    if pack.config["layout"] == "indent":
        return IndentGenerator(pack, level, source, names, opaque, found)
    return BraceGenerator(pack, level, source, names, found, same_line)


@dataclass
class IndentGenerator:
    """For languages where indentation makes blocks."""

    pack: Pack
    level: Level
    source: bytes
    names: Names
    opaque: Sequence[Range]
    sites: Mapping[int, list[Site]] = field(default_factory=dict)

    def unit(self, outermost: Function) -> tuple[Insertion, ...]:
        """See TelemetryGenerator."""
        insertions: list[Insertion] = []
        self._function(outermost, (), insertions)
        if outermost.children or self.sites:
            return ordered(insertions)
        return tuple(insertions)  # the header and then the lines are in order already

    def _function(self, function: Function, frames: tuple[Frame, ...], insertions: list[Insertion]) -> None:
        if not function.skip:
            try:
                wrap = self._wrap(function, frames)
            except Unwrappable as reason:
                function.skip = str(reason)
            else:
                insertions.append(Insertion(wrap.at, wrap.text))
                insertions.extend(reindent(self.source, wrap, self.opaque))
                frames = (*frames, wrap.frame)
                for site in self.sites.get(function.start, ()):
                    insertions.extend(self._site(site, frames))
        for child in function.children:
            self._function(child, frames, insertions)

    def _wrap(self, function: Function, frames: Sequence[Frame]) -> Wrap:
        snippet: Mapping[str, str] = self.pack.snippets["function"]["block"]
        arguments = ""
        if self.level is Level.FULL:
            arguments = arguments_text(self.pack, function, self.source)
        header = render(snippet[self.level.value], self.names, name=escaped(function.site), arguments=arguments)
        return plan(
            function, self.source, header, snippet["split"].encode(), frames,
            int(self.pack.config.get("limits", {}).get("nesting", 1000)),
        )  # fmt: skip

    def _site(self, site: Site, frames: Sequence[Frame]) -> Iterator[Insertion]:
        snippet: Mapping[str, str] = self.pack.snippets[site.level][site.kind]
        values = {"label": site.label, "line": str(site.line), "names": site.names}
        if snippet["anchor"] == "around":
            # Without a space in front, an opening that begins with a letter would run into the word before it.
            tight = "tight" in snippet and not self.source[site.start - 1 : site.start].isspace()
            yield Insertion(site.start, render(snippet["tight" if tight else "open"], self.names, **values))
            yield Insertion(site.end, render(snippet["close"], self.names, **values))
        elif snippet["anchor"] == "after":
            yield Insertion(site.end, render(snippet["text"], self.names, **values))
        else:
            text = render(snippet["text"], self.names, **values)
            yield Insertion(site.start, text + sites.separator(site, self.source, frames))


_INNERMOST = 1 << 40


@dataclass
class BraceGenerator:
    """For languages where braces make blocks. The pack's hooks say where the snippets of a function go."""

    pack: Pack
    level: Level
    source: bytes
    names: Names
    sites: Mapping[int, list[Site]]
    same_line: bool

    def __post_init__(self) -> None:
        self._frame: Any = getattr(hooks_of(self.pack), "frame")  # noqa: B009 - a module's function
        self._own_line = self.pack.config.get("line_style") == "own" and not self.same_line
        self._comment = str(self.pack.config.get("line_comment", "//")).encode()
        self._snippets: Mapping[str, Any] = self.pack.snippets["function"]
        self._texts: dict[str, tuple[str, bytes | None]] = {}  # the templates in use, and what is never different

    def unit(self, outermost: Function) -> tuple[Insertion, ...]:
        """See TelemetryGenerator."""
        pieces: list[Piece] = []
        self._function(outermost, pieces)
        return braces.in_order(pieces)

    def _function(self, function: Function, pieces: list[Piece]) -> None:
        if not function.skip:
            found: list[Spot] | str = self._frame(function, self.source, self.level.value, self.pack.config)
            if isinstance(found, str):
                function.skip = found
            else:
                for spot in found:
                    pieces.append(self._spot(spot, function, len(pieces)))
                begun = max(spot.offset for spot in found if spot.phase in (Phase.BEFORE, Phase.OPEN))
                for site in self.sites.get(function.start, ()) if function.kind != ENTRY_ONLY else ():
                    if site.start >= begun:  # there is no span before
                        self._site(site, pieces)
        for child in function.children:
            self._function(child, pieces)

    def _spot(self, spot: Spot, function: Function, rank: int) -> Piece:
        found = self._texts.get(spot.snippet)
        if found is None:
            shape, _, part = spot.snippet.partition(".")
            template = self._snippets[shape][part]
            if not isinstance(template, str):
                template = template[self.level.value]
            found = self._texts[spot.snippet] = template, fixed(template, self.names)
        template, known = found
        if known is None:
            values = {"name": function.site, "arguments": "", **spot.values}
            if self.level is Level.FULL and "{arguments}" in template:
                values["arguments"] = arguments_text(self.pack, function, self.source)
            text = render(template, self.names, **values)
        else:
            text = known
        if not spot.statement:
            return braces.piece(spot.offset, spot.phase, spot.reach, rank, text)
        indent = None
        if self._own_line:
            indent = braces.block_indent(self.source, spot.offset - 1, spot.reach)
        offset, text = braces.first_in_block(self.source, spot.offset, spot.reach, text, indent)
        return braces.piece(offset, spot.phase, spot.reach, rank, text)

    def _site(self, site: Site, pieces: list[Piece]) -> None:
        snippet: Mapping[str, str] = self.pack.snippets[site.level][site.kind]
        anchor, rank, end = snippet["anchor"], len(pieces), site.end

        values = {"label": site.label, "line": str(site.line), "names": site.names, "caught": site.names}

        def text(part: str) -> bytes:
            return render(snippet[part], self.names, **values)

        if anchor == "around":
            if site.level == "context":  # closest to the expression, whatever else is around it
                rank += _INNERMOST
            before = self.source[site.start - 1 : site.start]
            tight = "tight" in snippet and (before.isalnum() or before in b"_$)")
            pieces.append(braces.piece(site.start, Phase.OPEN, end, rank, text("tight" if tight else "open")))
            pieces.append(braces.piece(end, Phase.CLOSE, site.start, rank, text("close")))
        elif anchor == "after":
            offset, found = end, text("text")
            if self.pack.config.get("line_style"):
                indent = self._indent_at(site.start)
                offset, found = braces.after_statement(self.source, end, found, indent, self._comment)
            pieces.append(braces.piece(offset, Phase.AFTER, 0, rank, found))
        elif anchor == "block-open" and not site.opened:
            pieces.append(braces.piece(site.start, Phase.OPEN, end, rank, text("open")))
            pieces.append(braces.piece(end, Phase.CLOSE, site.start, rank, text("close")))
        else:
            offset, found = site.start, text("text")
            if self.pack.config.get("line_style"):
                indent = self._indent_of_block(site) if self._own_line else None
                offset, found = braces.first_in_block(self.source, offset, end, found, indent)
            pieces.append(braces.piece(offset, Phase.BEFORE, 0, rank, found))

    def _indent_at(self, offset: int) -> bytes | None:
        """The indent for a statement after the one at `offset`; None when it is to share its line."""
        return indent_before(self.source, offset) if self._own_line else None

    def _indent_of_block(self, site: Site) -> bytes:
        if self.source[site.start - 1 : site.start] == b"{":
            return braces.block_indent(self.source, site.start - 1, site.end)
        return line_indent(self.source, site.start) + b"\t"


def arguments_text(pack: Pack, function: Function, source: bytes) -> str:
    """The parameters of a function as its snippet wants them; nothing when it has none."""
    found: list[str] = getattr(hooks_of(pack), "parameters")(function, source)  # noqa: B009
    return str(pack.config["values"]["arguments"]).replace("{pairs}", pairs_text(pack, found)) if found else ""
