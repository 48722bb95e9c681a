"""What the runtime helper for JavaScript costs: a call bare, switched off, recorded, and as a span of the SDK.

    python benchmarks/runtime_overhead_node.py [rounds]

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
from throughput_languages import npm_packages

HERE = Path(__file__).with_name("runtime_overhead_node")
TURNS = 3
CALLS = 20_000  # a round, as measure.mjs has it
SWITCHED_OFF = {"TELEMETRY_INJECT_DISABLED": "true"}
# name, folder of the module, function, environment
CASES: list[tuple[str, str, str, dict[str, str]]] = [
    ("switched off", "function", "call", SWITCHED_OFF),
    ("level function, recorded", "function", "call", {}),
    ("level flow, one branch", "flow", "flow", {}),
    ("level full, one argument, assignment, result", "full", "full", {}),
    ("generator, one item", "function", "numbers", {}),
    ("async, one await, switched off", "function", "wait", SWITCHED_OFF),
    ("async, one await, recorded", "function", "wait", {}),
    ("OpenTelemetry SDK, startActiveSpan", "sdk", "call", {}),
    ("OpenTelemetry SDK, startActiveSpan, one await", "sdk", "wait", {}),
]


def measure(scratch: Path, packages: Path, case: tuple[str, str, str, dict[str, str]], rounds: int) -> dict[str, float]:
    """One process: the figures that measure.mjs prints."""
    _, module, function, settings = case
    place = packages / "sdk.mjs" if module == "sdk" else scratch / module / "functions.mjs"
    files = [os.fspath(path) for path in (HERE / "measure.mjs", place, HERE / "functions.mjs")]
    command = ["node", *files[:2], function, files[2], str(rounds)]
    with tempfile.TemporaryDirectory(dir=scratch) as spans:
        environment = {**os.environ, "TELEMETRY_INJECT_FILE": f"{spans}/{{pid}}.jsonl", **settings}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment)
        if module != "sdk" and not settings:
            all_recorded(Path(spans), CALLS * rounds)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    packages = npm_packages()
    shutil.copyfile(HERE / "sdk.mjs", packages / "sdk.mjs")
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        scratch = Path(folder)
        for level in ("function", "flow", "full"):
            instrument(HERE, scratch / level, level)
        costs = {case[0]: Cost(case[0]) for case in CASES}
        written = {
            "level function, recorded": Cost("level function, recorded and written"),
            "async, one await, recorded": Cost("async, one await, recorded and written"),
        }
        bare: dict[str, float] = {}
        for _ in range(TURNS):
            for case in CASES:
                figures = measure(scratch, packages, case, rounds)
                # Over all processes: where contexts are kept over `await`, every `await` takes longer.
                bare[case[2]] = min(bare.get(case[2], figures["bare"]), figures["bare"])
                costs[case[0]].seen(figures["call"])
                if case[0] in written:
                    written[case[0]].seen(figures["cpu"])
        for name, _, function, _ in CASES:
            for cost in (costs[name], written.get(name)):
                if cost is not None:
                    cost.bare = bare[function]
    version = subprocess.run(["node", "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    title = f"Node {version}, best of {TURNS * rounds} rounds of {CALLS} calls"
    lines = [line for name, cost in costs.items() for line in (cost, written.get(name)) if line]
    print_costs("node", title, lines, costs["level function, recorded"])


if __name__ == "__main__":
    main()
