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

_ANCHORS = {"block-start": ("text",), "after": ("text",), "around": ("open", "tight", "close")}
_PLACEHOLDERS = {"alias", "span", "name", "label", "line", "names", "arguments"}


def check_pack(pack: Pack) -> list[str]:
    """All that is wrong with a pack's form, one line each."""
    problems = []
    try:
        grammar = grammar_of(pack)
        pack.helper_source()
        hooks_of(pack)
    except PackError as error:
        return [error.title]
    kinds = {grammar.language.node_kind_for_id(number) for number in range(grammar.language.node_kind_count)}
    for entry, kind in pack.config["nodes"].items():
        fields = {grammar.language.field_name_for_id(number) for number in range(grammar.language.field_count + 1)}
        if kind not in kinds and kind not in fields:
            problems.append(f"pack.toml: nodes.{entry} = {kind!r} is neither a node nor a field of the grammar")
    for level, query in (("flow", grammar.flow), ("full", grammar.full)):
        captures = {query.capture_name(number) for number in range(query.capture_count)}
        snippets = pack.snippets.get(level, {})
        problems += [f"{level}.scm: @{name} has no snippet [{level}.{name}]" for name in captures - set(snippets)]
        problems += [f"snippets.toml: [{level}.{name}] is not captured" for name in set(snippets) - captures]
        for name, snippet in snippets.items():
            problems += list(_snippet(f"{level}.{name}", snippet))
    for level in Level:
        text = pack.snippets["function"]["block"].get(level.value)
        if text is None:
            problems.append(f"snippets.toml: [function.block] has no entry {level.value!r}")
        else:
            problems += list(_text(f"function.block.{level.value}", text))
    return [f"pack {pack.name}: {problem}" for problem in problems]


def _snippet(where: str, snippet: dict[str, str]) -> Iterator[str]:
    anchor = snippet.get("anchor", "")
    if anchor not in _ANCHORS:
        yield f"snippets.toml: [{where}] anchor {anchor!r} is not one of {', '.join(_ANCHORS)}"
        return
    for entry in _ANCHORS[anchor]:
        if entry not in snippet:
            yield f"snippets.toml: [{where}] has no entry {entry!r}"
        else:
            yield from _text(where, snippet[entry])


def _text(where: str, text: str) -> Iterator[str]:
    names = set(re.findall(r"\{(\w+)\}", text))
    for name in sorted(names - _PLACEHOLDERS):
        yield f"snippets.toml: [{where}] has an unknown placeholder {{{name}}}"
    if not names & {"alias", "span"}:
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
