"""Every Python file below some folders: does it instrument, come back, stay the same program?

    python benchmarks/corpus.py [--level LEVEL] [--step N] [FOLDER ...]

Without folders: the standard library and the site-packages of the running interpreter. A file passes when its output
compiles, goes back to the original bytes by its insertions and by pattern removal, gives itself when instrumented
again, and has the original's syntax tree without our nodes. A file that CPython refuses as well is reported, not
failed. Exit code 1 when any file fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.engine.edits import revert
from telemetry_inject.engine.packs import hooks_of
from telemetry_inject.types import FileStatus, FunctionStatus, Level

PACK = load_pack("python")


def sources(folders: list[Path]) -> Iterator[Path]:
    """The Python files below the folders, each once, in order."""
    seen: set[Path] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            real = path.resolve()
            if real not in seen and path.is_file():
                seen.add(real)
                yield path


def judge(path: Path, level: Level) -> tuple[str, int, int, int]:
    """What is wrong with one file (nothing: ""), its bytes, its functions, and how many were left alone."""
    source = path.read_bytes()
    result = instrument(source, PACK, Options(level, everything=True))
    skipped = sum(function.status is FunctionStatus.SKIPPED for function in result.functions)
    facts = len(source), len(result.functions), skipped
    hooks = hooks_of(PACK)
    assert hooks is not None
    if result.status is FileStatus.FAILED:
        refused = hooks.check(source) is not None
        return ("" if refused else f"left out, though CPython compiles it: {result.reason}"), *facts
    if any(function.status is FunctionStatus.FAILED for function in result.functions):
        return "a function would not compile", *facts
    if result.status is not FileStatus.INSTRUMENTED:
        return "", *facts
    if revert(result.output, result.insertions) != source:
        return "the insertions do not come out", *facts
    if strip(result.output, PACK) != source:
        return "removal does not give the original", *facts
    if instrument(result.output, PACK, Options(level, everything=True)).output != result.output:
        return "twice is not once", *facts
    if hooks.check(source) is None:
        alias = "_tlm"
        while alias.encode() in source:
            alias = f"_tlm_{int(alias[5:] or 1) + 1}"
        if not hooks.same_program(source, result.output, alias):
            return "not the same program", *facts
    return "", *facts


def judge_all(paths: list[Path], level: Level) -> list[tuple[Path, str, int, int, int]]:
    """`judge` for some files; an exception is a problem of its file."""
    rows = []
    for path in paths:
        try:
            rows.append((path, *judge(path, level)))
        except Exception as error:  # reported with its file
            rows.append((path, f"{type(error).__name__}: {error}", 0, 0, 0))
    return rows


def main() -> int:
    """Judge all files, print a summary and every problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--level", type=Level, choices=list(Level), default=Level.FUNCTION)
    parser.add_argument("--exclude", action="append", default=[], help="a folder name to leave out")
    parser.add_argument("--step", type=int, default=1, metavar="N", help="only every Nth file")
    arguments = parser.parse_args()
    folders = arguments.folders or [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    paths = [path for path in sources(folders) if not set(arguments.exclude) & set(path.parts)][:: arguments.step]
    started = time.process_time(), time.perf_counter()
    totals: Counter[str] = Counter()
    problems = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        chunks = [paths[start : start + 50] for start in range(0, len(paths), 50)]
        for rows in pool.map(judge_all, chunks, [arguments.level] * len(chunks)):
            for path, problem, size, functions, skipped in rows:
                totals.update(files=1, bytes=size, functions=functions, left_alone=skipped)
                if problem:
                    problems.append(f"{path}: {problem}")
    print(
        f"{totals['files']:,} files, {totals['bytes'] / 1e6:.1f} MB, {totals['functions']:,} functions"
        f" ({totals['left_alone']:,} left alone), level {arguments.level.value}: {len(problems)} problems"
        f" in {time.perf_counter() - started[1]:.0f} s"
    )
    print("\n".join(problems))
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
