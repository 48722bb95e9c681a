"""From a model's text to JSON that fits a schema, by our own check: no server is believed.

The schemas are the common subset that the three providers take: an object at the root, all properties
required, no additional ones, enums, `null` as a type instead of optional. Bounds (`maxItems`, `maxLength`,
`minimum`, `maximum`, `minItems`, `minLength`) are for this check; `sendable` takes them out of what is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from telemetry_inject.llm.errors import WrongAnswer
from telemetry_inject.llm.types import Schema

LONGEST_ANSWER = 4 * 1024**2  # characters; more is no answer to any question of ours
_BOUNDS = ("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern")
_FENCE = re.compile(r"```[a-zA-Z0-9_-]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def parse_answer(text: str, schema: Schema) -> Any:
    """The JSON in `text`, alone, in a fence or after some words. Raises WrongAnswer; its title quotes nothing."""
    if len(text) > LONGEST_ANSWER:
        raise WrongAnswer(f"the answer is {len(text):,} characters long", "Ask another model.", text="")
    problem = "the answer is not JSON"
    for value in _candidates(text):
        found = first_problem(value, schema)
        if found is None:
            return value
        problem = found
    raise WrongAnswer(f"the model's answer cannot be used: {problem}", "Ask again, or another model.", text)


def _candidates(text: str) -> Iterator[Any]:
    """Whatever in `text` reads as JSON, the likeliest first: all of it, what is fenced, what follows some words."""
    text = _THOUGHTS.sub("", text).strip()
    try:
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            yield value
            return
    except (ValueError, RecursionError):
        pass  # not bare JSON
    start = text.find("{")
    for piece in (*(match[1] for match in _FENCE.finditer(text)), text[start:] if start >= 0 else ""):
        try:
            yield _DECODER.raw_decode(piece.strip())[0]
        except (ValueError, RecursionError):
            continue


def _no_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key appears twice")
    return value


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_no_duplicates)


def first_problem(value: Any, schema: Schema, where: str = "answer") -> str | None:
    """What is wrong with `value`, as a place and a rule, without quoting it; None when it fits."""
    if "anyOf" in schema:
        problems = [first_problem(value, branch, where) for branch in schema["anyOf"]]
        return None if None in problems else f"{where} fits none of the forms allowed"
    if "const" in schema and not _same(value, schema["const"]):
        return f"{where} is not the one value allowed"
    if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
        return f"{where} is not one of the values allowed"
    kinds = schema.get("type")
    if kinds is not None:
        names = [kinds] if isinstance(kinds, str) else list(kinds)
        if not any(_is(value, name) for name in names):
            return f"{where} is not {' or '.join(names)}"
    if isinstance(value, dict):
        return _object_problem(value, schema, where)
    if isinstance(value, list):
        return _array_problem(value, schema, where)
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value)):
            return f"{where} is too short or too long"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{where} is not written as asked"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{where} is too small or too large"
    return None


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)  # True is not 1


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in ("integer", "number"))


def _object_problem(value: dict[str, Any], schema: Schema, where: str) -> str | None:
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{where}.{name} is missing"
    for name, inner in value.items():
        if name in properties:
            problem = first_problem(inner, properties[name], f"{where}.{name}")
            if problem is not None:
                return problem
        elif schema.get("additionalProperties") is False:
            return f"{where} has a property that was not asked for"
    return None


def _array_problem(value: list[Any], schema: Schema, where: str) -> str | None:
    if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
        return f"{where} has too few or too many items"
    if "items" in schema:
        for index, inner in enumerate(value):
            problem = first_problem(inner, schema["items"], f"{where}[{index}]")
            if problem is not None:
                return problem
    return None


def sendable(schema: Any) -> Any:
    """`schema` without the bounds, which some providers refuse."""
    if isinstance(schema, Mapping):
        return {
            name: ({key: sendable(inner) for key, inner in value.items()} if name == "properties" else sendable(value))
            for name, value in schema.items()
            if name not in _BOUNDS
        }
    return [sendable(item) for item in schema] if isinstance(schema, list | tuple) else schema
