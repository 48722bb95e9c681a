"""Proves the pinned projects with `--verify`, as a user would: the tool alone, with the project's own command.

    python benchmarks/behaviour/verify.py [NAME | python | npm | go ...] [--list] [--results FILE]
    python benchmarks/behaviour/verify.py --document docs/verify.md

For each project of suites*.toml: every function is instrumented, the command runs without and with telemetry, what
changes a test is left out, and the rest is proved. A test that the list explains (`expected`) is allowed to change. The
rows are kept in .work/behaviour/results/verify.json, and printed as a table.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from go_library import GoLibrarySuite, GoProgramsSuite
from npm_suite import NpmSuite
from outcomes import small_environment, stage
from projects import Suite
from proof_document import with_projects
from python_suite import PythonSuite
from results import FOLDER
from suites import load_suites
from tables import markdown_rows

REPORTING = ("-json", "--json", "--reporter", "--reporter-option")
TESTS_AT_MOST = 3600
"""Seconds for one project; the search for culprits is part of it."""


@dataclass(frozen=True)
class Row:
    """What became of one project; `left_out` are functions, `changed` tests that still change."""

    name: str
    version: str
    language: str
    date: str
    exit_code: int
    functions: int
    tests: int
    changed_at_first: int
    left_out: list[str]
    changed: int
    allowed: int
    flaky: int
    runs: int
    seconds: float
    problem: str


def main() -> int:
    """0 when every project was proved."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these projects, or those of a language")
    parser.add_argument("--list", action="store_true", help="list the projects and their commands")
    parser.add_argument("--results", type=Path, default=FOLDER / "verify.json", metavar="FILE")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write the rows so far into this page")
    options = parser.parse_args()
    if options.document:
        known = json.loads(options.results.read_text())
        date = max(row["date"] for row in known)
        options.document.write_text(with_projects(options.document.read_text(), known, date))
        return 0
    chosen = load_suites(options.names)
    suites = [suite for suite in chosen if not isinstance(suite, GoLibrarySuite | GoProgramsSuite)]
    if options.list:
        for suite in suites:
            print(f"{suite.name} {suite.version}: {shlex.join(command_of(suite))}")
        return 0
    rows = [proved(suite, options.results) for suite in suites]
    print(table(rows))
    return 0 if all(row.exit_code in (0, 5) and not row.changed for row in rows) else 1


def command_of(suite: Suite) -> list[str]:
    """The suite's command without what makes it report to us: `--verify` finds its own ways."""
    (step, *_) = suite.steps(Path(), Path("REPORT"))
    words = [str(word) for word in step.command]
    if isinstance(suite, PythonSuite):
        ours = ("-p", "record_outcomes", "no:cacheprovider")
        words = [*words[:3], *(word for word in words[3:] if word not in ours)]
    kept = []
    for number, word in enumerate(words):
        before = words[number - 1] if number else ""
        if "REPORT" in word or word.startswith("--test-reporter") or word in REPORTING:
            continue
        if before == "--reporter" or word.startswith("--reporter="):
            continue
        kept.append(word)
    return kept


def proved(suite: Suite, results: Path) -> Row:
    """Stage the project and verify it; the row is kept at once."""
    started = time.monotonic()
    with suite.alone(), tempfile.TemporaryDirectory(prefix="proof-") as name:
        room = Path(name)
        tree = stage(suite, suite.prepare())
        said = _verified(suite, tree, room)
        shutil.rmtree(tree, ignore_errors=True)
    row = _row(suite, said, time.monotonic() - started)
    known = [] if not results.exists() else json.loads(results.read_text())
    results.parent.mkdir(parents=True, exist_ok=True)
    others = [other for other in known if other["name"] != suite.name]
    results.write_text(json.dumps([*others, asdict(row)], indent=1) + "\n")
    print(table([row]).splitlines()[-1], flush=True)
    for item in (*row.left_out, row.problem):
        if item:
            print(f"    {item}", flush=True)
    return row


def _verified(suite: Suite, tree: Path, room: Path) -> dict[str, Any]:
    places = [Path(suite.root) / package for package in suite.packages]
    patterns = [str(place) if (tree / place).is_file() else str(place / "**") for place in places]
    tool = [sys.executable, "-m", "telemetry_inject", str(tree), "--use-scripts", "--all-functions", "--isolated"]
    tool += ["--no-gitignore", "--json", "--cache-dir", str(room / "cache"), "-o", str(room / "out")]
    tool += [f"--include=/{pattern}" for pattern in patterns]
    tool += [f"--verify-timeout={suite.timeout}"]
    tool += [f"--verify-allow={test.removeprefix(' > ')}" for test in suite.expected]
    variables = suite.variables(tree)
    if isinstance(suite, PythonSuite):
        variables["PYTHONPATH"] = suite.root  # of the copy in which the command runs
    if isinstance(suite, NpmSuite):
        variables["PATH"] = f"node_modules/.bin{os.pathsep}{os.environ['PATH']}"
    environment = {**small_environment(room), **variables, **suite.environment}
    command = [*tool, "--verify", shlex.join(command_of(suite))]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=TESTS_AT_MOST
        )
    except subprocess.TimeoutExpired:
        return {"exit_code": -1, "problem": f"not done after {TESTS_AT_MOST} s"}
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"exit_code": done.returncode, "problem": done.stderr.strip()[-300:]}
    return told | {"exit_code": done.returncode}


def _row(suite: Suite, said: dict[str, Any], seconds: float) -> Row:
    verify = said.get("verify") or {}
    tests = verify.get("tests") or {}
    return Row(
        name=suite.name,
        version=suite.version,
        language=suite.language,
        date=datetime.now(UTC).date().isoformat(),
        exit_code=said["exit_code"],
        functions=said.get("totals", {}).get("functions_instrumented", 0),
        tests=tests.get("same", 0) + len(tests.get("changed", ())) + len(tests.get("allowed", ())),
        changed_at_first=len(tests.get("changed_at_first", ())),
        left_out=[f"{each['function']}: {each['likely_cause']}" for each in verify.get("left_out", ())],
        changed=len(tests.get("changed", ())),
        allowed=len(tests.get("allowed", ())),
        flaky=len(tests.get("flaky", ())),
        runs=tests.get("runs", 0),
        seconds=round(seconds, 1),
        problem=said.get("problem") or "; ".join(tests.get("problems", ())),
    )


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    head = "project | language | exit | functions | tests | changed at first | left out | changed | allowed | runs | s"
    lines = [
        (
            f"{row.name} {row.version}", row.language, str(row.exit_code), f"{row.functions:,}", f"{row.tests:,}",
            str(row.changed_at_first), str(len(row.left_out)), str(row.changed), str(row.allowed), str(row.runs),
            f"{row.seconds:.0f}",
        )
        for row in rows
    ]  # fmt: skip
    return markdown_rows(head.split(" | "), lines)


if __name__ == "__main__":
    sys.exit(main())
