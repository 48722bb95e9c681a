"""Which function of a tree each recorded function is: by the path of its file and its qualified name.

What cannot be told for certain is not guessed: it is given back with the functions that it may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from telemetry_inject.coverage.lines import Heads, file_that_ran, heads_of, told_apart
from telemetry_inject.coverage.recorded import Recorded, Recording, together
from telemetry_inject.coverage.tree_files import Roots, TreeFiles
from telemetry_inject.engine.packs import Pack
from telemetry_inject.types import FileReport, FunctionStatus

Function = tuple[str, str]
"""A function of the tree: the path of its file and its name as in reports."""

Texts = Callable[[str], Sequence[bytes]]
"""The texts that a file of the tree may have had when it ran."""

Packs = Callable[[str], Pack | None]
"""The pack of a language that has a grammar."""

_NUMBER = re.compile(r"#[0-9]+$")
_NUMBERED = ("nodejs", "webjs")  # whose spans hold the number of the second function of a name


@dataclass(frozen=True, slots=True)
class Shared:
    """Calls that are of one of several functions. `why` says what they have in common."""

    recorded: Recorded
    functions: tuple[Function, ...]
    why: str


@dataclass(slots=True)
class Matches:
    """`calls`: what was recorded of each function. `shared`: calls that may be of several functions, `doubtful`: those
    functions. `renamed`: the file is in the tree, the function is not. `outside`: the file is not in
    the tree. `roots`: from where programs ran, with how many files of the tree."""

    recording: Recording
    calls: dict[Function, Recorded] = field(default_factory=dict)
    shared: list[Shared] = field(default_factory=list)
    renamed: list[tuple[str, Recorded]] = field(default_factory=list)
    outside: list[Recorded] = field(default_factory=list)
    roots: dict[Roots, int] = field(default_factory=dict)

    doubtful: set[Function] = field(default_factory=set)

    def share(self, recorded: Recorded, functions: tuple[Function, ...], why: str) -> None:
        """Note calls that may be of any of several functions."""
        self.shared.append(Shared(recorded, functions, why))
        self.doubtful.update(functions)


def match(
    recording: Recording, files: Sequence[FileReport], packs: Packs, texts: Texts, homes: Iterable[Path] = ()
) -> Matches:
    """Find the functions of `recording` in the tree. `homes`: folders that are known to hold the tree."""
    known = {report.path: _by_plain_name(report) for report in files}
    languages = {report.path: report.language for report in files}
    status = {(report.path, each.qualname): each.status for report in files for each in report.functions}
    by_file: dict[str, list[Recorded]] = {}
    for each in recording.functions:
        by_file.setdefault(each.file, []).append(each)
    names = {path: {plain(each.name) for each in several} for path, several in by_file.items()}
    found = TreeFiles(known, homes).find(names)
    matches = Matches(recording)
    sums: dict[Function, list[Recorded]] = {}
    for recorded_path, candidates in found.items():
        several = by_file[recorded_path]
        if not candidates:
            matches.outside += several
        elif len(candidates) > 1:
            _several_files(several, [each.path for each in candidates], known, matches)
        else:
            path, roots = candidates[0]
            matches.roots[roots] = matches.roots.get(roots, 0) + 1
            _in_file(several, path, known[path], packs(languages[path]), texts, status, matches, sums)
    for function, parts in sums.items():
        matches.calls[function] = together(parts)
    return matches


def plain(name: str) -> str:
    """A function's name without the number of the second one of a name."""
    return _NUMBER.sub("", name)


def _by_plain_name(report: FileReport) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for each in report.functions:
        short = plain(each.qualname)
        names[short] = (*names.get(short, ()), each.qualname)
    return names


def _several_files(
    several: Iterable[Recorded], paths: Sequence[str], known: Mapping[str, Mapping[str, tuple[str, ...]]],
    matches: Matches,
) -> None:  # fmt: skip
    for each in several:
        functions = tuple((path, name) for path in paths for name in known[path].get(plain(each.name), ()))
        if functions:
            why = f"{each.file} may be any of {', '.join(paths)}"
            matches.share(each, functions, why)
        else:
            matches.outside.append(each)


def _in_file(
    several: Sequence[Recorded], path: str, known: Mapping[str, tuple[str, ...]], pack: Pack | None, texts: Texts,
    status: Mapping[Function, FunctionStatus], matches: Matches, sums: dict[Function, list[Recorded]],
) -> None:  # fmt: skip
    riddles: dict[str, list[Recorded]] = {}
    lines: dict[str, set[int]] = {}
    for each in several:
        names = known.get(plain(each.name), ())
        if each.line and names:
            lines.setdefault(each.name, set()).add(each.line)
        if each.name in names and (len(names) == 1 or each.language in _NUMBERED or each.name != plain(each.name)):
            sums.setdefault((path, each.name), []).append(each)
        elif len(names) < 2:
            matches.renamed.append((path, each))
        else:
            riddles.setdefault(each.name, []).append(each)
    if not riddles:
        return
    heads: list[Heads] = []
    if pack is not None and lines:
        ran = file_that_ran(several[0].file)
        heads = [heads_of(text, pack) for text in dict.fromkeys((*([ran] if ran is not None else []), *texts(path)))]
    by_line = told_apart(heads, {name: known[plain(name)] for name in riddles}, lines)
    for name, parts in riddles.items():
        _solve(parts, path, known[plain(name)], by_line, status, matches, sums)


def _solve(
    parts: Sequence[Recorded], path: str, names: tuple[str, ...], by_line: Mapping[tuple[str, int], str],
    status: Mapping[Function, FunctionStatus], matches: Matches, sums: dict[Function, list[Recorded]],
) -> None:  # fmt: skip
    """Calls of functions that have one name: by their lines, or because only one of them gets spans."""
    spanned = [name for name in names if status[path, name] is FunctionStatus.INSTRUMENTED]
    for each in parts:
        name = by_line.get((each.name, each.line)) or (spanned[0] if len(spanned) == 1 else "")
        if name:
            sums.setdefault((path, name), []).append(each)
        else:
            functions = tuple((path, name) for name in spanned or names)
            matches.share(each, functions, f"{len(functions)} functions of {path} have this name")
