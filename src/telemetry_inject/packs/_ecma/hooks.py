"""What the JavaScript and TypeScript packs cannot say as data: names, shapes, clashes, and the import's place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

from telemetry_inject.engine.brace_layout import Phase, Spot
from telemetry_inject.engine.function_extractor import ENTRY_ONLY
from telemetry_inject.engine.sites import end_of
from telemetry_inject.projects.import_style import import_style

_NAMED_BY = {  # what gives a function without a name of its own its name: the parent's field
    "variable_declarator": "name",
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "assignment_pattern": "left",
    "pair": "key",
    "public_field_definition": "name",
    "field_definition": "property",
}
_TRANSPARENT = ("parenthesized_expression", "as_expression", "satisfies_expression")
_COMPONENTS = (b"memo", b"forwardRef")
# What they make is the function that they are given first, and has its name.
_WRAPPERS = (*_COMPONENTS, b"lazy", b"observer", b"useCallback", b"useEffectEvent")
_UNFIT = re.compile(r"[^\w$.#\[\]<>]+")
_EVAL = re.compile(rb"\beval\s*(?:\?\.)?\(")
_WORD = re.compile(rb"[\w$\x80-\xff]+")
_PLAIN = re.compile(r"(?!(?:await|yield|let)$)[A-Za-z_$][\w$]*", re.ASCII)
_DECLARATIONS = ("function_declaration", "generator_function_declaration")
# Words that may be the name of a declared function; what is in comments or strings only costs time.
_DECLARED = re.compile(rb"\bfunction(?:\s|\*|/\*.*?\*/|//[^\n]*\n)*([\w$\\\x80-\xff]+)", re.DOTALL)
_FUNCTIONS = (
    *_DECLARATIONS, "function_expression", "generator_function", "arrow_function", "method_definition",
    "class_static_block",
)  # fmt: skip
_HOOK = re.compile(r"use[A-Z0-9]")
_USES_REACT = re.compile(rb"</|/>|\buse[A-Z]\w*\s*[(<]|\buse\s*\(|createElement\s*\(")
_MODULE = re.compile(rb"^import\b")
COMPILED = "inside of a component that the React Compiler compiles"
_COMMENTS = ("comment", "html_comment")
_CONTEXTUAL = ("ternary_expression", "object", "parenthesized_expression")
_QUOTES = (b"'", b'"', b"/", b"<", b"-", b"")  # or what begins a comment before one
# `in` and `out` of TypeScript's type parameters, which the grammar does not know.
_VARIANCE = re.compile(rb"\b(?:in[ \t]+out|out|in)(?=[ \t]+[A-Za-z_$][\w$]*[ \t]*(?:[,>=]|extends\b))")
_BEFORE_VARIANCE = re.compile(rb"[<,](?:\s|/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*\n)*$")
# Comments that speak of the whole file, and have to come before its first statement.
_OF_THE_FILE = re.compile(
    rb"@ts-(?:no)?check|@jsx|@jest|@vitest|@flow|@noflow|@license|@preserve|@file|@packageDocumentation|@module"
    rb"|@format|@prettier|@generated|@author|@copyright|^/\*!|^///|eslint-env|eslint-disable(?!-)|jshint|jslint"
    rb"|globals? "
)


def parseable(source: bytes) -> bytes:
    """The source for the grammar: with blanks in place of what it does not know, and that means nothing here."""

    def blank(found: re.Match[bytes]) -> bytes:
        before = source[max(0, found.start() - 2000) : found.start()]
        return b" " * len(found[0]) if _BEFORE_VARIANCE.search(before) else found[0]

    return _VARIANCE.sub(blank, source)


def name(node: Any, name_node: Any, source: bytes) -> str:
    """The name that a person would call a function or class by."""
    if name_node is None:
        parent = _named_by(node, source)
        if parent is None:
            return "<anonymous>"
        if parent.type == "export_statement":
            return "default"
        field = _NAMED_BY.get(parent.type)
        name_node = parent.child_by_field_name(field) if field else None
        if name_node is None or name_node.end_byte > node.start_byte or name_node.end_byte - name_node.start_byte > 80:
            return "<anonymous>"
    text = source[name_node.start_byte : name_node.end_byte].decode("utf-8", "replace")
    if name_node.type == "string":
        text = text[1:-1]
    return text if text.isidentifier() else _UNFIT.sub("_", text)[:80] or "<anonymous>"


def _named_by(node: Any, source: bytes) -> Any:
    """What gives a function its name if it has none of its own: the nearest node around it that means something."""
    parent = node.parent
    while parent is not None:
        if parent.type in _TRANSPARENT:
            node, parent = parent, parent.parent
        elif parent.type == "arguments" and parent.named_child(0) == node and _called(parent, source) in _WRAPPERS:
            node, parent = parent.parent, parent.parent.parent
        else:
            break
    return parent


def _called(arguments: Any, source: bytes) -> bytes:
    """The last word of what is called with these arguments."""
    callee = arguments.parent.child_by_field_name("function") if arguments.parent is not None else None
    if callee is None:
        return b""
    if callee.type == "member_expression":
        callee = callee.child_by_field_name("property")
    return source[callee.start_byte : callee.end_byte] if callee.type.endswith("identifier") else b""


def kind(node: Any, body: Any) -> str:
    """How a function runs: "sync", "async", "generator" or "async generator"."""
    found = "generator" if node.type.startswith("generator") else ""
    for child in node.children:
        if child.start_byte >= body.start_byte:
            break
        if child.type == "async":
            found = "async generator" if found else "async"
        elif child.type == "*":
            found = "async generator" if "async" in found else "generator"
    return found or "sync"


def refuse(function: Any, source: bytes, config: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Why a function has to be left alone, or nothing."""
    if values.get("react_compiler") == "yes":
        if function.outer is not None and function.outer.kind == ENTRY_ONLY:
            return COMPILED
        if _is_react(function, source):
            function.kind = ENTRY_ONLY
    body = function.body
    parent = function.node.parent
    if parent is not None and parent.type == "computed_property_name":
        return "its text is a property name"
    if parent is not None and parent.type == "arguments":
        reason = _callee(parent, source, config["skip"]["callees"])
        if reason:
            return reason
    if _has_with(source) and _inside_of_with(function.node):
        return "inside of a with statement"
    if body.type != "statement_block":
        return ""
    for statement in _directives(body, source):
        directive = source[statement.start_byte : end_of(statement)].rstrip(b"; \t\r\n")[1:-1]
        if directive.decode("utf-8", "replace") not in config["skip"]["directives"]:
            return "a directive that compilers act on"
    inner = [child for child in function.children if child.node.type in _DECLARATIONS and child.node.parent == body]
    if inner and values.get("ts_es5") == "yes":
        return "functions declared in it cannot be in a block for ES5 (TS1252)"
    return _clash(function, inner, source, config) if inner else ""


