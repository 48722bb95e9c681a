"""Which functions the files of a light language really hold, by a real parser of the language, not by ours.

ruby    the parser of the interpreter (RubyVM::AbstractSyntaxTree)
php     nikic/php-parser (Debian: php-parser)
perl    PPI (Debian: libppi-perl)
lua     the listing of luac
bash    the tree-sitter grammar (PyPI: tree-sitter-bash)
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

PARSERS = Path(__file__).parent / "parsers"
_LUA_NAME = re.compile(r"function\s+([\w.:]+)|([\w.]+)\s*=\s*function\b")


@dataclass(frozen=True, order=True)
class RealFunction:
    """A function with the lines (from 1) of its header and of what closes it."""

    first: int
    last: int
    name: str


def real_functions(language: str, paths: Sequence[Path]) -> dict[Path, list[RealFunction]]:
    """The named functions of each file; not in it is a file that the parser refuses.

    Raises:
        subprocess.CalledProcessError, FileNotFoundError: the parser is not installed.
    """
    return _READERS[language](paths) if paths else {}


def _by_script(*command: str) -> Callable[[Sequence[Path]], dict[Path, list[RealFunction]]]:
    def read(paths: Sequence[Path]) -> dict[Path, list[RealFunction]]:
        done = subprocess.run([*command, *map(str, paths)], check=True, stdout=subprocess.PIPE)
        found = json.loads(done.stdout)
        return {
            Path(path): sorted(RealFunction(first, last, name) for name, first, last in rows)
            for path, rows in found.items()
            if rows is not None
        }

    return read


def _lua(paths: Sequence[Path]) -> dict[Path, list[RealFunction]]:
    found = {}
    for path in paths:
        text = path.read_bytes()
        done = subprocess.run(["luac5.4", "-l", "-p", "-"], input=text, capture_output=True)
        if done.returncode:
            continue
        lines = text.decode("utf-8", "replace").splitlines()
        rows = []
        for first, last in re.findall(rb"^function <stdin:(\d+),(\d+)>", done.stdout, re.MULTILINE):
            name = _LUA_NAME.search(lines[int(first) - 1])
            if name is not None:
                rows.append(RealFunction(int(first), int(last), name[1] or name[2]))
        found[path] = sorted(rows)
    return found


def _bash(paths: Sequence[Path]) -> dict[Path, list[RealFunction]]:
    import tree_sitter_bash
    from tree_sitter import Language, Node, Parser

    parser = Parser(Language(tree_sitter_bash.language()))

    def rows(node: Node) -> list[RealFunction]:
        inner = [row for child in node.children for row in rows(child)]
        if node.type != "function_definition":
            return inner
        name = node.child_by_field_name("name")
        assert name is not None and name.text is not None
        return [RealFunction(node.start_point.row + 1, node.end_point.row + 1, name.text.decode()), *inner]

    return {path: sorted(rows(parser.parse(path.read_bytes()).root_node)) for path in paths}


_READERS: dict[str, Callable[[Sequence[Path]], dict[Path, list[RealFunction]]]] = {
    "ruby": _by_script("ruby", str(PARSERS / "functions.rb")),
    "php": _by_script("php", "-d", "error_reporting=0", str(PARSERS / "functions.php")),
    "perl": _by_script("perl", str(PARSERS / "functions.pl")),
    "lua": _lua,
    "bash": _bash,
}
