"""Measures speed and memory on the standard library, and prints the table with floors and aims.

    python benchmarks/throughput.py [--files N] [--no-peers] [--json FILE]

The corpus is the standard library of the running interpreter without its tests and site-packages. The unit
is the processor time that tree-sitter needs to parse the same bytes. Processor seconds (user and system) are
those of the whole process, start-up included; they hardly change on a busy machine, wall time does.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
PEERS = Path(__file__).with_name("throughput_peers.py")
SMALL_FILE_FUNCTIONS = 23


@dataclass(frozen=True)
class Usage:
    """What one process used: processor and wall seconds, peak memory in MB."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True)
class Row:
    """One line of the table; `floor` and `aim` are worded, `reached` is "aim", "floor", "no" or ""."""

    measure: str
    value: str
    ratio: str = ""
    floor: str = ""
    aim: str = ""
    reached: str = ""


class Bench:
    """A corpus in a scratch folder, and the tool run on it."""

    def __init__(self, scratch: Path, limit: int | None) -> None:
        self.scratch, self.corpus = scratch, scratch / "corpus"
        self.output, self.cache = scratch / "output", scratch / "cache"
        self.files = copy_standard_library(self.corpus, limit)
        self.size = sum(path.stat().st_size for path in self.files)

    def tool(self, *flags: str, path: Path | None = None, name: str = "") -> Usage:
        """Run the tool once; `name` keeps output and cache apart from those of other runs."""
        command = [sys.executable, "-m", "telemetry_inject", str(path or self.corpus), "--use-scripts"]
        command += ["--isolated", "--quiet", *flags]
        command += ["-o", f"{self.output}{name}", "--cache-dir", f"{self.cache}{name}"]
        return run(command, self.scratch)

    def first(self, *flags: str, name: str = "") -> Usage:
        """Run the tool with neither cache nor output."""
        for folder in (f"{self.output}{name}", f"{self.cache}{name}"):
            shutil.rmtree(folder, ignore_errors=True)
        return self.tool(*flags, name=name)

    def task(self, name: str) -> dict[str, float]:
        """Run one of the peers on the corpus."""
        command = [sys.executable, str(PEERS), name, str(self.corpus), str(self.scratch / name)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return dict(json.loads(done.stdout))

    def instrumented(self) -> int:
        """How many functions a run instruments, by its own report."""
        command = [sys.executable, "-m", "telemetry_inject", str(self.corpus), "--use-scripts", "--isolated"]
        command += ["--json", "--dry-run", "--cache-dir", str(self.cache), "-o", str(self.output)]
        done = subprocess.run(command, stdout=subprocess.PIPE, cwd=self.scratch)
        report = json.loads(done.stdout)
        functions = (function for file in report["files"] for function in file["functions"])
        return sum(function["status"] == "instrumented" for function in functions)


def copy_standard_library(target: Path, limit: int | None) -> list[Path]:
    """Copy the corpus (or `limit` files spread over it), and give the copied files."""
    library = Path(sysconfig.get_paths()["stdlib"])
    found = sorted(path for path in library.rglob("*.py") if not LEFT_OUT & set(path.relative_to(library).parts))
    if limit:
        found = found[:: max(len(found) // limit, 1)]
    copies = []
    for path in found:
        copy = target / path.relative_to(library)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copies.append(copy)
    return copies


def run(command: list[str], folder: Path) -> Usage:
    """Run to the end and account for the process and its children.

    Raises:
        SystemExit: the process failed in a way that makes its figures meaningless.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):  # 1: some file could not be instrumented, which the library has
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    unit = 1024 if sys.platform.startswith("linux") else 1024 * 1024  # ru_maxrss is in KiB, or in bytes
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


def count_functions(source: bytes) -> int:
    """Functions and methods, nested ones too; 0 when the file does not parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return 0
    return sum(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))


def at_most(measure: str, value: float, unit: str, limits: tuple[float, float], ratio: str = "") -> Row:
    """A figure that should be small; `limits` are floor and aim, in the same unit."""
    floor, aim = limits
    reached = "aim" if value <= aim else "floor" if value <= floor else "no"
    return Row(measure, f"{value:.3g}{unit}", ratio, f"{floor:g}{unit}", f"{aim:g}{unit}", reached)


def at_least(measure: str, value: float, unit: str, limits: tuple[float, float]) -> Row:
    """A figure that should be large."""
    floor, aim = limits
    reached = "aim" if value >= aim else "floor" if value >= floor else "no"
    return Row(measure, f"{value:,.4g}{unit}", "", f"{floor:,g}{unit}", f"{aim:,g}{unit}", reached)


def measure(bench: Bench, peers: bool) -> Iterator[Row]:
    """Every line of the table, in the order in which it is measured."""
    unit = min(bench.task("tree-sitter")["seconds"] for _ in range(3))
    yield Row("tree-sitter parses the same bytes (the unit)", f"{unit:.3g} s", "1x")

    def timed(what: str, usage: Usage, limits: tuple[float, float] | None = None) -> Row:
        if limits is None:
            return Row(what, f"{usage.cpu:.3g} s", f"{usage.cpu / unit:.3g}x")
        return at_most(what, usage.cpu / unit, "x parse", limits, f"{usage.cpu:.3g} s")

    first = bench.first("--no-parallel")
    yield timed("first run, everything", first, (6, 3))
    yield at_most("peak memory of the first run", first.peak, " MB", (300, 150))
    functions = bench.instrumented()
    speed = functions / first.cpu
    yield at_least(f"functions per CPU-second ({functions:,} of them)", speed, "", (3000, 8000))

    cached = bench.tool("--no-parallel")
    yield timed("unchanged, output there", cached, (0.35, 0.15))
    shutil.rmtree(bench.output)
    yield timed("unchanged, output removed", bench.tool("--no-parallel"), (0.35, 0.15))
    with bench.files[len(bench.files) // 2].open("ab") as file:
        file.write(b"\n\ndef added_by_the_benchmark(x):\n    y = x + 1\n    return y * 2\n")
    changed = bench.tool("--no-parallel")
    yield timed("one file changed", changed)
    yield timed("first run with --no-validate", bench.first("--no-parallel", "--no-validate", name="-unproved"))

    one = bench.first("--no-parallel", name="-one")
    two = bench.first("--max-parallel", "2", name="-two")
    yield at_least("two processes against one, wall time", one.wall / two.wall, "x", (1.7, 1.9))
    yield from _small_file(bench)
    if peers:
        for name, title in (("libcst", "LibCST codemod"), ("ast-grep", "ast-grep rewrite")):
            figures = bench.task(name)
            rate = figures["functions"] / figures["seconds"]
            value = f"{rate:,.4g} functions/CPU-s"
            ratio = f"{figures['seconds'] / unit:.3g}x"
            yield Row(
                f"{title} (failed on {figures['failed']:.0f} of the files)", value, ratio, reached=_ahead(speed, rate)
            )


def _ahead(speed: float, peer: float) -> str:
    return f"we are {speed / peer:.2g}x as fast"


def _small_file(bench: Bench) -> Iterator[Row]:
    """A file of 23 functions that is in the cache: the best of five, as start-up is all there is."""
    sizes = ((count_functions(path.read_bytes()), path.stat().st_size, path) for path in bench.files)
    chosen = min((abs(count - SMALL_FILE_FUNCTIONS), size, path) for count, size, path in sizes)[2]
    small = bench.scratch / "small"
    small.mkdir()
    shutil.copyfile(chosen, small / "small.py")
    runs = [bench.tool("--no-parallel", path=small, name="-small") for _ in range(6)][1:]
    wall = min(usage.wall for usage in runs) * 1000
    title = f"whole process, {count_functions(chosen.read_bytes())}-function file, cached, wall time"
    yield at_most(title, wall, " ms", (150, 60))


def print_row(row: Row) -> None:
    """One line of Markdown."""
    cells = (row.measure, row.value, row.ratio, row.floor, row.aim, row.reached)
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, metavar="N", help="about N files, spread over the corpus")
    parser.add_argument("--no-peers", action="store_true", help="leave LibCST and ast-grep out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        bench = Bench(Path(scratch), options.files)
        print(
            f"Python {sys.version.split()[0]}, {len(bench.files)} files, {bench.size / 1e6:.1f} MB, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n"
        )
        print_row(Row("measure", "value", "", "floor", "aim", "reached"))
        print_row(Row("---", "---:", "---:", "---:", "---:", "---"))
        rows = []
        for row in measure(bench, not options.no_peers):
            print_row(row)
            rows.append(vars(row))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