def _directives(block: Any, source: bytes) -> list[Any]:
    """The directives that a file or block begins with. One without a semicolon reaches over the comment behind it."""
    found: list[Any] = []
    begins = source[block.start_byte : block.start_byte + 200].lstrip(b"{ \t\r\n")[:1]
    if block.type == "statement_block" and begins not in _QUOTES:
        return found
    for index in range(block.named_child_count):
        child = block.named_child(index)
        if child.type in ("hash_bang_line", *_COMMENTS):
            continue
        if child.type != "expression_statement":
            break
        code = [part for part in child.named_children if part.type not in _COMMENTS]
        if len(code) != 1 or code[0].type != "string":
            break
        found.append(child)
    return found


def _is_react(function: Any, source: bytes) -> bool:
    """Whether the React Compiler takes a function for a component or a hook: by its name, or what it is given to,
    and by what it uses; or because it is told to."""
    short = function.name.rpartition(".")[2]
    if _HOOK.match(short):
        return True
    directives = _directives(function.body, source)
    if directives:
        said = source[function.body.start_byte : end_of(directives[-1])]
        if b'"use memo"' in said or b"'use memo'" in said:
            return True
    parent = function.node.parent
    wrapped = parent is not None and parent.type == "arguments" and _called(parent, source) in _COMPONENTS
    return (wrapped or short[:1].isupper()) and _USES_REACT.search(source, function.start, function.end) is not None


