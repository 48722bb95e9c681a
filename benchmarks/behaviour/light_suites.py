"""Runs the own tests of real projects in Ruby, Lua, PHP, Bash and Perl before and after a model's help.

    python benchmarks/behaviour/light_suites.py [NAME | ruby | lua | php | bash | perl ...] [--unreliable SEED]
                                                [--keep] [--json FILE]

No model is asked: a local server speaks like OpenAI and answers from real parsers of the languages, truthfully, or
with the mistakes that models make (`--unreliable`). For each project of suites-light.toml, all at one path:

- the tests twice as they are, and once instrumented with the helper active: the outcome of every test
- the bytes: `--remove` gives the source again, and a second run asks nothing and writes the same
- the report: every function that the parser knows is in it, instrumented or with the reason why not
- the spans: parents, nesting, order

What has to be installed is in light_suite.py. Everything lies below .work/behaviour/, or $BEHAVIOUR_WORK.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from instrumented import helper_variables, read_spans
from light_suite import LightSuite
from outcomes import Run, clean_runs, differences, run_suite, stage
from projects import HERE
from real_functions import RealFunction, real_functions
from scripted_model import ScriptedModel


@dataclass
class Found:
    """What one project gave. `lost` are functions that no report mentions; `problems` is everything that is wrong."""

    name: str
    version: str
    toolchain: str
    files: int = 0
    functions: int = 0
    instrumented: int = 0
    left: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    calls: int = 0
    calls_again: int = 0
    tests: int = 0
    unsteady: int = 0
    different: list[str] = field(default_factory=list)
    spans: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> int:
    """0 when nothing differs and nothing is lost, 1 when something is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these projects, or those of a language")
    parser.add_argument("--unreliable", type=int, metavar="SEED", help="a model that makes mistakes")
    parser.add_argument("--keep", action="store_true", help="keep the instrumented trees and the spans")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found")
    options = parser.parse_args()
    with (HERE / "suites-light.toml").open("rb") as file:
        every = [LightSuite(**entry) for entry in tomllib.load(file)["suite"]]
    suites = [suite for suite in every if not options.names or {suite.name, suite.light} & set(options.names)]
    if not suites:
        parser.error(f"there are: {', '.join(suite.name for suite in every)}")
    results = []
    for suite in suites:
        with suite.alone():
            found = _compared(suite, options.unreliable, options.keep)
        results.append(found)
        print(_told(found), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in results], indent=1) + "\n")
    return 1 if any(each.problems or each.different or each.lost for each in results) else 0


def _compared(suite: LightSuite, seed: int | None, keep: bool) -> Found:
    clean = suite.prepare()
    found = Found(suite.name, suite.version, suite.toolchain)
    before = _baseline(suite, clean)
    known = real_functions(suite.light, suite.sources(clean))
    output, cache, spans = (suite.folder / name for name in ("instrumented", "cache", "spans"))
    shutil.rmtree(cache, ignore_errors=True)
    report, found.calls = _instrumented(suite, clean, output, cache, known, seed)
    written = _tree(output)
    _, found.calls_again = _instrumented(suite, clean, output, cache, known, seed)
    if seed is None:  # else it may ask again, where nothing that was said was true
        if _tree(output) != written:
            found.problems.append("a second run wrote something else")
        if found.calls_again:
            found.problems.append(f"a second run made {found.calls_again} calls")
    _read(report, clean, known, found)
    after = run_suite(suite, stage(suite, output), helper_variables(spans))
    recorded = read_spans(suite, spans, after.complete and not suite.unfinished)
    found.spans = recorded.spans
    unsteady = [each.test for each in differences(*before)]
    found.tests, found.unsteady = before[0].count("passed"), len(unsteady)
    found.different = [
        f"{each.test}: {each.before} -> {each.after} {each.reason[:200]}"
        for each in differences(before[0], after, unsteady)
    ]
    found.problems += recorded.problems
    if not (after.complete and before[0].complete):
        found.problems.append(f"the tests did not end: {after.output[-1500:]}")
    if before[0].exit_code == before[1].exit_code != after.exit_code:
        found.problems.append(f"exit code {before[0].exit_code} -> {after.exit_code}")
    found.problems += _removed(suite, clean, output, cache)
    if not keep:
        for folder in (output, spans, suite.folder / "stage"):
            shutil.rmtree(folder, ignore_errors=True)
    return found


