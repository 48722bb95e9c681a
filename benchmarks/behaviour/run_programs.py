"""Builds every program of a Go module and runs it: `run_programs.py TREE REPORT`, one JSON line a program.

A program's id ends in a digest of what it printed, so that other output is another id. Addresses are masked; of a
program that fails, only the first line of its complaint counts.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LONGEST = 60.0
"""Seconds for one program."""


def main(tree: Path, report: Path) -> int:
    """0 when every program could be built."""
    programs = sorted(path.parent.relative_to(tree).as_posix() for path in tree.rglob("*.go") if _is_program(path))
    with tempfile.TemporaryDirectory() as name, report.open("w") as rows:
        built = build(tree, programs, Path(name))
        for program in programs:
            row = run(tree, program, built[program]) if program in built else unbuilt(tree, program)
            rows.write(json.dumps(row) + "\n")
        rows.write(json.dumps({"end": True}) + "\n")
    return 0 if len(built) == len(programs) else 1


def _is_program(path: Path) -> bool:
    return re.search(r"^package main\b", path.read_text(errors="replace"), re.MULTILINE) is not None


def build(tree: Path, programs: list[str], folder: Path) -> dict[str, Path]:
    """The binaries of the programs that can be built; they are told apart by numbers."""
    places = {program: folder / str(number) for number, program in enumerate(programs)}
    for start in range(0, len(programs), 2):  # as many at a time as the linker's memory allows
        started = [
            subprocess.Popen(
                ["go", "build", "-ldflags=-s -w", "-o", str(places[program]), f"./{program}"],
                cwd=tree,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for program in programs[start : start + 2]
        ]
        for process in started:
            process.wait()
    return {program: place for program, place in places.items() if place.exists()}


def unbuilt(tree: Path, program: str) -> dict[str, str]:
    """What the compiler has to say about a program."""
    done = subprocess.run(["go", "build", "-o", os.devnull, f"./{program}"], cwd=tree, capture_output=True, text=True)
    return {"test": f"{program}.go", "outcome": "error", "reason": done.stdout + done.stderr}


def run(tree: Path, program: str, binary: Path) -> dict[str, str]:
    """The outcome of one program."""
    try:
        done = subprocess.run(
            [binary],
            cwd=tree / program,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return {"test": f"{program}.go", "outcome": "error", "reason": f"ran for more than {LONGEST:.0f} s"}
    complaint = done.stderr if done.returncode == 0 else done.stderr.partition("\n")[0]
    printed = re.sub(r"0x[0-9a-f]+", "0x", f"{done.stdout}\0{complaint}")
    digest = hashlib.sha256(f"{done.returncode}\0{printed}".encode()).hexdigest()[:8]
    outcome = "passed" if done.returncode == 0 else "failed"
    reason = f"exit code {done.returncode}: {done.stdout[-300:]}{done.stderr[:600]}"
    return {"test": f"{program}.go, output {digest}", "outcome": outcome, "reason": reason if done.returncode else ""}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
