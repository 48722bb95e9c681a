"""The same work done by others, each as a process of its own: `python throughput_peers.py TASK IN OUT`.

Prints one JSON object. Only the work is timed, not the start of the interpreter and the imports, so the
comparison favours the peers: the tool itself is timed as a whole process.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Rewrite = Callable[[Path, bytes], tuple[bytes, int]]  # new source, and the functions in it that were wrapped


GRAMMARS = {  # of the files that a corpus may hold
    ".py": "tree_sitter_python:language",
    ".js": "tree_sitter_javascript:language",
    ".mjs": "tree_sitter_javascript:language",
    ".cjs": "tree_sitter_javascript:language",
    ".ts": "tree_sitter_typescript:language_typescript",
    ".mts": "tree_sitter_typescript:language_typescript",
    ".cts": "tree_sitter_typescript:language_typescript",
    ".tsx": "tree_sitter_typescript:language_tsx",
    ".go": "tree_sitter_go:language",
}


def parse_with_tree_sitter() -> Rewrite:
    """The unit of the table: nothing but a syntax tree."""
    import tree_sitter

    parsers = {}
    for suffix, grammar in GRAMMARS.items():
        module, _, function = grammar.partition(":")
        language = tree_sitter.Language(getattr(importlib.import_module(module), function)())
        parsers[suffix] = tree_sitter.Parser(language)

    def rewrite(path: Path, source: bytes) -> tuple[bytes, int]:
        parsers[path.suffix].parse(source)
        return source, 0

    return rewrite


def rewrite_with_libcst() -> Rewrite:
    """A codemod as its documentation teaches it: `with _tlm("name"):` around each body, docstring first."""
    import libcst

    class Wrap(libcst.CSTTransformer):
        def __init__(self) -> None:
            self.names: list[str] = []
            self.wrapped = 0

        def visit_ClassDef(self, node: libcst.ClassDef) -> None:
            self.names.append(node.name.value)

        def leave_ClassDef(self, original_node: libcst.ClassDef, updated_node: libcst.ClassDef) -> libcst.ClassDef:
            self.names.pop()
            return updated_node

        def visit_FunctionDef(self, node: libcst.FunctionDef) -> None:
            self.names.append(node.name.value)

        def leave_FunctionDef(
            self, original_node: libcst.FunctionDef, updated_node: libcst.FunctionDef
        ) -> libcst.FunctionDef:
            name = ".".join(self.names)
            self.names.pop()
            call = libcst.parse_expression(f'_tlm("{name}")')
            body = updated_node.body
            if isinstance(body, libcst.SimpleStatementSuite):
                statements: list[libcst.BaseStatement] = [libcst.SimpleStatementLine(body.body)]
            else:
                statements = [one for one in body.body if isinstance(one, libcst.BaseStatement)]
            docstring = statements[:1] if original_node.get_docstring() is not None else []
            rest = statements[len(docstring) :] or [libcst.SimpleStatementLine([libcst.Pass()])]
            wrapped = libcst.With([libcst.WithItem(call)], libcst.IndentedBlock(rest))
            self.wrapped += 1
            return updated_node.with_changes(body=libcst.IndentedBlock([*docstring, wrapped]))

    def rewrite(path: Path, source: bytes) -> tuple[bytes, int]:
        wrap = Wrap()
        return libcst.parse_module(source).visit(wrap).bytes, wrap.wrapped

    return rewrite


def rewrite_with_ast_grep() -> Rewrite:
    """Outermost functions only: edits may not overlap. Lines inside of strings are moved as well."""
    from ast_grep_py import SgRoot

    def rewrite(path: Path, source: bytes) -> tuple[bytes, int]:
        root = SgRoot(source.decode(), "python").root()
        edits = []
        end = -1
        for function in root.find_all(kind="function_definition"):
            extent = function.range()
            name, body = function.field("name"), function.field("body")
            if extent.start.index < end or name is None or body is None:
                continue
            end = extent.end.index
            unit = " " * body.range().start.column
            text = body.text().replace("\n", "\n    ")
            edits.append(body.replace(f'with _tlm("{name.text()}"):\n{unit}    {text}'))
        return root.commit_edits(edits).encode(), len(edits)

    return rewrite


TASKS = {
    "tree-sitter": parse_with_tree_sitter,
    "libcst": rewrite_with_libcst,
    "ast-grep": rewrite_with_ast_grep,
}


def main(task: str, corpus: Path, output: Path) -> dict[str, float]:
    """Rewrite every file of `corpus` into `output`; processor seconds, files and functions."""
    rewrite = TASKS[task]()
    files = sorted(path for path in corpus.rglob("*") if path.suffix in GRAMMARS)
    functions = failed = 0
    start = time.process_time()
    for path in files:
        source = path.read_bytes()
        try:
            new, count = rewrite(path, source)
        except Exception:  # a peer's failure is a figure in the table, whatever it is
            failed += 1
            continue
        functions += count
        if count:
            target = output / path.relative_to(corpus)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(new)
    return {
        "seconds": time.process_time() - start,
        "files": len(files),
        "failed": failed,
        "functions": functions,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
