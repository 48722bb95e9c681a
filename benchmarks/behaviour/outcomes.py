"""Runs one suite on one tree, and compares two such runs test by test."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from projects import HERE, Suite

_RANK = ("skipped", "passed", "failed", "error")  # the worst phase of a test is its outcome
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


@dataclass(frozen=True)
class Run:
    """What one run of a suite gave. `exit_code` is negative for a signal; seconds are of processor time."""

    exit_code: int
    timed_out: bool
    complete: bool
    seconds: float
    tests: dict[str, str]
    reasons: dict[str, str]
    modules: dict[str, str | None]
    output: str

    def count(self, outcome: str) -> int:
        """How many tests ended like that."""
        return Counter(self.tests.values())[outcome]

    def save(self, path: Path, digest: str) -> None:
        """Keep the run for the next call, together with what it depends on."""
        path.write_text(json.dumps({"digest": digest, **asdict(self)}))

    @classmethod
    def saved(cls, path: Path, digest: str) -> Run | None:
        """The run that was kept, if it is there and still holds."""
        try:
            data: dict[str, Any] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return cls(**data) if data.pop("digest") == digest else None


@dataclass(frozen=True)
class Difference:
    """A test that ended differently, and the reason given if it ended badly."""

    test: str
    before: str
    after: str
    reason: str


def stage(suite: Suite, source: Path) -> Path:
    """Copy a tree to the one place where every variant is run, so that paths in its output are the same."""
    place = suite.folder / "stage"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source, place, symlinks=True)
    if not _has_pytest_settings(place):
        (place / "pytest.ini").write_text("[pytest]\n")  # or pytest would take those of a folder above
    return place


def _has_pytest_settings(tree: Path) -> bool:
    """Whether pytest finds settings in the tree itself."""
    sections = {
        "pytest.ini": "",
        ".pytest.ini": "",
        "pyproject.toml": "[tool.pytest",
        "tox.ini": "[pytest]",
        "setup.cfg": "[tool:pytest]",
    }
    return any(section in path.read_text() for name, section in sections.items() if (path := tree / name).exists())


def run_suite(suite: Suite, tree: Path, variables: Mapping[str, str]) -> Run:
    """Run the tests of a staged tree in a small fixed environment plus `variables`."""
    with tempfile.TemporaryDirectory(prefix="tib-") as name:  # short: suites put Unix sockets below it
        scratch = Path(name)
        report, log = scratch / "report", scratch / "log"
        for folder in ("home", "tmp"):
            (scratch / folder).mkdir()
        environment = {
            "PATH": f"{suite.python.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(scratch / "home"),
            "TMPDIR": str(scratch / "tmp"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(tree / suite.root), str(HERE)]),
            "BEHAVIOUR_REPORT": str(report),
            "BEHAVIOUR_MODULES": " ".join(module_names(suite)),
            **suite.environment,
            **variables,
        }
        command = [str(suite.python), "-m", "pytest", "-p", "record_outcomes", "-p", "no:cacheprovider"]
        command += [f"--deselect={test}" for test in suite.deselect]
        with log.open("wb") as output:
            code, timed_out, seconds = _execute(
                [*command, *suite.arguments], tree, environment, output.fileno(), suite.timeout
            )
        rows = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
        end = next((row for row in rows if "end" in row), None)
        tests, reasons = _outcomes(row for row in rows if "test" in row)
        return Run(
            exit_code=code,
            timed_out=timed_out,
            complete=end is not None and not timed_out,
            seconds=round(seconds, 2),
            tests=tests,
            reasons=reasons,
            modules=end["modules"] if end else {},
            output=log.read_text(errors="replace")[-6000:],
        )


def module_names(suite: Suite) -> list[str]:
    """The modules that the instrumented folders and files are imported as."""
    return [package.removesuffix(".py").replace("/", ".") for package in suite.packages]


def _execute(
    command: list[str], folder: Path, environment: Mapping[str, str], output: int, timeout: float
) -> tuple[int, bool, float]:
    """Exit code, whether the time ran out, and the processor time of the process and its children."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    timed_out = threading.Event()

    def run_out() -> None:
        timed_out.set()
        _end_group(process.pid)

    timer = threading.Timer(timeout, run_out)
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    _end_group(process.pid)  # what the suite left running
    return process.returncode, timed_out.is_set(), usage.ru_utime + usage.ru_stime


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself


def _outcomes(rows: Iterable[Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The worst outcome of each test, and why it is bad."""
    tests: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for row in rows:
        test = _ADDRESS.sub("0x", row["test"])
        if test not in tests or _RANK.index(row["outcome"]) > _RANK.index(tests[test]):
            tests[test] = row["outcome"]
        if row["reason"]:
            reasons.setdefault(test, row["reason"])
    return tests, reasons


def differences(before: Run, after: Run, unsteady: Iterable[str] = ()) -> list[Difference]:
    """The tests whose outcome changed; those that are `unsteady` without any change are left out."""
    ids = (before.tests.keys() | after.tests.keys()) - set(unsteady)
    return [
        Difference(
            test,
            before.tests.get(test, "absent"),
            after.tests.get(test, "absent"),
            after.reasons.get(test, ""),
        )
        for test in sorted(ids)
        if before.tests.get(test) != after.tests.get(test)
    ]