def _baseline(suite: LightSuite, clean: Path) -> tuple[Run, Run]:
    here = Path(__file__).parent
    digest = suite.digest((here / "light_suite.py").read_bytes(), (here / "outcomes.py").read_bytes())
    return clean_runs(suite, clean, digest)


def _command(suite: LightSuite, cache: Path, *more: str) -> list[str]:
    includes = [f"--include=/{path}" for path in suite.packages]
    common = ("--isolated", "--no-gitignore", "--json", "--cache-dir", str(cache))
    return [sys.executable, "-m", "telemetry_inject", *more, "--all-functions", *includes, *common]


def _instrumented(
    suite: LightSuite,
    clean: Path,
    output: Path,
    cache: Path,
    known: Mapping[Path, Sequence[RealFunction]],
    seed: int | None,
) -> tuple[dict[str, Any], int]:
    """The report of a run with the scripted model, and how many calls it made."""
    shutil.rmtree(output, ignore_errors=True)
    with ScriptedModel(known, seed) as model:
        environment = {"PATH": os.environ["PATH"], "HOME": str(suite.folder), "LANG": "C.UTF-8", **model.environment}
        command = _command(suite, cache, str(clean), "-o", str(output))
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=suite.folder)
        if done.returncode not in (0, 1):
            raise subprocess.CalledProcessError(done.returncode, command)
        return json.loads(done.stdout), model.calls


def _read(report: dict[str, Any], clean: Path, known: Mapping[Path, Sequence[RealFunction]], found: Found) -> None:
    left: Counter[str] = Counter()
    files = {file["path"]: file for file in report["files"]}
    for file in files.values():
        found.instrumented += sum(each["status"] == "instrumented" for each in file["functions"] or ())
        left.update(_plain(each["reason"]) for each in file["functions"] or () if each["status"] != "instrumented")
        if file["status"] == "failed":
            found.problems.append(f"{file['path']}: {file['reason']}")
    for path, functions in known.items():
        relative = str(path.relative_to(clean))
        found.files += 1
        found.functions += len(functions)
        lines = {each["line"] for each in files.get(relative, {}).get("functions") or ()}
        told = files.get(relative, {}).get("status") == "skipped"
        missing = [each for each in functions if each.first not in lines and each.first != each.last and not told]
        found.lost += [f"{relative}:{each.first} {each.name}" for each in missing]
    found.left = dict(left.most_common())


def _plain(reason: str) -> str:
    return " ".join("N" if word.strip(":").isdecimal() else word for word in reason.split())


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _removed(suite: LightSuite, clean: Path, output: Path, cache: Path) -> list[str]:
    """What is not as it was once the telemetry is taken out again."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(suite.folder), "LANG": "C.UTF-8"}
    copy = suite.folder / "removed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(output, copy, symlinks=True)
    command = _command(suite, cache, str(copy), "--in-place", "--remove")
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, cwd=suite.folder, check=True)
    before, after = _tree(clean), _tree(copy)
    shutil.rmtree(copy)
    changed = [path for path in before if before[path] != after.get(path)]
    return [f"--remove does not give {path} again" for path in changed]


def _told(found: Found) -> str:
    lines = [
        f"{found.name} {found.version} ({found.toolchain}): {found.instrumented} of {found.functions} functions in "
        f"{found.files} files, {found.tests} tests, {len(found.different)} different, {found.unsteady} unsteady, "
        f"{found.spans} spans, calls {found.calls}, again {found.calls_again}"
    ]
    lines += [f"    left alone {count}: {reason}" for reason, count in found.left.items()]
    lines += [f"    NOT IN THE REPORT: {each}" for each in found.lost[:10]]
    lines += [f"    DIFFERENT: {each}" for each in found.different[:20]]
    lines += [f"    PROBLEM: {each}" for each in found.problems[:20]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
