"""What the runtime helper for Go costs: a call bare, switched off, recorded, and as a span of the OpenTelemetry SDK.

    python benchmarks/runtime_overhead_go.py [rounds]

The functions are instrumented by the tool. Each kind of call has processes of its own, which take turns; each figure
is the best of all rounds. "and written" is processor time of all threads, all else is wall time of the calls alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from runtime_overhead_table import Cost, all_recorded, instrument, print_costs

HERE = Path(__file__).with_name("runtime_overhead_go")
TURNS = 3
CALLS = 20_000  # a round, as measure.go has it
SWITCHED_OFF = {"TELEMETRY_INJECT_DISABLED": "true"}
# name, program, function, environment
CASES: list[tuple[str, str, str, dict[str, str]]] = [
    ("switched off", "function", "call", SWITCHED_OFF),
    ("level function, recorded", "function", "call", {}),
    ("level flow, one branch", "flow", "flow", {}),
    ("level full, one argument, assignment, result", "full", "full", {}),
    ("with a context and an error, switched off", "function", "context", SWITCHED_OFF),
    ("with a context and an error, recorded", "function", "context", {}),
    ("OpenTelemetry SDK, Start and End", "sdk", "call", {}),
    ("OpenTelemetry SDK, with a context and an error", "sdk", "context", {}),
]


def build(source: Path, binary: Path) -> None:
    """Build the program in a folder."""
    subprocess.run(["go", "build", "-o", os.fspath(binary), "."], check=True, cwd=source)


def measure(scratch: Path, program: str, function: str, settings: dict[str, str], rounds: int) -> dict[str, float]:
    """One process: the figures that measure.go prints."""
    with tempfile.TemporaryDirectory(dir=scratch) as spans:
        environment = {**os.environ, "TELEMETRY_INJECT_FILE": f"{spans}/{{pid}}.jsonl", **settings}
        command = [os.fspath(scratch / f"run-{program}"), function, str(rounds)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        if program not in ("sdk", "bare") and not settings:
            all_recorded(Path(spans), CALLS * rounds)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        scratch = Path(folder)
        shutil.copytree(HERE, scratch / "source")
        build(scratch / "source" / "calls", scratch / "run-bare")
        build(scratch / "source" / "sdk", scratch / "run-sdk")
        for level in ("function", "flow", "full"):
            instrument(scratch / "source" / "calls", scratch / level, level)
            build(scratch / level, scratch / f"run-{level}")
        costs = {case[0]: Cost(case[0]) for case in CASES}
        written = {
            name: Cost(f"{name} and written")
            for name in ("level function, recorded", "with a context and an error, recorded")
        }
        for _ in range(TURNS):
            for name, program, function, settings in CASES:
                figures = measure(scratch, program, function, settings, rounds)
                costs[name].seen(figures["call"])
                costs[name].bare = min(costs[name].bare, measure(scratch, "bare", function, {}, 1)["call"])
                if name in written:
                    written[name].seen(figures["cpu"])
                    written[name].bare = costs[name].bare
    version = subprocess.run(["go", "env", "GOVERSION"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    title = f"Go {version}, best of {TURNS * rounds} rounds of {CALLS} calls"
    lines = [line for name, cost in costs.items() for line in (cost, written.get(name)) if line]
    print_costs("go", title, lines, costs["level function, recorded"])


if __name__ == "__main__":
    main()
