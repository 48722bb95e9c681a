"""The inserted texts as patterns, made from the very snippets that write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from telemetry_inject.engine.packs import Pack

_TEXT = re.compile(rb'"(?:[^"\\\r\n]|\\.)*"|`[^`]*`')
_VALUES = {
    "name": r'(?:[^"`\\\r\n]|\\.)*',
    "label": r"\w+",
    "line": r"\d+",
}
_NO_TEXT = ("anchor", "split")
_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")


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
    # (A number names a result that has no name.)
    pairs = (found.groups() for found in _pair(pack).finditer(_TEXT.sub(_kept_word, text)))
    named = all(len(set(groups)) == 1 or groups[0].isdigit() for groups in pairs)
    return named and bool(_trusted(pack).fullmatch(text))


def _kept_word(found: re.Match[bytes]) -> bytes:
    """A text literal that is no more than a word may be half of a pair; any other says nothing here."""
    return found.group() if re.fullmatch(rb'"[\w$]+"', found.group()) else b""


@lru_cache(maxsize=8)
def _pair(pack: Pack) -> re.Pattern[bytes]:
    return re.compile(re.escape(pack.config["values"]["pair"]).replace(r"\{value\}", r"([\w$]+)").encode())


@lru_cache(maxsize=8)
def _trusted(pack: Pack) -> re.Pattern[bytes]:
    anything = _alternatives(pack, re.escape(pack.alias) + r"(?:_\d+)?")
    before, after = r"[ \t]*(?:\r\n|\n|\r)[ \t]*", r"; |(?:\r\n|\n|\r)[ \t]*"
    if pack.config["layout"] != "indent":
        before, after = r"[ \t]*(?:\r\n|\n|\r)?[ \t]*|; ", r";|(?:\r\n|\n|\r)[ \t]*"
    return re.compile(rf"(?:{before})?(?:{anything})(?:{after})?".encode())


def _alternatives(pack: Pack, alias: str) -> str:
    if pack.config["layout"] != "indent":
        # The longest first: one text may be the beginning of another.
        texts = sorted(set(_texts(pack.snippets, ("import",))), key=len, reverse=True)
        return f"(?P<inline>{'|'.join(_pattern(text, alias, pack) for text in texts)})"
    block = pack.snippets["function"]["block"]
    headers = "|".join(_pattern(block[level], alias, pack) for level in ("full", "flow", "function"))
    alternatives = [f"(?P<block>(?:{headers})(?P<split>{re.escape(block['split'])})?)"]
    statements, inline = [], []
    for level in ("flow", "full"):
        for snippet in pack.snippets.get(level, {}).values():
            parts = [_pattern(text, alias, pack) for text in _texts(snippet)]
            if snippet["anchor"] in ("around", "after"):
                inline += parts
            else:
                statements += parts
    if statements:
        alternatives.append(f"(?P<statement>{'|'.join(statements)})")
    if inline:
        alternatives.append(f"(?P<inline>{'|'.join(inline)})")
    return "|".join(alternatives)


def _texts(table: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> Iterator[str]:
    for key, value in table.items():
        if key in _NO_TEXT or key in leave_out:
            continue
        if isinstance(value, str):
            yield value
        else:
            yield from _texts(value)


def _pattern(template: str, alias: str, pack: Pack) -> str:
    text = re.escape(template).replace(r"\{alias\}", alias).replace(r"\{bare\}", alias.lstrip("_"))
    text = text.replace("\\\n", r"(?:; |(?:\r\n|\n|\r)[ \t]*)")
    text = text.replace(r"\{span\}", alias + "_s").replace(r"\{error\}", alias + "_e")
    return _PLACEHOLDER.sub(lambda found: _placeholder(found[1], pack), text)


def _placeholder(name: str, pack: Pack) -> str:
    rules = pack.config["values"]
    pair = re.escape(rules["pair"]).replace(r"\{value\}", r"[\w$]+")
    pairs = f"{pair}(?:{re.escape(rules['separator'])}{pair})*"
    if name == "names":
        return pairs
    if name == "arguments":
        return f"(?:{re.escape(rules['arguments']).replace(re.escape('{pairs}'), pairs)})?"
    own: Mapping[str, str] = rules.get("patterns", {})
    return own.get(name) or _VALUES[name]