def _callee(arguments: Any, source: bytes, table: Mapping[str, str]) -> str:
    call = arguments.parent
    callee = call.child_by_field_name("function") if call is not None else None
    if callee is None or callee.end_byte - callee.start_byte > 100:
        return ""
    dotted = source[callee.start_byte : callee.end_byte].decode("utf-8", "replace").replace("?.", ".")
    for end, reason in table.items():
        if dotted == end or dotted.endswith("." + end):
            return reason
    # `frame.page.evaluate`, `this.page().evaluate`, and whatever else a page is called
    return ""


@lru_cache(maxsize=4)
def _has_with(source: bytes) -> bool:
    return re.search(rb"\bwith\s*\(", source) is not None


def _inside_of_with(node: Any) -> bool:
    while node is not None:
        if node.type == "with_statement":
            return True
        node = node.parent
    return False


def _clash(function: Any, inner: Sequence[Any], source: bytes, config: Mapping[str, Any]) -> str:
    """Whether functions declared directly in a body would mean something else one block deeper.

    In a block they are lexical: they clash with a `var` of their name, with each other, and (by Annex B.3.3 of
    ECMA-262, in sloppy mode) with a parameter or a function of that name in a nested block.
    """
    names = [child.name for child in inner]
    body = function.body
    reason = "functions declared in it clash with other names"
    if len(set(names)) < len(names) or "arguments" in names:
        return reason
    text = source[body.start_byte : body.end_byte]
    if b"eval" in text and _EVAL.search(text):
        return "functions declared in it can be seen by eval"
    parameters = function.node.child_by_field_name("parameters") or function.node.child_by_field_name("parameter")
    if parameters is not None:
        words = set(_WORD.findall(source, parameters.start_byte, parameters.end_byte))
        if any(name.encode() in words for name in names):
            return reason
    hoisted: Set[str] = _hoisted(source, _root(body), config["grammar"]).get(body.id, frozenset())
    return "" if hoisted.isdisjoint(names) else reason


def _root(node: Any) -> Any:
    while node.parent is not None:
        node = node.parent
    return node


@lru_cache(maxsize=2)
def _hoisted(source: bytes, root: Any, grammar: str) -> Mapping[int, set[str]]:
    """The names that `var` and functions in nested blocks give to the functions around them, by the body's id."""
    from tree_sitter import QueryCursor

    found: dict[int, set[str]] = {}
    declared = {name.decode("utf-8", "replace") for name in _DECLARED.findall(source)}
    captured: Sequence[Any] = QueryCursor(_hoisting(grammar)).captures(root).get("hoisted", ())
    for node in captured:
        names: list[str] = []
        if node.type == "variable_declaration":
            for declarator in node.named_children:
                bound = declarator.child_by_field_name("name")
                names += _bound(bound) if bound is not None else ()
        elif node.type == "for_in_statement":
            names += _bound(node.child_by_field_name("left"))
        else:
            names.append(node.child_by_field_name("name").text.decode("utf-8", "replace"))
        names = [name for name in names if name in declared]
        if not names:  # by far the most; and each step to a parent is one from the root
            continue
        block, around = node, node.parent
        while around is not None and around.type not in _FUNCTIONS:
            block, around = around, around.parent
        if around is not None and not (node.type in _DECLARATIONS and node.parent == block):
            found.setdefault(block.id, set()).update(names)
    return found


