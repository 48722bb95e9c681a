"""Instruments a copy of an example, runs its tests and its program, and reads the spans."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import Span, load_spans

ROOT = Path(__file__).resolve().parent.parent
LEVELS = ("function", "flow", "full")
CLEAN = {
    key: value
    for key, value in os.environ.items()
    if not key.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "NODE_", "npm_", "GOFLAGS", "GOWORK", "PYTEST_"))
} | {"PYTHONDONTWRITEBYTECODE": "1", "GOTOOLCHAIN": "local", "NO_COLOR": "1"}
_OURS = re.compile(r"_telemetry_inject\.\w+$|(?:^|/)telemetryinject/|^\.telemetry-inject-output$")
_LEFT = ("node_modules", "dist", "__pycache__", ".mypy_cache", ".pytest_cache", "telemetry")


def need(*programs: str) -> None:
    """Skips the tests without these programs, but never in CI."""
    for program in programs:
        if shutil.which(program) is None:
            assert os.environ.get("CI") != "true", f"CI has to have {program}"
            pytest.skip(f"no {program} on this machine", allow_module_level=True)


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code and texts."""

    code: int
    out: str
    err: str


def call(command: Sequence[str | Path], cwd: Path, **environment: str) -> Outcome:
    """Run a command to its end, without anybody's telemetry settings."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=CLEAN | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def node_modules(folder: Path) -> Path:
    """What package-lock.json in `folder` asks for, installed once for all tests."""
    need("npm")
    names = ("package.json", "package-lock.json")
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()
    home = ROOT / ".work" / "npm" / f"example-{digest[:16]}"
    if not home.exists():
        making = home.with_name(f"{home.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in names:
            shutil.copy(folder / name, making)
        done = call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], making)
        if done.code:
            shutil.rmtree(making)
            assert os.environ.get("CI") != "true", done.err
            pytest.skip(f"its packages cannot be installed here: {done.err[-300:]}")
        try:
            making.rename(home)
        except OSError:  # another process was faster
            shutil.rmtree(making)
    return home / "node_modules"


@dataclass(frozen=True)
class Example:
    """One example: how it is built, tested and run. `{bin}` in a command is a folder for what it builds."""

    folder: str
    needs: tuple[str, ...]
    suites: tuple[tuple[str, Sequence[str]], ...]  # folder, command
    programs: Mapping[str, Sequence[str]]
    build: Sequence[str] = ()
    packages: bool = False

    @property
    def source(self) -> Path:
        return ROOT / "examples" / self.folder


@dataclass
class Copy:
    """A copy of an example that can be built, tested and run."""

    example: Example
    folder: Path
    results: dict[str, Outcome] = field(default_factory=dict)

    def build(self) -> Copy:
        """Make what runs."""
        if self.example.packages:
            (self.folder / "node_modules").symlink_to(node_modules(self.example.source))
        if self.example.build:
            done = call(self._filled(self.example.build), self.folder)
            assert done.code == 0, done.out + done.err
        return self

    def test(self) -> dict[str, str]:
        """The outcome of every test of the example, by the test's name."""
        found: dict[str, str] = {}
        for place, command in self.example.suites:
            spans = self.folder.parent / f"{self.folder.name}.tests-{{pid}}.jsonl"
            done = call(self._filled(command), self.folder / place, TELEMETRY_INJECT_FILE=str(spans))
            outcomes = dict(_outcomes(done.out))
            assert outcomes, done.out + done.err
            found |= outcomes
        return found

    def run(self, program: str) -> Outcome:
        """What one of the example's programs prints."""
        spans = self.spans_file(program)
        spans.unlink(missing_ok=True)
        return call(self._filled(self.example.programs[program]), self.folder, TELEMETRY_INJECT_FILE=str(spans))

    def spans_file(self, program: str) -> Path:
        return self.folder.parent / f"{self.folder.name}.{program}.jsonl"

    def spans(self, program: str, known: str = "") -> Spans:
        """The spans of the last run of a program; that they make sense is checked as well, but for what holds the
        words `known`."""
        path = self.spans_file(program)
        assert [problem for problem in check_spans([path]) if not known or known not in problem] == []
        return Spans(list(load_spans([path])))

    def bytes(self) -> dict[str, bytes]:
        """The files that are the example's own."""
        return {
            name: path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
            and not set((name := path.relative_to(self.folder).as_posix()).split("/")) & set(_LEFT)
            and not _OURS.search(name)
        }

    def _filled(self, command: Sequence[str]) -> list[str]:
        made = self.folder.parent / f"{self.folder.name}.bin"
        return [word.replace("{bin}", str(made)).replace("{python}", sys.executable) for word in command]


