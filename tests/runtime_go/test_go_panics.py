"""Panics, exits and crashes: the program's outcome is what it was, and its spans say what happened."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime_go_support import Program, build, uninstrumented

PROGRAM = """
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime"
	"sync"

	§
)

type T struct{ n int }

func (t *T) deep(n int) int {
	defer _tlm.Enter(nil, "T.deep").Exit(nil)
	if n == 0 {
		return t.n
	}
	return t.deep(n-1) + 1
}

type value struct{ text string }

func (v value) Error() string { return v.text }

func open(ctx context.Context) (err error) {
	defer _tlm.Enter(&ctx, "open").Exit(&err)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	panic("in open")
}

func again() {
	defer _tlm.Enter(nil, "again").Exit(nil)
	defer func() {
		r := recover()
		panic(fmt.Sprint("again: ", r))
	}()
	panic("first")
}

func cleanup() { defer _tlm.Enter(nil, "cleanup").Exit(nil) }

func cleaning() {
	defer _tlm.Enter(nil, "cleaning").Exit(nil)
	defer cleanup()
	panic("with a cleanup")
}

func recovers() {
	defer _tlm.Enter(nil, "recovers").Exit(nil)
	if r := recover(); r != nil {
		fmt.Println("recovered", r)
	}
}

func recovering() {
	defer _tlm.Enter(nil, "recovering").Exit(nil)
	defer recovers()
	panic("for a deferred function")
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	switch os.Args[1] {
	case "nil pointer":
		(*T)(nil).deep(3)
	case "text":
		func() {
			defer _tlm.Enter(nil, "main.func1").Exit(nil)
			panic("oh\\nno")
		}()
	case "error":
		panic(value{"an error"})
	case "wrapped error":
		panic(fmt.Errorf("x: %w", os.ErrNotExist))
	case "index":
		fmt.Println(os.Args[len(os.Args)+1])
	case "goroutine":
		var wait sync.WaitGroup
		wait.Add(1)
		go func() {
			defer _tlm.Enter(nil, "main.func2").Exit(nil)
			defer wait.Done()
			(*T)(nil).deep(1)
		}()
		wait.Wait()
		select {}
	case "recovered":
		fmt.Println(open(context.Background()))
	case "again":
		again()
	case "cleaning":
		cleaning()
	case "recovering":
		recovering()
	case "nil":
		panic(nil)
	case "goexit":
		runtime.Goexit()
	case "deadlock":
		select {}
	case "exit":
		exits(3)
	case "fatal":
		log.SetFlags(0)
		err := errors.New("fatal")
		log.Fatal(_tlm.Flush(err))
	}
}

func exits(code int) {
	defer _tlm.Enter(nil, "exits").Exit(nil)
	cleanup()
	os.Exit(_tlm.Flush(code))
}
"""

CASES = [
    "nil pointer",
    "text",
    "error",
    "wrapped error",
    "index",
    "goroutine",
    "recovered",
    "again",
    "cleaning",
    "recovering",
    "nil",
    "goexit",
    "deadlock",
    "exit",
    "fatal",
]


@pytest.fixture(scope="module", params=["", "-gcflags=all=-N -l", "-gcflags=-l=4", "-race"])
def programs(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Program, Program]:
    """The program as it was, and instrumented."""
    flags = [request.param] if request.param else []
    plain = build(tmp_path_factory.mktemp("plain"), uninstrumented(PROGRAM), flags=flags)
    return plain, build(tmp_path_factory.mktemp("telemetry"), PROGRAM, flags=flags)


def _crash_text(text: str) -> str:
    """Without addresses of code and data, arguments, folders and how many goroutines there have been."""
    text = re.sub(r" ?\+?0x[0-9a-f]+|pc=\w+|\{\?.*?\}", "", text)
    text = re.sub(r"\((\.\.\.|[?, {}.]*)\)\n", "()\n", text)
    text = re.sub(r"goroutine \d+( gp= m=\d+ mp=)?", "goroutine N", text)
    return re.sub(r"/[^ ]*/module/", "", text)


@pytest.mark.parametrize("case", CASES)
def test_the_outcome_is_that_of_the_program_as_it_was(programs: tuple[Program, Program], case: str) -> None:
    plain, telemetry = programs
    if case in ("goexit", "deadlock") and "-race" in plain.flags:
        return  # the race detector keeps the runtime from seeing that all goroutines sleep
    expected = plain.run(case, code=None)
    got = telemetry.run(case, code=None)
    assert (got.code, got.out) == (expected.code, expected.out)
    assert _crash_text(got.err) == _crash_text(expected.err)


def test_a_panic_is_recorded_once_with_the_stack_below(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("nil pointer", code=2)
    deep = outcome.named("T.deep")
    assert len(deep) == 4 and all(span.error for span in outcome.spans)
    assert {span.attributes["error.type"] for span in outcome.spans} == {"panic"}
    (recorded,) = [span for span in outcome.spans if span.exceptions]
    assert recorded.exceptions == (("panic", ""),)
    assert recorded.start == max(span.start for span in deep)


def test_a_recovered_panic_is_the_error_that_the_function_made_of_it(programs: tuple[Program, Program]) -> None:
    span = programs[1].run("recovered").one("open")
    assert span.exceptions == (("*errors.errorString", "recovered: in open"),) or span.exceptions == (
        ("*fmt.wrapError", "recovered: in open"),
    )


def test_functions_called_while_a_panic_passes_do_not_fail(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("cleaning", code=2)
    assert {span.name: span.error for span in outcome.spans} == {"cleanup": False, "cleaning": True, "main": True}


def test_a_deferred_function_may_recover(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("recovering")
    assert {span.name for span in outcome.spans if span.error} == set()


def test_a_crash_in_a_goroutine_writes_the_spans_of_all(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("goroutine", code=2, tree=False)
    assert {"main.func2", "T.deep"} <= {span.name for span in outcome.spans}


def test_flush_ends_the_open_spans(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("exit", code=3)
    assert outcome.parents() == {"cleanup": "exits", "exits": "main", "main": ""}
    assert not any(span.error for span in outcome.spans)


def test_log_fatal_writes_the_spans(programs: tuple[Program, Program]) -> None:
    outcome = programs[1].run("fatal", code=1)
    assert (outcome.err, outcome.parents()) == ("fatal\n", {"main": ""})


def test_crash_text_with_all_goroutines_shows_none_of_the_helper(tmp_path: Path) -> None:
    outcome = build(tmp_path, PROGRAM).run("nil pointer", code=2, env={"GOTRACEBACK": "all"})
    assert "telemetryinject" not in outcome.err
