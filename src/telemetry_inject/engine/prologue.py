"""The helper's import: where in a file it goes, and its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from telemetry_inject.engine.function_extractor import is_documentation
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import Pack, hooks_of
from telemetry_inject.types import Insertion, Level

if TYPE_CHECKING:
    from tree_sitter import Node

_ANY = {  # what may stand for a placeholder that is neither a name of ours nor a fallback
    "dots": r"\.+",
    "path": r"""[^"'\r\n]*""",
    "ts_extension": r"(?:\.\w+)?",
}


class NoImport(Exception):
    """A file that can't import the helper; the message is the reason shown to the user."""


def import_insertion(
    root: Node, source: bytes, pack: Pack, level: Level, alias: str, placement: Placement, same_line: bool = False
) -> Insertion | None:
    """The insertion of the helper's import. None when the file has no statement to put it in front of.

    Raises NoImport with the reason when the file must not have one.
    """
    values = {**pack.snippets["import"].get("defaults", {}), **dict(placement.values)}
    if pack.config["layout"] == "indent":
        return _on_lines_of_its_own(root, source, pack, level, alias, values)
    place = getattr(hooks_of(pack), "import_place")  # noqa: B009 - a module's function
    found: tuple[int, str] | str = place(root, source, values, pack.config, same_line)
    if isinstance(found, str):
        raise NoImport(found)
    offset, kind = found
    text = _filled(pack, pack.snippets["import"][kind], level, alias, values)[0]
    return Insertion(offset, text.replace("\n", newline_after(source, offset).decode()).encode())


def _on_lines_of_its_own(
    root: Node, source: bytes, pack: Pack, level: Level, alias: str, values: Mapping[str, str]
) -> Insertion | None:
    """In front of the first statement that is not documentation or the like."""
    rules = pack.config["documentation"]
    first: Node | None = None
    documented = False
    for node in root.named_children:
        if node.type in pack.config.get("comment", ()):
            continue
        if node.type in rules["prologue"]:
            documented = True
            continue
        if not documented and is_documentation(node, rules):
            documented = True
            continue
        first = node
        break
    if first is None:
        return None
    newline = newline_after(source, first.start_byte)
    lines = _filled(pack, pack.snippets["import"]["default"], level, alias, values)
    text = newline.join(line.encode() for line in lines) + newline
    start = first.start_byte
    lead = indent_before(source, start)
    if lead is None and source[:start] == b"\xef\xbb\xbf":
        lead = b""
    if lead is None:  # shares its line with the prologue: `from __future__ import x; import os`
        text = newline + pack.snippets["function"]["block"]["split"].strip().encode() + newline + text
    return Insertion(start - len(lead or b""), text)


def _filled(
    pack: Pack, snippet: Mapping[str, Any], level: Level, alias: str, values: Mapping[str, str]
) -> list[str]:
    """The lines of an import, its placeholders filled in."""
    fallbacks: Mapping[str, str] = snippet.get("fallback", {})
    fallback = fallbacks.get(level.value) or fallbacks.get("function" if level is Level.FUNCTION else "flow", "")
    named = {
        "fallback": fallback,
        **values,
        "import": pack.alias if alias == pack.alias else f"{pack.alias} as {alias}",
        "alias": alias,
        "error": f"{alias}_e",
    }
    lines = []
    for line in snippet["lines"]:
        for key, value in named.items():
            line = line.replace("{" + key + "}", value)
        lines.append(line)
    return lines


@cache
def import_patterns(pack: Pack) -> tuple[re.Pattern[bytes], ...]:
    """They recognise the import in any file, whatever its kind, level, alias and depth; a group names the alias."""
    kinds = [kind for kind in pack.snippets["import"] if kind != "defaults"]
    return tuple(re.compile(_pattern(pack, kind).encode("latin-1")) for kind in kinds)


def _pattern(pack: Pack, kind: str) -> str:
    snippet = pack.snippets["import"][kind]
    fallbacks = "|".join(_quoted(text) for text in snippet.get("fallback", {}).values())
    lines = [_quoted(line).replace("<fallback>", f"(?:{fallbacks})") for line in snippet["lines"]]
    indent = pack.config["layout"] == "indent"
    text = r"[ \t]*(?:\r\n|\n|\r)".join(lines)
    text = text.replace("<error>", "<alias>_e")
    for name, pattern in _ANY.items():
        text = text.replace(f"<{name}>", pattern)
    if "<import>" in text:
        text = text.replace("<alias>", r"\w+")
        text = text.replace("<import>", rf"{pack.alias}(?: as (?P<alias>\w+))?", 1)
        text = text.replace("<import>", rf"{pack.alias}(?: as \w+)?")
    else:
        first, *rest = text.split("<alias>")
        text = r"(?P<alias>\w+)".join([first, "(?P=alias)".join(rest)])
    if not indent:
        return text.replace("\\\n", r"(?:\r\n|\n|\r)")
    split = re.escape(pack.snippets["function"]["block"]["split"].strip())
    lead = rf"(?:(?P<split>(?:\r\n|\n|\r){split}(?:\r\n|\n|\r))|(?:^|(?<=[\n\r])|(?<=\xef\xbb\xbf)))"
    return lead + text + r"[ \t]*(?:\r\n|\n|\r)"


def _quoted(template: str) -> str:
    """A template as a pattern, its placeholders as `<name>`."""
    return re.sub(r"\\\{(\w+)\\\}", r"<\1>", re.escape(template))


def imports_in(text: bytes, pack: Pack) -> Iterator[re.Match[bytes]]:
    """The places that look like the helper's import."""
    for pattern in import_patterns(pack):
        yield from pattern.finditer(text)
