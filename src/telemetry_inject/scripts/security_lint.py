"""Lists what is suspicious in a foreign script, for people and for whoever repairs it.

This is lint, not a boundary: new syntax and clever spellings get past any list. The boundary is the sandbox,
and after it the checks of the output.
"""

from __future__ import annotations

import ast
import re
import warnings

from telemetry_inject.scripts.sandbox_backend import MAX_SCRIPT_BYTES, one_line
from telemetry_inject.types import Problem

_MODULES = frozenset(("bisect", "collections", "functools", "itertools", "json", "math", "re", "string", "textwrap"))
_NAMES = frozenset(
    re.findall(
        r"\w+",
        "__import__ breakpoint compile delattr dir eval exec exit getattr globals help input locals"
        " memoryview object open print quit setattr super type vars",
    )
)
_ATTRIBUTES = frozenset(
    re.findall(
        r"\w+",
        "format format_map gi_frame gi_code cr_frame ag_frame tb_frame tb_next f_back f_builtins f_globals"
        " f_locals f_code obj mro modules",
    )
)
_MAX_PROBLEMS = 20


def lint(script: bytes) -> list[Problem]:
    """What in `script` a script that only edits text has no use for; empty when nothing was found."""
    if len(script) > MAX_SCRIPT_BYTES:
        return [Problem("syntax", f"the script is larger than {MAX_SCRIPT_BYTES} bytes")]
    try:
        text = script.decode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Problem("syntax", f"the script is not valid Python: {one_line(str(error) or type(error).__name__)}")]
    problems = [] if _has_transform(tree) else [Problem("syntax", "no function transform(source)")]
    for node in ast.walk(tree):
        reason = _suspicion(node)
        if reason:
            line = getattr(node, "lineno", 0)
            problems.append(Problem("security", f"line {line}: {one_line(reason)}"))
            if len(problems) >= _MAX_PROBLEMS:
                break
    return problems


def _has_transform(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "transform" for node in tree.body)


def _suspicion(node: ast.AST) -> str:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return _import(node)
    if isinstance(node, ast.Name):
        return _name(node.id)
    if isinstance(node, ast.Attribute):
        hidden = node.attr.startswith("_") or node.attr in _ATTRIBUTES
        return f"attribute {node.attr}" if hidden else _spelling(node.attr)
    if isinstance(node, ast.arg):
        return _spelling(node.arg)
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return f"definition of {node.name}" if node.name.startswith("__") else _spelling(node.name)
    if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Yield | ast.YieldFrom | ast.Try | ast.TryStar):
        return f"{type(node).__name__.lower()} is not needed to edit text"
    return ""


def _import(node: ast.Import | ast.ImportFrom) -> str:
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "."]
    foreign = [module for module in modules if module not in _MODULES]
    return f"import of {', '.join(foreign)}" if foreign else ""


def _name(name: str) -> str:
    if name in _NAMES or (name.startswith("__") and name.endswith("__")):
        return f"name {name}"
    return _spelling(name)


def _spelling(name: str) -> str:
    # Python takes many letters for the same name; a reader does not.
    return "" if name.isascii() else f"name {name!a} is not ASCII"
