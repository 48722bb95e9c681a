"""Go's own test directory: do its programs build, run and print as before, and does `go vet` say the same of them?

    python benchmarks/conformance/go_programs.py [FOLDER] [--level LEVEL ...] [--every N] [--own-line] [--work FOLDER]

FOLDER is $GOROOT/test by default. Its `// run` programs are built and run, its `// compile` files are vetted, all as
packages of one module that holds the helper. By default inserted statements share the user's lines, as programs of
that directory print where they are. Prints a table and every difference; exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from telemetry_inject.engine import Options, instrument, load_pack
from telemetry_inject.helper_places import places_for
from telemetry_inject.types import FunctionStatus, Level

MODULE = "example.com/programs"
LONGEST = 60.0
"""Seconds for one program."""


def programs(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files that are one whole program or package each, with what their first line asks for."""
    for path in sorted(folder.rglob("*.go")):
        if any(part.endswith(".dir") or part in ("codegen", "asmhdr") for part in path.parts):
            continue
        head = path.read_text(errors="replace")[:2000]
        asked = re.search(r"^// (run|compile)\b(?!.*-goexperiment)", head, re.MULTILINE)
        if asked and not re.search(r"^//go:build (?!.*\b(?:linux|amd64|gc|!wasm|cgo)\b)", head, re.MULTILINE):
            yield path, asked[1]


def lay_out(found: list[tuple[Path, str]], tree: Path, version: str) -> dict[str, tuple[Path, str]]:
    """Each file as a package of one module; the packages and what they were."""
    packages = {}
    for number, (path, asked) in enumerate(found):
        name = f"p{number:04}"
        (tree / name).mkdir(parents=True)
        shutil.copyfile(path, tree / name / path.name.replace("_test.go", "_t.go"))
        packages[name] = (path, asked)
    (tree / "go.mod").write_text(f"module {MODULE}\n\ngo {version}\n")
    return packages


def instrument_tree(tree: Path, level: Level, own_line: bool) -> Counter[str]:
    """Instrument all packages in place and add the helper; how many functions there were."""
    pack, counts = load_pack("go"), Counter[str]()
    places = places_for(tree, pack)
    homes = {}
    for path in sorted(tree.rglob("*.go")):
        relative = path.relative_to(tree).as_posix()
        place = places.place(relative)
        options = Options(level, everything=True, same_line=not own_line)
        result = instrument(path.read_bytes(), pack, options, place.placement)
        counts[f"files {result.status.value}"] += 1
        for function in result.functions:
            counts["functions" if function.status is FunctionStatus.INSTRUMENTED else function.reason] += 1
        path.write_bytes(result.output)
        homes[place.home] = relative
    for home in homes:
        for name, data in places.files(home, pack.helpers).items():
            (tree / home).mkdir(parents=True, exist_ok=True)
            (tree / home / name).write_bytes(data)
    return counts


def built(tree: Path, names: list[str], bin_folder: Path) -> dict[str, str]:
    """Build the programs; what the compiler said of those it refuses."""
    bin_folder.mkdir()
    said = {}
    for start in range(0, len(names), 40):
        command = ["go", "build", "-p=2", "-ldflags=-s -w", "-o", f"{bin_folder}/"]
        command += [f"./{name}" for name in names[start : start + 40]]
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
        for block in re.split(r"^# ", done.stdout + done.stderr, flags=re.MULTILINE)[1:]:
            head, _, rest = block.partition("\n")
            said[head.split()[0].removeprefix(f"{MODULE}/")] = rest
    return said


