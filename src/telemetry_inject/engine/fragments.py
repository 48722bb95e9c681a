"""The inserted texts as patterns, made from the very snippets that write them."""

from __future__ import annotations

import re
from functools import lru_cache

from telemetry_inject.engine.packs import Pack

_PAIR = re.compile(rb"(\w+)=(\w+)")
_TEXT = re.compile(rb'"(?:[^"\\\r\n]|\\.)*"')
_VALUES = {
    "name": r'(?:[^"\\\r\n]|\\.)*',
    "arguments": r"(?:, \w+=\w+)*",
    "names": r"\w+=\w+(?:, \w+=\w+)*",
    "label": r"\w+",
    "line": r"\d+",
}


@lru_cache(maxsize=64)
def fragment_pattern(pack: Pack, alias: str) -> re.Pattern[bytes]:
    """One pattern for every inserted text but the import, where `alias` is a pattern for the reserved name.

    The last group that matched names the kind: `block` or `split`, `statement`, `inline`.
    """
    return re.compile(_alternatives(pack, alias).encode())


def is_trusted(text: bytes, pack: Pack) -> bool:
    """Whether a text inserted into a function could have been rendered from the pack's snippets.

    White space around it is the layout's: indent and line ends. A mere indent is trusted too.
    """
    if not text.strip(b" \t"):
        return True
    # A value goes by its own name: `total=password` would get past whoever looks for secrets by name.
    named = all(name == value for name, value in _PAIR.findall(_TEXT.sub(b"", text)))
    return named and bool(_trusted(pack).fullmatch(text))


@lru_cache(maxsize=8)
def _trusted(pack: Pack) -> re.Pattern[bytes]:
    anything = _alternatives(pack, re.escape(pack.alias) + r"(?:_\d+)?")
    return re.compile(rf"(?:[ \t]*(?:\r\n|\n|\r)[ \t]*)?(?:{anything})(?:; |(?:\r\n|\n|\r)[ \t]*)?".encode())


def _alternatives(pack: Pack, alias: str) -> str:
    block = pack.snippets["function"]["block"]
    headers = "|".join(_pattern(block[level], alias) for level in ("full", "flow", "function"))
    alternatives = [f"(?P<block>(?:{headers})(?P<split>{re.escape(block['split'])})?)"]
    statements, inline = [], []
    for level in ("flow", "full"):
        for snippet in pack.snippets.get(level, {}).values():
            if snippet["anchor"] == "around":
                inline += [_pattern(snippet[part], alias) for part in ("open", "tight", "close") if part in snippet]
            elif snippet["anchor"] == "after":
                inline.append(_pattern(snippet["text"], alias))
            else:
                statements.append(_pattern(snippet["text"], alias))
    if statements:
        alternatives.append(f"(?P<statement>{'|'.join(statements)})")
    if inline:
        alternatives.append(f"(?P<inline>{'|'.join(inline)})")
    return "|".join(alternatives)


def _pattern(template: str, alias: str) -> str:
    text = re.escape(template)
    text = text.replace(r"\{alias\}", alias).replace(r"\{span\}", alias + "_s")
    return re.sub(r"\\\{(\w+)\\\}", lambda match: _VALUES[match[1]], text)
