"""Checks language packs: form, queries, snippets, and every before/after case. `--update` writes the cases anew.

    python -m telemetry_inject.engine.pack_check [--update] [FOLDER]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from telemetry_inject.engine.instrumenter import instrument
from telemetry_inject.engine.options import Options
from telemetry_inject.engine.packs import BUILT_IN, Pack, grammar_of, hooks_of, load_pack, pack_names
from telemetry_inject.engine.stripper import strip
from telemetry_inject.errors import PackError, TelemetryInjectError
from telemetry_inject.types import Level

_ANCHORS = {
    "block-start": ("text",),
    "block-open": ("text",),
    "colon": ("text",),
    "after": ("text",),
    "around": ("open", "close"),
}
_PLACEHOLDERS = {"alias", "bare", "span", "error", "name", "label", "line", "names", "arguments"}
_LAYOUTS = ("indent", "braces")
_HOOKS = ("frame", "import_place", "parameters", "assigned")  # without which braces cannot be served


def check_pack(pack: Pack) -> list[str]:
    """All that is wrong with a pack's form, one line each."""
    problems = []
    try:
        grammar = grammar_of(pack)
        for name in pack.helpers:
            pack.helper_source(name)
        hooks_of(pack)
    except PackError as error:
        return [error.title]
    kinds = {grammar.language.node_kind_for_id(number) for number in range(grammar.language.node_kind_count)}
    fields = {grammar.language.field_name_for_id(number) for number in range(grammar.language.field_count + 1)}
    for entry, named in pack.config["nodes"].items():
        for kind in named if isinstance(named, list) else [named]:
            if kind not in kinds and kind not in fields:
                problems.append(f"pack.toml: nodes.{entry} = {kind!r} is neither a node nor a field of the grammar")
    known = _PLACEHOLDERS | set(pack.config["values"].get("patterns", {}))
    for level, query in (("context", grammar.context), ("flow", grammar.flow), ("full", grammar.full)):
        if query is None:
            continue
        captures = {query.capture_name(number) for number in range(query.capture_count)}
        captures = {name for name in captures if not name.startswith("_")}
        snippets = pack.snippets.get(level, {})
        problems += [f"{level}.scm: @{name} has no snippet [{level}.{name}]" for name in captures - set(snippets)]
        problems += [f"snippets.toml: [{level}.{name}] is not captured" for name in set(snippets) - captures]
        for name, snippet in snippets.items():
            problems += list(_snippet(f"{level}.{name}", snippet, known))
    if pack.config["layout"] not in _LAYOUTS:
        problems.append(f"pack.toml: layout = {pack.config['layout']!r} is not one of {', '.join(_LAYOUTS)}")
    elif pack.config["layout"] == "indent":
        problems += _block(pack.snippets["function"]["block"], known)
    else:
        hooks = hooks_of(pack)
        problems += [f"hooks.py has no function {name}" for name in _HOOKS if not hasattr(hooks, name)]
        for shape, parts in pack.snippets["function"].items():
            for part, text in parts.items():
                problems += _per_level(f"function.{shape}.{part}", text, known)
    return [f"pack {pack.name}: {problem}" for problem in problems]


def _block(block: dict[str, str], known: set[str]) -> Iterator[str]:
    for level in Level:
        text = block.get(level.value)
        if text is None:
            yield f"snippets.toml: [function.block] has no entry {level.value!r}"
        else:
            yield from _text(f"function.block.{level.value}", text, known)


def _per_level(where: str, text: str | dict[str, str], known: set[str]) -> Iterator[str]:
    if isinstance(text, str):
        yield from _text(where, text, known)
        return
    for level in Level:
        if level.value not in text:
            yield f"snippets.toml: [{where}] has no entry {level.value!r}"
        else:
            yield from _text(where, text[level.value], known)


def _snippet(where: str, snippet: dict[str, str], known: set[str]) -> Iterator[str]:
    anchor = snippet.get("anchor", "")
    if anchor not in _ANCHORS:
        yield f"snippets.toml: [{where}] anchor {anchor!r} is not one of {', '.join(_ANCHORS)}"
        return
    for entry in _ANCHORS[anchor]:
        if entry not in snippet:
            yield f"snippets.toml: [{where}] has no entry {entry!r}"
        else:
            yield from _text(where, snippet[entry], known)


def _text(where: str, text: str, known: set[str]) -> Iterator[str]:
    names = set(re.findall(r"\{(\w+)\}", text))
    for name in sorted(names - known):
        yield f"snippets.toml: [{where}] has an unknown placeholder {{{name}}}"
    if not names & {"alias", "bare", "span"}:
        yield f"snippets.toml: [{where}] holds no reserved name, so it could not be found again"


def check_cases(pack: Pack, update: bool) -> list[str]:
    """All cases of a pack that do not give what they should; with `update`, they are made to."""
    problems = []
    folder = pack.folder / "cases"
    for before in sorted(folder.glob("*.before.*")):
        source = before.read_bytes()
        for level in Level:
            after = before.with_name(before.name.replace(".before.", f".{level.value}."))
            if not after.exists() and (level is not Level.FUNCTION or not update):
                continue
            output = instrument(source, pack, Options(level)).output
            if update:
                after.write_bytes(output)
            if output != after.read_bytes():
                problems.append(f"pack {pack.name}: {after.name} is not what comes out")
            if strip(output, pack) != source:
                problems.append(f"pack {pack.name}: {before.name} does not come back at level {level.value}")
    return problems


def main(arguments: list[str]) -> int:
    """Check the packs in a folder (default: the built-in ones); 0 when all is well, else 1."""
    update = "--update" in arguments
    named = [argument for argument in arguments if not argument.startswith("-")]
    folder = Path(named[0]) if named else None
    names = pack_names(folder)
    if not names:
        print(f"{folder or BUILT_IN}: no packs here")
        return 1
    problems: list[str] = []
    for name in names:
        try:
            pack = load_pack(name, folder)
            problems += check_pack(pack) or check_cases(pack, update)
        except TelemetryInjectError as error:
            problems.append(error.title)
    print("\n".join(problems) or f"{len(names)} pack{'s' * (len(names) > 1)} checked: {', '.join(names)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
