"""The lines of a file of a light language: their code without strings and comments, and which are headers."""

from __future__ import annotations

import re

from telemetry_inject.traditional.lexis import Masked
from telemetry_inject.traditional.light_packs import LightPack


class SourceLines:
    """One file's lines, counted from 1."""

    def __init__(self, source: bytes, masked: Masked, pack: LightPack) -> None:
        self.source, self.masked, self.pack = source, masked, pack
        self.starts = [0, *(found.end() for found in re.finditer(rb"\n", source))]
        if self.starts[-1] == len(source) and len(self.starts) > 1:
            self.starts.pop()
        self.function = pack.config["function"]

    @property
    def count(self) -> int:
        """The number of lines."""
        return len(self.starts)

    def line(self, number: int) -> bytes:
        """A line's own bytes, without its end."""
        return self._of(self.source, number)

    def shown(self, number: int) -> str:
        """A line as a model is shown it: what looks like a secret has stars."""
        from telemetry_inject.llm.redaction import redacted

        return redacted(self.line(number).decode("utf-8", "backslashreplace"))

    def _of(self, text: bytes, number: int) -> bytes:
        end = self.starts[number] if number < len(self.starts) else len(text)
        return text[self.starts[number - 1] : end].rstrip(b"\r\n")

    def code(self, number: int) -> bytes:
        """A line with strings and comments blanked."""
        return self._of(self.masked.text, number)

    def headers(self) -> list[int]:
        """The lines that look like a function's header, outside of strings and comments."""
        return [number for number in range(1, self.count + 1) if self.header(number) is not None]

    def longer(self) -> list[int]:
        """The headers of functions that do not end on the same line."""
        return [number for number in self.headers() if not self.is_one_line(number)]

    def is_one_line(self, number: int) -> bool:
        """Whether the function whose header this line is ends on it too."""
        pattern = self.pack.pattern("one_line")
        return pattern is not None and pattern.fullmatch(self.code(number).strip()) is not None

    def own_name(self, number: int) -> str:
        """The name in the header on this line."""
        header = self.header(number)
        return "?" if header is None else own_name(header)

    def header(self, number: int) -> re.Match[bytes] | None:
        """What the pack's pattern for headers finds on this line, outside of strings and comments."""
        pattern = self.pack.pattern("header")
        if pattern is None or number in self.masked.inside:
            return None
        code = self.code(number)
        return pattern.match(code, len(code) - len(code.lstrip(b" \t")))

    def indent(self, number: int) -> bytes:
        """The white space in front of a line."""
        line = self.line(number)
        return line[: len(line) - len(line.lstrip(b" \t"))]


def own_name(header: re.Match[bytes]) -> str:
    """The name that a header gives its function."""
    words = header.groupdict()
    return (words.get("name") or words.get("name2") or b"?").decode()
