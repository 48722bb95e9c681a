"""Does test262 give the same verdicts when every function of its tests is instrumented?

    python benchmarks/conformance/test262.py SUITE [--part PART ...] [--level LEVEL ...] [--every N] [--jobs N]

SUITE is a checkout of the suite (no registry carries it, and nothing is downloaded); PART a folder below its `test`.
Each test runs as it is and as instrumented, with the helper's stand-in for scripts without `require` ("none") and
with the helper itself ("real"). Tests that V8 does not compile are about errors of the source: they are left out.
Prints a table and every other verdict; exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from own_parsers import OwnParser

from telemetry_inject.engine import Options, instrument, load_pack
from telemetry_inject.engine.options import Placement
from telemetry_inject.types import FileStatus, FunctionStatus, Level

WORKER = Path(__file__).with_name("test262_worker.cjs")
PARTS = ("language", "annexB/language", *(f"built-ins/{name}" for name in (
    "Function", "GeneratorFunction", "GeneratorPrototype", "AsyncFunction", "AsyncGeneratorFunction",
    "AsyncGeneratorPrototype", "AsyncFromSyncIteratorPrototype", "Promise", "Proxy", "Reflect", "Error",
    "NativeErrors", "AggregateError", "Iterator", "Symbol", "WeakRef", "FinalizationRegistry", "eval",
)))  # fmt: skip


def tests(suite: Path, parts: Sequence[str]) -> Iterator[str]:
    """The tests and their fixtures, relative to the suite's `test`."""
    for part in parts:
        place = suite / "test" / part
        for path in [place] if place.is_file() else sorted(place.rglob("*.js")):
            yield path.relative_to(suite / "test").as_posix()


def write_variant(suite: Path, names: Sequence[str], level: Level, target: Path) -> Counter[str]:
    """The instrumented forms of the tests that change; how many functions there were, and why some were not done."""
    pack, parser = load_pack("javascript"), OwnParser("javascript")
    found: Counter[str] = Counter()
    for name in names:
        source = (suite / "test" / name).read_bytes()
        module = b"flags: [module" in source or b", module" in source or "_FIXTURE" in name
        kind = "module" if module else "script"
        if parser.refusal(source, kind):
            found["V8 refuses the source"] += 1
            continue
        placement = Placement((("module_type", "module" if module else "commonjs"),))
        result = instrument(source, pack, Options(level, everything=True), placement)
        if result.status is FileStatus.FAILED:
            found[f"file: {result.reason}"] += 1
        for function in result.functions:
            if function.status is FunctionStatus.INSTRUMENTED:
                found["functions"] += 1
            else:
                found[function.reason] += 1
        if result.status is FileStatus.INSTRUMENTED:
            found["tests changed"] += 1
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(result.output)
    return found


def run(suite: Path, names: Sequence[str], variants: Sequence[str], helpers: Path, jobs: int) -> list[dict[str, str]]:
    """One row a test and mode, with its verdicts."""
    command = ["node", "--experimental-vm-modules", "--expose-gc", "--no-warnings", str(WORKER), str(suite)]
    command += [str(helpers), *variants]
    environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(helpers / "spans-{pid}.jsonl")}
    environment["TELEMETRY_INJECT_MAX_BYTES"] = "1000000"

    def ask(some: Sequence[str]) -> list[dict[str, str]]:
        done = subprocess.run(
            command, input="\n".join(some).encode(), capture_output=True, env=environment, cwd=helpers
        )
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        if done.returncode:
            rows.append({"test": some[0], "mode": "", "base": "", "worker": done.stderr.decode()[-500:]})
        return rows

    chunks = [names[start : start + 400] for start in range(0, len(names), 400)]
    with ThreadPoolExecutor(jobs) as pool:
        return [row for rows in pool.map(ask, chunks) for row in rows]


def main() -> int:
    """Run the tests, print the table and every difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--part", action="append")
    parser.add_argument("--level", type=Level, choices=list(Level), action="append")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where to leave the instrumented tests")
    arguments = parser.parse_args()
    suite = arguments.suite.resolve()
    levels = arguments.level or list(Level)
    names = list(tests(suite, arguments.part or PARTS))
    fixtures = [name for name in names if "_FIXTURE" in name]
    chosen = [name for name in names if "_FIXTURE" not in name][:: arguments.every]
    pack = load_pack("javascript")
    with tempfile.TemporaryDirectory() as name:
        folder = (arguments.keep or Path(name)).resolve()
        helpers = folder / "helpers"
        shutil.rmtree(helpers, ignore_errors=True)
        helpers.mkdir(parents=True)
        for helper in pack.helpers:
            (helpers / helper).write_bytes(pack.helper_source(helper))
        variants = []
        for level in levels:
            target = folder / level.value
            shutil.rmtree(target, ignore_errors=True)
            print(level.value, dict(write_variant(suite, [*chosen, *fixtures], level, target)), flush=True)
            if level is levels[0]:
                variants.append(f"{level.value}/none={target},none")
            variants.append(f"{level.value}/real={target},real")
        rows = run(suite, chosen, variants, helpers, arguments.jobs)
    return report(rows, [variant.partition("=")[0] for variant in variants])


def report(rows: Sequence[dict[str, str]], variants: Sequence[str]) -> int:
    """Print the table and the differences."""
    passed = sum(row["base"] == "pass" for row in rows)
    print(f"{len(rows):,} runs of tests, {passed:,} pass as they are")
    print("| variant | runs | pass before | pass after | other verdict |\n|---|---|---|---|---|")
    different = 0
    for variant in variants:
        own = [row for row in rows if variant in row]
        before = sum(row["base"] == "pass" for row in own)
        after = sum(row[variant] == "pass" or (row[variant] == "=" and row["base"] == "pass") for row in own)
        changed = [row for row in own if row[variant] != "=" and "pass" in (row["base"], row[variant])]
        different += len(changed)
        print(f"| {variant} | {len(own):,} | {before:,} | {after:,} | {len(changed):,} |")
    for row in rows:
        for variant in variants:
            if variant in row and row[variant] != "=" and "pass" in (row["base"], row[variant]):
                print(f"{variant} {row['mode']} {row['test']}: {row['base']} -> {row[variant]}")
        if "worker" in row:
            print(f"a worker ended: {row['test']} ...: {row['worker']}")
            different += 1
    return 1 if different or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
