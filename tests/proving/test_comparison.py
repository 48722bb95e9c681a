"""Runs compared test by test: what is the same, what changed, what was never steady."""

from __future__ import annotations

import pytest

from telemetry_inject.proving.causes import likely_cause
from telemetry_inject.proving.comparison import compare
from telemetry_inject.proving.suite import COMMAND, Run


def run(tests: dict[str, str], code: int = 0, timed_out: bool = False) -> Run:
    return Run(tests, {"a": "why"}, True, code, timed_out, 1.0, 1.0, "output", 0, 0, ["pytest"], 1)


PASSED, FAILED = {"a": "passed", "b": "passed"}, {"a": "failed", "b": "passed"}


def test_a_test_that_ends_differently_has_changed() -> None:
    found = compare([run(PASSED)], [run(FAILED, 1)])
    assert [(each.test, each.before, each.after, each.reason) for each in found.changed] == [
        ("a", "passed", "failed", "why")
    ]
    assert found.same == 1


def test_a_test_that_failed_before_is_the_same() -> None:
    found = compare([run(FAILED, 1)], [run(FAILED, 1)])
    assert found.steady and found.same == 2


def test_a_test_that_differs_by_itself_is_flaky() -> None:
    found = compare([run(PASSED), run(FAILED, 1)], [run(FAILED, 1), run(FAILED, 1)])
    assert (found.flaky, found.changed, found.same) == (("a",), (), 1)


def test_a_test_that_differs_only_with_telemetry_is_unsteady() -> None:
    found = compare([run(PASSED), run(PASSED)], [run(FAILED, 1), run(PASSED)])
    assert [each.test for each in found.unsteady] == ["a"] and not found.changed


def test_a_test_that_is_gone_has_changed() -> None:
    found = compare([run(PASSED)], [run({"b": "passed"}, 2)])
    assert [(each.test, each.after) for each in found.changed] == [("a", "absent")]


def test_the_command_counts_when_the_tests_explain_nothing() -> None:
    found = compare([run(PASSED)], [run(PASSED, 3)])
    assert [(each.test, each.before, each.after) for each in found.changed] == [(COMMAND, "exit 0", "exit 3")]
    found = compare([run({})], [run({}, timed_out=True)])
    assert found.changed[0].after == "timed out"


@pytest.mark.parametrize("allow", ["a", "*", "[ab]"])
def test_what_is_allowed_to_change(allow: str) -> None:
    found = compare([run(PASSED)], [run(FAILED, 1)], [allow])
    assert not found.changed and [each.test for each in found.allowed] == ["a"]


@pytest.mark.parametrize(
    ("function", "reason", "expected"),
    [
        ("def f(): pass", "RecursionError: maximum recursion depth exceeded", "recursion limit"),
        ("def f(): pass", "assert 'with _tlm(' in source", "source text"),
        ("func F() {}", "got 1 allocs, want 0", "allocation"),
        ("def f(): return g.__code__.co_consts", "assert 1 == 2", "source text"),
        ("func F() { runtime.Caller(0) }", "want 3, got 4", "line number"),
        ("def f(): pass", "assert 7 == 3\n    assert error.tb_lineno == 3", "line number"),
        ("f() { return performance.now() }", "expected 3 to be below 2", "timing"),
        ("func F(ctx context.Context) *Entry {}", "not the same context", "context"),
        ("def f(): pass", "ImportError: partially initialized module", "import"),
        ("def f(): pass", "assert 1 == 2", "unknown"),
    ],
)
def test_likely_causes(function: str, reason: str, expected: str) -> None:
    assert likely_cause(function, [reason]) == expected
