"""What the Python pack cannot say as data: its own parser's verdict, source encodings, names that are bound."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_BOM = b"\xef\xbb\xbf"
# One byte a character, ASCII in its lower half: such a file can be parsed with its other bytes masked.
_SINGLE_BYTE = re.compile(r"(?:iso-?8859|latin|l\d|cp125\d|cp8[56]\d|windows-125\d|koi8|mac|euc)[-_\w]*", re.I)
_MASK = bytes(byte if byte < 128 else ord("x") for byte in range(256))


def encoding_of(source: bytes) -> str:
    """The declared encoding, by PEP 263; "utf-8" when none is."""
    if source.startswith(_BOM):
        return "utf-8"
    for line in source[:1000].splitlines()[:2]:
        found = _COOKIE.match(line)
        if found:
            return found[1].decode("ascii", "replace").lower()
        if line.strip(b" \t\f\r") and not line.lstrip(b" \t\f").startswith(b"#"):
            break
    return "utf-8"


def parseable(source: bytes) -> bytes | None:
    """The source as UTF-8 of the same length, for the tree-sitter parser; None where that cannot be had.

    A carriage return alone ends a line for Python, not for the grammar: it becomes a line feed.
    """
    try:
        source.decode("utf-8")
        encoding = encoding_of(source)
        readable = source.isascii() or encoding.replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    except UnicodeDecodeError:
        encoding, readable = encoding_of(source), False
    if not readable and not _SINGLE_BYTE.fullmatch(encoding):
        return None
    text = source if readable else source.translate(_MASK)
    return _LONE_RETURN.sub(b"\n", text) if b"\r" in text else text


def check(source: bytes) -> tuple[int, str, bool] | None:
    """None if this interpreter's own compiler has nothing against `source`; else line, message, and whether
    a newer interpreter might see it otherwise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<source>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 0, error.msg, not error.msg.startswith("too many")
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        return 0, str(error) or f"Python gives up: {type(error).__name__}", False
    return None


def same_program(source: bytes, output: bytes, alias: str) -> bool:
    """Whether `output` without our nodes is the syntax tree of `source`. Slow: for sources that need proof."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before, after = ast.parse(source), ast.parse(output)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    after = _Without(alias).visit(after)
    try:
        return ast.dump(before) == ast.dump(after)
    except RecursionError:
        return False


class _Without(ast.NodeTransformer):
    """Takes the inserted nodes out of a tree."""

    def __init__(self, alias: str) -> None:
        self.alias, self.span = alias, alias + "_s"

    def _ours(self, node: ast.AST) -> str | None:
        if not isinstance(node, ast.Call):
            return None
        function = node.func
        if isinstance(function, ast.Name) and function.id == self.alias:
            return "enter"
        if (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == self.span
        ):
            return function.attr
        return None

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        return node.body if self._ours(node.items[0].context_expr) == "enter" else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        return None if self._ours(node.value) in ("branch", "loop", "handled", "assign") else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if self._ours(node) == "returns" else node

    def visit_Try(self, node: ast.Try) -> ast.AST | None:
        first = node.body[0]
        if (
            isinstance(first, ast.ImportFrom)
            and (first.module or "") == "_telemetry_inject"
            and any((name.asname or name.name) == self.alias for name in first.names)
        ):
            return None
        self.generic_visit(node)
        return node


def assigned(statement: Any, source: bytes) -> list[str]:
    """The plain names that an assignment statement binds, in order; private (mangled) names left out."""
    names: list[str] = []
    node = statement.named_child(0)
    while node is not None and node.type in ("assignment", "augmented_assignment"):
        left = node.child_by_field_name("left")
        if left is not None:
            _names(left, source, names)
        node = node.child_by_field_name("right")
    return list(dict.fromkeys(names))


def _names(node: Any, source: bytes, names: list[str]) -> None:
    if node.type == "identifier":
        name = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        if not name.startswith("__") and name.isascii():
            names.append(name)
    elif node.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
        for child in node.named_children:
            _names(child, source, names)


def parameters(function: Any, source: bytes) -> list[str]:
    """The parameter names of a function, in order, without the receiver of a method and mangled names."""
    node = function.node.child_by_field_name("parameters")
    if node is None:
        return []
    names: list[str] = []
    for index, child in enumerate(node.named_children):
        inner = child
        while inner is not None and inner.type != "identifier":
            inner = inner.child_by_field_name("name") or (inner.named_child(0) if inner.named_child_count else None)
        if inner is None or inner.text is None:
            continue
        name = inner.text.decode("utf-8", "replace")
        receiver = index == 0 and function.scope == "class" and name in ("self", "cls", "mcs", "metacls", "this")
        if not receiver and not name.startswith("__") and name.isascii():
            names.append(name)
    return names
