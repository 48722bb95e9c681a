"""TelemetryGenerator: from the functions of a file to the insertions that instrument them.

Every inserted text is rendered from the pack's snippets; nothing else can come out of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from telemetry_inject.engine import sites
from telemetry_inject.engine.edits import ordered
from telemetry_inject.engine.function_extractor import Function
from telemetry_inject.engine.indent_layout import Frame, Range, Unwrappable, Wrap, plan, reindent
from telemetry_inject.engine.packs import Pack
from telemetry_inject.engine.sites import Site
from telemetry_inject.types import Insertion, Level


@dataclass(frozen=True)
class Names:
    """The reserved names in one file: the pack's, or numbered ones where the file uses those itself."""

    alias: str

    @property
    def span(self) -> str:
        """The name that holds the current span at levels flow and full."""
        return self.alias + "_s"


@dataclass
class TelemetryGenerator:
    """Renders the insertions of one file's units. `opaque` and `sites` are those of the file."""

    pack: Pack
    level: Level
    source: bytes
    names: Names
    opaque: Sequence[Range]
    sites: Mapping[int, list[Site]] = field(default_factory=dict)

    def unit(self, outermost: Function) -> tuple[Insertion, ...]:
        """The insertions for an outermost function and all it contains, at offsets into the file.

        A function that cannot be wrapped gets its reason in `skip`; the others of the unit are still done.
        """
        return ordered(self._function(outermost, ()))

    def _function(self, function: Function, frames: tuple[Frame, ...]) -> Iterator[Insertion]:
        if not function.skip:
            try:
                wrap = self._wrap(function, frames)
            except Unwrappable as reason:
                function.skip = str(reason)
            else:
                yield Insertion(wrap.at, wrap.text)
                yield from reindent(self.source, wrap, self.opaque)
                frames = (*frames, wrap.frame)
                for site in self.sites.get(function.start, ()):
                    yield from self._site(site, frames)
        for child in function.children:
            yield from self._function(child, frames)

    def _wrap(self, function: Function, frames: Sequence[Frame]) -> Wrap:
        snippet: Mapping[str, str] = self.pack.snippets["function"]["block"]
        arguments = ""
        if self.level is Level.FULL:
            found = sites.parameters(function, self.pack)
            arguments = "".join(f", {name}={name}" for name in found)
        header = self._fill(snippet[self.level.value], name=escaped(function.site), arguments=arguments)
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
            yield Insertion(site.start, self._fill(snippet["tight" if tight else "open"], **values))
            yield Insertion(site.end, self._fill(snippet["close"], **values))
        elif snippet["anchor"] == "after":
            yield Insertion(site.end, self._fill(snippet["text"], **values))
        else:
            text = self._fill(snippet["text"], **values)
            yield Insertion(site.start, text + sites.separator(site, self.source, frames))

    def _fill(self, template: str, **values: str) -> bytes:
        text = template.replace("{alias}", self.names.alias).replace("{span}", self.names.span)
        for key, value in values.items():
            text = text.replace("{" + key + "}", value)
        return text.encode()


def escaped(name: str) -> str:
    """A name inside a string literal: ASCII, whatever the file's encoding is."""
    return name if name.isascii() else name.encode("ascii", "backslashreplace").decode()
