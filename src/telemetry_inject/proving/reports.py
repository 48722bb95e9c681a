"""Reads what test runners report, into one outcome per test."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_RANK = ("skipped", "passed", "failed", "error")  # the worst phase of a test is its outcome
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_LONGEST = 3000

Row = tuple[str, str, str]
"""A test's id, its outcome (passed, skipped, failed, error), and why it is bad."""


@dataclass(frozen=True)
class Outcomes:
    """What one command of a suite gave; `complete` when the runner came to its own end."""

    tests: dict[str, str]
    reasons: dict[str, str]
    complete: bool
    problems: list[str] = field(default_factory=list)


def worst(rows: Iterable[Row]) -> tuple[dict[str, str], dict[str, str]]:
    """The worst outcome of each test that is reported in several phases, and why it is bad."""
    tests: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name, outcome, reason in rows:
        test = _ADDRESS.sub("0x", name)
        if test not in tests or _RANK.index(outcome) > _RANK.index(tests[test]):
            tests[test] = outcome
        if reason:
            reasons.setdefault(test, reason[:_LONGEST])
    return tests, reasons


def each(rows: Iterable[Row], complete: bool) -> Outcomes:
    """One outcome per row: tests of equal names are told apart by their order."""
    seen: Counter[str] = Counter()

    def numbered() -> Iterator[Row]:
        for name, outcome, reason in rows:
            seen[name] += 1
            yield (name if seen[name] == 1 else f"{name} #{seen[name]}", outcome, reason.strip())

    return Outcomes(*worst(numbered()), complete=complete)


def read_mocha(report: Path, tree: Path) -> Outcomes:
    """Mocha's `json` reporter, written to a file."""
    data = _load(report)
    if data is None:
        return Outcomes({}, {}, complete=False)

    def name(test: dict[str, str]) -> str:
        return f"{_relative(test.get('file') or '', tree)} > {test['fullTitle']}"

    pending = {name(test) for test in data["pending"]}
    known = {name(test) for test in data["tests"]}

    def rows() -> Iterator[Row]:
        for test in data["tests"]:
            bad = (test.get("err") or {}).get("message", "failed") if test.get("err") else ""
            yield name(test), "skipped" if name(test) in pending else "failed" if bad else "passed", bad
        for test in data["failures"]:  # failing hooks are not among the tests
            if name(test) not in known:
                yield name(test), "error", (test.get("err") or {}).get("message") or ""

    return each(rows(), complete=True)


def read_jest(report: Path, tree: Path) -> Outcomes:
    """Jest's and Vitest's JSON, written to a file."""
    data = _load(report)
    if data is None:
        return Outcomes({}, {}, complete=False)

    def rows() -> Iterator[Row]:
        for file in data["testResults"]:
            where = _relative(file.get("name") or "", tree)
            if not file["assertionResults"] and file["status"] == "failed":
                yield where, "error", file.get("message") or ""
            for test in file["assertionResults"]:
                name = " > ".join(map(str, [where, *test.get("ancestorTitles", []), test["title"]]))
                outcome = test["status"] if test["status"] in ("passed", "failed") else "skipped"
                yield name, outcome, "\n".join(test.get("failureMessages") or [])

    return each(rows(), complete=True)


def read_junit(report: Path, tree: Path) -> Outcomes:
    """JUnit XML, as node:test writes it."""
    try:
        top = ET.parse(report).getroot()
    except (FileNotFoundError, ET.ParseError):
        return Outcomes({}, {}, complete=False)

    def rows(node: ET.Element, path: list[str]) -> Iterator[Row]:
        for child in node:
            if child.tag == "testsuite":
                yield from rows(child, [*path, child.get("name") or ""])
            elif child.tag == "testcase":
                bad = next((found for tag in ("failure", "error") if (found := child.find(tag)) is not None), None)
                outcome = "skipped" if child.find("skipped") is not None else "passed"
                where = _relative(child.get("file") or "", tree)
                name = " > ".join(part for part in [where, *path, child.get("name") or ""] if part)
                if bad is None:
                    yield name, outcome, ""
                else:
                    yield name, "failed", bad.get("message") or bad.text or ""

    return each(rows(top, []), complete=True)


def read_tap(output: str) -> Outcomes:
    """TAP on the standard output; a comment names the group of the lines below it (or, from AVA, the test)."""
    group, planned, rows = "", False, []
    for line in output.splitlines():
        if line.startswith("# "):
            group = line[2:].strip()
        elif found := re.match(r"(not )?ok\b *\d* *-? *(.*)", line):
            text, _, directive = found[2].partition(" # ")
            special = directive.upper().startswith(("SKIP", "TODO"))
            outcome = "skipped" if special else "failed" if found[1] else "passed"
            name = f"{group} > {text}" if group not in ("", text) else text
            rows.append((name, outcome, text if outcome == "failed" else ""))
        planned = planned or re.match(r"1\.\.\d+", line) is not None
    return each(rows, complete=planned)


def read_types(output: str, succeeded: str = "") -> Outcomes:
    """The TypeScript compiler's diagnostics: each is an outcome at its file and line (columns may move)."""
    found = re.findall(r"^(\S[^(\n]*\.[cm]?tsx?)\((\d+),\d+\): error (TS\d+): (.*)$", output, re.MULTILINE)
    rows: list[Row] = [(f"types > {file}:{line} {code}", "failed", text) for file, line, code, text in found]
    clean = not found and "error TS" not in output
    return each([("types", "passed" if clean else "failed", "" if clean else output[-_LONGEST:]), *rows], complete=True)


def read_go(output: str) -> Outcomes:
    """`go test -json` on the standard output."""
    words = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    printed: defaultdict[tuple[str, str], str] = defaultdict(str)
    rows: list[Row] = []
    packages: dict[str, str] = {}
    failing: set[str] = set()
    ended = False
    for line in output.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # what the go command itself says
        key = (row.get("Package") or row.get("ImportPath") or "", row.get("Test") or "")
        if row["Action"] in ("output", "build-output"):
            printed[key] += row.get("Output", "")
        elif row["Action"] in words and key[1]:
            rows.append((" > ".join(key), words[row["Action"]], printed[key] if row["Action"] == "fail" else ""))
            failing |= {key[0]} if row["Action"] == "fail" else set()
        elif row["Action"] in words:
            packages[key[0]] = row["Action"]
            broken = row.get("FailedBuild")  # names a variant of this package, or one that it imports
            printed[key] = printed[broken, ""] if broken else printed[key]
            ended = True
    for package, action in packages.items():  # it does not build, crashed or took too long: no test of it failed
        if action == "fail" and package not in failing:
            rows.append((package, "error", printed[package, ""]))
    return each(rows, complete=ended)


def read_lines(report: Path, phases: bool = False) -> Outcomes:
    """Our own form: one JSON object a line, with `test`, `outcome`, `reason`; the last line is `{"end": true}`.

    `phases`: a test that is there several times is one that was reported in several phases. What was being written
    when a process was killed is left out.
    """
    lines = list(_rows(report.read_text(errors="replace"))) if report.exists() else []
    rows = ((str(line["test"]), str(line["outcome"]), str(line["reason"])) for line in lines if "test" in line)
    complete = any("end" in line for line in lines)
    return Outcomes(*worst(rows), complete=complete) if phases else each(rows, complete)


def _rows(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _load(report: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(report.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def _relative(path: str, tree: Path) -> str:
    path = path.removeprefix("file://")
    return os.path.relpath(path, tree) if Path(path).is_absolute() else path
