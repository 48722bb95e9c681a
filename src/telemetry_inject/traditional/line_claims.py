"""From what a model says about lines to places in a file: names and verbatim text count, numbers are only a hint.

A claim becomes a place when its first line is the header of a function by the light pack's pattern, a line closes
it at the header's own indent, everything between is indented deeper, and neither lies in a string or comment. Where
no checker can prove that, the model has to have named the same last line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_inject.traditional.source_lines import SourceLines, own_name

MOST_HEADER_LINES = 20
LONGEST_NAME = 120
_NAME = re.compile(r"[A-Za-z0-9_.:#?!=-]+")
_BLANK = re.compile(rb"\s*")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a model says: a function's name, and its first and last lines (from 1) with their text."""

    name: str
    first: int
    first_text: str
    last: int
    last_text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A function found. `enter` and `exit` are the offsets of its snippets; `opened` is where its body begins."""

    name: str
    plain: str
    first: int
    last: int
    start: int
    end: int
    enter: int
    exit: int
    opened: int


class Unplaced(Exception):
    """Why a claim is no place; the message quotes no source. The model may do better when asked again."""


class LeftAlone(Unplaced):
    """A function that is where it was said to be, and is not instrumented: nobody is asked again."""


class Unseen(LeftAlone):
    """A function that begins where the pack sees none: nothing but the model knows of it."""

    def __init__(self, line: int, name: str, title: str) -> None:
        super().__init__(f"line {line} is not the first line of a function in {title}")
        self.line, self.name = line, name


class LineFinder(SourceLines):
    """Finds places in one file."""

    def place(self, claim: Claim) -> Place:
        """The place of a claim. Raises Unplaced."""
        first = self._found(claim.first, claim.first_text, range(1, self.count + 1))
        if first is None:
            raise Unplaced(f"line {claim.first} does not read like the first line that was given")
        header = self.header(first)
        if header is None:
            name = claim.name.strip()
            shown = name if _NAME.fullmatch(name) and len(name) <= LONGEST_NAME else "?"
            raise Unseen(first, shown, self.pack.title)
        name = own_name(header)
        never = self.pack.pattern("never")
        if never is not None and never.fullmatch(name.encode()):
            raise LeftAlone(f"line {first}: a function of this name is left alone")
        last = self._end(first) or self._braced(first, header)
        if last is None and self.is_one_line(first):
            raise LeftAlone(f"line {first}: the function begins and ends on this line")
        if last is None:
            raise LeftAlone(f"line {first}: the function's own last line is not found at its indent")
        claimed = self._found(claim.last, claim.last_text, range(first, self.count + 1), last)
        if claimed != last and "check" not in self.pack.config:  # with a checker the end is proved, whoever named it
            raise Unplaced(f"the function on line {first} does not end on line {claim.last}")
        opened = self._opened(first, header)
        return self._placed(self._named(claim.name, name), first, last, opened)

    def _found(self, number: int, text: str, where: range, wanted: int = 0) -> int | None:
        """The line that was meant: the one with the number, else `wanted` or the only one that reads like `text`."""
        text = text.strip()
        if number in where and self.shown(number).strip() == text:
            return number
        if wanted and self.shown(wanted).strip() == text:
            return wanted
        same = [each for each in where if self.shown(each).strip() == text] if text and not wanted else []
        return same[0] if len(same) == 1 else None

    def _end(self, first: int) -> int | None:
        """The line that closes the function: the first one as far left as its header that is not part of it."""
        indent = self.indent(first)
        closer, between = self.pack.pattern("closer"), self.pack.pattern("between")
        opener = str(self.function.get("opener", "")).encode()
        for number in range(first + 1, self.count + 1):
            code = self.code(number)
            if number in self.masked.inside or not code.strip():
                continue
            own = self.indent(number)
            if len(own) > len(indent) and own.startswith(indent):
                continue
            if own != indent:
                return None
            rest = code[len(indent) :].rstrip()
            if opener and rest in (opener, b") " + opener, b")" + opener) and number <= first + MOST_HEADER_LINES:
                continue
            if between is not None and between.match(rest):
                continue
            if rest.startswith(b")") and number <= first + MOST_HEADER_LINES and not opener:
                continue  # parameters on lines of their own
            if rest.startswith(b")") and opener and rest.endswith(opener):
                continue
            return number if closer is not None and closer.fullmatch(rest) else None
        return None

    def _braced(self, first: int, header: re.Match[bytes]) -> int | None:
        """The line that closes the function where blocks are in braces and lines are indented as one likes."""
        if not self.pack.config["lexis"].get("braces"):
            return None
        try:
            opened = self._opened(first, header)
        except LeftAlone:
            return None
        end = _closing(self.masked.text, opened, len(self.masked.text), b"{", b"}")
        closer = self.pack.pattern("closer")
        if end is None or closer is None:
            return None
        last = bisect_right(self.starts, end)
        return last if closer.fullmatch(self.code(last).strip()) else None

    def _opened(self, first: int, header: re.Match[bytes]) -> int:
        """Where the body begins: behind the parameters, or at the token that opens it."""
        text = self.masked.text
        at = self.starts[first - 1] + header.end()
        limit = self.starts[first + MOST_HEADER_LINES] if first + MOST_HEADER_LINES < self.count else len(text)
        opener = str(self.function.get("opener", "")).encode()
        behind = _BLANK.match(text, at, limit)
        assert behind is not None
        bracket = text[behind.end() : behind.end() + 1] == b"(" and self.function.get("parameters", True)
        if bracket and (opener or b"\n" not in behind.group()):
            at = self._closed(behind.end(), limit, first)
        elif not opener:
            return self._bare(at, first)
        if opener:
            found = text.find(opener, at, limit)
            if found < 0 or any(byte in text[at:found] for byte in b";}"):
                raise LeftAlone(f"line {first}: where the function's body begins is not clear")
            return found
        end = text.find(b"\n", at)
        if end < 0 or text[at:end].strip():
            raise LeftAlone(f"line {first}: something stands behind the function's parameters")
        return end + 1

    def _bare(self, at: int, first: int) -> int:
        bare = self.pack.pattern("bare")
        end = self.masked.text.find(b"\n", at)
        if bare is None or end < 0 or not bare.fullmatch(self.masked.text[at:end].rstrip()):
            raise LeftAlone(f"line {first}: where the function's parameters end is not clear")
        return end + 1

    def _closed(self, at: int, limit: int, first: int) -> int:
        end = _closing(self.masked.text, at, limit, b"([{", b")]}")
        if end is not None:
            return end + 1
        raise LeftAlone(f"line {first}: the function's parameters do not end")

    def _placed(self, name: str, first: int, last: int, opened: int) -> Place:
        start, end = self.starts[first - 1], self.starts[last - 1] + len(self.line(last))
        leave = self.starts[last - 1] + len(self.indent(last))
        opener = bool(self.function.get("opener"))
        body = bisect_right(self.starts, opened)
        if opener:
            if body >= last:
                raise LeftAlone(f"line {first}: the function has no lines of its own")
            anchor = self.pack.config["snippets"]["enter"]["anchor"]
            enter = opened + 1 if anchor == "after-open" else opened
            opened += 1
        else:
            while body < last and not self.line(body).strip():
                body += 1
            if body >= last or body in self.masked.inside:
                raise LeftAlone(f"line {first}: the function has no lines of its own")
            enter = self.starts[body - 1] + len(self.indent(body))
        if self.pack.config["lexis"].get("braces") and self._depth(opened, leave):
            raise LeftAlone(f"line {first}: the brackets of the function do not match")
        self._guard(name, first, last, opened, end)
        return Place(name, re.sub(r"\W", "_", name), first, last, start, end, enter, leave, opened)

    def _depth(self, start: int, end: int) -> int:
        """Whether brackets between close more or fewer than they open; 0 when they match at every place."""
        depth = 0
        for byte in self.masked.text[start:end]:
            depth += (byte == 0x7B) - (byte == 0x7D)
            if depth < 0:
                return -1
        return depth

    def _guard(self, name: str, first: int, last: int, opened: int, end: int) -> None:
        body = self.masked.text[opened:end]
        guard = self.pack.pattern("guard")
        found = guard.search(body) if guard is not None else None
        if found is not None:
            raise LeftAlone(f"line {first}: uses {found.group().decode('ascii', 'replace').split()[0]}")
        guard_first = self.pack.pattern("guard_first")
        if guard_first is not None:
            code = next((line for line in self.source[opened:end].splitlines() if line.strip(b" \t{")), b"")
            if guard_first.search(code):
                raise LeftAlone(f"line {first}: its first statement looks at what was before it")
        if "itself" in self.function:
            plain = str(self.function["itself"]).replace("{name}", re.escape(name.rpartition("#")[2]))
            if re.search(plain.encode(), body):
                raise LeftAlone(f"line {first}: calls itself last, which must stay the last thing it does")

    def _named(self, claimed: str, name: str) -> str:
        """The name as the model gives it when it is this one with what is around it, else the header's own."""
        full = claimed.strip()
        if len(full) > LONGEST_NAME or not full.endswith(name):
            return name
        lead = full[: len(full) - len(name)]
        if lead and (lead[-1] not in ".:#" or _NAME.fullmatch(lead) is None):
            return name
        words = re.findall(r"\w+", lead)
        known = all(re.search(rb"\b" + word.encode() + rb"\b", self.masked.text) for word in words)
        return full if known else name


def _closing(text: bytes, start: int, end: int, opens: bytes, closes: bytes) -> int | None:
    """The offset of the bracket that closes the one at `start`."""
    depth = 0
    for index in range(start, end):
        byte = text[index]
        depth += (byte in opens) - (byte in closes)
        if not depth:
            return index
    return None


def claims_of(rows: Sequence[dict[str, object]]) -> list[Claim]:
    """The claims in an answer that fits its schema."""
    return [
        Claim(
            str(row["name"]), int(str(row["first"])), str(row["first_text"]),
            int(str(row["last"])), str(row["last_text"]),
        )
        for row in rows
    ]  # fmt: skip
