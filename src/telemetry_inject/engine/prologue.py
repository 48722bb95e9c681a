"""The helper's import: where in a file it goes, and its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from telemetry_inject.engine.function_extractor import is_documentation
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.packs import Pack
from telemetry_inject.types import Insertion, Level

if TYPE_CHECKING:
    from tree_sitter import Node


def import_lines(pack: Pack, level: Level, alias: str, ups: int) -> list[str]:
    """The lines that import the helper from `ups` folders above the file."""
    snippet: Mapping[str, Any] = pack.snippets["import"]
    fallbacks: Mapping[str, str] = snippet["fallback"]
    fallback = fallbacks.get(level.value) or fallbacks["function" if level is Level.FUNCTION else "flow"]
    values = {
        "fallback": fallback,
        "dots": "." * (ups + 1),
        "module": pack.helper.rsplit(".", 1)[0],
        "import": "_tlm" if alias == "_tlm" else f"_tlm as {alias}",
        "alias": alias,
    }
    lines = []
    for line in snippet["lines"]:
        for key, value in values.items():
            line = line.replace("{" + key + "}", value)
        lines.append(line)
    return lines


def import_insertion(
    root: Node, source: bytes, pack: Pack, level: Level, alias: str, ups: int
) -> Insertion | None:
    """The insertion of the helper's import: in front of the first statement that is not documentation or the
    like, on lines of its own. None when the file has no statement to put it in front of."""
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
    text = newline.join(line.encode() for line in import_lines(pack, level, alias, ups)) + newline
    start = first.start_byte
    lead = indent_before(source, start)
    if lead is None and source[:start] == b"\xef\xbb\xbf":
        lead = b""
    if lead is None:  # shares its line with the prologue: `from __future__ import x; import os`
        text = newline + pack.snippets["function"]["block"]["split"].strip().encode() + newline + text
    return Insertion(start - len(lead or b""), text)


def import_pattern(pack: Pack) -> re.Pattern[bytes]:
    """Recognises the import in any file, whatever its level, alias and depth; group 1 is the alias."""
    snippet = pack.snippets["import"]
    fallbacks = "|".join(_pattern(text) for text in snippet["fallback"].values())
    lines = [_pattern(line).replace("<fallback>", f"(?:{fallbacks})") for line in snippet["lines"]]
    text = r"[ \t]*(?:\r\n|\n|\r)".join(lines)
    text = text.replace("<alias>", r"\w+")
    text = text.replace("<import>", r"_tlm(?: as (?P<alias>\w+))?", 1).replace("<import>", r"_tlm(?: as \w+)?")
    module = re.escape(pack.helper.rsplit(".", 1)[0])
    text = text.replace("<dots>", r"\.+").replace("<module>", module)
    split = re.escape(pack.snippets["function"]["block"]["split"].strip())
    lead = rf"(?:(?P<split>(?:\r\n|\n|\r){split}(?:\r\n|\n|\r))|(?:^|(?<=[\n\r])|(?<=\xef\xbb\xbf)))"
    return re.compile((lead + text + r"[ \t]*(?:\r\n|\n|\r)").encode("latin-1"))


def _pattern(template: str) -> str:
    """A template as a pattern, its placeholders as `<name>`."""
    return re.sub(r"\\\{(\w+)\\\}", r"<\1>", re.escape(template))
