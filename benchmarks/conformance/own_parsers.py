"""What a language's own parser says of a source: V8 and TypeScript for JavaScript and TypeScript, go/parser for Go."""

from __future__ import annotations

from pathlib import Path

from telemetry_inject.engine.native_parser import native_parser
from telemetry_inject.engine.packs import load_pack
from telemetry_inject.engine.parser_process import Ruling


class OwnParser:
    """Asks the checker of one language's pack."""

    def __init__(self, language: str, typescript: str = "") -> None:
        options = (f"--typescript={typescript}",) if typescript and language != "go" else ()
        self._parser = native_parser(load_pack(language).find("checker"), *options)
        self._language = language
        self._typed = bool(typescript)

    def kind_of(self, source: bytes, path: Path) -> str:
        """As what the parser takes the source; "" when it does not, or there is no parser."""
        for kind in self._kinds(path):
            if self._parser.check(kind, source).accepted:
                return kind
        return ""

    def refusal(self, output: bytes, kind: str) -> str:
        """Why the parser does not take a text of that kind; "" when it does."""
        answer = self._parser.check(kind, output)
        return f"line {answer.line}: {answer.message}" if answer.ruling is not Ruling.ACCEPTED else ""

    def _kinds(self, path: Path) -> tuple[str, ...]:
        if self._language == "go":
            return ("go",)
        if self._language == "typescript":
            return ("ts",) if self._typed else ()
        if self._language == "tsx":
            return ("tsx",) if self._typed else ()
        if path.suffix in (".mjs", ".cjs"):
            return ("module",) if path.suffix == ".mjs" else ("commonjs",)
        return ("commonjs", "module", "script", *(("jsx",) if self._typed else ()))
