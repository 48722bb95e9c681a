"""Every JavaScript, TypeScript or Go file below some folders: does it instrument, come back, and still parse?

    python benchmarks/conformance/corpus.py LANGUAGE FOLDER ... [--level LEVEL ...] [--every N] [--jobs N]

For each file and level: the insertions and the removal by pattern both give the original bytes, also after an edit
elsewhere; no line moves (except in Go); and the language's own parser (V8, `typescript` with --typescript=FOLDER,
go/parser) takes the output where it took the source. For every tenth file: instrumenting the output, also after that
edit, gives what instrumenting the original gives (for the others this follows, as removal is its first step). Prints
a table and every problem; exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from own_parsers import OwnParser

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.engine.edits import revert
from telemetry_inject.engine.instrumenter import Result
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import Pack
from telemetry_inject.helper_places import HelperPlaces, places_for
from telemetry_inject.types import FileStatus, Level

LARGEST = 12_000_000
"""Bytes; larger files are data."""


@dataclass
class Totals:
    """The figures of one level, and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # files that the language takes and the engine does not
    unformatted: list[str] = field(default_factory=list)  # files that gofmt left alone before, not after

    def add(self, other: Totals) -> None:
        """Take the other's figures along."""
        self.counts += other.counts
        self.reasons += other.reasons
        self.problems += other.problems
        self.left += other.left
        self.unformatted += other.unformatted


def sources(folders: Iterable[Path], pack: Pack) -> Iterator[tuple[Path, Path]]:
    """The pack's files below the folders, each once, in order, with the folder that each is below."""
    endings = tuple(f".{extension}" for extension in pack.config["extensions"])
    seen: set[Path] = set()
    for folder in folders:
        for name, below, files in os.walk(folder):
            below.sort()
            for file in sorted(files):
                path = Path(name, file)
                if not file.endswith(endings) or ".d." in file or not path.is_file() or path.is_symlink():
                    continue
                if path not in seen and path.stat().st_size <= LARGEST:
                    seen.add(path)
                    yield folder, path


class Judge:
    """Judges the files of one language, at one level after the other."""

    def __init__(self, language: str, typescript: str) -> None:
        self.pack = load_pack(language)
        self.parser = OwnParser(language, typescript)
        self._places: dict[Path, HelperPlaces] = {}
        self._judged = 0

    def placement(self, folder: Path, path: Path) -> Placement:
        """What the helper's import says there, by the ways of the file's project."""
        project = folder
        for above in path.parents:
            if (above / "package.json").exists() or above == folder:
                project = above
                break
        if project not in self._places:
            if len(self._places) > 50:
                self._places.clear()
            self._places[project] = places_for(project, self.pack)
        return self._places[project].place(path.relative_to(project).as_posix()).placement

    def judge(self, folder: Path, path: Path, level: Level) -> Totals:
        """The figures of one file."""
        totals = Totals()
        source = path.read_bytes()
        placement = self.placement(folder, path) if self.pack.name != "go" else Placement()
        options = Options(level, everything=True, validate=False)
        result = instrument(source, self.pack, options, placement)
        totals.counts.update(files=1, bytes=len(source), functions=len(result.functions))
        for function in result.functions:
            if function.reason:
                totals.counts["left alone"] += 1
                totals.reasons[function.reason] += 1

        def problem(text: str) -> None:
            totals.problems.append(f"{path}: {level.value}: {text}")

        if result.status is not FileStatus.INSTRUMENTED:
            totals.counts[f"files {result.status.value}"] += 1
            if result.reason not in ("no functions", "no function to instrument"):
                totals.reasons[f"file: {result.reason}"] += 1
            if result.status is FileStatus.FAILED and self.parser.kind_of(source, path):
                totals.counts["failed though it parses"] += 1
                totals.left.append(f"{path}: {level.value}: {result.reason}")
            return totals
        totals.counts["output"] += len(result.output)
        for text in self._differences(source, result, options, placement):
            problem(text)
        kind = self.parser.kind_of(source, path)
        if not kind:
            totals.counts["parser refuses the source"] += 1
        elif why := self.parser.refusal(result.output, kind):
            problem(f"its parser refuses the output: {why}")
        elif kind == "go" and not self.parser.refusal(source, "gofmt"):
            totals.counts["gofmt-clean"] += 1
            if why := self.parser.refusal(result.output, "gofmt"):
                totals.unformatted.append(f"{path}: {level.value}: {why}")
        return totals

    def _differences(self, source: bytes, result: Result, options: Options, placement: Placement) -> Iterator[str]:
        output, insertions = result.output, result.insertions
        if revert(output, insertions) != source:
            yield "the insertions do not come out"
        if strip(output, self.pack) != source:
            yield "removal does not give the original"
        if self.pack.name != "go" and any(b"\n" in text or b"\r" in text for _, text in insertions):
            yield "a line moved"
        edited = _edited(source)
        if strip(_edited(output), self.pack) != edited:
            yield "removal does not give the original after an edit"
        self._judged += 1
        if self._judged % 10 != 1:
            return
        if instrument(output, self.pack, options, placement).output != output:
            yield "twice is not once"
        again = instrument(_edited(output), self.pack, options, placement).output
        if again != instrument(edited, self.pack, options, placement).output:
            yield "instrumenting after an edit is not instrumenting the edited"