@cache
def _hoisting(grammar: str) -> Any:
    from tree_sitter import Language, Query

    module, _, function = grammar.partition(":")
    return Query(
        Language(getattr(import_module(module), function)()),
        """(variable_declaration) @hoisted (for_in_statement kind: "var") @hoisted
        (statement_block [(function_declaration) (generator_function_declaration)] @hoisted)
        (switch_case [(function_declaration) (generator_function_declaration)] @hoisted)
        (switch_default [(function_declaration) (generator_function_declaration)] @hoisted)
        (if_statement (function_declaration) @hoisted) (else_clause (function_declaration) @hoisted)
        (labeled_statement (function_declaration) @hoisted)""",
    )


def _bound(pattern: Any) -> Iterator[str]:
    """The names that a binding pattern binds."""
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield pattern.text.decode("utf-8", "replace")
        return
    children = pattern.named_children
    if pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        children = children[:1]  # the rest is the default
    elif pattern.type == "pair_pattern":
        children = children[-1:]  # the first is the key
    elif pattern.type not in ("array_pattern", "object_pattern", "rest_pattern"):
        return
    for child in children:
        yield from _bound(child)


def frame(function: Any, source: bytes, level: str, config: Mapping[str, Any]) -> list[Spot] | str:
    """Where the snippets of one function go."""
    body = function.body
    shape = function.kind.replace(" ", "_")
    if function.kind == ENTRY_ONLY and body.type != "statement_block":
        return "a component that the React Compiler compiles"
    end = end_of(body)
    if body.type != "statement_block":
        return [
            Spot(body.start_byte, Phase.OPEN, f"{shape}.arrow_open", reach=end),
            Spot(end, Phase.CLOSE, f"{shape}.arrow_close", reach=body.start_byte),
        ]
    directives = _directives(body, source)
    last = directives[-1] if directives else None
    if config.get("typed") and function.name == "constructor" and b"super" in source[body.start_byte : body.end_byte]:
        found = _after_super(function, source)
        if isinstance(found, str):
            return found
        last = found or last
    opened, part = body.start_byte + 1, "open"
    if last is not None:
        opened = end_of(last)
        part = "open" if source[opened - 1 : opened] == b";" else "after"
    if function.kind == ENTRY_ONLY:
        return [Spot(opened, Phase.BEFORE, f"entry.{part}")]
    return [
        Spot(opened, Phase.BEFORE, f"{shape}.{part}"),
        Spot(end - 1, Phase.END, f"{shape}.close"),
    ]


def _after_super(function: Any, source: bytes) -> Any:
    """The statement `super(...)` of a constructor, None when it calls none, or why there is no place after it.

    TypeScript wants it to be a statement of the constructor's own block where the class has initialised fields
    (TS2401), so that nothing may be wrapped around it.
    """
    body = function.body
    statement = None
    for child in body.named_children:
        if child.type == "expression_statement" and source.startswith(b"super", child.start_byte):
            call = child.named_child(0)
            callee = call.child_by_field_name("function") if call is not None else None
            if callee is not None and callee.type == "super":
                statement = child
    if statement is None:
        called = re.search(rb"\bsuper\s*\(", source[body.start_byte : body.end_byte])
        return "super() is not a statement of its own" if called else None
    if any(child.node.parent == body and child.node.type in _DECLARATIONS for child in function.children):
        return "functions declared in it are used before super()"
    return statement


def parameters(function: Any, source: bytes) -> list[str]:
    """The plain names that the parameters bind, in order."""
    node = function.node.child_by_field_name("parameters") or function.node.child_by_field_name("parameter")
    if node is None:
        return []
    if node.type == "identifier":
        return _recordable([source[node.start_byte : node.end_byte].decode("utf-8", "replace")])
    names: list[str] = []
    for child in node.named_children:
        if child.type in _COMMENTS:
            continue
        if child.type in ("required_parameter", "optional_parameter"):
            child = child.child_by_field_name("pattern")
            if child is None or child.type == "this":
                continue
        names += _bound(child)
    return _recordable(names)


