"""Two sets of runs, compared test by test: what is the same, what changed, and what was never steady."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from telemetry_inject.proving.suite import COMMAND, Run

ABSENT = "absent"


@dataclass(frozen=True)
class Change:
    """A test that ends differently with telemetry; `reason` is what the runner said of it."""

    test: str
    before: str
    after: str
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """`flaky` tests differ among runs without telemetry, `unsteady` ones only among runs with it; `allowed` ones
    change, and the user said that they may."""

    same: int
    changed: tuple[Change, ...] = ()
    flaky: tuple[str, ...] = ()
    unsteady: tuple[Change, ...] = ()
    allowed: tuple[Change, ...] = ()

    @property
    def steady(self) -> bool:
        """Whether nothing at all differs."""
        return not (self.changed or self.flaky or self.unsteady)


def compare(clean: Sequence[Run], full: Sequence[Run], allow: Sequence[str] = ()) -> Comparison:
    """Compare runs without telemetry with runs with it. `allow` names tests that may change, also by globs.

    How the command itself ended counts as a test of its own when the tests do not explain a difference.
    """
    tests = sorted({test for run in (*clean, *full) for test in run.tests})
    same = 0
    changed: list[Change] = []
    unsteady: list[Change] = []
    allowed: list[Change] = []
    flaky: list[str] = []
    for test in tests:
        before = {run.tests.get(test, ABSENT) for run in clean}
        after = {run.tests.get(test, ABSENT) for run in full}
        if before == after and len(before) == 1:
            same += 1
        elif len(before) > 1:
            flaky.append(test)
        elif any(test == name or fnmatchcase(test, name) for name in allow):
            allowed.append(_change(test, before, after, full))
        else:
            (changed if len(after) == 1 else unsteady).append(_change(test, before, after, full))
    if not (changed or flaky or unsteady or allowed):
        verdicts = {run.verdict for run in clean}, {run.verdict for run in full}
        if verdicts[0] != verdicts[1]:
            if len(verdicts[0]) > 1:
                flaky.append(COMMAND)
            else:
                steady = len(verdicts[1]) == 1
                (changed if steady else unsteady).append(_change(COMMAND, *verdicts, full))
        elif not tests:
            same = 1
    return Comparison(same, tuple(changed), tuple(flaky), tuple(unsteady), tuple(allowed))


def _change(test: str, before: set[str], after: set[str], full: Sequence[Run]) -> Change:
    reason = next((run.reasons[test] for run in full if test in run.reasons), "")
    if not reason:
        last = full[-1]
        reason = last.output[-2000:] if test == COMMAND or last.timed_out or not last.complete else ""
    worst = sorted(after - before) or sorted(after)
    return Change(test, next(iter(before)), worst[0], reason)


def ends_differently(run: Run, expected: dict[str, str], tests: Iterable[str]) -> frozenset[str]:
    """Those of `tests` whose outcome is not the expected one."""
    return frozenset(test for test in tests if outcome(run, test) != expected[test])


def outcome(run: Run, test: str) -> str:
    """How a test ended in a run."""
    return run.verdict if test == COMMAND else run.tests.get(test, ABSENT)


def unusable(run: Run) -> str:
    """Why a run without telemetry is nothing to compare with; nothing when it is."""
    if run.timed_out:
        return "the command did not come to an end without telemetry: --verify-timeout gives it more time"
    if run.exit_code in (126, 127) and not run.tests:
        return f"the command cannot be run: {_last(run.output)}"
    if run.exit_code and not run.tests:
        return f"the command fails without telemetry ({run.verdict}): {_last(run.output)}"
    if run.tests and not run.count("passed") and run.runners != ["build"]:
        return f"no test passes without telemetry ({run.verdict}): {_last(run.output)}"
    return ""


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-4:])[:600] or "it said nothing"
