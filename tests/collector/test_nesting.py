"""Programs that have configured the official SDK: their spans and ours are one tree, in both directions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from collector_support import Collector, own_tree, sent_tree
from examples_support import need, tool

from runtime_js_support import modules

pytestmark = pytest.mark.xdist_group("collector")
Collectors = Callable[..., Collector]

PYTHON = {
    "program.py": """
import sys
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

def leaf(n):
    return [n for _ in range(n)]
def inner():
    with tracer.start_as_current_span("deepest"):
        leaf(3)
def fails():
    raise ValueError("on purpose")
def outer():
    with tracer.start_as_current_span("theirs"):
        inner()
    try:
        fails()
    except ValueError:
        leaf(1)

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("program")
with tracer.start_as_current_span("root"):
    outer()
provider.shutdown()
"""
}
NODE = {
    "package.json": '{"name": "program"}',
    "program.js": """
const { trace } = require("@opentelemetry/api");
const { NodeTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-node");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");

function leaf(n) { const all = []; while (all.length < n) all.push(n); return all; }
async function inner() {
  await tracer.startActiveSpan("deepest", async (span) => { await null; leaf(3); span.end(); });
}
function fails() { throw new RangeError("on purpose"); }
async function outer() {
  await tracer.startActiveSpan("theirs", async (span) => { await inner(); span.end(); });
  try { fails(); } catch (error) { leaf(1); }
}

const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
const tracer = trace.getTracer("program");
tracer.startActiveSpan("root", async (span) => { await outer(); span.end(); })
  .then(provider.shutdown.bind(provider));
""",
}
GO = {
    "go.mod": """module example.com/program

go 1.23.0

require (
	go.opentelemetry.io/otel v1.38.0
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.38.0
	go.opentelemetry.io/otel/sdk v1.38.0
	go.opentelemetry.io/otel/trace v1.38.0
)
""",
    "setup.go": """
package main

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func setup(ctx context.Context) func() {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		panic(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	otel.SetTracerProvider(provider)
	return func() { _ = provider.Shutdown(ctx) }
}
""",
    "program.go": """
package main

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

var tracer trace.Tracer

func leaf(n int) (all []int) {
	for i := 0; i < n; i++ {
		all = append(all, i)
	}
	return all
}

func inner(ctx context.Context) {
	ctx, span := tracer.Start(ctx, "deepest", trace.WithSpanKind(trace.SpanKindInternal))
	defer span.End()
	use(ctx)
}

func use(ctx context.Context) { leaf(3) }

func fails() error { return errors.New("on purpose") }

func outer(ctx context.Context) {
	below, span := tracer.Start(ctx, "theirs")
	inner(below)
	span.End()
	if err := fails(); err != nil {
		leaf(1)
	}
}

func run(ctx context.Context) {
	tracer = otel.Tracer("program")
	ctx, span := tracer.Start(ctx, "root")
	defer span.End()
	outer(ctx)
}

func main() {
	ctx := context.Background()
	stop := setup(ctx)
	run(ctx)
	stop()
}
""",
}
TREE = {
    "root": [""],
    "outer": ["root"],
    "theirs": ["outer"],
    "inner": ["theirs"],
    "deepest": ["inner"],
    "fails": ["outer"],
    "leaf": ["deepest", "outer"],
}
PROGRAMS: Mapping[str, tuple[Mapping[str, str], list[str], Mapping[str, list[str]]]] = {
    "Python": (PYTHON, [sys.executable, "program.py"], TREE),
    # Callbacks are functions too.
    "Node": (
        NODE,
        ["node", "program.js"],
        TREE
        | {
            "<anonymous>": ["root"],
            "outer": ["<anonymous>"],
            "outer.<anonymous>": ["theirs"],
            "inner": ["outer.<anonymous>"],
            "inner.<anonymous>": ["deepest"],
            "leaf": ["inner.<anonymous>", "outer"],
        },
    ),
    # `main` was called before there was an SDK.
    "Go": (GO, ["./program"], TREE | {"run": [""], "root": ["run"], "use": ["deepest"], "leaf": ["outer", "use"]}),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_spans_nest_in_both_directions(language: str, collector: Collectors, tmp_path: Path) -> None:
    files, command, expected = PROGRAMS[language]
    source, made = tmp_path / "source", tmp_path / "made"
    source.mkdir()
    for name, text in files.items():
        (source / name).write_text(text, encoding="utf-8")
    if language == "Go":
        subprocess.run(["go", "mod", "tidy"], cwd=source, check=True, capture_output=True)
    if language == "Node":
        need("node")
        (source / "node_modules").symlink_to(modules())
    tool(source, "--use-scripts", "--all-functions", "-o", made, "--cache-dir", tmp_path / "cache", cwd=tmp_path)
    if language == "Go":
        subprocess.run(["go", "build", "-o", "program", "."], cwd=made, check=True)
    if language == "Node" and not (made / "node_modules").exists():
        (made / "node_modules").symlink_to(modules())
    sent = sent_tree(collector(), command, made)
    assert sent.parents == expected
    assert len(sent.traces) == 1
    assert own_tree(made.glob("telemetry/*.jsonl")).parents == ({"main": [""]} if language == "Go" else {})
    theirs = {"root", "theirs", "deepest"}
    scopes = {span["name"]: span["scope"]["name"] for span in sent.spans}
    assert scopes == {name: "program" if name in theirs else "telemetry-inject" for name in expected}
    assert {span["name"] for span in sent.spans if span.get("status", {}).get("code") == 2} == {"fails"}
    (failed,) = [span for span in sent.spans if span["name"] == "fails"]
    values = {item["key"]: item["value"] for event in failed["events"] for item in event["attributes"]}
    assert values["exception.message"] == {"stringValue": "on purpose"}
    assert all(span["resource"]["telemetry.sdk.name"] == {"stringValue": "opentelemetry"} for span in sent.spans)
