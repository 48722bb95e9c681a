"""What the Go pack cannot say as data: names, contexts, results, and the import's place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from telemetry_inject.engine.brace_layout import Phase, Spot
from telemetry_inject.engine.newlines import LINE_END
from telemetry_inject.projects.go_source import build_ignored

_UNFIT = re.compile(r"[^\w.]+")
_DIRECTIVE = re.compile(rb"//go:(\w+)|//(export)\b")
_IMPORT = re.compile(rb'(?m)^\s*(?:import\s+)?(?:([\w.]+)\s+)?"([^"\n]+)"')
_OWN_ERROR = re.compile(rb"(?m)^\s*(?:type\s+)?error\s+(?:=\s*)?(?:struct|interface|func|\[|\*|map|chan|int|string)")
_ONE_ERROR = re.compile(rb"\.(?:ListenAndServe(?:TLS)?|Serve(?:TLS)?|Execute|Run|Err)$")
_SDK = ("go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel/exporters")


def name(node: Any, name_node: Any, source: bytes) -> str:
    """The name of a function: with its receiver's type, or with what a function literal is assigned to."""
    if node.type == "func_literal":
        return _assigned_to(node) or "func"
    found = str(name_node.text.decode("utf-8", "replace")) if name_node is not None else "func"
    if node.type != "method_declaration":
        return found
    receiver = node.child_by_field_name("receiver")
    text = receiver.text.decode("utf-8", "replace") if receiver is not None else ""
    kind = re.search(r"([\w]+)\s*(?:\[[^\]]*\])?\s*,?\s*\)$", text)
    return f"{kind[1]}.{found}" if kind else found


def _assigned_to(literal: Any) -> str:
    around = literal.parent
    if around is None:
        return ""
    if around.type == "expression_list" and around.named_child_count == 1 and around.parent is not None:
        statement = around.parent
        left = statement.child_by_field_name("left") or statement.child_by_field_name("name")
        if left is not None and left.end_byte <= literal.start_byte:
            return _UNFIT.sub("_", left.text.decode("utf-8", "replace"))[:60]
    if around.type == "literal_element" and around.parent is not None and around.parent.type == "keyed_element":
        key = around.parent.named_child(0)
        if key is not None and key.end_byte <= literal.start_byte:
            return _UNFIT.sub("_", key.text.decode("utf-8", "replace").strip('"`'))[:60]
    return ""