def ran(binary: Path, place: Path, environment: Mapping[str, str]) -> tuple[int | str, str]:
    """The exit code and what was printed, addresses and numbers of goroutines masked."""
    try:
        done = subprocess.run(
            [binary], cwd=place, env=environment, capture_output=True, timeout=LONGEST, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return "timeout", ""
    printed = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    error = printed[1].splitlines()[:1] if done.returncode else printed[1].splitlines()
    text = printed[0] + "\n--\n" + "\n".join(error)
    return done.returncode, re.sub(r"0x[0-9a-f]{4,}|goroutine \d+", "0x", text)[:100_000]


def vetted(tree: Path) -> dict[str, set[str]]:
    """What `go vet` says of each package, without the places."""
    done = subprocess.run(["go", "vet", "./..."], cwd=tree, capture_output=True, text=True)
    found: dict[str, set[str]] = {}
    for line in (done.stdout + done.stderr).splitlines():
        match = re.match(r"(?:vet: )?(p\d+)/[^:]+:\d+(?::\d+)?: (.*)", line)
        if match:
            found.setdefault(match[1], set()).add(match[2])
    return found


def main() -> int:
    """Build, run and vet before and after; print the table and the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--level", type=Level, choices=list(Level), action="append")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--own-line", action="store_true", help="inserted statements get lines of their own")
    parser.add_argument("--work", type=Path, help="where to leave the trees")
    arguments = parser.parse_args()
    goroot, version = (
        subprocess.run(["go", "env", name], capture_output=True, text=True, check=True).stdout.strip()
        for name in ("GOROOT", "GOVERSION")
    )
    folder = arguments.folder or Path(goroot, "test")
    version = ".".join(version.removeprefix("go").split()[0].split(".")[:2])
    found = list(programs(folder))[:: arguments.every]
    with tempfile.TemporaryDirectory() as name:
        work = (arguments.work or Path(name)).resolve()
        shutil.rmtree(work, ignore_errors=True)
        before = observe(found, work / "before", version, None, arguments)
        different = 0
        for level in arguments.level or list(Level):
            after = observe(found, work / level.value, version, level, arguments)
            different += compare(level, before, after)
    return 1 if different else 0


class Observed:
    """What the toolchain and the programs say of one tree."""

    def __init__(self) -> None:
        self.packages: dict[str, tuple[Path, str]] = {}
        self.said: dict[str, str] = {}
        self.results: dict[str, tuple[int | str, str]] = {}
        self.vet: dict[str, set[str]] = {}
        self.counts: Counter[str] = Counter()


def observe(
    found: list[tuple[Path, str]], tree: Path, version: str, level: Level | None, arguments: argparse.Namespace
) -> Observed:
    """Lay out a tree, instrument it if there is a level, and vet, build and run it."""
    seen = Observed()
    seen.packages = lay_out(found, tree, version)
    if level is not None:
        seen.counts = instrument_tree(tree, level, arguments.own_line)
    seen.vet = vetted(tree)
    names = [name for name, (_, asked) in seen.packages.items() if asked == "run"]
    seen.said = built(tree, names, tree.with_suffix(".bin"))
    environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(tree.with_suffix(".spans")) + "-{pid}.jsonl"}
    environment["TELEMETRY_INJECT_MAX_BYTES"] = "1000000"
    runnable = [name for name in names if (tree.with_suffix(".bin") / name).exists()]

    def one(name: str) -> tuple[int | str, str]:
        binary = tree.with_suffix(".bin") / name
        result = ran(binary, tree / name, environment)
        binary.unlink()
        for spans in tree.parent.glob(f"{tree.name}.spans-*.jsonl"):
            seen.counts["span files"] += 1
            spans.unlink(missing_ok=True)
        return result

    with ThreadPoolExecutor(arguments.jobs) as pool:
        seen.results = dict(zip(runnable, pool.map(one, runnable), strict=True))
    return seen


def compare(level: Level, before: Observed, after: Observed) -> int:
    """Print one level's figures and differences; how many of those there are."""
    rows = []
    for name, (path, _) in before.packages.items():
        if name in after.said and name not in before.said:
            rows.append(f"{name} {path}: does not build: {after.said[name][:300]}")
        elif before.results.get(name) != after.results.get(name):
            rows.append(f"{name} {path}: {before.results.get(name)!r:.300} -> {after.results.get(name)!r:.300}")
        if new := after.vet.get(name, set()) - before.vet.get(name, set()):
            rows.append(f"{name} {path}: vet: {'; '.join(sorted(new))[:300]}")
    runs = len(before.results)
    print(f"{level.value}: {len(before.packages)} packages, {len(before.said)} do not build as they are, {runs} run;"
          f" {len(rows)} differences; {dict(after.counts.most_common(12))}", flush=True)  # fmt: skip
    print("\n".join(rows), flush=True)
    return len(rows)


if __name__ == "__main__":
    sys.exit(main())
