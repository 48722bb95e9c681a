"""Makes the instrumented copy of a project, and reads back what its run recorded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from projects import Suite
from telemetry_inject.report.span_check import check_spans

MOST_BYTES = 1 << 27
"""For the spans of one process, about 250,000; some suites would write tens of gigabytes."""

LATE = "starts after its parent has ended:"


@dataclass(frozen=True)
class Instrumented:
    """How many functions were instrumented; why the others were not, with the number of each reason."""

    functions: int
    skipped: dict[str, int]
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Recorded:
    """How many spans a run wrote, whether there were more than fit, and what is wrong with them."""

    spans: int
    full: bool
    problems: list[str]


def instrument(suite: Suite, clean: Path, output: Path, level: str) -> Instrumented:
    """Write a runnable copy of the tree in which every function of the packages is instrumented.

    Raises:
        subprocess.CalledProcessError: the tool could not do its work at all.
    """
    shutil.rmtree(output, ignore_errors=True)
    places = [Path(suite.root) / package for package in suite.packages]
    patterns = [str(place) if (clean / place).is_file() else str(place / "**") for place in places]
    command = [sys.executable, "-m", "telemetry_inject", str(clean), "--use-scripts", "--all-functions"]
    command += [f"--include=/{pattern}" for pattern in patterns]
    command += ["--isolated", "--no-gitignore", "--json", f"--level={level}"]
    command += ["--cache-dir", str(suite.folder / "cache"), "-o", str(output)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 1):  # 1: a function or a file failed, and the others are done
        raise subprocess.CalledProcessError(done.returncode, command)
    return _read_report(json.loads(done.stdout))


def _read_report(report: dict[str, list[dict[str, object]]]) -> Instrumented:
    counts: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    problems = []
    for file in report["files"]:
        if file["status"] == "failed":
            problems.append(f"{file['path']}: {file['reason']}")
        functions = file.get("functions") or []
        assert isinstance(functions, list)
        for function in functions:
            counts[function["status"]] += 1
            if function["status"] == "skipped":
                skipped[function["reason"]] += 1
            elif function["status"] == "failed":
                problems.append(f"{file['path']}: {function['qualname']}: {function['reason']}")
    return Instrumented(counts["instrumented"], dict(skipped.most_common()), problems)


def helper_variables(folder: Path) -> dict[str, str]:
    """The environment that makes the helper write its spans to `folder`, emptied for this."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {
        "TELEMETRY_INJECT_FILE": str(folder / "spans-{pid}.jsonl"),
        "TELEMETRY_INJECT_MAX_BYTES": str(MOST_BYTES),
    }


def read_spans(suite: Suite, folder: Path, complete: bool) -> Recorded:
    """Count and check what a run of the suite wrote to `folder`; not `complete`: some spans were never ended."""
    files = sorted(folder.rglob("*.jsonl"))
    full = any(file.stat().st_size > MOST_BYTES * 0.99 for file in files)
    problems = check_spans(files, cut_off=full or not complete)
    if suite.follows_callbacks:
        problems = [problem for problem in problems if not problem.startswith(LATE)]
    return Recorded(sum(map(_count_spans, files)), full, problems)


def _count_spans(path: Path) -> int:
    with path.open("rb") as file:
        return sum(line.count(b'"spanId":') for line in file)