class Spans:
    """The spans of one run, as a tree."""

    def __init__(self, spans: list[Span]) -> None:
        self.all = spans
        self._by_id = {span.span_id: span for span in spans}

    @property
    def names(self) -> set[str]:
        return {span.name for span in self.all}

    @property
    def edges(self) -> set[tuple[str, str]]:
        """(caller, called), "" for a span without a parent."""
        return {(self.parent(span), span.name) for span in self.all}

    def parent(self, span: Span) -> str:
        return self._by_id[span.parent_id].name if span.parent_id else ""

    @property
    def errors(self) -> set[tuple[str, str]]:
        """(function, message): each exception once, where it came from."""
        return {(span.name, message) for span in self.all for _, message in span.exceptions}

    @property
    def failed(self) -> set[str]:
        return {span.name for span in self.all if span.error}

    def values(self, name: str, attribute: str) -> list[object]:
        """An attribute of every span of this name that has it."""
        return [span.attributes[attribute] for span in self.all if span.name == name and attribute in span.attributes]


def _outcomes(text: str) -> list[tuple[str, str]]:
    """What TAP, `go test -json` and `pytest -rA` say of each test."""
    found = [(name, word) for word, name in re.findall(r"(?m)^\s*((?:not )?ok) \d+ - (.+?)(?: # .*)?$", text)]
    found += [(name, word) for word, name in re.findall(r"(?m)^(PASSED|FAILED|ERROR|SKIPPED) (\S+)", text)]
    for line in text.splitlines():
        event = json.loads(line) if line.startswith('{"Time"') else {}
        if "Test" in event and event["Action"] in ("pass", "fail", "skip"):
            found.append((f"{event['Package']}.{event['Test']}", event["Action"]))
    return found


def tool(*arguments: str | Path, cwd: Path, code: int = 0) -> str:
    """Run telemetry-inject; its standard output."""
    done = call(
        [sys.executable, "-m", "telemetry_inject", *map(str, arguments)],
        cwd,
        TELEMETRY_INJECT_KEY_DIR=str(cwd / "key"),
    )
    assert done.code == code, done.out + done.err
    return done.out


def original(example: Example, room: Path) -> Copy:
    """An untouched copy whose tests have run and pass, with what its programs print."""
    need(*example.needs)
    folder = room / "original"
    shutil.copytree(example.source, folder, ignore=shutil.ignore_patterns(*_LEFT))
    copy = Copy(example, folder).build()
    copy.results = {program: copy.run(program) for program in example.programs}
    return copy


def instrumented(source: Copy, level: str) -> Copy:
    """An instrumented copy, built."""
    room = source.folder.parent
    tool(source.folder, "--use-scripts", "--level", level, "-o", room / level, "--cache-dir", room / "cache", cwd=room)
    return Copy(source.example, room / level).build()


def check_it_can_be_taken_back(source: Copy, copy: Copy, level: str) -> None:
    """`--remove` gives the original bytes, a second run changes nothing, and a cached run says so."""
    room = source.folder.parent
    back = room / f"{level}-back"
    tool(copy.folder, "--remove", "-o", back, cwd=room)
    assert Copy(source.example, back).bytes() == source.bytes()
    assert copy.bytes() != source.bytes()

    common = ("--use-scripts", "--level", level, "--cache-dir", room / "cache")
    tool(copy.folder, *common, "--check", cwd=room)

    report = json.loads(tool(source.folder, *common, "-o", room / f"{level}-again", "--json", cwd=room))
    assert Copy(source.example, room / f"{level}-again").bytes() == copy.bytes()
    totals = report["totals"]
    assert totals["functions_from_cache"] == totals["functions_instrumented"] > 0
    assert totals["scripts_generated"] == 0
    words = tool(source.folder, *common, "-o", room / f"{level}-again", cwd=room)
    assert f"{totals['functions_instrumented']} of {totals['functions_instrumented']} functions from the cache" in words
