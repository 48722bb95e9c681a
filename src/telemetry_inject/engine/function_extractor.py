"""FunctionExtractor: the functions of a parsed file, nested and named, and the units they form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from telemetry_inject.engine.guard import leave_out_guarded
from telemetry_inject.engine.newlines import indent_before
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import Grammar, Pack, hooks_of
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from tree_sitter import Node

ENTRY_ONLY = "entry"  # the kind of a function of which only the call is recorded
_OPT_OUT = re.compile(rb"telemetry:[ \t]*skip(?!-file)\b")
_ASKED = "asked for in a comment"
LEFT_OUT = "left out by name (leave-out)"
_OPT_OUT_FILE = re.compile(rb"telemetry:[ \t]*skip-file\b")


@dataclass(slots=True)
class Function:
    """One function in the tree. `site` is its name in the inserted text: unique in its file.

    `skip` is the reason why nothing goes into it, empty when it is instrumented. `kind` is the pack's word for
    how it runs (such as "async"). `first` is the first statement after its `documentation`; in a function whose
    body is a mere expression it is that. `provenance` says where its insertions come from.
    """

    node: Node
    body: Node
    name: str
    qualname: str
    site: str
    start: int
    end: int
    outer: Function | None
    scope: str
    kind: str = ""
    skip: str = ""
    first: Node | None = None
    documentation: Node | None = None
    children: list[Function] = field(default_factory=list)
    provenance: str = "template"

    @property
    def line(self) -> int:
        """The line of the function's first byte, from 1."""
        return self.node.start_point[0] + 1


@dataclass(slots=True)
class Extraction:
    """The functions of a file in source order, and those of them that are units."""

    functions: list[Function]
    outermost: list[Function]
    scopes: list[tuple[int, int]]

    def release(self) -> None:
        """Let go of the inner functions. As these know the outer ones, the file's tree would live until the next
        garbage collection otherwise.
        """
        for function in self.functions:
            function.children.clear()


def opted_out(source: bytes) -> bool:
    """Whether the file says in one of its first lines that it wants no telemetry."""
    return b"skip-file" in source[:2000] and bool(_OPT_OUT_FILE.search(source[:2000]))


def extract(
    root: Node, source: bytes, pack: Pack, grammar: Grammar, level: Level, everything: bool,
    placement: Placement = Placement(),  # noqa: B008 - frozen
) -> Extraction:  # fmt: skip
    """All functions under `root`, with the reasons to leave some alone. `everything`: only the safety reasons.

    `placement`: what the file's project says of it, and which of its functions to leave out.
    """
    names = pack.config["nodes"]
    joiner, inside = pack.config["qualname"]["separator"], pack.config["qualname"]["in_function"]
    words = pack.config.get("words")
    entries = _by_words(root, source, words) if words else _by_query(root, grammar)
    entries.sort(key=_position)
    kind_of = getattr(hooks_of(pack), "kind", None)
    name_of = getattr(hooks_of(pack), "name", None)
    functions: list[Function] = []
    outermost: list[Function] = []
    scopes: list[tuple[int, int]] = []
    seen: Counter[str] = Counter()
    # Open containers: (end, prefix for names inside, function or None for a scope)
    stack: list[tuple[int, str, Function | None]] = []
    enclosing: list[Function | None] = []
    for start, negative_end, is_scope, node in entries:
        while stack and stack[-1][0] <= start:
            stack.pop()
            enclosing.pop()
        outer = enclosing[-1] if enclosing else None
        prefix = stack[-1][1] if stack else ""
        name_node = node.child_by_field_name(names["name"])
        if name_of is not None:
            name = name_of(node, name_node, source)
        else:
            name = source[name_node.start_byte : name_node.end_byte].decode("utf-8", "replace") if name_node else ""
        qualname = prefix + name
        if is_scope is not False:
            if is_scope:
                scopes.append((start, -negative_end))
            stack.append((-negative_end, qualname + joiner, None))
            enclosing.append(outer)
            continue
        body = node.child_by_field_name(names["body"])
        if body is None:
            continue
        seen[qualname] += 1
        site = qualname if seen[qualname] == 1 else f"{qualname}#{seen[qualname]}"
        scope = "class" if stack and stack[-1][2] is None else ""
        kind = kind_of(node, body) if kind_of is not None else ""
        function = Function(node, body, name, qualname, site, start, -negative_end, outer, scope, kind)
        functions.append(function)
        (outer.children if outer else outermost).append(function)
        stack.append((-negative_end, qualname + inside, function))
        enclosing.append(function)
    _explain(functions, source, root, pack, level, everything, placement)
    return Extraction(functions, outermost, scopes)


_Entry = tuple[int, int, bool | None, "Node"]  # start, minus the end, whether it is a scope (None: a namespace), node


def _by_query(root: Node, grammar: Grammar) -> list[_Entry]:
    """The functions, scopes and namespaces that the pack's query finds. A namespace only gives names."""
    from tree_sitter import QueryCursor

    captures = QueryCursor(grammar.functions).captures(root)
    entries: list[_Entry] = []
    for name, kind in (("function", False), ("scope", True), ("namespace", None)):
        entries += [(node.start_byte, -node.end_byte, kind, node) for node in captures.get(name, ())]
    return entries


def _by_words(root: Node, source: bytes, words: Mapping[str, Mapping[str, Any]]) -> list[_Entry]:
    """The same, where a keyword begins each of them: asking the tree only there costs a third of a query."""
    entries: list[_Entry] = []
    for keyword, meaning in words.items():
        word, kind, is_scope = keyword.encode(), meaning["node"], bool(meaning["scope"])
        length, at = len(word), source.find(word)
        while at >= 0:
            end = at + length
            if not source[end : end + 1].isalnum() and not source[at - 1 : at].isalnum():
                token = root.descendant_for_byte_range(at, end)
                node = token.parent if token is not None and token.type == keyword else None
                if node is not None and node.type == kind:
                    entries.append((node.start_byte, -node.end_byte, is_scope, node))
            at = source.find(word, end)
    return entries


