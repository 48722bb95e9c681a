"""The program's own OpenTelemetry SDK takes over the spans; spans of both nest in each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime_go_support import Program, build

REQUIRES = """
require (
	go.opentelemetry.io/otel v1.38.0
	go.opentelemetry.io/otel/exporters/stdout/stdouttrace v1.38.0
	go.opentelemetry.io/otel/sdk v1.38.0
	go.opentelemetry.io/otel/trace v1.38.0
)
"""

PROGRAM = """
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	§
)

type typedNil struct{ text string }

func (e *typedNil) Error() string { return e.text }

func leaf() { defer _tlm.Enter(nil, "leaf").Exit(nil) }

func inner(ctx context.Context) (err error) {
	defer _tlm.Enter(&ctx, "inner").Exit(&err)
	leaf()
	return errors.New("no")
}

func outer(ctx context.Context) (err error) {
	defer _tlm.Enter(&ctx, "outer").Exit(&err)
	ctx, span := otel.Tracer("own").Start(ctx, "own")
	defer span.End()
	return inner(ctx)
}

// The span of a library that handed over its context to somebody who did not pass it on.
func within(ctx context.Context) {
	defer _tlm.Enter(nil, "within").Exit(nil)
	between(func() { received(ctx) })
}

func between(f func()) {
	defer _tlm.Enter(nil, "between").Exit(nil)
	f()
}

func received(ctx context.Context) { defer _tlm.Enter(&ctx, "received").Exit(nil) }

type request struct{ ctx context.Context }

func (r request) Context() context.Context { return r.ctx }

func handler(r request) {
	defer _tlm.EnterRequest(&r, "handler").Exit(nil)
	received(r.Context())
}

func goroutine(ctx context.Context) {
	defer _tlm.Enter(&ctx, "goroutine").Exit(nil)
	done := make(chan bool)
	go func() { defer close(done); received(ctx) }()
	<-done
}

func typed() (err error) {
	defer _tlm.Enter(nil, "typed").Exit(&err)
	var e *typedNil
	return e
}

func panics(ctx context.Context) {
	defer _tlm.Enter(&ctx, "panics").Exit(nil)
	leaf()
	panic("oh no")
}

func full(count int, password string) (_tlm_r0 string) {
	_tlm_s := _tlm.Enter(nil, "full").Args("count", &count, "password", &password)
	defer _tlm_s.Exit(nil, "0", &_tlm_r0)
	_tlm_s.Branch("if+3")
	_tlm_s.Branch("if+3")
	_tlm_s.Loop("for+5")
	_tlm_s.Assign("count", &count)
	return "x"
}

func begin(ctx context.Context, n int) { defer _tlm.Enter(&ctx, "before").Exit(nil) }

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	ctx := context.Background()
	begin(ctx, 1)
	begin(nil, 1)
	file, _ := os.Create("sdk.json")
	exporter, _ := stdouttrace.New(stdouttrace.WithWriter(file))
	options := []sdktrace.TracerProviderOption{sdktrace.WithSyncer(exporter)}
	if os.Args[1] == "unsampled" {
		options = append(options, sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	provider := sdktrace.NewTracerProvider(options...)
	if os.Args[1] != "not set" {
		otel.SetTracerProvider(provider)
	}
	switch os.Args[1] {
	case "library":
		ctx, span := otel.Tracer("own").Start(ctx, "own")
		within(ctx)
		handler(request{ctx})
		span.End()
	case "goroutine":
		goroutine(ctx)
	case "typed nil":
		_ = typed()
		received(nil)
	case "full":
		full(3, "secret")
	case "panics":
		defer provider.Shutdown(ctx)
		panics(ctx)
	case "exit":
		os.Exit(_tlm.Flush(3))
	case "remote":
		var id trace.TraceID
		id[0] = 1
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true,
		}))
		received(ctx)
	default:
		fmt.Println(outer(ctx))
	}
}
"""

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=["", "-race"])
def program(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Program:
    flags = [request.param] if request.param else []
    return build(
        tmp_path_factory.mktemp("sdk"), PROGRAM, requires=REQUIRES, bridge=True, go_version="1.24", flags=flags
    )


def _spans(folder: Path) -> Found:
    """The SDK's spans by name, each with the name of its parent."""
    text, spans = (folder / "sdk.json").read_text(), []
    decoder = json.JSONDecoder()
    while text := text.strip():
        span, end = decoder.raw_decode(text)
        spans.append(span)
        text = text[end:]
    names = {span["SpanContext"]["SpanID"]: span["Name"] for span in spans}
    for span in spans:
        span["parent"] = names.get(span["Parent"]["SpanID"], span["Parent"]["SpanID"].strip("0"))
        span["attributes"] = {item["Key"]: item["Value"]["Value"] for item in span["Attributes"] or ()}
    return {span["Name"]: span for span in spans}


