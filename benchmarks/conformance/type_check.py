"""Does TypeScript say the same of a project before and after, at every level?

    python benchmarks/conformance/type_check.py --typescript FOLDER [--modules FOLDER] [--level LEVEL ...] SOURCES ...

SOURCES are folders of TypeScript sources; `snippets` beside this file holds the hard cases. Each is checked with
`strict`, `noImplicitReturns`, `noUnusedLocals`, `noUnusedParameters`, `isolatedModules`, for a target with class
fields and for one without. Diagnostics count by file, line and code; those of the helper itself are problems. MODULES
is the `node_modules` that the sources need. Prints a table and every difference; exit code 1 when there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from telemetry_inject.engine import Options, instrument, load_pack
from telemetry_inject.helper_places import places_for
from telemetry_inject.types import FileStatus, FunctionStatus, Level

TARGETS = {
    "es2022": {"target": "es2022", "useDefineForClassFields": True},
    "es2017": {"target": "es2017", "useDefineForClassFields": False, "experimentalDecorators": True},
}
_DIAGNOSTIC = re.compile(r"^(?:(.+?)\((\d+),\d+\): )?error (TS\d+): (.*)$")

Diagnostics = Counter[tuple[str, int, str]]


def lay_out(sources: Path, tree: Path, modules: Path | None) -> None:
    """A copy of the sources as a project."""
    shutil.copytree(sources, tree / "src", ignore=shutil.ignore_patterns("node_modules"))
    package = next((above / "package.json" for above in sources.parents if (above / "package.json").exists()), None)
    kind = json.loads(package.read_text()).get("type", "commonjs") if package else "module"
    (tree / "package.json").write_text(json.dumps({"type": kind}))
    if modules is not None:
        (tree / "node_modules").symlink_to(modules.resolve())


def configure(tree: Path, target: str) -> None:
    """The project's settings: as strict as they can be."""
    options = {
        **TARGETS[target], "module": "esnext", "moduleResolution": "bundler", "strict": True,
        "noImplicitReturns": True, "noUnusedLocals": True, "noUnusedParameters": True, "isolatedModules": True,
        "noFallthroughCasesInSwitch": True, "allowImportingTsExtensions": True, "noEmit": True, "skipLibCheck": True,
        "jsx": "preserve", "lib": ["esnext", "dom", "dom.iterable"], "types": [], "allowUnreachableCode": False,
        "allowUnusedLabels": False, "noImplicitOverride": False, "resolveJsonModule": True,
        "exactOptionalPropertyTypes": True, "noUncheckedIndexedAccess": True,
    }  # fmt: skip
    (tree / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["src"]}))


def instrument_tree(tree: Path, level: Level) -> Counter[str]:
    """Instrument the sources in place and add the helper; how many functions there were, and of files the reasons."""
    counts: Counter[str] = Counter()
    for language in ("typescript", "tsx"):
        pack = load_pack(language)
        places = places_for(tree, pack)
        wanted: dict[Path, set[str]] = {}
        endings = tuple(f".{extension}" for extension in pack.config["extensions"])
        for path in sorted((tree / "src").rglob("*")):
            if not path.name.endswith(endings) or ".d." in path.name or not path.is_file():
                continue
            place = places.place(path.relative_to(tree).as_posix())
            result = instrument(path.read_bytes(), pack, Options(level, everything=True), place.placement)
            if result.status is not FileStatus.INSTRUMENTED:
                counts[f"file: {result.reason}"] += 1
            for function in result.functions:
                counts["functions" if function.status is FunctionStatus.INSTRUMENTED else function.reason] += 1
            path.write_bytes(result.output)
            if result.status is FileStatus.INSTRUMENTED:
                wanted.setdefault(tree / place.home, set()).update(places.imported(result.output[:100_000]))
        for home, names in wanted.items():
            for name in names:
                (home / name).write_bytes(pack.helper_source(name))
    return counts


def diagnostics(tree: Path, typescript: Path) -> Diagnostics:
    """What the compiler says, by file, line and code."""
    command = ["node", "--max-old-space-size=6000", str(typescript / "lib" / "tsc.js"), "-p", ".", "--pretty", "false"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    found: Diagnostics = Counter()
    for line in done.stdout.splitlines():
        match = _DIAGNOSTIC.match(line)
        if match:
            found[match[1] or "", int(match[2] or 0), match[3]] += 1
    if done.returncode and not found:
        raise RuntimeError(done.stdout[-500:] + done.stderr[-500:])
    return found


def main() -> int:
    """Check all sources, print the table and the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--typescript", type=Path, required=True)
    parser.add_argument("--modules", type=Path)
    parser.add_argument("--level", type=Level, choices=list(Level), action="append")
    parser.add_argument("--target", choices=list(TARGETS), action="append")
    parser.add_argument("--work", type=Path, help="where to leave the trees")
    arguments = parser.parse_args()
    levels = arguments.level or [Level.FUNCTION, Level.FULL]
    different = 0
    print("| sources | target | level | functions | left alone | diagnostics before | gone | new |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        work = (arguments.work or Path(name)).resolve()
        for sources in arguments.sources:
            label = "/".join(sources.resolve().parts[-2:])
            trees: dict[str, tuple[Path, Counter[str]]] = {}
            for which in ("before", *levels):
                tree = work / label.replace("/", "+") / str(getattr(which, "value", which))
                shutil.rmtree(tree, ignore_errors=True)
                tree.mkdir(parents=True)
                lay_out(sources, tree, arguments.modules)
                counts = instrument_tree(tree, which) if isinstance(which, Level) else Counter[str]()
                trees[str(getattr(which, "value", which))] = tree, counts
            for target in arguments.target or TARGETS:
                before: Diagnostics = Counter()
                for which, (tree, counts) in trees.items():
                    configure(tree, target)
                    found = diagnostics(tree, arguments.typescript)
                    if which == "before":
                        before = found
                        continue
                    gone, new = before - found, found - before
                    different += len(gone) + len(new)
                    alone = sum(number for reason, number in counts.items() if reason != "functions")
                    print(
                        f"| {label} | {target} | {which} | {counts['functions']:,} | {alone:,} "
                        f"| {before.total():,} | {gone.total():,} | {new.total():,} |", flush=True
                    )  # fmt: skip
                    rows += [f"{label} {target} {which}: gone: {one}" for one in sorted(gone)]
                    rows += [f"{label} {target} {which}: new: {one}" for one in sorted(new)]
                    for reason, number in counts.items():
                        if reason.startswith("file: ") and reason not in ("file: no functions",):
                            rows.append(f"{label} {target} {which}: {number} {reason}")
    print("\n".join(rows))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
