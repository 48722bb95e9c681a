"""What a language's own parser says of a file, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry_inject.engine.packs import Grammar, Pack, grammar_of, hooks_of, parseable
from telemetry_inject.types import Unit

if TYPE_CHECKING:
    from telemetry_inject.engine.parser_process import Answer, ParserProcess


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a parser has against a file: the line (from 1, or 0 when unknown) and the message.

    `ours`: the insertions are to blame. `accepted`: this machine's parser refuses the file with and without
    them (its syntax may be newer), and the grammar has nothing against either.
    """

    line: int
    message: str
    ours: bool = False
    accepted: bool = False

    @property
    def text(self) -> str:
        """In one line, for a person."""
        return f"line {self.line}: {self.message}" if self.line else self.message


def native_check(
    output: bytes, pack: Pack, base: bytes | None = None, imported: bytes = b"", grammar: Grammar | None = None
) -> Verdict | None:
    """None when `output` is fine by the pack's own parser, or without one adds no error to the tree.

    With `base`, a file that this machine's parser refuses before and after alike is judged by the grammar.
    `imported` is the text of the inserted import, which may say what kind of file it is.
    """
    hooks = hooks_of(pack)
    if hooks is not None and hasattr(hooks, "goals"):
        return _by_parser(output, pack, base, hooks.goals(base or output, imported, pack.config), grammar)
    if hooks is None or not hasattr(hooks, "check"):
        return None if base is None else _by_grammar(output, pack, grammar or grammar_of(pack), base)
    found: tuple[int, str, bool] | None = hooks.check(output)
    if found is None:
        return None
    if base is None:
        return Verdict(found[0], found[1])
    original: tuple[int, str, bool] | None = hooks.check(base)
    if original is None:
        return Verdict(found[0], found[1], ours=True)
    line, message, maybe_newer = original
    if not maybe_newer:
        return Verdict(line, message)
    grammar = grammar or grammar_of(pack)
    old = _unsupported(base, pack, grammar)
    if old:
        return Verdict(*old)
    return _by_grammar(output, pack, grammar, base) or Verdict(line, message, accepted=True)


def _by_parser(
    output: bytes, pack: Pack, base: bytes | None, goals: Sequence[str], grammar: Grammar | None
) -> Verdict | None:
    """By the parser of the language's toolchain, in a process of its own, where there is one on this machine."""
    from telemetry_inject.engine.native_parser import native_parser

    parser = native_parser(pack.find("checker"))
    if base is not None:  # most files cost one question: what the parser takes is fine, whatever the source was
        answer = parser.check(goals[0], output)
        if answer.accepted:
            return None
        if not answer.refused and len(goals) == 1:
            return _by_grammar(output, pack, grammar or grammar_of(pack), base)
    goal, first = _goal(parser, goals, output if base is None else base)
    if base is None:
        return None if goal or first is None else Verdict(first.line, first.message)
    if goal:
        answer = parser.check(goal, output)
        if answer.accepted:
            return None
        if answer.refused:
            return Verdict(answer.line, answer.message, ours=True)
    # No toolchain here, or a dialect that it does not know.
    return _by_grammar(output, pack, grammar or grammar_of(pack), base)


def _goal(parser: ParserProcess, goals: Sequence[str], source: bytes) -> tuple[str, Answer | None]:
    """The first goal for which the parser accepts `source`, or nothing and what it said first if it refused."""
    first = None
    for goal in goals:
        answer = parser.check(goal, source)
        if answer.accepted:
            return goal, None
        first = first or (answer if answer.refused else None)
    return "", first


def _by_grammar(output: bytes, pack: Pack, grammar: Grammar, base: bytes) -> Verdict | None:
    """None when the grammar stumbles over nothing, or only over what it does not know in `base` either."""
    text = parseable(pack, output)
    if text is not None and not grammar.parser.parse(text).root_node.has_error:
        return None
    known = _errors(base, pack)
    if not known:
        return Verdict(0, "the instrumented text does not parse")
    return None if known == _errors(output, pack) else Verdict(0, "syntax that the grammar does not know")


def _unsupported(base: bytes, pack: Pack, grammar: Grammar) -> tuple[int, str] | None:
    """The first node of a kind that the pack declares unsupported: its line and the reason."""
    from tree_sitter import Query, QueryCursor

    kinds: dict[str, str] = pack.config.get("unsupported", {})
    if not kinds:
        return None
    query = Query(grammar.language, " ".join(f"({kind}) @{kind}" for kind in kinds))
    text = parseable(pack, base)
    captures = QueryCursor(query).captures(grammar.parser.parse(text or b"").root_node)
    for kind, nodes in captures.items():
        return nodes[0].start_point[0] + 1, kinds[kind]
    return None


def prove_program(base: bytes, output: bytes, pack: Pack, alias: str, imported: bytes = b"") -> bool:
    """Whether `output` without our nodes has the syntax tree of `base`, by the language's own parser.

    Where that gives no tree: whether it accepts both (if it is on this machine), and the grammar stumbles over
    the very same places, in which nothing was inserted.
    """
    hooks = hooks_of(pack)
    if hooks is not None and hasattr(hooks, "same_program"):
        return bool(hooks.same_program(base, output, alias))
    if hooks is None or not hasattr(hooks, "goals"):
        return False
    from telemetry_inject.engine.native_parser import native_parser

    parser = native_parser(pack.find("checker"))
    goal, refused = _goal(parser, hooks.goals(base, imported, pack.config), base)
    if refused is not None or (goal and not parser.check(goal, output).accepted):
        return False
    return _errors(base, pack) == _errors(output, pack)


def _errors(source: bytes, pack: Pack) -> list[bytes]:
    """The texts of the tree's errors, in order."""
    found: list[bytes] = []
    nodes = [grammar_of(pack).parser.parse(parseable(pack, source) or b"").root_node]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            found.append(node.text or b"")
        elif node.has_error:
            nodes.extend(reversed(node.children))
    return found


def unit_problem(pack: Pack, unit: Unit, before: bytes, after: bytes) -> str:
    """What the language's own parser has against `after` in place of the unit `before`; nothing when it is
    the same program but for our nodes. Without such a parser the answer is always a refusal."""
    hooks = hooks_of(pack)
    if hooks is None or not hasattr(hooks, "same_program"):
        return "this language has no parser that could prove it"
    alias, indent = unit.context[0], unit.context[1]
    lead = b"" if indent in ("", "none") else b"if 1:\n" + indent.encode("latin-1")
    if not hooks.same_program(lead + before, lead + after, alias):
        return "the result is not the same program with telemetry"
    return ""