def assigned(statement: Any, source: bytes) -> list[str]:
    """The plain names that a statement gives values to."""
    names: list[str] = []
    if statement.type == "expression_statement":
        node = statement.named_child(0)
        while node is not None and node.type in ("assignment_expression", "augmented_assignment_expression"):
            left = node.child_by_field_name("left")
            if left is not None and left.type in ("identifier", "array_pattern", "object_pattern"):
                names += _bound(left)
            node = node.child_by_field_name("right")
    else:
        for declarator in statement.named_children:
            if declarator.type == "variable_declarator" and declarator.child_by_field_name("value") is not None:
                names += _bound(declarator.child_by_field_name("name"))
    return _recordable(names)


def _recordable(names: Sequence[str]) -> list[str]:
    return [found for found in dict.fromkeys(names) if _PLAIN.fullmatch(found)]


def caught(block: Any, source: bytes) -> str:
    """What a `catch` block calls its error, as a further argument."""
    parameter = block.parent.child_by_field_name("parameter") if block.parent is not None else None
    if parameter is None or parameter.type != "identifier":
        return ""
    names = _recordable([parameter.text.decode("utf-8", "replace")])
    return f",{names[0]}" if names else ""


def accepts(kind: str, node: Any, function: Any, config: Mapping[str, Any]) -> bool:
    """Whether a place is taken: in TypeScript a returned value goes through a call only where its type is declared,
    since inference would see the call's type instead, and an empty `case` may fall through where others may not."""
    if kind == "case":
        return not config.get("typed") or node.child_by_field_name("body") is not None
    if kind == "assign":
        return not config.get("typed") or not _evolves(node)
    if kind != "returns":
        return True
    if node.type == "sequence_expression":
        return False
    if not config.get("typed"):
        return True
    if node.type in _CONTEXTUAL:  # what is declared reaches their parts, and would not through a call
        return False
    declared = function.node.child_by_field_name("return_type")
    return declared is not None and declared.type == "type_annotation"


def _evolves(statement: Any) -> bool:
    """Whether a statement gives a variable an empty array: TypeScript may still look for the type of what it will
    hold, and until then the variable cannot be read (TS7034)."""
    for part in statement.named_children:
        value = part.child_by_field_name("value") or part.child_by_field_name("right")
        empty = value is not None and value.type == "array" and not value.named_child_count
        if empty and part.child_by_field_name("type") is None:
            return True
    return False


def import_place(
    root: Any, source: bytes, values: dict[str, str], config: Mapping[str, Any], same_line: bool
) -> tuple[int, str] | str:
    """Where the helper's import goes and of which kind it is, or why there is none to be had."""
    offset = _first_statement(root, source)
    if offset is None:
        return "no statement to put the import in front of"
    is_module = _is_module(root, source)
    if not config.get("typed"):
        module = is_module or (values["module_type"] == "module" and not _is_commonjs(source))
        return (_hoisted_place(root, source, offset), "esm") if module else (offset, "cjs")
    if values.get("ts_global_scripts") == "yes" and not is_module:
        return "a global script: an import would make it a module"
    if values.get("ts_import_equals") == "yes" or (_requires(root) and not _imports(root)):
        return offset, "cts"
    style = import_style(source)
    if values.get("extension") in (".mts", ".cts"):
        own = values["extension"]
        style = style if style == own else own.replace("t", "j")
    if style is not None:
        values["ts_extension"] = style
    return _hoisted_place(root, source, offset), "ts"


