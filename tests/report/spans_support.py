"""Makes span files, and runs `telemetry-inject report` on them as a process."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_700_000_000_000_000_000  # nanoseconds since 1970: more than a JSON number keeps exactly
CLEAN = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "DEBUG", "COLUMNS")}


def key_values(**values: Any) -> list[dict[str, Any]]:
    """OTLP attributes; `_` in a name stands for a dot."""
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    found = []
    for name, value in values.items():
        said = str(value) if type(value) is int else value
        found.append({"key": name.replace("_", "."), "value": {kinds[type(value)]: said}})
    return found


def span(number: int, name: str, start: int, end: int, parent: int = 0, **other: Any) -> dict[str, Any]:
    """One span as the runtime helper writes it; times in nanoseconds after START."""
    facts = {"code_function_name": f"app.{name}", "code_file_path": "/app/app.py", "code_line_number": 7}
    raw: dict[str, Any] = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "flags": 257,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(START + start),
        "endTimeUnixNano": str(START + end),
        "attributes": key_values(**facts, thread_id=1, **other.pop("facts", {})),
    }
    if parent:
        raw["parentSpanId"] = f"{parent:016x}"
    return raw | other


def batch(spans: Sequence[dict[str, Any]], service: str = "shop", pid: int = 1, language: str = "python") -> str:
    """One line of a span file."""
    facts = {"service_name": service, "telemetry_sdk_language": language, "process_pid": pid}
    scope = {"scope": {"name": "telemetry-inject", "attributes": []}, "spans": list(spans)}
    resource_spans = [{"resource": {"attributes": key_values(**facts)}, "scopeSpans": [scope]}]
    return json.dumps({"resourceSpans": resource_spans}) + "\n"


def write(path: Path, *lines: str) -> Path:
    """A span file of these lines."""
    path.write_text("".join(lines), encoding="utf-8")
    return path


def random_spans(seed: int, count: int, *, circles: bool = False) -> list[dict[str, Any]]:
    """Spans whose times have little to do with who called whom: early, late, overlapping, without their caller."""
    dice = random.Random(seed)
    numbers = [dice.getrandbits(63) + 1 for _ in range(count)]
    suspended: set[int] = set()
    made = []
    for index, number in enumerate(numbers):
        parent = dice.choice([0, *numbers[: index + (circles and 20)]]) if dice.random() < 0.9 else 12345
        start = dice.randrange(1000) * dice.choice([1, 1, 10])
        more: dict[str, Any] = {"facts": {"telemetry_kind": "generator"}} if dice.random() < 0.1 else {}
        name = f"g{dice.randrange(3)}" if more else f"f{dice.randrange(6)}"
        if more:
            suspended.add(number)
        if dice.random() < 0.1:
            more["status"] = {"code": 2}
        parent = 0 if parent in suspended or parent == number else parent
        made.append(span(number, name, start, start + dice.randrange(500), parent, **more))
    dice.shuffle(made)
    return made


def report(*arguments: str | Path, cwd: Path, code: int = 0, stdin: bytes = b"", **env: str) -> str:
    """What `telemetry-inject report` prints; its errors are checked to be no traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "telemetry_inject", "report", *map(str, arguments)],
        cwd=cwd,
        env=CLEAN | env,
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    errors = done.stderr.decode()
    assert "Traceback" not in errors and "is a bug" not in errors, errors
    assert done.returncode == code, errors
    return done.stdout.decode() + (errors if code else "")


def lines_of(spans: Iterable[dict[str, Any]], size: int = 7) -> list[str]:
    """Spans as lines of several each."""
    every = list(spans)
    return [batch(every[at : at + size]) for at in range(0, len(every), size)]


def tool(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    """What the command prints on standard output; with a code that is not 0, its errors."""
    done = subprocess.run(
        [sys.executable, "-m", "telemetry_inject", *map(str, arguments)],
        cwd=cwd, env=CLEAN | {"TELEMETRY_INJECT_KEY_DIR": str(cwd / "key")}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr and "is a bug" not in done.stderr, done.stderr
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout
