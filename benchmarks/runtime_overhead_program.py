"""What a whole Python program costs when its calls are traced: by us, by the OpenTelemetry SDK, by others.

    python benchmarks/runtime_overhead_program.py [rounds]

The program is examples/market_analyser on generated prices. Each way runs it in a process of its own, the ways take
turns, and each figure is the best of all rounds: processor seconds of the whole process with all its threads, start
and end included. Nanoseconds a call leave out start and end: the same is run on few prices, and taken off.
Stops when a way changes what the program prints, or loses more than 1 % of the spans.
"""

from __future__ import annotations

import csv
import datetime
import importlib.metadata
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from runtime_overhead_table import all_recorded, instrument, keep

HERE = Path(__file__).with_name("runtime_overhead_python")
EXAMPLE = Path(__file__).parents[1] / "examples/market_analyser/market_analyser"
SIZES = {"small": (1, 60), "large": (20, 1_000)}  # symbols, days
RUN = ("-m", "market_analyser")
BARE, OFF, ON = "uninstrumented", "ours, switched off", "ours, to a file"
SDK, LOGFIRE = "OpenTelemetry SDK, decorators", "logfire, auto-tracing"
VIZTRACER = "VizTracer, all Python functions"
UNCOUNTED = (BARE, OFF, "cProfile")  # they keep no record of each call
# An SDK drops spans when its queue of 2,048 is full, as a busy program makes it: room for all, so that work is equal.
ROOM = {"OTEL_BSP_MAX_QUEUE_SIZE": "1000000"}


@dataclass
class Way:
    """One way to run the program: where its source is, with which arguments, in which environment."""

    name: str
    source: str
    command: tuple[str, ...] = RUN
    settings: dict[str, str] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)


WAYS = [
    Way(BARE, "bare"),
    Way(OFF, "ours", settings={"TELEMETRY_INJECT_DISABLED": "true"}),
    Way(ON, "ours", settings={"TELEMETRY_INJECT_FILE": "{out}/{{pid}}.jsonl"}),
    Way(SDK, "decorated", settings={"OVERHEAD_SPANS": "{out}/spans.otlp", **ROOM}),
    Way(LOGFIRE, "bare", (str(HERE / "with_logfire.py"),), {"OVERHEAD_SPANS": "{out}/spans.otlp", **ROOM}),
    Way("cProfile", "bare", ("-m", "cProfile", "-o", "{out}/profile", *RUN)),
    Way(
        VIZTRACER,
        "bare",
        # All Python functions: --include_files and --ignore_frozen leave out what left-out code calls, so everything.
        (
            *("-m", "viztracer", "--quiet", "--ignore_c_function", "--tracer_entries", "2000000"),
            *("-o", "{out}/trace.json", *RUN),
        ),
    ),
]


def write_prices(folder: Path, symbols: int, days: int) -> None:
    """Files of random walks, the same in every run."""
    folder.mkdir()
    generator = random.Random(7)
    for number in range(symbols):
        close = 50.0
        with (folder / f"s{number:02}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["date", "close", "volume"])
            for day in range(days):
                close = max(1.0, close * generator.uniform(0.97, 1.031))
                date = datetime.date(2010, 1, 1) + datetime.timedelta(days=day)
                rows.writerow([date, f"{close:.2f}", generator.randrange(1_000, 90_000)])


def decorate(source: Path, target: Path) -> None:
    """A copy of the package with the SDK's decorator on every function, as one would write it by hand."""
    shutil.copytree(source, target)
    for path in target.glob("*.py"):
        text = path.read_text()
        decorator = r'\1@_tracer.start_as_current_span("\3")' + "\n" + r"\1\2def \3("
        text, found = re.subn(r"(?m)^( *)(async )?def (\w+)\(", decorator, text)
        if found:
            after = re.match(r'""".*"""\n(\nfrom __future__ .*\n)?', text)
            assert after, path
            text = text.replace(after[0], after[0] + "import by_hand\n_tracer = by_hand.tracer()\n", 1)
        path.write_text(text)


def run(way: Way, scratch: Path, size: str, calls: int) -> tuple[float, str, int]:
    """One process: its processor seconds, what it printed, and how many spans it kept (0 where it keeps none)."""
    with tempfile.TemporaryDirectory(dir=scratch) as out:
        source = scratch / way.source
        names = {"out": out, "source": source}
        environment = {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{HERE}"}
        environment |= {key: value.format(**names) for key, value in way.settings.items()}
        arguments = [part.format(**names) for part in way.command]
        with (Path(out) / "stdout").open("w+") as printed:
            command = [sys.executable, *arguments, str(scratch / size)]
            process = subprocess.Popen(command, stdout=printed, env=environment, cwd=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{way.name}: exit code {process.returncode}")
            printed.seek(0)
            text = printed.read()
        count = Path(out) / "spans.count"
        spans = int(count.read_text()) if count.exists() else 0
        if way.name == ON:
            all_recorded(Path(out), calls)
            spans = sum(path.read_bytes().count(b'"spanId"') for path in Path(out).glob("*.jsonl"))
        elif way.name == VIZTRACER:
            spans = (Path(out) / "trace.json").read_bytes().count(b'"dur"')
        return used.ru_utime + used.ru_stime, text, spans


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    calls: dict[str, int] = {}  # size -> how often functions of the program are called, as we count them
    kept: dict[str, int] = {}
    printed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        scratch = Path(folder)
        for name in ("bare", "plain"):
            shutil.copytree(EXAMPLE, scratch / name / EXAMPLE.name, ignore=shutil.ignore_patterns("__pycache__"))
        instrument(scratch / "plain", scratch / "ours", "function")
        decorate(scratch / "plain" / EXAMPLE.name, scratch / "decorated" / EXAMPLE.name)
        for size, (symbols, days) in SIZES.items():
            write_prices(scratch / size, symbols, days)
            _, printed[size], calls[size] = run(WAYS[2], scratch, size, 1)
        for _ in range(rounds):
            for way in WAYS:
                for size in SIZES:
                    seconds, text, spans = run(way, scratch, size, calls[size])
                    if text != printed[size]:
                        sys.exit(f"{way.name}: the program printed something else")
                    # logfire leaves generator functions alone; they are few.
                    if way.name not in UNCOUNTED and size == "large" and spans < 0.99 * calls[size]:
                        sys.exit(f"{way.name}: only {spans} of {calls[size]} calls were kept")
                    way.best[size] = min(way.best.get(size, seconds), seconds)
                    kept[way.name] = spans
    versions = [f"Python {sys.version.split()[0]}"]
    versions += [f"{name} {importlib.metadata.version(name)}" for name in ("opentelemetry-sdk", "logfire", "viztracer")]
    more = calls["large"] - calls["small"]
    bare = WAYS[0].best
    title = f"{', '.join(versions)}; market_analyser, {calls['large']:,} calls; best of {rounds} rounds"
    print(f"\n{title}\n")
    print("|  | CPU s | of uninstrumented | on few prices, CPU s | added ns a call | of ours | spans kept |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    slope = {way.name: (way.best["large"] - way.best["small"]) / more * 1e9 for way in WAYS}
    ours = slope[ON] - slope[BARE]
    rows: list[dict[str, object]] = []
    for way in WAYS:
        added = slope[way.name] - slope[BARE]
        ratio = way.best["large"] / bare["large"]
        small, large = way.best["small"], way.best["large"]
        found = f"{kept[way.name]:,}" if kept[way.name] else ""
        per_call = f"{added:,.0f} | {added / ours:.2f}x" if way.name != BARE else " | "
        print(f"| {way.name} | {large:.3f} | {ratio:.2f}x | {small:.3f} | {per_call} | {found} |")
        rows.append({"name": way.name, "seconds": large, "start": small, "overhead": added, "spans": kept[way.name]})
    keep("program", title, rows)


if __name__ == "__main__":
    main()