def refuse(function: Any, source: bytes, config: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Why a function has to be left alone, or nothing."""
    node = function.node
    if node.type == "func_literal":
        return ""
    above = node.prev_sibling
    while above is not None and above.type == "comment":  # for the compiler, blank lines do not part them
        found = _DIRECTIVE.match(source, above.start_byte)
        if found and (found[1] or b"").decode() in config["skip"]["directives"]:
            return "a directive to the compiler"
        above = above.prev_sibling
    return ""


class _Parameter(NamedTuple):
    """One parameter or result: its name ("" when it has none), its type's text, where each begins and ends."""

    name: str
    type: str
    name_end: int
    start: int
    end: int


def _listed(listed: Any, source: bytes) -> Iterator[_Parameter]:
    for child in listed.named_children:
        if child.type not in ("parameter_declaration", "variadic_parameter_declaration"):
            continue
        kind = child.child_by_field_name("type")
        text = "" if kind is None else source[kind.start_byte : kind.end_byte].decode("utf-8", "replace")
        if child.type.startswith("variadic"):
            text = "..." + text
        names = child.children_by_field_name("name")
        for found in names:
            called = found.text.decode("utf-8", "replace")
            yield _Parameter(called, text, found.end_byte, found.start_byte, found.end_byte)
        if not names:
            yield _Parameter("", text, child.start_byte, child.start_byte, child.end_byte)


@lru_cache(maxsize=4)
def _imports(source: bytes) -> Mapping[str, str]:
    """The names under which the packages that matter here are imported -> their paths."""
    found = {}
    end = re.search(rb"(?m)^(?:func|type|var|const)\b", source)
    for match in _IMPORT.finditer(source, 0, end.start() if end else len(source)):
        path = match[2].decode("utf-8", "replace")
        if path in ("context", "golang.org/x/net/context", "net/http", "os", "log"):
            found[(match[1] or path.rpartition("/")[2].encode()).decode("utf-8", "replace")] = path
    return found


@lru_cache(maxsize=4)
def _types(source: bytes) -> tuple[set[str], set[str]]:
    """How a context and a request are written in this file."""
    contexts, requests = set(), set()
    for alias, path in _imports(source).items():
        if path.endswith("context"):
            contexts.add("Context" if alias == "." else f"{alias}.Context")
        elif path == "net/http":
            requests.add("*Request" if alias == "." else f"*{alias}.Request")
    return contexts, requests


def frame(function: Any, source: bytes, level: str, config: Mapping[str, Any]) -> list[Spot] | str:
    """Where the snippets of one function go: names it lacks, and the first statement."""
    node, body = function.node, function.body
    spots: list[Spot] = []
    values = {"context": "nil", "failure": "nil", "results": ""}
    part = "enter"
    contexts, requests = _types(source)
    alias = _alias(str(config["alias"]), source)
    parameters = node.child_by_field_name("parameters") if contexts or requests else None
    found = list(_listed(parameters, source)) if parameters is not None else []
    for index, parameter in enumerate(found):
        if parameter.type not in contexts and parameter.type not in requests:
            continue
        if parameter.type in requests:
            if parameter.name in ("", "_"):
                continue
            part, values["request"] = "request", f"&{parameter.name}"
        elif parameter.name == "":
            for number, other in enumerate(found):
                own = "names.context" if number == index else "names.parameter"
                spots.append(Spot(other.start, Phase.BEFORE, own, {"number": str(number)}))
            values["context"] = f"&{alias}_ctx"
        elif parameter.name == "_":
            spots.append(Spot(parameter.name_end, Phase.BEFORE, "names.blank_context"))
            values["context"] = f"&{alias}_blank_ctx"
        else:
            values["context"] = f"&{parameter.name}"
        break
    inside = contexts and function.outer is not None and part == "enter" and values["context"] == "nil"
    if inside and (captured := _captured(function, source, contexts)):
        part, values["captured"] = "within", captured
    spots += _results(node, source, alias, level, values)
    spots.append(Spot(body.start_byte + 1, Phase.BEFORE, f"block.{part}", values, reach=body.end_byte, statement=True))
    return spots


def _captured(function: Any, source: bytes, contexts: set[str]) -> str:
    """The context parameter of a function around a literal that the literal uses itself, or nothing.

    Only where the name cannot mean anything else there: wherever it is declared anew, it is as a context.
    """
    body, outer = function.body, function.outer
    taken = _parameter_names(function, source)
    while outer is not None:
        parameters = outer.node.child_by_field_name("parameters")
        listed = list(_listed(parameters, source)) if parameters is not None else []
        found = next((one.name for one in listed if one.type in contexts and one.name not in ("", "_")), "")
        if found and found not in taken:
            name = re.escape(found.encode())
            used = re.search(rb"(?<![\w.])" + name + rb"\b", source[body.start_byte : body.end_byte])
            context = rb"(?!\s*(?:context\.|[\w.]+\.Context\())"
            anew = re.compile(rb"(?<![\w.])" + name + rb"\b[^=\n;{}()]*:=" + context + rb"|\bvar\s+" + name)
            return found if used and not anew.search(source, outer.start, outer.end) else ""
        taken |= {one.name for one in listed}
        outer = outer.outer
    return ""


def _parameter_names(function: Any, source: bytes) -> set[str]:
    parameters = function.node.child_by_field_name("parameters")
    return {one.name for one in _listed(parameters, source)} if parameters is not None else set()


@lru_cache(maxsize=4)
def _alias(alias: str, source: bytes) -> str:
    """The reserved name in this file, as the engine chooses it."""
    candidate, number = alias, 1
    while candidate.encode() in source:
        number += 1
        candidate = f"{alias}_{number}"
    return candidate


@lru_cache(maxsize=4)
def _has_own_error(source: bytes) -> bool:
    """Whether the file has a type of its own called `error`."""
    return b"error" in source and _OWN_ERROR.search(source) is not None


def _results(node: Any, source: bytes, alias: str, level: str, values: dict[str, str]) -> list[Spot]:
    """The names that results need; fills in how the deferred call reaches them."""
    result = node.child_by_field_name("result")
    if result is None:
        return []
    full = level == "full"
    may_fail = not _has_own_error(source)
    if result.type != "parameter_list":
        is_error = may_fail and source[result.start_byte : result.end_byte] == b"error"
        if not is_error and not full:
            return []
        values["failure"] = f"&{alias}_only_err" if is_error else "nil"
        values["results"] = "" if is_error else f', "0", &{alias}_only_r0'
        part = "names.only_error" if is_error else "names.only_result"
        return [
            Spot(result.start_byte, Phase.OPEN, part, {"number": "0"}, result.end_byte),
            Spot(result.end_byte, Phase.CLOSE, "names.close", reach=result.start_byte),
        ]
    found = list(_listed(result, source))
    if not found:
        return []
    spots: list[Spot] = []
    error = len(found) - 1 if may_fail and found[-1].type == "error" else -1
    if error < 0 and not full:
        return []
    recorded = []
    for index, one in enumerate(found):
        if one.name == "":
            part, name = ("error", f"{alias}_err") if index == error else ("result", f"{alias}_r{index}")
            spots.append(Spot(one.start, Phase.BEFORE, f"names.{part}", {"number": str(index)}))
        elif one.name == "_":
            if index != error:
                continue
            name = f"{alias}_blank_err"
            spots.append(Spot(one.name_end, Phase.BEFORE, "names.blank_error"))
        else:
            name = one.name
        if index == error:
            values["failure"] = f"&{name}"
        else:
            recorded.append(f', "{one.name or index}", &{name}')
    if full:
        values["results"] = "".join(recorded)
    return spots


def parameters(function: Any, source: bytes) -> list[str]:
    """The names of the parameters, without contexts and requests."""
    node = function.node.child_by_field_name("parameters")
    contexts, requests = _types(source)
    left_out = contexts | requests
    found = _listed(node, source) if node is not None else ()
    return _recordable(one.name for one in found if one.type not in left_out)


def assigned(statement: Any, source: bytes) -> list[str]:
    """The plain names that a statement gives values to."""
    left = statement.child_by_field_name("left")
    if left is None:
        return []
    names = [child for child in left.named_children if child.type == "identifier"]
    return _recordable(found.text.decode("utf-8", "replace") for found in names)


def _recordable(names: Any) -> list[str]:
    return [found for found in dict.fromkeys(names) if found not in ("", "_") and found.isascii()]


def accepts(kind: str, node: Any, function: Any, config: Mapping[str, Any]) -> bool:
    """Whether a place is taken: a call's last argument can go through a function of ours if it is one value."""
    if kind != "flush":
        return True
    callee = node.parent.parent.child_by_field_name("function").text
    others = node.parent.named_child_count
    if node.type in ("variadic_argument", "comment", "nil"):  # `nil` has no type to infer
        return False
    if callee == b"os.Exit":
        return bool(others == 1)
    if others == 1 and node.type == "call_expression":  # which might give several values
        function = node.child_by_field_name("function")
        return callee != b"log.Fatalf" and function is not None and _ONE_ERROR.search(function.text) is not None
    return bool(others > (1 if callee == b"log.Fatalf" else 0))


def import_place(
    root: Any, source: bytes, values: dict[str, str], config: Mapping[str, Any], same_line: bool
) -> tuple[int, str] | str:
    """Behind the package clause: at the end of its line, or on it."""
    if any(path.startswith(_SDK) for path in _paths(root)):
        return "it is part of an OpenTelemetry pipeline"
    if build_ignored(source):
        return "no build takes it (go:build ignore)"
    if any(_declares_nil(child) for child in root.named_children):
        return "it gives nil another meaning"
    clause = next((child for child in root.named_children if child.type == "package_clause"), None)
    if clause is None:
        return "it has no package clause"
    end = int(clause.end_byte)
    line_end = LINE_END.search(source, end)
    stop = line_end.start() if line_end else len(source)
    rest = source[end:stop].strip()
    if same_line or (rest and not rest.startswith(b"//")):
        return end, "same"
    return stop, "own"


def _declares_nil(declaration: Any) -> bool:
    """Whether a declaration of the package gives the predeclared name, which our calls use, to something else."""
    if declaration.type not in ("const_declaration", "var_declaration") or b"nil" not in declaration.text:
        return False
    specs = list(declaration.named_children)
    for spec in specs:
        if spec.type == "var_spec_list":
            specs += spec.named_children
        elif any(name.text == b"nil" for name in spec.children_by_field_name("name")):
            return True
    return False


def _paths(root: Any) -> Iterator[str]:
    for declaration in root.named_children:
        if declaration.type == "import_declaration":
            for quoted in re.findall(rb'"([^"\n]+)"', declaration.text):
                yield quoted.decode("utf-8", "replace")


def goals(source: bytes, imported: bytes, config: Mapping[str, Any]) -> tuple[str, ...]:
    """What the language's own parser may take a file for."""
    return ("go",)
