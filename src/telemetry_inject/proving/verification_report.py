"""What a verification found, as a short table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from telemetry_inject.proving.comparison import Change
from telemetry_inject.proving.overhead import noise, share
from telemetry_inject.proving.proof import Left, Proof
from telemetry_inject.proving.suite import Run
from telemetry_inject.report.terminal import counted, printable

_MOST = 10


def status_of(proofs: Mapping[str, Proof]) -> str:
    """`same`, `repaired` (the same once some functions were left out), or `unproved`."""
    if not proofs or not all(proof.proved for proof in proofs.values()):
        return "unproved"
    return "repaired" if any(proof.left for proof in proofs.values()) else "same"


def lines_of(proofs: Mapping[str, Proof], budget: float | None = None, saved: str = "") -> list[str]:
    """A short table for each command, and one line for each function that was left out."""
    lines: list[str] = []
    for proof in proofs.values():
        lines += _proof_lines(proof)
        if budget is not None and proof.within_budget is not None:
            lines.append(_budget_line(proof, budget))
    left = [each for proof in proofs.values() for each in proof.left]
    lines += [f"left out {printable(each.item.text)} (line {each.item.line}): {_about(each)}" for each in left[:_MOST]]
    if len(left) > _MOST:
        lines.append(f"... and {counted(len(left) - _MOST, 'more function')}; the report lists them all")
    if saved:
        lines.append(f"Written to {printable(saved)}: leave-out of {counted(len(left), 'function')}")
    return lines


def _proof_lines(proof: Proof) -> list[str]:
    lines = [f"Verified with: {printable(proof.command)}"]
    if proof.clean and proof.full and proof.first is not None and proof.last is not None:
        lines += _table(proof)
    for change in proof.last.allowed[:_MOST] if proof.last is not None else ():
        lines.append(f"changed, as was allowed: {printable(change.test)} ({change.before} -> {change.after})")
    for change in proof.last.unsteady[:_MOST] if proof.last is not None else ():
        lines.append(
            f"unsteady with telemetry: {printable(change.test)} ({change.before} without, sometimes {change.after})"
        )
    return lines


def _budget_line(proof: Proof, budget: float) -> str:
    spread = max(noise(proof.clean), noise(proof.full))
    verdict = "inside of" if proof.within_budget else "above"
    return (
        f"Overhead {share(proof.clean, proof.full):+.1%} is {verdict} the budget of {budget:.0%} "
        f"(fastest of {len(proof.clean)} and {len(proof.full)} runs, which differ by up to {spread:.0%})"
    )


def _table(proof: Proof) -> list[str]:
    assert proof.first is not None and proof.last is not None
    rows = [("", "without", "with"), ("tests", *_both(proof, lambda run: f"{len(run.tests):,}"))]
    for outcome in ("passed", "failed", "error", "skipped"):
        if any(run.count(outcome) for run in (proof.clean[0], proof.full[-1])):
            rows.append((outcome, *_both(proof, lambda run, outcome=outcome: f"{run.count(outcome):,}")))
    rows.append(("ended", proof.clean[0].verdict, proof.full[-1].verdict))
    rows.append(("processor", f"{_least(proof.clean):.2f} s", f"{_least(proof.full):.2f} s{_overhead(proof)}"))
    rows.append(("spans", "", f"{proof.full[-1].spans:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  " + f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}".rstrip() for row in rows]
    found = [
        f"{counted(proof.last.same, 'outcome')} the same",
        f"{len(proof.first.changed):,} changed" + (" before functions were left out" if proof.left else ""),
        f"{len(proof.last.flaky):,} flaky",
    ]
    return [*lines, f"{', '.join(found)}; {counted(proof.runs, 'run')} of the command"]


def _both(proof: Proof, value: Any) -> tuple[str, str]:
    return value(proof.clean[0]), value(proof.full[-1])


def _least(runs: Sequence[Run]) -> float:
    """The least processor time, of the runs that came to their end if there are any."""
    return min([run.cpu for run in runs if not run.timed_out] or [run.cpu for run in runs])


def _overhead(proof: Proof) -> str:
    if proof.overhead is None or len(proof.clean) != len(proof.full):
        return ""  # the first run warms caches up for those after it
    return f" ({proof.overhead:+.0%})"


def _about(left: Left) -> str:
    if not left.changes:
        return left.cause
    first = left.changes[0]
    more = f" and {counted(len(left.changes) - 1, 'more test')}" if len(left.changes) > 1 else ""
    certain = " (one of several that were left out together)" if left.coarse else ""
    return f"{printable(first.test)} {first.before} -> {first.after}{more}; likely cause: {left.cause}{certain}"


def as_json(proofs: Mapping[str, Proof], budget: float | None = None, saved: str = "") -> dict[str, Any]:
    """The document that `--json` holds under `verify`, and that is kept beside the cache."""
    return {
        "status": status_of(proofs),
        "left_out": [_left(each) for proof in proofs.values() for each in proof.left],
        "max_overhead": budget,
        "saved_to": saved or None,
        **{name: _proof(proofs[name]) if name in proofs else None for name in ("build", "tests")},
    }


def _proof(proof: Proof) -> dict[str, Any]:
    first, last = proof.first, proof.last
    return {
        "command": proof.command,
        "proved": proof.proved,
        "functions": proof.functions,
        "same": 0 if last is None else last.same,
        "changed_at_first": [] if first is None else [_change(change) for change in first.changed],
        "changed": [] if last is None else [_change(change) for change in last.changed],
        "flaky": [] if last is None else list(last.flaky),
        "unsteady": [] if last is None else [_change(change) for change in last.unsteady],
        "allowed": [] if last is None else [_change(change) for change in last.allowed],
        "problems": proof.problems,
        "without": [_run(run) for run in proof.clean],
        "with": [_run(run) for run in proof.full],
        "overhead": proof.overhead,
        "within_budget": proof.within_budget,
        "runs": proof.runs,
        "search_runs": proof.search_runs,
    }


def _left(left: Left) -> dict[str, Any]:
    return {
        "function": left.item.text,
        "path": left.item.path,
        "qualname": left.item.name,
        "line": left.item.line,
        "likely_cause": left.cause,
        "proved_needed": not left.coarse,
        "changes": [_change(change) for change in left.changes],
    }


def _change(change: Change) -> dict[str, str]:
    return {"test": change.test, "before": change.before, "after": change.after, "reason": change.reason}


def _run(run: Run) -> dict[str, Any]:
    return {
        "tests": len(run.tests),
        "passed": run.count("passed"),
        "failed": run.count("failed") + run.count("error"),
        "skipped": run.count("skipped"),
        "ended": run.verdict,
        "complete": run.complete,
        "cpu_seconds": run.cpu,
        "wall_seconds": run.wall,
        "spans": run.spans,
        "runners": run.runners,
        "output_bytes": run.output_bytes,
        "processes_left_running": run.left_running,
    }