def _edited(text: bytes) -> bytes:
    """The text with a line more at its top and its end."""
    newline = b"\r\n" if b"\r\n" in text[:2000] else b"\n"
    line = b"// edited" + newline
    if text.startswith((b"#!", b"\xef\xbb\xbf")):
        first, end, rest = text.partition(b"\n")
        return first + end + line + rest + newline + line if end else text
    return line + text + newline + line


def judge_all(
    language: str, typescript: str, paths: list[tuple[Path, Path]], levels: list[Level]
) -> dict[Level, Totals]:
    """The figures of some files per level; an exception is a problem of its file."""
    global _judge
    if _judge is None:
        _judge = Judge(language, typescript)
    found = {level: Totals() for level in levels}
    for folder, path in paths:
        for level in levels:
            try:
                found[level].add(_judge.judge(folder, path, level))
            except Exception as error:  # reported with its file
                found[level].problems.append(f"{path}: {level.value}: {type(error).__name__}: {error}")
    return found


_judge: Judge | None = None


def main() -> int:
    """Judge all files, print the table and every problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=("javascript", "typescript", "tsx", "go"))
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--level", type=Level, choices=list(Level), action="append")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th file")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--typescript", default="", metavar="FOLDER", help="the typescript package to parse with")
    parser.add_argument("--reasons", type=int, default=12, help="how many reasons to print")
    arguments = parser.parse_args()
    levels = arguments.level or list(Level)
    paths = list(sources([folder.resolve() for folder in arguments.folders], load_pack(arguments.language)))
    paths = paths[:: arguments.every]
    started = time.perf_counter()
    totals = {level: Totals() for level in levels}
    chunks = [paths[start : start + 20] for start in range(0, len(paths), 20)]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        same = [arguments.language] * len(chunks), [arguments.typescript] * len(chunks)
        for found in pool.map(judge_all, *same, chunks, [levels] * len(chunks)):
            for level, one in found.items():
                totals[level].add(one)
    print("| level | files | MB | functions | left alone | files not instrumented | growth | problems |")
    print("|---|---|---|---|---|---|---|---|")
    for level, one in totals.items():
        counts = one.counts
        other = sum(number for name, number in counts.items() if name.startswith("files "))
        print(
            f"| {level.value} | {counts['files']:,} | {counts['bytes'] / 1e6:.1f} | {counts['functions']:,} "
            f"| {counts['left alone']:,} | {other:,} | {counts['output'] / 1e6:.1f} MB | {len(one.problems):,} |"
        )
    for level, one in totals.items():
        print(f"\n{level.value}: {dict(one.counts)}")
        for reason, number in one.reasons.most_common(arguments.reasons):
            print(f"{number:8,} {reason}")
        for path in one.left:
            print(f"left alone though its parser takes it: {path}")
        for path in one.unformatted:
            print(f"not as gofmt wants it: {path}")
        print("\n".join(one.problems))
    print(f"{time.perf_counter() - started:.0f} s")
    return 1 if any(one.problems for one in totals.values()) or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
