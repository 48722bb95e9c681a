"""Runs one suite on one tree, and compares two such runs test by test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from projects import Step, Suite
from telemetry_inject.proving.reports import Outcomes


@dataclass(frozen=True)
class Run:
    """What one run of a suite gave. `exit_code` is negative for a signal; seconds are of processor time."""

    exit_code: int
    timed_out: bool
    complete: bool
    seconds: float
    tests: dict[str, str]
    reasons: dict[str, str]
    problems: list[str]
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
    suite.furnish(place)
    return place


def run_suite(suite: Suite, tree: Path, variables: Mapping[str, str]) -> Run:
    """Run the steps of a suite on a staged tree, in a small fixed environment plus `variables`.

    The exit code is that of the first step; those after it are checks with outcomes of their own.
    """
    with tempfile.TemporaryDirectory(prefix="tib-") as name:  # short: suites put Unix sockets below it
        scratch = Path(name)
        environment = {**small_environment(scratch), **suite.variables(tree), **suite.environment, **variables}
        steps = suite.steps(tree, scratch / "report")
        return _joined([_run_step(step, tree, environment, scratch, suite.timeout) for step in steps])


def clean_runs(suite: Suite, clean: Path, digest: str) -> tuple[Run, Run]:
    """The suite on the untouched source, twice; kept from call to call as long as `digest` is the same."""
    runs = []
    for number in (1, 2):
        path = suite.folder / f"clean-{number}.json"
        run = Run.saved(path, digest)
        if run is None:
            run = run_suite(suite, stage(suite, clean), {})
            run.save(path, digest)
        runs.append(run)
    return runs[0], runs[1]


def small_environment(scratch: Path) -> dict[str, str]:
    """What every suite may know of this machine; its home and its temporary files are new folders below `scratch`."""
    for folder in ("home", "tmp"):
        (scratch / folder).mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


def _run_step(step: Step, tree: Path, environment: Mapping[str, str], scratch: Path, timeout: float) -> Run:
    report, log = scratch / "report", scratch / "log"
    report.unlink(missing_ok=True)
    with log.open("wb") as output:
        code, timed_out, seconds = _execute(
            list(step.command), tree, {**environment, **step.environment}, output.fileno(), timeout
        )
    text = log.read_text(errors="replace")
    outcomes: Outcomes = step.read(report, text)
    return Run(
        exit_code=code,
        timed_out=timed_out,
        complete=outcomes.complete and not timed_out,
        seconds=round(seconds, 2),
        tests=outcomes.tests,
        reasons=outcomes.reasons,
        problems=outcomes.problems,
        output=text[-6000:],
    )


def _joined(runs: Sequence[Run]) -> Run:
    """The runs of all steps as one."""
    bad = next((run for run in runs if not run.complete), runs[0])
    return Run(
        exit_code=runs[0].exit_code,
        timed_out=any(run.timed_out for run in runs),
        complete=all(run.complete for run in runs),
        seconds=runs[0].seconds,
        tests={test: outcome for run in runs for test, outcome in run.tests.items()},
        reasons={test: reason for run in runs for test, reason in run.reasons.items()},
        problems=[problem for run in runs for problem in run.problems],
        output=bad.output,
    )


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
