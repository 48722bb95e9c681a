"""Errors that functions return: recorded once, without harm, and not those that are control flow."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_go_support import Program, build

PROGRAM = """
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	§
)

type typedNil struct{ text string }

func (e *typedNil) Error() string { return e.text }

type panics struct{}

func (panics) Error() string { panic("in Error") }

type notComparable struct{ list []string }

func (e notComparable) Error() string { return fmt.Sprint(e.list) }

type unwrapPanics struct{ error }

func (unwrapPanics) Unwrap() error { panic("in Unwrap") }

var nilError *typedNil

var errs = map[string]error{
	"nil":           nil,
	"plain":         errors.New("plain"),
	"typed nil":     nilError,
	"panics":        panics{},
	"unwrap panics": unwrapPanics{errors.New("x")},
	"uncomparable":  notComparable{[]string{"a"}},
	"path":          &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist},
	"long":          errors.New(strings.Repeat("é", 1000)),
	"binary":        errors.New("\\xff\\x00\\"\\u2028"),
	"secret":        errors.New("connect: postgres://user:hunter2@host/db"),
	"EOF":           io.EOF,
	"unexpected":    io.ErrUnexpectedEOF,
	"wrapped EOF":   fmt.Errorf("reading: %w", io.EOF),
	"canceled":      context.Canceled,
	"get canceled":  &url.Error{Op: "Get", URL: "u", Err: context.Canceled},
	"deadline":      context.DeadlineExceeded,
	"skip dir":      fs.SkipDir,
	"skip all":      fs.SkipAll,
	"no rows":       sql.ErrNoRows,
	"server closed": http.ErrServerClosed,
}

func inner(name string) (err error) {
	defer _tlm.Enter(nil, "inner").Exit(&err)
	return errs[name]
}

func same(name string) (err error) {
	defer _tlm.Enter(nil, "same").Exit(&err)
	other()
	return inner(name)
}

func other() (err error) {
	defer _tlm.Enter(nil, "other").Exit(&err)
	return nil
}

func wraps(name string) (err error) {
	defer _tlm.Enter(nil, "wraps").Exit(&err)
	return fmt.Errorf("wraps: %w", same(name))
}

func joins(name string) (err error) {
	defer _tlm.Enter(nil, "joins").Exit(&err)
	return errors.Join(errors.New("other"), same(name))
}

func another(name string) (err error) {
	defer _tlm.Enter(nil, "another").Exit(&err)
	_ = same(name)
	return errors.New("another")
}

func group(ctx context.Context, name string) (err error) {
	defer _tlm.Enter(&ctx, "group").Exit(&err)
	found := make(chan error)
	go func() { found <- worker(ctx, name) }()
	return <-found
}

func worker(ctx context.Context, name string) (err error) {
	defer _tlm.Enter(&ctx, "worker").Exit(&err)
	return errs[name]
}

func handles(name string) (err error) {
	defer _tlm.Enter(nil, "handles").Exit(&err)
	defer func() { err = nil }()
	return inner(name)
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	functions := map[string]func(string) error{
		"inner": inner, "same": same, "wraps": wraps, "joins": joins, "another": another, "handles": handles,
		"group": func(name string) error { return group(context.Background(), name) },
	}
	_ = functions[os.Args[1]](os.Args[2])
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("errors"), PROGRAM, http=True)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("plain", "*errors.errorString", "plain"),
        ("typed nil", "*main.typedNil", ""),
        ("panics", "main.panics", ""),
        ("unwrap panics", "main.unwrapPanics", "x"),
        ("uncomparable", "main.notComparable", "[a]"),
        ("path", "*io/fs.PathError", "open x: file does not exist"),
        ("long", "*errors.errorString", "é" * 239 + "…"),
        ("binary", "*errors.errorString", '\ufffd\x00"\u2028'),
        ("secret", "*errors.errorString", "[redacted]"),
        ("unexpected", "*errors.errorString", "unexpected EOF"),
        ("wrapped EOF", "*fmt.wrapError", "reading: EOF"),
        ("deadline", "context.deadlineExceededError", "context deadline exceeded"),
    ],
)
def test_an_error_is_recorded(program: Program, name: str, kind: str, message: str) -> None:
    span = program.run("inner", name).one("inner")
    assert span.error and span.attributes["error.type"] == kind
    assert span.exceptions == ((kind, message),)


CONTROL_FLOW = ("nil", "EOF", "canceled", "get canceled", "skip dir", "skip all", "no rows", "server closed")


@pytest.mark.parametrize("name", CONTROL_FLOW)
def test_control_flow_is_no_error(program: Program, name: str) -> None:
    span = program.run("inner", name).one("inner")
    assert not span.error and not span.exceptions and "error.type" not in span.attributes


@pytest.mark.parametrize("function", ["same", "wraps", "joins"])
@pytest.mark.parametrize("name", ["plain", "uncomparable"])
def test_an_error_is_recorded_once(program: Program, function: str, name: str) -> None:
    outcome = program.run(function, name)
    assert [span.name for span in outcome.spans if span.exceptions] == ["inner"]
    assert {span.name for span in outcome.spans if span.error} == {"inner", "same", function}


def test_another_error_is_recorded_too(program: Program) -> None:
    outcome = program.run("another", "plain")
    assert [span.name for span in outcome.spans if span.exceptions] == ["inner", "another"]


def test_an_error_from_another_goroutine_is_recorded_once(program: Program) -> None:
    outcome = program.run("group", "plain")
    assert [span.name for span in outcome.spans if span.exceptions] == ["worker"]
    assert outcome.one("group").error


def test_the_programs_own_deferred_functions_come_first(program: Program) -> None:
    outcome = program.run("handles", "plain")
    assert [span.name for span in outcome.spans if span.error] == ["inner"]


def test_unknown_functions_fail_as_before(tmp_path: Path, program: Program) -> None:
    assert "nil pointer" in program.run("unknown", "x", code=2).err
