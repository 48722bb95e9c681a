"""A pytest plugin: writes one JSON line for each phase of each test, so that a crash loses nothing.

`BEHAVIOUR_REPORT` names the file, `BEHAVIOUR_MODULES` the modules whose place of import is written at the
end.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

REPORT = os.environ["BEHAVIOUR_REPORT"]
MODULES = os.environ["BEHAVIOUR_MODULES"].split()
PROCESS = os.getpid()  # a test may fork and carry on as the child


def _write(**row: object) -> None:
    if os.getpid() == PROCESS:
        with open(REPORT, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def _reason(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(report.longrepr or "")[-300:] if crash is None else str(crash.message)[:1000]


def pytest_runtest_logreport(report: Any) -> None:
    """Set-up and tear-down count only when they fail or skip."""
    if report.when != "call" and report.outcome == "passed":
        return
    failed_around = report.outcome == "failed" and report.when != "call"
    outcome = "error" if failed_around else report.outcome
    _write(test=report.nodeid, outcome=outcome, reason=_reason(report) if report.failed else "")


def pytest_collectreport(report: Any) -> None:
    """A module that cannot be imported is an outcome as well."""
    if report.failed:
        _write(test=f"collect {report.nodeid}", outcome="error", reason=_reason(report))


def pytest_sessionfinish(exitstatus: int) -> None:
    """The last line: the run came to its end, and the modules that it tested are these."""
    places = {name: getattr(sys.modules.get(name), "__file__", None) for name in MODULES}
    _write(end=int(exitstatus), modules=places)
