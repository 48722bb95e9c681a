"""What test runners report is read into one outcome per test."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "behaviour"))

from outcomes import Difference
from results import Result, Setting, add_result, load_results
from suites import load_suites
from tables import Comparison
from telemetry_inject.proving.reports import (
    Outcomes,
    read_go,
    read_jest,
    read_junit,
    read_lines,
    read_mocha,
    read_tap,
    read_types,
)

TREE = Path("/tree")


def test_tap_assertions_are_named_by_their_group_and_order() -> None:
    output = "TAP version 13\n# adds\nok 1 is two\nok 2 is two\nnot ok 3 is three\nok 4 later # SKIP no\n1..4\n"
    found = read_tap(output)
    assert found.tests == {
        "adds > is two": "passed",
        "adds > is two #2": "passed",
        "adds > is three": "failed",
        "adds > later": "skipped",
    }
    assert found.complete


def test_tap_without_a_plan_did_not_end() -> None:
    assert not read_tap("TAP version 13\nok 1 a\n").complete


def test_mocha_tells_pending_failed_and_broken_hooks(tmp_path: Path) -> None:
    file = "/tree/test/a.js"
    passed = {"file": file, "fullTitle": "a works", "err": {}}
    failed = {"file": file, "fullTitle": "a breaks", "err": {"message": "1 is not 2"}}
    pending = {"file": file, "fullTitle": "a waits", "err": {}}
    hook = {"file": file, "fullTitle": 'a "before all" hook', "err": {"message": "no port"}}
    report = tmp_path / "report"
    report.write_text(
        json.dumps({"tests": [passed, failed, pending], "pending": [pending], "failures": [failed, hook], "passes": []})
    )
    found = read_mocha(report, TREE)
    assert found.tests == {
        "test/a.js > a works": "passed",
        "test/a.js > a breaks": "failed",
        "test/a.js > a waits": "skipped",
        'test/a.js > a "before all" hook': "error",
    }
    assert found.reasons["test/a.js > a breaks"] == "1 is not 2"


def test_jest_counts_a_file_that_cannot_be_loaded(tmp_path: Path) -> None:
    test = {"ancestorTitles": ["sum"], "title": "adds", "status": "passed", "failureMessages": []}
    later = {"ancestorTitles": [], "title": "later", "status": "pending"}
    files = [
        {"name": "/tree/a.test.ts", "status": "passed", "assertionResults": [test, later]},
        {"name": "/tree/b.test.ts", "status": "failed", "assertionResults": [], "message": "SyntaxError"},
    ]
    report = tmp_path / "report"
    report.write_text(json.dumps({"testResults": files}))
    assert read_jest(report, TREE).tests == {
        "a.test.ts > sum > adds": "passed",
        "a.test.ts > later": "skipped",
        "b.test.ts": "error",
    }


def test_junit_suites_are_part_of_the_name(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text(
        '<testsuites><testsuite name="outer"><testcase name="inner"/>'
        '<testcase name="bad"><failure message="why"/></testcase>'
        '<testcase name="off"><skipped/></testcase></testsuite></testsuites>'
    )
    found = read_junit(report, TREE)
    assert found.tests == {"outer > inner": "passed", "outer > bad": "failed", "outer > off": "skipped"}
    assert found.reasons == {"outer > bad": "why"}


def test_go_packages_that_do_not_build_are_errors() -> None:
    rows = [
        {"Action": "pass", "Package": "m/a", "Test": "TestOne"},
        {"Action": "skip", "Package": "m/a", "Test": "TestTwo"},
        {"Action": "output", "Package": "m/a", "Test": "TestThree", "Output": "a.go:3: no\n"},
        {"Action": "fail", "Package": "m/a", "Test": "TestThree"},
        {"Action": "fail", "Package": "m/a"},
        {"Action": "build-output", "ImportPath": "m/b [m/b.test]", "Output": "b.go:1: undefined: x\n"},
        {"Action": "build-fail", "ImportPath": "m/b [m/b.test]"},
        {"Action": "fail", "Package": "m/b", "FailedBuild": "m/b [m/b.test]"},
    ]
    found = read_go("go: downloading something\n" + "\n".join(map(json.dumps, rows)))
    assert found.tests == {
        "m/a > TestOne": "passed",
        "m/a > TestTwo": "skipped",
        "m/a > TestThree": "failed",
        "m/b": "error",
    }
    assert found.reasons == {"m/a > TestThree": "a.go:3: no", "m/b": "b.go:1: undefined: x"}


def test_go_that_never_started_a_package_did_not_end() -> None:
    assert not read_go("go: no such module").complete


def test_diagnostics_of_the_compiler_are_told_apart_by_line_but_not_by_column() -> None:
    def diagnostics(column: int) -> dict[str, str]:
        return read_types(f"src/a.ts(3,{column}): error TS2322: Type 'string' is not assignable.\n").tests

    assert diagnostics(5) == diagnostics(70) == {"types": "failed", "types > src/a.ts:3 TS2322": "failed"}
    assert read_types("").tests == {"types": "passed"}
    assert read_types("error TS18003: No inputs were found.").tests == {"types": "failed"}


@pytest.mark.parametrize("reader", [read_mocha, read_jest, read_junit])
def test_a_runner_that_wrote_no_report_did_not_end(reader, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert reader(tmp_path / "none", TREE) == Outcomes({}, {}, complete=False)


def test_lines_cut_short_did_not_end(tmp_path: Path) -> None:
    report = tmp_path / "report"
    report.write_text('{"test": "a.go", "outcome": "passed", "reason": ""}\n')
    assert not read_lines(report).complete
    report.write_text(report.read_text() + '{"end": true}\n')
    assert read_lines(report) == Outcomes({"a.go": "passed"}, {}, complete=True)


def test_what_is_explained_later_is_expected_without_another_run(tmp_path: Path) -> None:
    (suite,) = load_suites(["xxhash"])
    different = [
        Difference(f"github.com/cespare/xxhash/v2 > {name}", "passed", "failed", "got 1")
        for name in ("TestAllocs/Sum64", "TestSum")
    ]
    comparison = Comparison(
        name="xxhash",
        version=suite.version,
        functions=1,
        skipped={},
        passed=2,
        skipped_tests=0,
        unsteady=[],
        different=different,
        expected={},
        exit_codes=(0, 1),
        seconds=(1.0, 1.0),
        spans=1,
        more_spans=False,
        span_problems=[],
        other_problems=[],
        output="",
    )
    add_result(Result(Setting.now("Go"), comparison), "function", [suite], tmp_path)
    (found,) = load_results("function", [suite], tmp_path)
    assert [each.test for each in found.comparison.different] == ["github.com/cespare/xxhash/v2 > TestSum"]
    assert list(found.comparison.expected) == ["github.com/cespare/xxhash/v2 > TestAllocs/Sum64"]
