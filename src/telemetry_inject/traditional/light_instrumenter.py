"""Instruments a file of a language without a grammar, at the places that a model has named and that were proved.

    def total(items)                        def total(items)
      items.sum                               _tlm_s = ::TelemetryInject.enter('total'); begin; begin; items.sum
    end                                     end; rescue ::Exception => ...; ensure; _tlm_s.exit; end; end

No line moves, and every text is a snippet of the light pack. That a place is what it seems is asked of the
language's own checker: the lines alone are a whole, no beginning of them is, and nonsense at an anchor is noticed,
as it would not be inside of a string.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from telemetry_inject.engine.edits import ordered
from telemetry_inject.engine.file_reconstructor import FileReconstructor
from telemetry_inject.engine.function_extractor import LEFT_OUT, opted_out
from telemetry_inject.engine.instrumenter import Result
from telemetry_inject.errors import InvariantError
from telemetry_inject.traditional.language_checker import LanguageChecker, checker_of
from telemetry_inject.traditional.lexis import Masked, mask
from telemetry_inject.traditional.light_packs import LightPack, compiled
from telemetry_inject.traditional.line_claims import Claim, LeftAlone, LineFinder, Place, Unplaced, Unseen
from telemetry_inject.types import FileStatus, FunctionReport, FunctionStatus, Insertion

NOT_NAMED = "the model did not name it"
ONE_LINE = "begins and ends on one line"
NOTHING_TRUE = "nothing that the model says of it is true"
MOST_CLOSERS = 80  # in one function; each is a run of the checker
_NONSENSE = b") ) "
_PLACEHOLDERS = {"{name}": r"[\w.:#?!=<>+*/%&|^~@\[\]-]+", "{plain}": r"\w+"}


@dataclass(frozen=True, slots=True)
class LightFile:
    """One file before a model is asked: `refused` says why it is not (then with this status)."""

    base: bytes
    masked: Masked
    refused: str = ""
    status: FileStatus = FileStatus.SKIPPED


@dataclass(frozen=True, slots=True)
class Proof:
    """The claims of an answer, judged: places, and one line for each that was refused.

    `left` are those of functions that are where they were said to be, and are left alone all the same; `out` are
    the lines of those that someone wants left out. `unseen` are lines and names of those that only the model sees.
    """

    places: tuple[Place, ...] = ()
    problems: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    out: frozenset[int] = frozenset()
    unseen: tuple[tuple[int, str], ...] = ()

    def and_also(self, other: Proof) -> Proof:
        """Both together; of a function that both hold, the first."""
        known = {place.first for place in self.places}
        places = (*self.places, *(place for place in other.places if place.first not in known))
        return Proof(
            tuple(sorted(places, key=lambda place: place.first)),
            (*self.problems, *other.problems),
            (*self.left, *other.left),
            unseen=(*self.unseen, *other.unseen),
        )


def strip_light(source: bytes, pack: LightPack) -> bytes:
    """`source` without what a light pack inserts."""
    return _inserted(pack).sub(b"", source) if pack.reserved.search(source) else source


@cache
def _inserted(pack: LightPack) -> re.Pattern[bytes]:
    texts = []
    for name in ("enter", "exit", "import"):
        snippet = pack.snippet(name)
        if snippet is not None:
            text = re.escape(snippet[1])
            for placeholder, pattern in _PLACEHOLDERS.items():
                text = text.replace(re.escape(placeholder), pattern)
            texts.append(text)
    return re.compile("|".join(texts).encode())


def prepare(source: bytes, pack: LightPack, relative: str) -> LightFile:
    """The file without telemetry of ours, and whether it may be instrumented at all."""
    base = strip_light(source, pack)
    masked = mask(base, pack.config["lexis"])

    def refused(reason: str, status: FileStatus = FileStatus.SKIPPED) -> LightFile:
        return LightFile(base, masked, reason, status)

    if opted_out(base):
        return refused("asked for in a comment")
    if pack.reserved.search(base):
        return refused("uses names that telemetry-inject reserves")
    function = pack.config["function"]
    if "guard_file" in function and (found := compiled(function["guard_file"]).search(base)):
        return refused(f"uses {found.group().decode('ascii', 'replace').split()[0]}")
    if "shebang" in pack.config and relative.rpartition(".")[2] not in pack.config.get("shebang_extensions", ()):
        first = base.split(b"\n", 1)[0]
        if not first.startswith(b"#!") or not compiled(pack.config["shebang"]).search(first):
            return refused(f"its first line does not ask for {pack.name}")
    checker = checker_of(pack)
    if masked.unended and not checker.wanted:
        return refused(f"line {masked.unended}: a text begins here, and its end is not found")
    if not LineFinder(base, masked, pack).headers():
        return refused("no functions", FileStatus.UNCHANGED)
    if checker.wanted and checker.command is None:
        return refused(f"{checker.program} is not on this machine: what a model says of {pack.title} is not proved")
    if checker.wanted and (fault := checker.fault(base)) is not None:
        return refused(fault, FileStatus.FAILED)
    return LightFile(base, masked)


def prove(file: LightFile, pack: LightPack, claims: Sequence[Claim]) -> Proof:
    """Which of the claims are true."""
    finder = LineFinder(file.base, file.masked, pack)
    checker = checker_of(pack)
    places: dict[int, Place] = {}
    problems, left, unseen = [], [], []
    for claim in claims:
        try:
            place = finder.place(claim)
            if place.first in places:
                raise Unplaced(f"line {place.first} is named twice")
            if checker.wanted:
                _check(place, file, finder, pack, checker)
            places[place.first] = place
        except Unseen as reason:
            left.append(str(reason))
            unseen.append((reason.line, reason.name))
        except LeftAlone as reason:
            left.append(str(reason))
        except Unplaced as reason:
            problems.append(str(reason))
    ordered_places = tuple(places[first] for first in sorted(places))
    return Proof(ordered_places, tuple(problems), tuple(left), unseen=tuple(unseen))


def _check(place: Place, file: LightFile, finder: LineFinder, pack: LightPack, checker: LanguageChecker) -> None:
    base = file.base
    anchors = {place.enter, place.exit} if pack.snippet("exit") is not None else {place.enter}
    for offset in anchors:
        if checker.fault(base[:offset] + _NONSENSE + base[offset:]) is None:
            raise Unplaced(f"line {place.first}: the function stands inside of a text")
    if not checker.is_whole(base[place.start : place.end]):
        raise Unplaced(f"lines {place.first} to {place.last} alone are not a whole function")
    if pack.config["lexis"].get("braces"):
        return  # its brackets close on its last line and not before
    closer = pack.pattern("closer")
    inner = [
        number for number in range(place.first, place.last) if closer is not None and closer.search(finder.code(number))
    ]
    if len(inner) > MOST_CLOSERS:
        raise LeftAlone(f"line {place.first}: the function is too long to be proved")
    for number in inner:
        end = finder.starts[number - 1] + len(finder.line(number))
        if checker.is_whole(base[place.start : end]):
            raise Unplaced(f"the function on line {place.first} ends before line {place.last}")


def render(file: LightFile, pack: LightPack, proof: Proof, leave_out: frozenset[str] = frozenset()) -> Result:
    """The file with telemetry at the proved places. Raises InvariantError when a promise does not hold.

    `leave_out` are the names of functions, as in reports, that are left as they are.
    """
    reports = _reports(file, pack, proof)
    if leave_out:
        proof = _without(proof, {report.line for report in reports if report.qualname in leave_out})
        reports = _reports(file, pack, proof)
    if not proof.places:
        reason = NOTHING_TRUE if proof.problems else "no function to instrument"
        return Result(FileStatus.UNCHANGED, reason, file.base, file.base, (), reports)
    places = list(proof.places)
    dropped: dict[int, str] = {}
    checker = checker_of(pack)
    while places:
        insertions = _insertions(file, pack, places)
        output = FileReconstructor.rebuild(file.base, insertions)
        if strip_light(output, pack) != file.base:
            raise InvariantError("taking the telemetry out again does not give the original")
        fault = checker.fault(output) if checker.wanted else None
        if fault is None:
            functions = tuple(_dropped(report, dropped) for report in reports)
            return Result(
                FileStatus.INSTRUMENTED, "", file.base, output, insertions, functions, (), "insertions reverted"
            )
        culprit = _culprit(file, pack, places, checker)
        if culprit is None:
            break
        places.remove(culprit)
        dropped[culprit.first] = "would not compile"
    functions = tuple(_dropped(report, dropped) for report in reports)
    return Result(FileStatus.FAILED, "would not compile with telemetry", file.base, file.base, (), functions)


def _without(proof: Proof, lines: set[int]) -> Proof:
    """The proof without the functions on these lines, and without what lies inside of them."""
    spans = [(place.first, place.last) for place in proof.places if place.first in lines]
    out = lines | {place.first for place in proof.places for first, last in spans if first <= place.first <= last}
    places = tuple(place for place in proof.places if place.first not in out)
    return replace(proof, places=places, out=frozenset(out))


def _culprit(file: LightFile, pack: LightPack, places: Sequence[Place], checker: LanguageChecker) -> Place | None:
    """The first place that the checker refuses by itself."""
    for place in places:
        if checker.fault(FileReconstructor.rebuild(file.base, _insertions(file, pack, [place]))) is not None:
            return place
    return None


def _insertions(file: LightFile, pack: LightPack, places: Sequence[Place]) -> tuple[Insertion, ...]:
    imported = pack.snippet("import")
    assert imported is not None
    found = [Insertion(_import_place(file, pack, imported[0]), imported[1].encode())]
    for place in places:
        for name, offset in (("enter", place.enter), ("exit", place.exit)):
            snippet = pack.snippet(name)
            if snippet is not None:
                text = snippet[1].replace("{name}", place.name).replace("{plain}", place.plain)
                found.append(Insertion(offset, text.encode()))
    return ordered(found)


def _import_place(file: LightFile, pack: LightPack, anchor: str) -> int:
    base, code = file.base, file.masked.text
    if anchor == "after-prologue":
        prologue = compiled(pack.config["snippets"]["prologue"])
        found = prologue.search(base)
        assert found is not None  # there is a function, so there is code
        here = found.end()
        while (more := re.compile(rb"\s*").match(code, here)) and (found := prologue.match(code, more.end())):
            here = found.end()
        return here
    finder = LineFinder(base, file.masked, pack)
    for number in range(1, finder.count + 1):
        line = finder.line(number)
        if number == 1 and line.startswith((b"#!", b"\xef\xbb\xbf#!")):
            continue
        if number not in file.masked.inside and finder.code(number).strip():
            start = finder.starts[number - 1]
            if number == 1 and line.startswith(b"\xef\xbb\xbf"):
                return start + 3
            return start + len(line) - len(line.lstrip(b" \t"))
    raise InvariantError("a file with functions has no code")


def _reports(file: LightFile, pack: LightPack, proof: Proof) -> tuple[FunctionReport, ...]:
    finder = LineFinder(file.base, file.masked, pack)
    sites = 2 if pack.snippet("exit") is not None else 1
    done = {
        place.first: FunctionReport(place.name, place.first, FunctionStatus.INSTRUMENTED, "", "model", sites)
        for place in proof.places
    }
    told = (*proof.problems, *proof.left)
    why = {int(found[1]): problem for problem in told if (found := re.search(r"lines? (\d+)", problem))}
    names = {**dict(proof.unseen), **{number: finder.own_name(number) for number in finder.headers()}}
    for number, name in names.items():
        if number not in done:
            reason = why.get(number) or (ONE_LINE if finder.is_one_line(number) else NOT_NAMED)
            done[number] = FunctionReport(name, number, FunctionStatus.SKIPPED, reason, "model")
        if number in proof.out:
            done[number] = replace(done[number], reason=LEFT_OUT)
    seen: Counter[str] = Counter()
    reports = []
    for number in sorted(done):
        report = done[number]
        seen[report.qualname] += 1
        count = seen[report.qualname]
        reports.append(report if count == 1 else replace(report, qualname=f"{report.qualname}#{count}"))
    return tuple(reports)


def _dropped(report: FunctionReport, dropped: dict[int, str]) -> FunctionReport:
    if report.line not in dropped:
        return report
    return FunctionReport(report.qualname, report.line, FunctionStatus.FAILED, dropped[report.line], "model")