def test_spans_of_both_nest_in_each_other(program: Program) -> None:
    outcome = program.run("nest")
    spans = _spans(outcome.folder)
    assert {name: span["parent"] for name, span in spans.items()} == {
        "outer": "",
        "own": "outer",
        "inner": "own",
        "leaf": "inner",
    }
    assert len({span["SpanContext"]["TraceID"] for span in spans.values()}) == 1
    assert {span.name for span in outcome.spans} == {"before", "main"}  # begun before the SDK was there
    assert spans["outer"]["attributes"]["code.function.name"] == "main.outer"
    assert spans["outer"]["InstrumentationScope"]["Name"] == "telemetry-inject"


def test_errors_are_told_once(program: Program) -> None:
    spans = _spans(program.run("nest").folder)
    assert {name for name, span in spans.items() if span["Status"]["Code"] == "Error"} == {"outer", "inner"}
    assert [name for name, span in spans.items() if span["Events"]] == ["inner"]
    (event,) = spans["inner"]["Events"]
    assert event["Name"] == "exception"
    assert {item["Key"]: item["Value"]["Value"] for item in event["Attributes"]} == {
        "exception.type": "*errors.errorString",
        "exception.message": "no",
    }
    assert spans["inner"]["StartTime"] <= event["Time"] <= spans["inner"]["EndTime"]


def test_a_librarys_context_does_not_skip_the_functions_between(program: Program) -> None:
    text = (program.run("library").folder / "sdk.json").read_text()
    spans = [json.loads(line) for line in text.splitlines()]
    names = {span["SpanContext"]["SpanID"]: span["Name"] for span in spans}
    parents = [(span["Name"], names.get(span["Parent"]["SpanID"], "")) for span in spans]
    assert ("between", "within") in parents and ("handler", "own") in parents
    assert ("received", "handler") in parents


def test_goroutines_nest_by_context(program: Program) -> None:
    spans = _spans(program.run("goroutine").folder)
    assert spans["received"]["parent"] == "goroutine"


def test_a_typed_nil_error_and_a_nil_context_do_no_harm(program: Program) -> None:
    spans = _spans(program.run("typed nil").folder)
    assert spans["typed"]["Status"]["Code"] == "Error" and spans["received"]["parent"] == ""


def test_values_reach_the_sdk(program: Program) -> None:
    span = _spans(program.run("full").folder)["full"]
    expected = {
        "telemetry.arg.count": 3,
        "telemetry.arg.password": "[redacted]",
        "telemetry.return": "x",
        "telemetry.branch.if+3": 2,
        "telemetry.loop.for+5": 1,
    }
    assert expected.items() <= span["attributes"].items()
    assert [event["Name"] for event in span["Events"]] == ["assign"]


def test_a_panic_is_the_programs_own(program: Program) -> None:
    outcome = program.run("panics", code=2)
    assert outcome.err.startswith("panic: oh no\n\ngoroutine 1 [running]:\nmain.panics(")
    span = _spans(outcome.folder)["panics"]
    assert span["Status"]["Code"] == "Error" and span["attributes"]["error.type"] == "panic"


def test_an_api_without_an_sdk_leaves_the_file(program: Program) -> None:
    outcome = program.run("not set")
    assert {"outer", "inner", "leaf", "main"} <= {span.name for span in outcome.spans}
    assert outcome.parents()["inner"] == "outer"


def test_what_the_sdk_does_not_sample_is_nowhere(program: Program) -> None:
    outcome = program.run("unsampled")
    assert (outcome.folder / "sdk.json").read_text() == ""
    assert {span.name for span in outcome.spans} == {"before", "main"}


def test_a_remote_parent_of_the_programs_is_kept(program: Program) -> None:
    assert _spans(program.run("remote").folder)["received"]["parent"] == "1"


def test_flush_writes_what_the_sdk_has_not(program: Program) -> None:
    assert {span.name for span in program.run("exit", code=3).spans} == {"before", "main"}
