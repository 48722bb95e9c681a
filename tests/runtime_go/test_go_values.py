"""Levels flow and full: branches, loops, arguments, assignments, results."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_go_support import Program, build
from telemetry_inject.report.span_file import Span

PROGRAM = """
package main

import (
	"context"
	"math"
	"os"
	"strings"

	§
)

type Kind string

func (Kind) String() string { panic("called") }

type Level int

func (Level) Error() string { panic("called") }

type T struct {
	a  int
	mu *T
}

func (*T) String() string { panic("called") }

func show(ctx context.Context, kind Kind, level Level, yes bool, f float64, u uint64, c complex64, list []int,
	m map[string]int, p *T, t T, any interface{}, err error, fn func(), raw []byte, password string, token Kind) (_tlm_r0 int, _tlm_r1 string) {
	_tlm_s := _tlm.Enter(&ctx, "show").Args("kind", &kind, "level", &level, "yes", &yes, "f", &f, "u", &u, "c", &c,
		"list", &list, "m", &m, "p", &p, "t", &t, "any", &any, "err", &err, "fn", &fn, "raw", &raw, "password", &password, "token", &token)
	defer _tlm_s.Exit(nil, "0", &_tlm_r0, "1", &_tlm_r1)
	return 1, "two"
}

func texts(a, b, c, d string) (_tlm_r0 Level) {
	_tlm_s := _tlm.Enter(nil, "texts").Args("a", &a, "b", &b, "c", &c, "d", &d)
	defer _tlm_s.Exit(nil, "0", &_tlm_r0)
	return 7
}

func flow(n int) {
	_tlm_s := _tlm.Enter(nil, "flow")
	defer _tlm_s.Exit(nil)
	for i := 0; i < n; i++ {
		_tlm_s.Loop("for+3")
		if i%2 == 0 {
			_tlm_s.Branch("if+5")
		}
		_tlm_s.Assign("i", &i)
	}
	for i := 0; i < 200; i++ {
		_tlm_s.Branch(strings.Repeat("x", i))
	}
}

func odd() {
	_tlm_s := _tlm.Enter(nil, "odd").Args("a").Args(1, 2, 3).Args(nil, nil)
	defer _tlm_s.Exit(nil, "x")
	var e error
	_tlm_s.Assign("e", &e, "n", nil)
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	var nilT *T
	show(context.Background(), "k", 3, true, math.Inf(1), math.MaxUint64, 1+2i, []int{1, 2}, map[string]int{"a": 1},
		nilT, T{}, Kind("x"), os.ErrNotExist, main, []byte("x"), "hunter2", "t")
	texts(strings.Repeat("é", 500), "postgres://u:p@h/d", "\\xffx", "Bearer abcdefghijkl")
	flow(300)
	odd()
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("values"), PROGRAM)


def _values(span: Span, prefix: str) -> dict[str, object]:
    return {key[len(prefix) :]: value for key, value in span.attributes.items() if key.startswith(prefix)}


def test_arguments_and_results(program: Program) -> None:
    span = program.run().one("show")
    assert _values(span, "telemetry.arg.") == {
        "kind": "k",
        "level": 3,
        "yes": True,
        "f": "Infinity",
        "u": "18446744073709551615",
        "c": "(1+2i)",
        "list": "<[]int of 2>",
        "m": "<map[string]int>",
        "p": "nil",
        "t": "<main.T>",
        "any": "<main.Kind>",
        "err": "<error>",
        "fn": "<func()>",
        "raw": "<[]uint8 of 1>",
        "password": "[redacted]",
        "token": "[redacted]",
    }
    assert _values(span, "telemetry.return") == {".0": 1, ".1": "two"}


def test_texts_are_short_and_without_secrets(program: Program) -> None:
    span = program.run().one("texts")
    assert _values(span, "telemetry.arg.") == {
        "a": "é" * 119 + "…",
        "b": "[redacted]",
        "c": "\ufffdx",
        "d": "[redacted]",
    }
    assert span.attributes["telemetry.return"] == 7


def test_counts_and_events_are_bounded(program: Program) -> None:
    outcome = program.run()
    span = outcome.one("flow")
    assert span.attributes["telemetry.loop.for+3"] == 300 and span.attributes["telemetry.branch.if+5"] == 150
    assert len(_values(span, "telemetry.branch.") | _values(span, "telemetry.loop.")) == 100
    text = outcome.files[0].read_text()
    assert text.count('"name":"assign"') == 129 and '"droppedEventsCount":172' in text


def test_wrong_use_does_no_harm(program: Program) -> None:
    span = program.run().one("odd")
    assert not span.error


def test_disabled_spans_take_all_calls(program: Program) -> None:
    assert program.run(env={"TELEMETRY_INJECT_DISABLED": "true"}).files == []


def test_no_race_by_reading_values(tmp_path: Path) -> None:
    assert build(tmp_path, PROGRAM, flags=["-race"]).run().err == ""
