"""Measures speed and memory on real sources of one language, and prints the table with floors and aims.

    python benchmarks/throughput.py [LANGUAGE] [--files N] [--no-peers] [--json FILE]

LANGUAGE is python (the default), javascript, typescript or go; throughput_corpora.py says what is run on. The unit
is the processor time that tree-sitter needs to parse the same bytes. Processor seconds (user and system) are
those of the whole process and its children, start-up included; they hardly change on a busy machine, wall time does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughput_languages import LANGUAGES, Language, own_task

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
    """A language's corpus in a scratch folder, and the tool run on it."""

    def __init__(self, language: Language, scratch: Path, limit: int | None) -> None:
        self.language, self.scratch, self.corpus = language, scratch, scratch / "corpus"
        self.output, self.cache = scratch / "output", scratch / "cache"
        self.files = language.copy(self.corpus, limit)
        self.size = sum(path.stat().st_size for path in self.files)
        self.failed = 0  # of the files, so many could not be instrumented

    def tool(self, *flags: str, path: Path | None = None, name: str = "") -> Usage:
        """Run the tool once; `name` keeps output and cache apart from those of other runs."""
        return run([*self._command(path or self.corpus, name), "--quiet", *flags], self.scratch)

    def first(self, *flags: str, name: str = "", path: Path | None = None) -> Usage:
        """Run the tool with neither cache nor output.

        Nothing is removed before it, neither here nor by anyone between two runs: without a journal, ext4 gives
        no inode away again within a minute of its removal, and looks at each one removed whenever it makes a
        file (`find_inode_bit` in fs/ext4/ialloc.c). Ten thousand files removed make the next ones cost tenfold.
        """
        assert not any(Path(f"{folder}{name}").exists() for folder in (self.output, self.cache)), name
        return self.tool(*flags, path=path, name=name)

    def task(self, command: list[str], name: str) -> dict[str, float]:
        """Run one of the peers on the corpus."""
        command = [*command, str(self.corpus), str(self.scratch / name)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=self.scratch)
        return dict(json.loads(done.stdout))

    def report(self) -> list[dict[str, Any]]:
        """What a run says of each file, after the first one."""
        command = [*self._command(self.corpus), "--json", "--dry-run"]
        done = subprocess.run(command, stdout=subprocess.PIPE, cwd=self.scratch)
        return list(json.loads(done.stdout)["files"])

    def _command(self, path: Path, name: str = "") -> list[str]:
        command = [sys.executable, "-m", "telemetry_inject", str(path), "--use-scripts", "--isolated"]
        command += ["-o", f"{self.output}{name}", "--cache-dir", f"{self.cache}{name}"]
        return [*command, *self.language.flags]


