"""The tool's own tests with telemetry in the tool: each has to end as it does without.

    python benchmarks/behaviour/itself.py [PYTEST ARGUMENT ...]

A copy of this repository gets an environment of its own. Its tests run as they are; then every function of the tool is
instrumented in place, and they run again. Many tests start the tool in folders whose content they compare, with an
environment they have made: a hook of that environment's Python sends the tool's spans somewhere else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".work" / "itself"
TREE, SPANS = FOLDER / "tree", FOLDER / "spans"
TOOL = [sys.executable, "-m", "telemetry_inject"]
INSTRUMENT = ["--use-scripts", "--all-functions", "--include=*.py", "--exclude=cases/", "--in-place", "--no-cache"]
TAKEN_OVER = "collector", "go", "npm"
"""What tests have built or fetched; not what they compare the places of."""
HOOK = """\
import os, sys
if any(os.path.basename(word) in ("telemetry_inject", "telemetry-inject") for word in sys.orig_argv[1:4]):
    os.environ.setdefault("TELEMETRY_INJECT_FILE", {file!r})
"""


def main(arguments: Sequence[str]) -> int:
    """1 when a test ends differently."""
    copy_repository()
    python = environment()
    before, seconds = tests(python, "before", arguments)
    print(f"without telemetry: {summary(before)}, {seconds:.0f} s", flush=True)
    subprocess.run([*TOOL, TREE / "src", *INSTRUMENT, "--isolated"], check=True)
    after, seconds = tests(python, "after", arguments)
    spans = sum(line.count(b'"spanId":') for file in SPANS.iterdir() for line in file.open("rb"))
    print(f"with telemetry: {summary(after)}, {seconds:.0f} s, {spans:,} spans")
    different = [test for test in sorted(before | after) if before.get(test) != after.get(test)]
    for test in different:
        print(f"  {test}: {before.get(test, 'absent')}, then {after.get(test, 'absent')}")
    print(f"{len(before):,} tests, {len(different)} different")
    return 1 if different or not before else 0


def copy_repository() -> None:
    """All files that belong to the repository, as they are now."""
    for place in (TREE / "src", TREE / "tests", SPANS):
        shutil.rmtree(place, ignore_errors=True)
    SPANS.mkdir(parents=True)
    listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name, follow_symlinks=False)
    (TREE / ".work").mkdir(exist_ok=True)
    for name in TAKEN_OVER:
        if (ROOT / ".work" / name).exists() and not (TREE / ".work" / name).exists():
            (TREE / ".work" / name).symlink_to(ROOT / ".work" / name)


def environment() -> Path:
    """The interpreter of the copy, in which the tool's spans go to a folder of ours."""
    subprocess.run([sys.executable, TREE / "dev.py", "packs"], check=True, stdout=subprocess.DEVNULL)
    python = TREE / ".venv" / "bin" / "python"
    packages = sysconfig.get_path("purelib", vars={"base": str(TREE / ".venv")})
    Path(packages, "own_spans.py").write_text(HOOK.format(file=str(SPANS / "tool-{pid}.jsonl")))
    Path(packages, "own_spans.pth").write_text("import own_spans\n")
    return python


def tests(python: Path, name: str, arguments: Sequence[str]) -> tuple[dict[str, str], float]:
    """The outcome of each test, and the seconds it took."""
    report = FOLDER / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-n", "auto", "--dist", "loadgroup", "-q", f"--junitxml={report}"]
    command += arguments
    started = time.monotonic()
    with (FOLDER / f"{name}.log").open("wb") as log:
        file = str(SPANS / "tests-{pid}.jsonl")
        subprocess.run(command, cwd=TREE, stdout=log, stderr=log, env=os.environ | {"TELEMETRY_INJECT_FILE": file})
    outcomes = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        bad = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = bad
    return outcomes, time.monotonic() - started


def summary(outcomes: dict[str, str]) -> str:
    """How many tests ended how."""
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(Counter(outcomes.values()).items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
