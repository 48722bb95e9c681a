"""Source files of languages that this run cannot read: counted, so that a person hears of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.report.terminal import counted
from telemetry_inject.types import ScanResult

MODEL, PACK = "a model", "a language pack"
_LIGHT = {
    "bash": "Bash", "lua": "Lua", "php": "PHP", "pl": "Perl", "pm": "Perl", "rake": "Ruby", "rb": "Ruby", "sh": "Bash",
}  # fmt: skip
_TITLES = _LIGHT | {
    "adb": "Ada", "ads": "Ada", "awk": "Awk", "bas": "Basic", "c": "C", "cc": "C++", "cl": "Lisp", "clj": "Clojure",
    "cljc": "Clojure", "cljs": "Clojure", "cob": "COBOL", "coffee": "CoffeeScript", "cpp": "C++", "cr": "Crystal",
    "cs": "C#", "cu": "CUDA", "cxx": "C++", "d": "D", "dart": "Dart", "elm": "Elm", "erl": "Erlang", "ex": "Elixir",
    "exs": "Elixir", "f90": "Fortran", "f95": "Fortran", "fish": "fish", "fs": "F#", "gd": "GDScript",
    "gleam": "Gleam", "groovy": "Groovy", "hs": "Haskell", "hx": "Haxe", "java": "Java", "jl": "Julia", "kt": "Kotlin",
    "kts": "Kotlin", "lisp": "Lisp", "ml": "OCaml", "mm": "Objective-C", "nim": "Nim", "nix": "Nix", "pas": "Pascal",
    "ps1": "PowerShell", "psm1": "PowerShell", "pyx": "Cython", "r": "R", "raku": "Raku", "rkt": "Racket",
    "rs": "Rust", "sc": "Scala", "scala": "Scala", "scm": "Scheme", "sol": "Solidity", "sql": "SQL", "svelte": "Svelte",
    "swift": "Swift", "tcl": "Tcl", "vb": "Visual Basic", "vala": "Vala", "vue": "Vue", "zig": "Zig", "zsh": "Zsh",
}  # fmt: skip
_HOW = {
    MODEL: ("they need a model: --configure", "Set one up with --configure; docs/models.md says more."),
    PACK: ("no language pack: docs/adding-a-language.md", "docs/adding-a-language.md says how to write one."),
}


@dataclass(frozen=True, slots=True)
class Unread:
    """Files of one language; `needs` is what would read them."""

    language: str
    files: int
    needs: str


def unread(scan: ScanResult, extensions: frozenset[str]) -> tuple[Unread, ...]:
    """What was copied and is source of a language that is not among those with these `extensions` (as `.py`).

    Folders that were left out as a whole, such as tests and vendored code, do not count.
    """
    left = tuple(each.relative for each in scan.skipped if each.relative.endswith("/"))
    counts: Counter[str] = Counter()
    for path in scan.copied:
        name, dot, extension = path.rpartition(".")
        title = _TITLES.get(extension.lower()) if dot and name else None
        if title and "." + extension not in extensions and not (left and path.startswith(left)):
            counts[title] += 1
    light = set(_LIGHT.values())
    return tuple(
        Unread(title, files, MODEL if title in light else PACK)
        for title, files in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def unread_lines(found: Sequence[Unread]) -> list[str]:
    """For the summary: one line for each thing that is missing."""
    lines = []
    for needs, (how, _) in _HOW.items():
        parts = [f"{counted(each.files, 'file')} of {each.language}" for each in found if each.needs == needs]
        if parts:
            lines.append(f"Not instrumented: {', '.join(parts)} ({how})")
    return lines


def of_one(path: Path) -> tuple[str, str]:
    """Why a file that was named cannot be read, and what helps; empty texts when its kind is not known."""
    title = _TITLES.get(path.suffix[1:].lower())
    if title is None:
        return "", ""
    needs = MODEL if title in _LIGHT.values() else PACK
    return f"{title} needs {needs}", _HOW[needs][1]