def _position(entry: _Entry) -> tuple[int, int]:
    return entry[0], entry[1]


def _explain(
    functions: list[Function], source: bytes, root: Node, pack: Pack, level: Level, everything: bool,
    placement: Placement,
) -> None:  # fmt: skip
    """Set `skip` where a function is to be left alone, and find the first statement of the others."""
    config = pack.config
    values, left_out = dict(placement.values), placement.leave_out
    skip: Mapping[str, Any] = config.get("skip", {})
    hot = frozenset() if everything else frozenset(skip.get("hot", ()))
    never: Mapping[str, str] = skip.get("never", {})
    decorated = config["nodes"].get("decorated")
    asked = _asked_lines(source, root, pack)
    refuse = getattr(hooks_of(pack), "refuse", None)
    inherited = frozenset((_ASKED, LEFT_OUT, *skip.get("decorators", {}).values(), *skip.get("inherited", ())))
    for function in functions:
        outer = function.outer
        if outer is not None and outer.skip in inherited:
            function.skip = outer.skip
            continue
        _find_first(function, config)
        parent = function.node.parent
        if parent is None or parent.type != decorated:
            parent = None
        function.skip = (
            (LEFT_OUT if function.site in left_out else "")
            or never.get(function.name)
            or (parent and _by_decorator(parent, source, pack))
            or (asked and _asked(function, parent, asked))
            or (refuse and refuse(function, source, pack.config, values))
            or _stub(function, source, pack)
            or ("called implicitly and often" if _is_hot(function.name, hot) else "")
            or ("" if everything else _trivial(function, source, pack))
            or ("syntax error" if function.node.has_error else "")
        )
    leave_out_guarded(functions, source, root, pack, level)


def _is_hot(name: str, hot: frozenset[str]) -> bool:
    """Whether a name, or as `.name` what comes after its last point, is among the hot ones."""
    return name in hot or ("." in name and name[name.rindex(".") :] in hot)


def _find_first(function: Function, config: Mapping[str, Any]) -> None:
    rules = config["documentation"]
    comments = config.get("comment", ())
    body = function.body
    blocks = config["nodes"].get("block")
    if blocks and body.type != blocks:
        function.first = body
        return
    if config["nodes"].get("list"):
        body = next((child for child in body.named_children if child.type == config["nodes"]["list"]), body)
    for index in range(body.named_child_count):
        node = body.named_child(index)
        if node is None or node.type in comments:
            continue
        if (function.documentation is None or rules.get("several")) and is_documentation(node, rules):
            function.documentation = node
            continue
        function.first = node
        return


def is_documentation(node: Node, rules: Mapping[str, Any]) -> bool:
    """Whether a statement is nothing but documentation, by the pack's rules."""
    if node.type != rules["statement"] or node.named_child_count != 1:
        return False
    value: Node | None = node.named_child(0)
    while value is not None and value.type in rules.get("brackets", ()):
        value = next((child for child in value.named_children if not child.is_extra), None)
    return value is not None and value.type in rules["values"]


def _stub(function: Function, source: bytes, pack: Pack) -> str:
    if function.first is None:
        return "stub"
    pattern = pack.config.get("stub")
    text = source[function.first.start_byte : function.body.end_byte]
    return "stub" if pattern and len(text) < 300 and _compiled(pattern).fullmatch(text.strip()) else ""


def _trivial(function: Function, source: bytes, pack: Pack) -> str:
    rules = pack.config.get("trivial")
    first = function.first
    if not rules or first is None or (first.type not in rules["statements"] and first is not function.body):
        return ""
    after = first.next_named_sibling if first is not function.body else None
    while after is not None and after.type in pack.config.get("comment", ()):
        after = after.next_named_sibling
    if after is not None:
        return ""
    text = source[first.start_byte : first.end_byte]
    return "" if _compiled(rules["unless"]).search(text) else "trivial"


@cache
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


def _by_decorator(parent: Node, source: bytes, pack: Pack) -> str:
    table: Mapping[str, str] = pack.config.get("skip", {}).get("decorators", {})
    kind = pack.config["nodes"]["decorator"]
    for node in parent.named_children:
        if node.type != kind:
            continue
        text = source[node.start_byte + 1 : node.end_byte].split(b"(")[0].split(b"#")[0].strip()
        dotted = text.decode("utf-8", "replace")
        for end, reason in table.items():
            if dotted == end or dotted.endswith("." + end):
                return reason
    return ""


def _asked_lines(source: bytes, root: Node, pack: Pack) -> dict[int, bool]:
    """Rows of the comments that ask for a function to be left alone -> whether the comment has its own line."""
    if b"telemetry:" not in source:
        return {}
    rows = {}
    for found in _OPT_OUT.finditer(source):
        node = root.descendant_for_byte_range(found.start(), found.end())
        if node is not None and node.type in pack.config.get("comment", ()):
            rows[node.start_point[0]] = indent_before(source, node.start_byte) is not None
    return rows


def _asked(function: Function, decorated: Node | None, asked: Mapping[int, bool]) -> str:
    top, header = (decorated or function.node).start_point[0], function.node.start_point[0]
    on_header = any(not asked.get(row, True) for row in range(top, function.body.start_point[0] + 1))
    return _ASKED if on_header or header in asked or asked.get(top - 1) else ""
