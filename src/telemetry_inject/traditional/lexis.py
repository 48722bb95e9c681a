"""Which bytes of a file are code, by a light pack's table: strings, comments and documents inside are blanked.

This is no parser. It has to be right about well-kept code; the language's own checker, where there is one, finds
out the rest, and what neither is sure of is left alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry_inject.traditional.light_packs import compiled
from telemetry_inject.traditional.text_ends import CLOSING, behind, delimited, pattern_end, quote_like_end

QUOTED = 0x22  # stands for the bytes of strings, so that they are not taken for white space
_WORD_BEFORE = re.compile(rb"[A-Za-z_]\w*\Z")
_PERCENT = re.compile(rb"%(?:[qQwWiIrsx]([^\w\s])|([({\[<|!/]))")
_BEFORE_REGEX = b"(,=!|&{[;:?+*<>~^%-\n"
_BLANKED = re.compile(rb"[^\r\n]")
_CHARACTER = re.compile(rb"\?(?:\\?[^\s\w]|\w)(?!\w)")
_LONG = re.compile(rb"\[(=*)\[")


@dataclass(frozen=True)
class Masked:
    """`text` has the length of the source: comments are spaces, strings are quotes, code and line ends as they were.

    `inside` are the lines (from 1) whose first byte lies inside of a string, comment or document; `unended` is the
    first line on which one begins that never ends, 0 when all do: then what follows was not read as it is meant.
    """

    text: bytes
    inside: frozenset[int]
    unended: int = 0


def mask(source: bytes, rules: Mapping[str, Any]) -> Masked:
    """The masked form of `source` by the table `[lexis]` of a light pack."""
    return _Scanner(source, rules).run()


class _Scanner:
    def __init__(self, source: bytes, rules: Mapping[str, Any]) -> None:
        self.source, self.rules = source, rules
        self.out = bytearray(source)
        self.inside: set[int] = set()
        self.line_ends = [found.start() for found in re.finditer(rb"\n", source)]
        self.dry = 0
        self.unended = 0
        self.pending: list[bytes] = []  # tags of documents that begin on the next line
        self.quotes = rules.get("quotes", "").encode()
        self.raw = rules.get("raw_quotes", "").encode()
        self.pairs = {opened.encode(): closed.encode() for opened, closed in rules.get("interpolation", {}).items()}
        self.in_code = tuple(opened.encode() for opened in rules.get("in_code", ()))
        self.comments = [
            (rules[name].encode(), rules.get(f"{name}_not", "\0").encode())
            for name in ("line_comment", "line_comment2")
            if name in rules
        ]
        self.block = tuple(part.encode() for part in rules.get("block", ()))
        self.line_block = tuple(compiled(part) for part in rules.get("line_block", ()))
        self.tags = tuple(compiled(part) for part in rules.get("tags", ()))
        self.end = compiled(rules["end"]) if "end" in rules else None
        self.heredoc = compiled(rules["heredoc"]) if "heredoc" in rules else None
        self.sigils = rules.get("sigils", "").encode()
        self.words = frozenset(word.encode() for word in rules.get("regex_after", ()))

    def run(self) -> Masked:
        here = self._tagged(0) if self.tags else 0
        size = len(self.source)
        while here < size:
            here = self._step(here)
        return Masked(bytes(self.out), frozenset(self.inside), self.unended)

    def _step(self, here: int) -> int:
        source = self.source
        byte = source[here : here + 1]
        if here == 0 or source[here - 1 : here] == b"\n":
            skipped = self._at_line(here)
            if skipped > here:
                return skipped
        if byte == b"\n":
            return self._documents(here + 1)
        if self.tags and source.startswith(b"?>", here):
            return self._tagged(here + 2)
        for token, unless in self.comments:
            if source.startswith(token, here) and not source.startswith(unless, here) and self._may_comment(here):
                return self._comment(here, len(token))
        if self.block and source.startswith(self.block[0], here):
            return self._text(here, behind(source, self.block[1], here + len(self.block[0])), 0x20)
        if self.heredoc is not None and byte == b"<" and self._heredoc(here):
            return here + 2
        if byte in self.quotes and byte:
            return self._string(here, byte)
        for opened in self.in_code:
            if source.startswith(opened, here):
                return self._text(here, self._nested(here, opened))
        if self.rules.get("long_brackets") and (found := _LONG.match(source, here)):
            return self._text(here, behind(source, b"]" + found[1] + b"]", found.end()))
        return self._special(here, byte)

    def _special(self, here: int, byte: bytes) -> int:
        """Quotes that only some languages have."""
        source, rules = self.source, self.rules
        if byte == b"\\" and rules.get("escapes"):
            return here + 2
        if self.sigils and byte in self.sigils and (after := source[here + 1 : here + 2]):
            return here + 2 if byte == b"$" and not (after.isalnum() or after in b"_{ \t\n") else here + 1
        if rules.get("characters") and byte == b"?" and _CHARACTER.match(source, here):
            before = source[here - 1 : here]
            if before in (b" ", b"(", b",", b"[", b"\t") and source[here + 1 : here + 2] not in (b" ", b"\n"):
                return self._blank(here, here + (3 if source[here + 1 : here + 2] == b"\\" else 2), QUOTED)
        found = _PERCENT.match(source, here) if rules.get("percent") and byte == b"%" else None
        if found is not None and (found[1] or not self._after_value(here)):
            return self._text(here, delimited(source, found.end() - 1))
        if rules.get("quote_like") and byte in b"qmsty" and not self._in_word(here):
            quoted = quote_like_end(source, here)
            if quoted is not None:
                return self._text(here, quoted)
        if byte == b"/" and "regex_after" in rules and not self._after_value(here):
            end = pattern_end(source, here)
            if end:
                return self._blank(here, end, QUOTED)
        if byte.isalnum() or byte == b"_":
            found_word = re.compile(rb"\w+").match(source, here)
            return found_word.end() if found_word and not rules.get("quote_like") else here + 1
        return here + 1

    def _at_line(self, here: int) -> int:
        source = self.source
        if self.end is not None and self.end.match(source, here):
            return self._blank(here, len(source), 0x20, True)
        if self.line_block and self.line_block[0].match(source, here):
            closing = re.compile(rb"^" + self.line_block[1].pattern + rb"[^\n]*", re.MULTILINE).search(source, here)
            return self._blank(here, closing.end() if closing else len(source), 0x20, True)
        return here

    def _may_comment(self, here: int) -> bool:
        if not self.rules.get("comment_at_word"):
            return True
        return here == 0 or self.source[here - 1 : here] in b" \t\n;&|()"

    def _comment(self, here: int, size: int) -> int:
        source = self.source
        if self.rules.get("long_brackets") and (found := _LONG.match(source, here + size)):
            return self._text(here, behind(source, b"]" + found[1] + b"]", found.end()), 0x20)
        end = source.find(b"\n", here)
        end = len(source) if end < 0 else end
        if self.tags and (closing := source.find(b"?>", here, end)) >= 0:
            end = closing
        return self._blank(here, end, 0x20)

    def _string(self, here: int, quote: bytes) -> int:
        source, size = self.source, len(self.source)
        at = here + 1
        raw = quote in self.raw
        plain = quote == b"'"
        while at < size:
            byte = source[at : at + 1]
            if byte == quote:
                return self._blank(here, at + 1, QUOTED)
            if byte == b"\\" and not raw:
                at += 2
                continue
            opened = None if plain else next((each for each in self.pairs if source.startswith(each, at)), None)
            at = self._nested(at, opened) or size if opened else at + 1
        return self._text(here, 0)

    def _nested(self, here: int, opened: bytes) -> int:
        """The end of an interpolation, 0 when it has none; strings inside of it may hold its brackets."""
        source, size = self.source, len(self.source)
        closed = self.pairs.get(opened, b"}")
        open_one, depth, at = opened[-1:] if opened[-1:] in CLOSING else b"{", 1, here + len(opened)
        while at < size and depth:
            byte = source[at : at + 1]
            if byte == b"\\":
                at += 2
                continue
            if byte in self.quotes and byte != b"`":
                end = source.find(byte, at + 1)
                inner = next((each for each in self.pairs if source.find(each, at, end) >= 0), None)
                at = self._inner_string(at, byte) if inner else (end + 1 if end >= 0 else size)
                continue
            depth += (byte == open_one) - (byte == closed)
            at += 1
        return 0 if depth else at

    def _inner_string(self, here: int, quote: bytes) -> int:
        self.dry += 1  # what holds it is blanked as a whole
        end = self._string(here, quote)
        self.dry -= 1
        return end

    def _heredoc(self, here: int) -> bool:
        assert self.heredoc is not None
        found = self.heredoc.match(self.source, here)
        if found is None:
            return False
        tag = found["tag"] or found.groupdict().get("tag2") or b""
        line_end = self.source.find(b"\n", here)
        if not tag or line_end < 0 or self._closing(tag).search(self.source, line_end) is None:
            return False
        self.pending.append(tag)
        return True

    def _closing(self, tag: bytes) -> re.Pattern[bytes]:
        """The line that ends a document."""
        ending = str(self.rules.get("heredoc_end", "[ \t]*\r?$")).encode()
        return re.compile(rb"^[ \t]*" + re.escape(tag) + ending, re.MULTILINE)

    def _documents(self, here: int) -> int:
        """What follows a line end: the documents that its line has announced."""
        for tag in self.pending:
            closing = self._closing(tag).search(self.source, here)
            end = closing.end() if closing else len(self.source)
            here = self._blank(here, end, QUOTED, True)
        self.pending.clear()
        return here

    def _tagged(self, here: int) -> int:
        found = self.tags[0].search(self.source, here)
        return self._blank(here, found.end() if found else len(self.source), QUOTED, here == 0)

    def _in_word(self, here: int) -> bool:
        before = self.source[here - 1 : here]
        return before.isalnum() or before in (b"_", b"$", b"@", b"%", b"&", b"-", b">", b":", b"'")

    def _after_value(self, here: int) -> bool:
        """Whether what stands before `here` is a value, so that an operator follows."""
        before = bytes(self.out[max(0, here - 200) : here])
        stripped = before.rstrip(b" \t")
        if not stripped or stripped[-1:] in _BEFORE_REGEX:
            return False
        word = _WORD_BEFORE.search(stripped)
        if word is None:
            return True
        if word.group() in self.words and stripped[word.start() - 1 : word.start()] not in (b".", b"$"):
            return False
        spaced = before != stripped and self.source[here + 1 : here + 2] not in (b" ", b"=", b"\t")
        return not spaced  # `puts /x/` takes a pattern, `a / b` divides

    def _text(self, start: int, end: int, fill: int = QUOTED) -> int:
        """Blank what ends at `end`, or never when that is 0."""
        if not end and not self.dry:
            self.unended = self.unended or bisect_left(self.line_ends, start) + 1
        return self._blank(start, end or len(self.source), fill)

    def _blank(self, start: int, end: int, fill: int, from_line: bool = False) -> int:
        """Blank a range but for its line ends, and note the lines that begin in it."""
        end = min(end, len(self.source))
        if self.dry:
            return end
        line = bisect_left(self.line_ends, start)
        if from_line:
            self.inside.add(line + 1)
        piece = self.source[start:end]
        self.out[start:end] = _BLANKED.sub(bytes([fill]), piece)
        for each in self.line_ends[line : bisect_left(self.line_ends, end - 1, line)]:
            line += 1
            if each >= start:
                self.inside.add(line + 1)
        return end
