"""How test runners are made to report each test, whatever command starts them, and what they reported.

Nothing in the command is changed. Python processes load `hooks/python/sitecustomize.py`, Node processes
`hooks/node/hook.cjs`, both by an environment variable, and `go` is a shim in front of the real one: so it works
through make, npm, tox-like wrappers and scripts. A runner that is not known says its exit code alone, or TAP.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from telemetry_inject.proving.reports import Outcomes, read_go, read_jest, read_lines, read_tap

HOOKS = Path(__file__).parent / "hooks"
SELECTING = ("pytest", "unittest", "go")
"""Runners that can be told to run some of their tests."""

_SETTING = "TELEMETRY_INJECT_PROVING"


class Hooks:
    """What one run needs in a folder of its own (`folder`), and the reports that it left there."""

    def __init__(self, folder: Path, places: Mapping[Path, Path], selected: Collection[str] | None = None) -> None:
        """`places`: where what lies in a folder of the user's is to be taken from. `selected`: the ids of the tests
        that are to run, for the runners that can be told; None for all."""
        self._folder = folder
        self._reports = folder / "reports"
        self._reports.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{old}\t{new}\n" for old, new in places.items())
        (folder / "places").write_text(lines, "utf-8", "surrogateescape")
        if selected is not None:
            (folder / "select").write_text(json.dumps(sorted(selected)), "utf-8", "surrogateescape")

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables that make runners report, on top of those of `environment`."""
        python = [str(HOOKS / "python"), *filter(None, [environment.get("PYTHONPATH", "")])]
        found = {_SETTING: str(self._folder), "PYTHONPATH": os.pathsep.join(python)}
        path = environment.get("PATH", "")
        go = shutil.which("go", path=path)
        if go is not None and os.name == "posix":
            found["PATH"] = os.pathsep.join([str(self._shim(go)), path])
        node = shutil.which("node", path=path)
        if node is not None:
            found["NODE_OPTIONS"] = " ".join(filter(None, [environment.get("NODE_OPTIONS", ""), _node_options(node)]))
        return found

    def _shim(self, go: str) -> Path:
        folder = self._folder / "bin"
        folder.mkdir(exist_ok=True)
        words = [sys.executable, "-IS", str(HOOKS / "go_test.py"), go, str(folder)]
        shim = folder / "go"
        shim.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        shim.chmod(0o755)
        return folder

    def outcomes(self, output: str, ran_in: Path) -> tuple[Outcomes, frozenset[str]]:
        """What was reported, and by which runners; TAP in the `output` counts when no runner reported."""
        tests: dict[str, str] = {}
        reasons: dict[str, str] = {}
        complete, runners = True, set()
        for report in sorted(self._reports.iterdir()):
            found = _read(report, ran_in)
            runners.add(report.name.partition("-")[0])
            complete = complete and found.complete
            for test, outcome in found.tests.items():
                name, number = test, 1
                while name in tests:  # several runs of one runner in one command
                    number += 1
                    name = f"{test} (run {number})"
                tests[name] = outcome
                if test in found.reasons:
                    reasons[name] = found.reasons[test]
        if not runners and "TAP version 1" in output:
            found = read_tap(output)
            return found, frozenset({"tap"} if found.tests else ())
        return Outcomes(tests, reasons, complete), frozenset(runners)


def _read(report: Path, ran_in: Path) -> Outcomes:
    if report.suffix == ".go":
        return read_go(report.read_text(errors="replace"))
    if report.suffix == ".jest":
        return read_jest(report, ran_in)
    return read_lines(report, phases=report.name.startswith(("pytest", "unittest")))


@cache
def _node_options(node: str) -> str:
    """What this Node takes of ours; older ones do not allow a reporter here."""
    hook = f"--require={_in_options(HOOKS / 'node' / 'hook.cjs')}"
    reporter = f"--test-reporter={_in_options(HOOKS / 'node' / 'test_reporter.cjs')} --test-reporter-destination=stdout"
    for options in (f"{hook} {reporter}", hook):
        environment = {"PATH": os.environ.get("PATH", ""), "NODE_OPTIONS": options}
        try:
            done = subprocess.run([node, "-e", "0"], env=environment, capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode == 0:
            return options
    return ""


def _in_options(path: Path) -> str:
    text = str(path)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if " " in text else text
