"""Functions that only cost: found by their rate and their self time, named as the instrumenter names them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spans_support import CLEAN, batch, report, span, write
from telemetry_inject.report.only_cost import FunctionStats, function_stats, functions_that_only_cost


def busy(tmp_path: Path, **more: object) -> Path:
    """A loop of a tenth of a second with 2,000 tiny calls, and a slow one."""
    spans = [span(n + 10, "tiny", n * 40_000, n * 40_000 + 900, parent=1, **more) for n in range(2_000)]
    spans += [span(2, "slow", 81_000_000, 99_000_000, parent=1), span(1, "main", 0, 100_000_000)]
    return write(tmp_path / "s.jsonl", batch(spans))


def stats(**more: float) -> FunctionStats:
    values = {"calls": 100, "own": 1000, "calls_per_second": 10.0} | more
    return FunctionStats("a.py", "f", "m.f", 1, "s", "python", errors=0, total=0, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rate", "self_time", "found"),
    [
        (None, None, False),
        (9.0, None, True),
        (10.0, None, False),
        (None, 11, True),
        (None, 10, False),
        (9.0, 11, True),
        (9.0, 10, False),
        (10.0, 11, False),
    ],
)
def test_limits_that_are_given_must_all_be_broken(rate: float | None, self_time: float | None, found: bool) -> None:
    chosen = functions_that_only_cost([stats()], max_calls_per_second=rate, min_self_time=self_time)
    assert bool(chosen) is found


def test_the_rate_is_that_of_the_time_in_which_the_service_ran(tmp_path: Path) -> None:
    found = {each.name: each for each in function_stats([busy(tmp_path)])}
    assert found["tiny"].calls_per_second == pytest.approx(20_000)
    assert found["tiny"].self_time == 900
    assert (found["tiny"].file, found["tiny"].function, found["tiny"].line) == ("/app/app.py", "app.tiny", 7)


def test_the_report_ends_with_the_command_that_leaves_them_out(tmp_path: Path) -> None:
    lines = report(busy(tmp_path), cwd=tmp_path).splitlines()
    assert lines[-3:] == [
        "100% of the spans are of functions that only cost",
        "  app.tiny: 20000 calls/s, 900ns self time a call",
        f"  without them: telemetry-inject PATH --prune-from {tmp_path / 's.jsonl'} --max-calls-per-s 1000",
    ]
    advice = json.loads(report(busy(tmp_path), "--json", cwd=tmp_path))["advice"]
    assert advice["functions"] == [{"file": "/app/app.py", "name": "tiny", "line": 7}]


def test_functions_that_fail_or_are_called_seldom_are_worth_their_cost(tmp_path: Path) -> None:
    assert "only cost" not in report(busy(tmp_path, status={"code": 2}), cwd=tmp_path)
    few = write(tmp_path / "f.jsonl", batch([span(n, "tiny", n, n + 1) for n in range(1, 500)]))
    assert "only cost" not in report(few, cwd=tmp_path)


def test_names_are_those_of_the_instrumenter(tmp_path: Path) -> None:
    """What spans say of a function is enough to find it in the JSON report of the run that instrumented it."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "app.py").write_text(
        "class Store:\n    def get(self, key):\n        def find():\n            return str(key)\n        return find()\n\n\n"
        "def main():\n    return Store().get(5)\n\n\nmain()\n"
    )
    command = [
        sys.executable,
        "-m",
        "telemetry_inject",
        source,
        "--use-scripts",
        "--all-functions",
        "--no-cache",
        "--json",
    ]
    out = tmp_path / "out"
    done = subprocess.run(
        [*map(str, command), "-o", str(out)], capture_output=True, check=True, env=CLEAN, cwd=tmp_path
    )
    known = {
        (file["path"], function["qualname"])
        for file in json.loads(done.stdout)["files"]
        for function in file["functions"]
    }
    file = tmp_path / "spans.jsonl"
    subprocess.run([sys.executable, "app.py"], cwd=out, env=CLEAN | {"TELEMETRY_INJECT_FILE": str(file)}, check=True)
    named = {(str(Path(each.file).relative_to(out)), each.name) for each in function_stats([file])}
    assert named == known
    assert len(named) == 3
