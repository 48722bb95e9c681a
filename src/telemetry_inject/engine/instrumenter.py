"""From the bytes of one file to its insertions: the order of the engine's steps.

    strip -> parse -> extract -> generate per unit -> import -> revert check -> parser's check
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Protocol

from telemetry_inject.engine.edits import shifted
from telemetry_inject.engine.file_reconstructor import FileReconstructor
from telemetry_inject.engine.function_extractor import Extraction, Function, opted_out
from telemetry_inject.engine.newlines import indent_before, newline_after
from telemetry_inject.engine.options import Options, Placement
from telemetry_inject.engine.packs import Pack, hooks_of, parseable
from telemetry_inject.engine.prologue import NoImport, import_insertion
from telemetry_inject.engine.snippets import Names
from telemetry_inject.engine.stripper import strip
from telemetry_inject.engine.telemetry_generator import TelemetryGenerator, generator_for
from telemetry_inject.engine.tree_sitter_analyzer import Analysis, TreeSitterAnalyzer
from telemetry_inject.engine.verify import native_check, prove_program
from telemetry_inject.types import (
    UNPROVED,
    FileStatus,
    FunctionReport,
    FunctionStatus,
    Insertion,
    Unit,
    UnitEdits,
)

UNCOMPILED = "would not compile: "


@dataclass(frozen=True, slots=True)
class UnitResult:
    """One unit, its edits, and the same insertions at offsets into the file."""

    unit: Unit
    edits: UnitEdits
    placed: Sequence[Insertion]


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

    def imported(self, pack: Pack) -> bytes:
        """The text of the inserted import; nothing when there is none."""
        return pack.import_among(text for _, text in self.insertions)


class UnitGate(Protocol):
    """Who knows the edits of units from before, and who proves new ones."""

    def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
        """The edits of each unit, where they are known already."""

    def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
        """The edits to use for a new unit, or the reason why the unit has to be left as it is."""


class OpenGate:
    """Knows nothing and trusts the templates: for use of the engine as a library."""

    def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
        """Nothing is known."""
        return [None] * len(units)

    def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
        """What the templates gave is taken."""
        return edits


def instrument(
    source: bytes,
    pack: Pack,
    options: Options = Options(),  # noqa: B008 - frozen
    placement: Placement = Placement(),  # noqa: B008
    gate: UnitGate = OpenGate(),  # noqa: B008
) -> Result:
    """Instrument one file. Never raises for bad input: the status and reason say what is wrong with it.

    `gate` may know the edits of some units already, and proves those of the others. Raises PackError when the
    pack is broken, and InvariantError when a promise does not hold (then nothing may be written).
    """
    base = strip(source, pack)
    if opted_out(base):
        return Result(FileStatus.SKIPPED, "asked for in a comment", base, base)
    hooks = hooks_of(pack)
    text = parseable(pack, base)
    if text is None:
        return Result(FileStatus.FAILED, "its encoding cannot be read", base, base)
    analysis = TreeSitterAnalyzer(pack, options.level, options.everything, placement).analyse(text)
    if analysis.uncertain and (verdict := native_check(base, pack)):
        return Result(FileStatus.FAILED, verdict.text, base, base)
    if analysis.uncertain and hooks is None:
        return Result(FileStatus.FAILED, "syntax error", base, base)
    if not analysis.extraction.functions:
        return Result(FileStatus.UNCHANGED, "no functions", base, base)
    try:
        return _insert(base, analysis, pack, options, placement, gate)
    finally:
        analysis.extraction.release()


def _insert(
    base: bytes, analysis: Analysis, pack: Pack, options: Options, placement: Placement, gate: UnitGate
) -> Result:
    """The analysed file with telemetry, proved; it has functions."""
    text, extraction = analysis.text, analysis.extraction
    names = Names(_free_alias(base, pack.alias))
    generator = generator_for(pack, options.level, text, names, analysis.opaque, analysis.sites, options.same_line)

    def attempt(gate: UnitGate) -> Result:
        units = _units(extraction, base, pack, generator, gate)
        insertions: list[Insertion] = []
        for unit in units:
            insertions += unit.placed
        reports = tuple(_report(function, generator) for function in extraction.functions)
        if not insertions:
            return Result(FileStatus.UNCHANGED, "no function to instrument", base, base, (), reports)
        extra = import_insertion(analysis.root, text, pack, options.level, names.alias, placement, options.same_line)
        if extra and _only_returns(base):
            extra = Insertion(extra.offset, extra.text.replace(b"\n", b"\r"))
        if extra:  # mostly in front of all; the units come in order
            insertions.insert(bisect_left(insertions, extra.offset, key=itemgetter(0)), extra)
        complete = tuple(insertions)
        output = FileReconstructor.rebuild(base, complete)
        return Result(FileStatus.INSTRUMENTED, "", base, output, complete, reports, tuple(units), "insertions reverted")

    try:
        result = attempt(gate)
    except NoImport as reason:
        return Result(FileStatus.SKIPPED, str(reason), base, base)
    while result.status is FileStatus.INSTRUMENTED and options.validate:
        verdict = native_check(result.output, pack, base, result.imported(pack))
        if verdict is None:
            break
        if verdict.accepted:
            said = f"checked by the grammar only; the parser of this machine says {verdict.text}"
            result = replace(result, reason=said)
            break
        culprit = function_at(result, verdict.line, extraction) if verdict.ours else None
        if culprit is None:
            return Result(FileStatus.FAILED, verdict.text, base, base)
        culprit.skip = UNCOMPILED + verdict.message
        result = attempt(OpenGate())
    if analysis.uncertain and result.status is FileStatus.INSTRUMENTED:
        proof = prove_program(base, result.output, pack, names.alias, result.imported(pack))
        if not proof:
            return Result(FileStatus.FAILED, "syntax that the grammar does not know", base, base)
    return result


def _only_returns(base: bytes) -> bool:
    """Whether lines end in carriage returns alone, as on the first Macs (the parser saw line feeds)."""
    return b"\r" in base and b"\n" not in base


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
    extraction: Extraction, base: bytes, pack: Pack, generator: TelemetryGenerator, gate: UnitGate
) -> list[UnitResult]:
    wanted: list[tuple[Function, list[Function], Unit]] = []
    for outermost in extraction.outermost:
        family = list(_family(outermost))
        if not all(function.skip for function in family):
            wanted.append((outermost, family, _unit(outermost, family, base, pack, generator.names.alias)))
    known = gate.known([unit for _, _, unit in wanted])
    old_mac = _only_returns(base)
    results: list[UnitResult] = []
    for (outermost, family, unit), edits in zip(wanted, known, strict=True):
        if edits is not None:
            late = dict(edits.late_skips)
            for function in family:
                function.skip = function.skip or late.get(function.site, "")
                function.provenance = "cache"
            results.append(UnitResult(unit, edits, shifted(edits.insertions, unit.start)))
            continue
        before = {function.site for function in family if function.skip}
        placed: Sequence[Insertion] = generator.unit(outermost)
        if old_mac:
            placed = [Insertion(offset, text.replace(b"\n", b"\r")) for offset, text in placed]
        late_skips = tuple(
            (function.site, function.skip) for function in family if function.skip and function.site not in before
        )
        edits = UnitEdits(tuple(shifted(placed, -unit.start)), late_skips)
        proved = gate.prove(unit, edits)
        if isinstance(proved, str):
            for function in family:
                function.skip = function.skip or UNPROVED + proved
        elif proved.insertions or proved.late_skips:
            if proved is not edits:  # repaired: these are not the templates' own
                placed = shifted(proved.insertions, unit.start)
                for function in family:
                    function.provenance = "model"
            results.append(UnitResult(unit, proved, placed))
    return results


def _unit(outermost: Function, family: Sequence[Function], base: bytes, pack: Pack, alias: str) -> Unit:
    node = outermost.node
    if node.parent is not None and node.parent.type == pack.config["nodes"].get("decorated"):
        node = node.parent
    indent = indent_before(base, node.start_byte)
    context = (
        alias,
        "none" if indent is None else indent.decode("latin-1"),
        newline_after(base, outermost.start).decode(),
        *(f"{function.site}={function.skip or function.kind}" for function in family),
    )
    return Unit(
        pack.name, outermost.name, outermost.qualname, node.start_byte, node.start_point[0] + 1,
        base[node.start_byte : outermost.end], context,
    )  # fmt: skip


def _report(function: Function, generator: TelemetryGenerator) -> FunctionReport:
    status = FunctionStatus.SKIPPED if function.skip else FunctionStatus.INSTRUMENTED
    if function.skip.startswith((UNPROVED, UNCOMPILED)):
        status = FunctionStatus.FAILED
    sites = 0 if function.skip else 1 + len(generator.sites.get(function.start, ()))
    return FunctionReport(function.site, function.line, status, function.skip, function.provenance, sites)


def function_at(result: Result, line: int, extraction: Extraction) -> Function | None:
    """The innermost instrumented function at a line of the output (from 1), such as one that a parser refused."""
    lines = result.output.splitlines(keepends=True)
    if not 0 < line <= len(lines):
        return None
    # The end of that line, without the line end: that may lie outside of a function which the line ends.
    position = sum(map(len, lines[: line - 1])) + len(lines[line - 1].rstrip(b"\r\n"))
    shift = 0
    last = len(result.base)
    for offset, text in result.insertions:
        if offset + shift + len(text) > position:
            last = offset  # the line may end inside of this insertion
            break
        shift += len(text)
    offset = max(0, min(position - shift - 1, last))
    starts = [function.start for function in extraction.functions]
    index = bisect_right(starts, offset) - 1
    found: Function | None = extraction.functions[index] if index >= 0 else None
    while found is not None and (found.end <= offset or found.skip):
        found = found.outer
    return found