def _hoisted_place(root: Any, source: bytes, first: int) -> int:
    """Where an import does not come between a documented declaration and its comment.

    Imports are done before anything else, in their own order: ours has to come before the first that there is, and
    where there is none it may stand in front of any statement.
    """
    nodes = root.named_children
    for node in nodes:
        if node.type == "import_statement" or (
            node.type == "export_statement" and node.child_by_field_name("source") is not None
        ):
            return int(node.start_byte)
    for index, node in enumerate(nodes):
        if node.start_byte < first or node.type in _COMMENTS:
            continue
        if index == 0 or not _documents(nodes[index - 1], node, source):
            return int(node.start_byte)
    last = next(node for node in reversed(nodes) if node.type not in _COMMENTS)
    inner = last.child_by_field_name("declaration") or last
    end = end_of(last)
    closed = inner.type.endswith("_declaration") and not inner.type.startswith(("lexical", "variable"))
    return end if closed or source[end - 1 : end] == b";" else first


def _documents(comment: Any, statement: Any, source: bytes) -> bool:
    text = source[comment.start_byte : comment.start_byte + 3]
    return comment.type in _COMMENTS and text == b"/**" and statement.start_point[0] <= comment.end_point[0] + 1


def _is_module(root: Any, source: bytes) -> bool:
    if any(child.type in ("import_statement", "export_statement") for child in root.named_children):
        return True
    for found in re.finditer(rb"(?<![.\w$])import\.meta\b", source):
        node = root.descendant_for_byte_range(*found.span())
        if node is not None and node.type == "meta_property":  # and not a text that speaks of it
            return True
    return False


def _is_commonjs(source: bytes) -> bool:
    """Whether it has the looks of CommonJS, or of what serves as that and as a plain script."""
    named = rb"(?<![.\w$])(?:require\s*\(|module\.exports\b|exports\.|typeof\s+(?:exports|module|define)\b)"
    return re.search(named, source) is not None


def _requires(root: Any) -> bool:
    """Whether a TypeScript file says `import x = require()` or `export =`."""
    for child in root.named_children:
        if child.type == "import_statement" and any(part.type == "import_require_clause" for part in child.children):
            return True
        if child.type == "export_statement" and any(part.type == "=" for part in child.children):
            return True
    return False


def _imports(root: Any) -> bool:
    """Whether a TypeScript file has imports or exports of the ECMAScript form."""
    for child in root.named_children:
        if child.type == "import_statement" and all(part.type != "import_require_clause" for part in child.children):
            return True
    return False


def _first_statement(root: Any, source: bytes) -> int | None:
    nodes = root.named_children
    directives = _directives(root, source)
    start = nodes.index(directives[-1]) + 1 if directives else 0
    for index in range(start, len(nodes)):
        node = nodes[index]
        if node.type == "hash_bang_line":
            continue
        if node.type not in _COMMENTS:
            return int(node.start_byte)
        if _belongs_to_next(nodes, index, source):
            return int(node.start_byte)
    return None


def _belongs_to_next(nodes: Sequence[Any], index: int, source: bytes) -> bool:
    """Whether a comment documents the statement on the next line, and not the file."""
    node = nodes[index]
    following = nodes[index + 1] if index + 1 < len(nodes) else None
    if following is None or following.type in _COMMENTS or following.start_point[0] != node.end_point[0] + 1:
        return False
    text = source[node.start_byte : node.end_byte]
    if not text.startswith(b"/*") or _OF_THE_FILE.search(text):
        return False
    begins_line = node.start_byte == 0 or source[node.start_byte - 1 : node.start_byte] in (b"\n", b"\r")
    return begins_line and (text.startswith(b"/**") or index > 0)


def goals(source: bytes, imported: bytes, config: Mapping[str, Any]) -> tuple[str, ...]:
    """What the language's own parser may take a file for: what the inserted import makes of it."""
    if config.get("typed"):
        return ("tsx" if config["name"] == "tsx" else "ts",)
    if _MODULE.match(imported):
        return ("module",)
    return ("commonjs", "script") if imported else ("commonjs", "module", "script")
