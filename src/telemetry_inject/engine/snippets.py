"""Snippets: how their placeholders are filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from telemetry_inject.engine.packs import Pack

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Names:
    """The reserved names in one file: the pack's, or numbered ones where the file uses those itself."""

    alias: str

    @property
    def span(self) -> str:
        """The name that holds the current span."""
        return self.alias + "_s"

    @property
    def bare(self) -> str:
        """The alias without what marks it as reserved: it goes behind an underscore of the user's."""
        return self.alias.lstrip("_")

    @property
    def error(self) -> str:
        """The name that holds what was thrown or returned as an error."""
        return self.alias + "_e"


def render(template: str, reserved: Names, /, **values: str) -> bytes:
    """A snippet's text with its placeholders filled in, all at once: a value may look like a placeholder."""
    parts = _split(template, reserved.alias)
    if len(parts) == 1:
        return parts[0].encode()
    filled = list(parts)
    for index in range(1, len(parts), 2):
        filled[index] = values[parts[index]]
    return "".join(filled).encode()


@lru_cache(maxsize=1000)
def fixed(template: str, reserved: Names, /) -> bytes | None:
    """The text of a snippet that has reserved names alone to be filled in; None for any other."""
    parts = _split(template, reserved.alias)
    return parts[0].encode() if len(parts) == 1 else None


@lru_cache(maxsize=1000)
def _split(template: str, alias: str) -> list[str]:
    """Literal text and the names of placeholders, in turn; reserved names are literal."""
    names = Names(alias)
    reserved = {"alias": alias, "span": names.span, "error": names.error, "bare": names.bare}
    return _PLACEHOLDER.split(_PLACEHOLDER.sub(lambda found: reserved.get(found[1], found[0]), template))


def pairs_text(pack: Pack, names: Iterable[str]) -> str:
    """Names of variables as the pack's snippets record them, such as `x=x, y=y`."""
    rules = pack.config["values"]
    return str(rules["separator"]).join(str(rules["pair"]).replace("{value}", name) for name in names)


def escaped(name: str) -> str:
    """A name inside a string literal: ASCII, whatever the file's encoding is."""
    return name if name.isascii() else name.encode("ascii", "backslashreplace").decode()
