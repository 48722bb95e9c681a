#!/usr/bin/env python3
"""One command per development task; needs only Python 3.11 or newer and git on the machine.

    python3 dev.py demo      instrument the example, run it, show its spans
    python3 dev.py test      format check, lint, types, pack check, all tests (what CI runs)
    python3 dev.py help      every task

Makes `.venv` beside this file on the first call, and again when pyproject.toml has changed.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXAMPLE = ROOT / "examples" / "market_analyser"
TASKS: dict[str, Callable[[list[str]], None]] = {}


def task(function: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
    """Register a task under the function's name."""
    TASKS[function.__name__] = function
    return function


def call(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    """Run a command; its failure is ours, with its exit code."""
    print("$", " ".join(map(str, command)), flush=True)
    code = subprocess.run(list(map(str, command)), cwd=cwd, env={**os.environ, **environment}).returncode
    if code:
        sys.exit(code)


def environment(*groups: str) -> Path:
    """The interpreter of the project's own environment, with the project and these dependency groups in it."""
    project = (ROOT / "pyproject.toml").read_bytes()
    mark = VENV / f"ready-{hashlib.sha256(project + sys.version.encode()).hexdigest()[:16]}-{'-'.join(groups)}"
    python = BIN / ("python.exe" if os.name == "nt" else "python")
    if not mark.exists() or not python.exists():
        if not python.exists():
            call(sys.executable, "-m", "venv", VENV)
        wanted = [name for group in groups for name in tomllib.loads(project.decode())["dependency-groups"][group]]
        call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".", *wanted)
        mark.touch()
    return python


# What the tests run besides Python, node and go: the command -> the Debian package that brings it.
INTERPRETERS = {"ruby": "ruby", "lua5.4": "lua5.4", "php": "php-cli", "perl": "perl", "chromium": "chromium"}


def system_packages() -> None:
    """Where the tests may not skip anything (CI=true), install the interpreters and the browser that are missing."""
    missing = [package for command, package in INTERPRETERS.items() if not shutil.which(command)]
    if missing and os.environ.get("CI") == "true" and shutil.which("apt-get"):
        call("apt-get", "-qq", "update")
        call("apt-get", "-qq", "install", "-y", "--no-install-recommends", *missing, DEBIAN_FRONTEND="noninteractive")


@task
def demo(arguments: list[str]) -> None:
    """instrument the example, run it, show its spans"""
    python = environment()
    out = ROOT / "instrumented"
    spans = ROOT / "telemetry"
    for folder in (out, spans):
        shutil.rmtree(folder, ignore_errors=True)
    call(python, "-m", "telemetry_inject", EXAMPLE, "--use-scripts", "-o", out, *arguments)
    call(python, "-m", "market_analyser", "data", cwd=out, TELEMETRY_INJECT_FILE=str(spans / "spans.jsonl"))
    call(python, "-m", "telemetry_inject", "report", spans / "spans.jsonl")


@task
def test(arguments: list[str]) -> None:
    """lint, types, pack check and all tests (what CI runs)"""
    lint([])
    types([])
    packs([])
    system_packages()
    python = environment("dev")
    workers = (os.cpu_count() or 1) + 1  # many tests wait for programs, servers and clocks
    call(python, "-m", "pytest", "-n", str(workers), "--dist", "loadgroup", "-q", *arguments)


@task
def lint(arguments: list[str]) -> None:
    """ruff: style and common mistakes"""
    call(environment("dev"), "-m", "ruff", "check", *arguments, ".")


@task
def types(arguments: list[str]) -> None:
    """mypy, strict"""
    call(environment("dev"), "-m", "mypy", *arguments)


@task
def packs(arguments: list[str]) -> None:
    """check the language packs for form"""
    call(environment("dev"), "-m", "telemetry_inject.engine.pack_check", *arguments)


@task
def gold(arguments: list[str]) -> None:
    """write the packs' expected outputs anew (then read the diff)"""
    call(environment("dev"), "-m", "telemetry_inject.engine.pack_check", "--update", *arguments)


@task
def bench(arguments: list[str]) -> None:
    """throughput and memory against the peers, as a table"""
    call(environment("dev", "bench"), "benchmarks/throughput.py", *arguments)


@task
def overhead(arguments: list[str]) -> None:
    """what a span costs at run time, against the SDK and other tracers: tables for Python, Node and Go, a picture"""
    python = environment("dev", "bench")
    for part in ("_program", "", "_node", "_go"):
        call(python, f"benchmarks/runtime_overhead{part}.py", *arguments)
    call(python, "docs/pictures/overhead.py")


@task
def suites(arguments: list[str]) -> None:
    """real projects' own test suites, before and after (minutes; names choose some)"""
    call(environment("dev"), "benchmarks/behaviour/run.py", *arguments)


@task
def proofs(arguments: list[str]) -> None:
    """the same projects through --verify, as a user would (an hour; names choose some)"""
    call(environment("dev"), "benchmarks/behaviour/verify.py", *arguments)


@task
def itself(arguments: list[str]) -> None:
    """our own tests without and with telemetry in the tool (half an hour; arguments go to pytest)"""
    call(environment("dev"), "benchmarks/behaviour/itself.py", *arguments)


@task
def corpus(arguments: list[str]) -> None:
    """every file of the standard library and of this environment: instruments, reverts, compiles"""
    call(environment("dev"), "benchmarks/corpus.py", *arguments)


@task
def page(arguments: list[str]) -> None:
    """build the page of `report --html` from page/ (needs node)"""
    folder = ROOT / "page"
    lock, mark = folder / "package-lock.json", folder / "node_modules" / ".ready"
    if not mark.exists() or mark.read_bytes() != lock.read_bytes():
        call("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        mark.write_bytes(lock.read_bytes())
    call("node", "node_modules/typescript/bin/tsc", cwd=folder)
    call("node", "build.mjs", ROOT / "src/telemetry_inject/report/page.html", cwd=folder)


@task
def collector(arguments: list[str]) -> None:
    """build and start a real OpenTelemetry Collector that writes what it receives to a file (needs go)"""
    sys.argv[1:] = arguments
    runpy.run_path("collector/run.py", run_name="__main__")


@task
def pictures(arguments: list[str]) -> None:
    """draw the README's pictures from real runs"""
    call(environment("dev"), "docs/pictures/make.py", *arguments)
    call(environment("dev"), "docs/pictures/page.py", *arguments)


def main() -> None:
    """Run the task named by the first argument."""
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in TASKS:
        print(__doc__)
        for known, function in TASKS.items():
            print(f"  {known:9} {(function.__doc__ or '').splitlines()[0]}")
        sys.exit(0 if name == "help" else 2)
    os.chdir(ROOT)
    TASKS[name](arguments)


if __name__ == "__main__":
    main()
