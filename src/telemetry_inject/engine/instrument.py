"""From the bytes of one file to its insertions: the order of the engine's steps.

    strip -> parse -> extract -> generate per unit -> import -> revert check -> parser's check
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from telemetry_inject.engine.edits import apply, ordered, revert, shifted
from telemetry_inject.engine.function_extractor import Extraction, Function, extract, opted_out
from telemetry_inject.engine.indent_layout import opaque_ranges
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.packs import Pack, grammar_of, hooks_of
from telemetry_inject.engine.prologue import import_insertion
from telemetry_inject.engine.sites import find_sites
from telemetry_inject.engine.strip import strip
from telemetry_inject.engine.telemetry_generator import Names, TelemetryGenerator
from telemetry_inject.engine.verify import Verdict, native_check, prove_program
from telemetry_inject.errors import InvariantError
from telemetry_inject.types import (
    FileStatus,
    FunctionReport,
    FunctionStatus,
    Insertion,
    Level,
    Unit,
)

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Options:
    """What the output depends on besides the source. `everything` also takes trivial and implicit functions."""

    level: Level = Level.FUNCTION
    everything: bool = False
    validate: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the helper is: `ups` folders above the file."""

    ups: int = 0


@dataclass(frozen=True, slots=True)
class UnitEdits:
    """What goes into one unit: insertions at offsets into the unit, and why inner functions were left alone."""

    insertions: tuple[Insertion, ...]
    late_skips: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One unit, its edits, and whether they came from the lookup."""

    unit: Unit
    edits: UnitEdits
    known: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one file. `base` is the source without telemetry of ours; insertions refer to it."""

    status: FileStatus
    reason: str
    base: bytes
    output: bytes
    insertions: tuple[Insertion, ...] = ()
    functions: tuple[FunctionReport, ...] = ()
    units: tuple[UnitResult, ...] = field(default=())
    proof: str = ""


Lookup = Callable[[Sequence[Unit]], Sequence[UnitEdits | None]]


def instrument(
    source: bytes,
    pack: Pack,
    options: Options = Options(),  # noqa: B008 - frozen
    placement: Placement = Placement(),  # noqa: B008
    lookup: Lookup | None = None,
) -> Result:
    """Instrument one file. Never raises for bad input: the status and reason say what is wrong with it.

    `lookup` may know the edits of some units already. Raises PackError when the pack is broken, and
    InvariantError when a promise does not hold (then nothing may be written).
    """
    base = strip(source, pack)
    if opted_out(base):
        return Result(FileStatus.SKIPPED, "asked for in a comment", base, base)
    hooks = hooks_of(pack)
    text = hooks.parseable(base) if hooks and hasattr(hooks, "parseable") else base
    if text is None:
        return Result(FileStatus.FAILED, "its encoding cannot be read", base, base)
    grammar = grammar_of(pack)
    root = grammar.parser.parse(text).root_node
    uncertain = root.has_error
    if uncertain and (verdict := native_check(base, pack)):
        return Result(FileStatus.FAILED, verdict.text, base, base)
    if uncertain and hooks is None:
        return Result(FileStatus.FAILED, "syntax error", base, base)
    extraction = extract(root, text, pack, grammar, options.level, options.everything)
    if not extraction.functions:
        return Result(FileStatus.UNCHANGED, "no functions", base, base)
    names = Names(_free_alias(base, pack.alias))
    opaque = opaque_ranges(
        root, text, re.compile(pack.config["opaque_hint"].encode()), pack.config["opaque"]
    )
    sites = find_sites(root, text, pack, grammar, options.level, extraction)
    generator = TelemetryGenerator(pack, options.level, text, names, opaque, sites)

    def attempt() -> Result:
        units = _units(extraction, base, pack, generator, lookup)
        insertions = [
            shifted
            for result in units
            for shifted in _at(result.unit.start, result.edits.insertions)
        ]
        reports = tuple(_report(function) for function in extraction.functions)
        if not insertions:
            return Result(FileStatus.UNCHANGED, "no function to instrument", base, base, (), reports)
        extra = import_insertion(root, text, pack, options.level, names.alias, placement.ups)
        complete = ordered([*([extra] if extra else []), *insertions])
        output = apply(base, complete)
        if revert(output, complete) != base:
            raise InvariantError("removing the insertions does not give the original")
        return Result(
            FileStatus.INSTRUMENTED, "", base, output, complete, reports, tuple(units), "insertions reverted"
        )

    result = attempt()
    while result.status is FileStatus.INSTRUMENTED and options.validate:
        verdict = native_check(result.output, pack, base, grammar)
        if verdict is None:
            break
        culprit = _culprit(result, verdict, extraction) if verdict.ours else None
        if culprit is None:
            return Result(FileStatus.FAILED, verdict.text, base, base)
        culprit.skip = f"would not compile: {verdict.message}"
        lookup = None
        result = attempt()
    if uncertain and result.status is FileStatus.INSTRUMENTED:
        proof = prove_program(base, result.output, pack, names.alias)
        if not proof:
            return Result(FileStatus.FAILED, "syntax that the grammar does not know", base, base)
    return result


def _at(start: int, insertions: Sequence[Insertion]) -> list[Insertion]:
    return shifted(insertions, start) if start else list(insertions)


def _free_alias(base: bytes, alias: str) -> str:
    """The pack's alias, numbered until neither it nor the span name made from it occurs in the file."""
    candidate, number = alias, 1
    while candidate.encode() in base:
        number += 1
        candidate = f"{alias}_{number}"
    return candidate


def _family(function: Function) -> Iterator[Function]:
    yield function
    for child in function.children:
        yield from _family(child)


def _units(
    extraction: Extraction, base: bytes, pack: Pack, generator: TelemetryGenerator, lookup: Lookup | None
) -> list[UnitResult]:
    decorated = pack.config["nodes"].get("decorated")
    wanted: list[tuple[Function, Unit]] = []
    for outermost in extraction.outermost:
        family = list(_family(outermost))
        if all(function.skip for function in family):
            continue
        node = outermost.node.parent
        start = node.start_byte if node is not None and node.type == decorated else outermost.start
        line = (node if node is not None and start != outermost.start else outermost.node).start_point[0] + 1
        indent = indent_before(base, start)
        context = (
            generator.names.alias,
            "none" if indent is None else indent.decode("latin-1"),
            newline_after(base, outermost.start).decode(),
            *(f"{function.site}={function.skip}" for function in family),
        )
        wanted.append(
            (outermost, Unit(pack.name, outermost.name, outermost.qualname, start, line,
                             base[start : outermost.end], context))
        )  # fmt: skip
    known = lookup([unit for _, unit in wanted]) if lookup else [None] * len(wanted)
    results: list[UnitResult] = []
    for (outermost, unit), edits in zip(wanted, known, strict=True):
        if edits is not None:
            late = dict(edits.late_skips)
            for function in _family(outermost):
                function.skip = function.skip or late.get(function.site, "")
            results.append(UnitResult(unit, edits, True))
            continue
        before = {function.site for function in _family(outermost) if function.skip}
        insertions = shifted(generator.unit(outermost), -unit.start)
        late_skips = tuple(
            (function.site, function.skip)
            for function in _family(outermost)
            if function.skip and function.site not in before
        )
        if insertions or late_skips:
            results.append(UnitResult(unit, UnitEdits(tuple(insertions), late_skips), False))
    return results


def _report(function: Function) -> FunctionReport:
    status = FunctionStatus.SKIPPED if function.skip else FunctionStatus.INSTRUMENTED
    if function.skip.startswith("would not compile"):
        status = FunctionStatus.FAILED
    return FunctionReport(function.site, function.line, status, function.skip)


def _culprit(result: Result, verdict: Verdict, extraction: Extraction) -> Function | None:
    """The innermost instrumented function at the line of the output that the parser refused."""
    lines = result.output.splitlines(keepends=True)
    if not 0 < verdict.line <= len(lines):
        return None
    position = sum(map(len, lines[: verdict.line]))
    shift = 0
    for offset, text in result.insertions:
        if offset + shift + len(text) > position:
            break
        shift += len(text)
    offset = max(0, position - shift - 1)
    starts = [function.start for function in extraction.functions]
    index = bisect_right(starts, offset) - 1
    found: Function | None = extraction.functions[index] if index >= 0 else None
    while found is not None and (found.end <= offset or found.skip):
        found = found.outer
    return found


def tree_nodes(root: Node) -> int:
    """How many nodes a tree has (for measurements)."""
    return root.descendant_count