def run(command: list[str], folder: Path) -> Usage:
    """Run to the end and account for the process and its children.

    Raises:
        SystemExit: the process failed in a way that makes its figures meaningless.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):  # 1: some file could not be instrumented, which a library may hold
            said.seek(0)
            sys.exit(f"exit code {process.returncode}: {' '.join(command)}\n{said.read().decode(errors='replace')}")
    unit = 1024 if sys.platform.startswith("linux") else 1024 * 1024  # ru_maxrss is in KiB, or in bytes
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / unit)


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
    unit = min(bench.task(own_task("tree-sitter"), f"parsed-{number}")["seconds"] for number in range(3))
    yield Row("tree-sitter parses the same bytes (the unit)", f"{unit:.3g} s", "1x")

    def timed(what: str, usage: Usage, limits: tuple[float, float] | None = None) -> Row:
        if limits is None:
            return Row(what, f"{usage.cpu:.3g} s", f"{usage.cpu / unit:.3g}x")
        return at_most(what, usage.cpu / unit, "x parse", limits, f"{usage.cpu:.3g} s")

    bench.first("--no-parallel", name="-warm", path=bench.files[0])  # the language's own parser may have to be built
    # The least of three, as for the unit: what a busy machine adds is not ours.
    tries = [bench.first("--no-parallel", name=name) for name in ("", "-again", "-once-more")]
    first = min(tries, key=lambda usage: usage.cpu)
    yield timed("first run, everything", first, (6, 3))
    yield at_most("peak memory of the first run", first.peak, " MB", (300, 150))
    report = bench.report()
    bench.failed = sum(file["status"] == "failed" for file in report)
    functions = sum(found["status"] == "instrumented" for file in report for found in file["functions"])
    speed = functions / first.cpu
    yield at_least(f"functions per CPU-second ({functions:,} of them)", speed, "", (3000, 8000))

    cached = min((bench.tool("--no-parallel") for _ in range(3)), key=lambda usage: usage.cpu)
    yield timed("unchanged, output there", cached, (0.35, 0.15))
    bench.output.rename(bench.scratch / "output-first")
    yield timed("unchanged, output not there", bench.tool("--no-parallel"), (0.35, 0.15))
    with bench.files[len(bench.files) // 2].open("ab") as file:
        file.write(bench.language.edit)
    changed = bench.tool("--no-parallel")
    yield timed("one file changed", changed)
    yield timed("first run with --no-validate", bench.first("--no-parallel", "--no-validate", name="-unproved"))

    one = bench.first("--no-parallel", name="-one")
    two = bench.first("--max-parallel", "2", name="-two")
    yield at_least("two processes against one, wall time", one.wall / two.wall, "x", (1.7, 1.9))
    yield from _small_file(bench, report)
    for number, peer in enumerate(bench.language.peers if peers else ()):
        figures = bench.task(peer.command(), f"peer-{number}")
        title = f"{peer.title} (failed on {figures['failed']:.0f} of the files)"
        ratio = f"{figures['seconds'] / unit:.3g}x"
        if not figures["functions"]:
            yield Row(title, f"{figures['seconds']:.3g} s", ratio)
            continue
        rate = figures["functions"] / figures["seconds"]
        yield Row(title, f"{rate:,.4g} functions/CPU-s", ratio, reached=f"we are {speed / rate:.2g}x as fast")


def _small_file(bench: Bench, report: list[dict[str, Any]]) -> Iterator[Row]:
    """A file of 23 functions that is in the cache: the best of five, as start-up is all there is."""
    counts = {file["path"]: len(file["functions"]) for file in report}
    found = ((path, counts.get(path.relative_to(bench.corpus).as_posix(), 0)) for path in bench.files)
    sizes = ((abs(count - SMALL_FILE_FUNCTIONS), path.stat().st_size, path, count) for path, count in found)
    _, _, chosen, count = min(sizes)
    small = bench.scratch / "small"
    small.mkdir()
    shutil.copyfile(chosen, small / f"small{chosen.suffix}")
    for manifest in bench.corpus.glob("go.mod"):
        shutil.copy(manifest, small)
    runs = [bench.tool("--no-parallel", path=small, name="-small") for _ in range(6)][1:]
    wall = min(usage.wall for usage in runs) * 1000
    title = f"whole process, {count}-function file, cached, wall time"
    yield at_most(title, wall, " ms", (150, 60))


def print_row(row: Row) -> None:
    """One line of Markdown."""
    cells = (row.measure, row.value, row.ratio, row.floor, row.aim, row.reached)
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print the table as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", nargs="?", choices=LANGUAGES, default="python")
    parser.add_argument("--files", type=int, metavar="N", help="about N files, spread over the corpus")
    parser.add_argument("--no-peers", action="store_true", help="leave the other tools out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        language = LANGUAGES[options.language]
        bench = Bench(language, Path(scratch), options.files)
        print(
            f"{language.title} {language.version()}, {len(bench.files)} files, {bench.size / 1e6:.1f} MB, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\nCorpus: {language.corpus}.\n"
        )
        print_row(Row("measure", "value", "", "floor", "aim", "reached"))
        print_row(Row("---", "---:", "---:", "---:", "---:", "---"))
        rows = []
        for row in measure(bench, not options.no_peers):
            print_row(row)
            rows.append(vars(row))
        print(f"\n{bench.failed} of the files could not be instrumented, and were left as they are.")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
