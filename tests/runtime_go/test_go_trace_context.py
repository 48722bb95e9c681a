"""Traces over several processes: read from the environment and from requests, and sent on where that is asked for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from trace_states import HEADER, OTHER, PARENT, PARENTS, STATES, TRACE

from runtime_go_support import Outcome, Program, build

ON = {"TELEMETRY_INJECT_PROPAGATE": "true"}

PROGRAM = """
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	§
)

var (
	lock sync.Mutex
	seen = [][]string{}
)

func leaf() { defer _tlm.Enter(nil, "leaf").Exit(nil) }

func middleware(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterRequest(&r, "middleware").Exit(nil)
	handle(w, r.WithContext(context.WithValue(r.Context(), "key", "value")))
}

func handle(w http.ResponseWriter, r *http.Request) {
	defer _tlm.EnterRequest(&r, "handle").Exit(nil)
	leaf()
	lock.Lock()
	defer lock.Unlock()
	found := []string{}
	for _, name := range []string{"Traceparent", "Tracestate"} {
		found = append(found, r.Header[name]...)
	}
	seen = append(seen, found)
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %d", r.Method, len(body))
}

func ask(client *http.Client, url string, header http.Header) (err error) {
	defer _tlm.Enter(nil, "ask").Exit(&err)
	request, _ := http.NewRequest("POST", url, strings.NewReader("body"))
	request.Header = header
	count := len(header)
	return done(client, request, count)
}

func done(client *http.Client, request *http.Request, count int) (err error) {
	defer _tlm.EnterRequest(&request, "done").Exit(&err)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if string(body) != "POST 4" || len(request.Header) != count || len(response.Request.Header) != count {
		fmt.Println("wrong", string(body), request.Header, response.Request.Header)
	}
	return err
}

func within(ctx context.Context, client *http.Client, url string) {
	defer _tlm.Enter(&ctx, "within").Exit(nil)
	finished := make(chan bool)
	go func() { // a goroutine without a call of its own
		request, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
		if _, err := client.Do(request); err != nil {
			fmt.Println(err)
		}
		close(finished)
	}()
	<-finished
}

func relay(url string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer _tlm.EnterRequest(&r, "relay").Exit(nil)
		response, err := http.Get(url)
		if err == nil {
			response.Body.Close()
		}
	}
}

func child() {
	defer _tlm.Enter(nil, "child").Exit(nil)
	text, err := exec.Command("sh", "-c", "echo \\"$TRACEPARENT $TRACESTATE\\"").Output()
	fmt.Print(string(text))
	if err != nil {
		fmt.Println(err)
	}
}

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	plain := httptest.NewServer(http.HandlerFunc(middleware))
	secure := httptest.NewTLSServer(http.HandlerFunc(middleware))
	secure.EnableHTTP2 = true
	transport := http.DefaultTransport.(*http.Transport) // as many programs say
	transport.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	var all []http.Header
	if len(os.Args) > 2 {
		if err := json.Unmarshal([]byte(os.Args[2]), &all); err != nil {
			panic(err)
		}
	}
	own := &http.Client{Timeout: 5 * time.Second}
	switch os.Args[1] {
	case "asked":
		for _, header := range all {
			request := httptest.NewRequest("GET", "/", nil)
			request.Header = header
			middleware(httptest.NewRecorder(), request)
		}
	case "served":
		for _, header := range all {
			request, _ := http.NewRequest("GET", plain.URL, nil)
			request.Header = header
			if _, err := (&http.Client{Transport: &http.Transport{}}).Do(request); err != nil {
				fmt.Println(err)
			}
		}
	case "default":
		_ = ask(http.DefaultClient, plain.URL, http.Header{"A": {"b"}})
	case "own":
		_ = ask(own, plain.URL, http.Header{"A": {"b"}})
	case "there":
		_ = ask(own, plain.URL, http.Header{"Traceparent": {"mine"}, "Tracestate": {"a=1"}})
		_ = ask(http.DefaultClient, secure.URL, http.Header{"Traceparent": {"mine"}})
	case "secure":
		_ = ask(http.DefaultClient, secure.URL, http.Header{"A": {"b"}})
	case "goroutine":
		within(context.Background(), own, plain.URL)
	case "relay":
		front := httptest.NewServer(relay(plain.URL))
		request, _ := http.NewRequest("GET", front.URL, nil)
		request.Header = all[0]
		if _, err := (&http.Client{Transport: &http.Transport{}}).Do(request); err != nil {
			fmt.Println(err)
		}
	case "child":
		child()
	case "wrong":
		for _, url := range []string{"http://127.0.0.1:1/", "nonsense://x", "http://", "http://x y/", ""} {
			_, err := http.Get(url)
			_, err2 := own.Get(url)
			fmt.Println(err, err2)
		}
		_, err := http.DefaultTransport.RoundTrip(&http.Request{})
		_, err2 := http.DefaultClient.Do(&http.Request{Header: http.Header{"A b": {"c"}}})
		fmt.Println(err, err2)
		http.DefaultClient.CloseIdleConnections()
	case "parallel":
		var wait sync.WaitGroup
		request, _ := http.NewRequest("GET", plain.URL, nil)
		for i := 0; i < 20; i++ {
			wait.Add(1)
			go func() {
				defer wait.Done()
				if response, err := own.Do(request); err == nil {
					response.Body.Close()
				}
			}()
		}
		wait.Wait()
	}
	lock.Lock()
	defer lock.Unlock()
	text, _ := json.Marshal(seen)
	fmt.Println(string(text))
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("context"), PROGRAM, http=True, go_version="1.21")


def sent(done: Outcome) -> list[list[str]]:
    """The headers that the server saw, of each request."""
    found: list[list[str]] = json.loads(done.out.splitlines()[-1])
    assert "wrong" not in done.out
    return found


def header(done: Outcome, name: str) -> str:
    """The header that says that this call asked."""
    span = done.one(name)
    return f"00-{span.trace_id}-{span.span_id}-01"


def answered(done: Outcome) -> list[tuple[bool, str]]:
    """Of each request, in their order: whether it is in the trace of the header, and its parent."""
    spans = sorted(done.named("middleware"), key=lambda span: span.start)
    return [(span.trace_id == TRACE, span.parent_id) for span in spans]


def states(done: Outcome, name: str) -> list[str]:
    """The state of the trace in each span of that name, in their order."""
    spans = [
        span
        for file in done.files
        for line in file.read_text().splitlines()
        for span in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
        if span["name"] == name
    ]
    return [span.get("traceState", "") for span in sorted(spans, key=lambda span: int(span["startTimeUnixNano"]))]


def test_a_handler_continues_the_trace_of_its_request_and_of_no_other(program: Program) -> None:
    asked = [{"Traceparent": [HEADER]}, {}, {"Traceparent": [HEADER[:36] + OTHER + "-01"]}, {}]
    done = program.run("served", json.dumps(asked))
    assert answered(done) == [(True, PARENT), (False, ""), (True, OTHER), (False, "")]
    spans = {span.span_id: span for span in done.spans}
    for name, parent in (("handle", "middleware"), ("leaf", "handle")):
        for span in done.named(name):
            assert spans[span.parent_id].name == parent and spans[span.parent_id].trace_id == span.trace_id
    assert [span.parent_is_remote for span in done.named("middleware")].count(True) == 2


HEADERS = PARENTS | {
    "spaces around": ([f" {HEADER}\t"], True),
    "underscores": ([HEADER.replace("0a", "_a", 1)], False),
    "a sign": ([HEADER.replace("-0a", "-+a", 1)], False),
}


def test_headers_are_read_as_the_specification_says(program: Program) -> None:
    asked = [{"Traceparent": values} for values, _ in HEADERS.values()]
    found = dict(zip(HEADERS, [there for there, _ in answered(program.run("asked", json.dumps(asked)))], strict=True))
    assert found == {name: good for name, (_, good) in HEADERS.items()}


def test_the_tracestate_is_kept_unless_it_is_wrong(program: Program) -> None:
    asked = [{"Traceparent": [HEADER], "Tracestate": [state]} for state in STATES]
    asked.append({"Traceparent": [HEADER], "Tracestate": ["a=1", "b=2"]})
    done = program.run("asked", json.dumps(asked))
    assert states(done, "middleware") == states(done, "leaf") == [*STATES.values(), "a=1,b=2"]


@pytest.mark.parametrize(("sampler", "kept"), [("", 1), ("parentbased_always_off", 1), ("always_on", 3)])
def test_the_sampled_flag_is_followed_where_the_sampler_asks_the_parent(
    program: Program, sampler: str, kept: int
) -> None:
    unsampled = {"Traceparent": [HEADER[:-2] + "00"]}
    asked = json.dumps([unsampled, {"Traceparent": [HEADER]}, unsampled])
    done = program.run("served", asked, env={"OTEL_TRACES_SAMPLER": sampler})
    assert answered(done) == [(True, PARENT)] * kept and len(done.named("leaf")) == kept


@pytest.mark.parametrize("propagators", ["none", "b3", "baggage, jaeger"])
def test_other_propagators_or_none_mean_that_nothing_is_picked_up(program: Program, propagators: str) -> None:
    env = {"OTEL_PROPAGATORS": propagators, "TRACEPARENT": HEADER}
    done = program.run("served", json.dumps([{"Traceparent": [HEADER]}]), env=env | ON)
    assert answered(done) == [(False, "")] and done.one("main").parent_id == ""


def test_a_request_goes_before_what_the_process_was_started_with(program: Program) -> None:
    env = {"TRACEPARENT": f"00-{'1' * 32}-{'2' * 16}-01", "TRACESTATE": "a=1", "OTEL_PROPAGATORS": "b3, tracecontext"}
    done = program.run("served", json.dumps([{"Traceparent": [HEADER]}, {}]), env=env)
    assert answered(done) == [(True, PARENT), (False, "2" * 16)]
    assert (states(done, "main"), states(done, "middleware")) == (["a=1"], ["", "a=1"])


@pytest.mark.parametrize("how", ["default", "own", "secure"])
def test_requests_name_the_call_that_sent_them(program: Program, how: str) -> None:
    done = program.run(how, env=ON)
    assert sent(done) == [[header(done, "done")]]
    assert done.parents()["middleware"] == "done" and len({span.trace_id for span in done.spans}) == 1
    assert sent(program.run(how)) == [[]] and sent(program.run(how, env=ON | {"OTEL_PROPAGATORS": "none"})) == [[]]
    assert sent(program.run(how, env=ON | {"OTEL_SDK_DISABLED": "true"})) == [[]]


def test_a_header_that_is_there_is_kept(program: Program) -> None:
    assert sent(program.run("there", env=ON)) == [["mine", "a=1"], ["mine"]]


def test_the_context_of_a_request_names_the_call(program: Program) -> None:
    done = program.run("goroutine", env=ON)
    assert sent(done) == [[header(done, "within")]]


@pytest.mark.parametrize("flags", ["01", "00"])
def test_what_was_picked_up_is_sent_on_with_its_state_and_flag(program: Program, flags: str) -> None:
    asked = [{"Traceparent": [HEADER[:-2] + flags], "Tracestate": ["b=2 , a=1"]}]
    done = program.run("relay", json.dumps(asked), env=ON)
    ((parent, state),) = sent(done)
    assert parent[:36] == HEADER[:36] and parent[-2:] == flags and PARENT not in parent and state == "b=2,a=1"
    if flags == "01":
        assert parent == header(done, "relay")


def test_a_request_of_many_goroutines_is_left_as_it_is(tmp_path: Path) -> None:
    program = build(tmp_path, PROGRAM, http=True, flags=["-race"])
    done = program.run("parallel", env=ON | {"TRACEPARENT": HEADER})
    assert sent(done) == [[HEADER]] * 20 and done.err == ""


def test_failures_are_those_of_the_program(program: Program) -> None:
    outputs = {program.run("wrong", env=env, tree=False).out for env in ({}, ON)}
    assert len(outputs) == 1 and "connection refused" in outputs.pop()


@pytest.mark.parametrize("inherited", [{}, {"TRACEPARENT": HEADER, "TRACESTATE": "a=1"}])
def test_child_processes_are_told_of_main(program: Program, inherited: dict[str, str]) -> None:
    done = program.run("child", env=ON | inherited)
    assert done.out.splitlines()[0].split() == [header(done, "main"), *([] if not inherited else ["a=1"])]
    quiet = program.run("child", env=inherited)
    assert quiet.out.splitlines()[0].split() == list(inherited.values())


SDK = """
require (
	go.opentelemetry.io/otel v1.38.0
	go.opentelemetry.io/otel/exporters/stdout/stdouttrace v1.38.0
	go.opentelemetry.io/otel/sdk v1.38.0
	go.opentelemetry.io/otel/trace v1.38.0
)
"""


@pytest.fixture(scope="module")
def with_sdk(tmp_path_factory: pytest.TempPathFactory) -> Program:
    source = PROGRAM.replace(
        "plain := httptest",
        """exporter, _ := stdouttrace.New(stdouttrace.WithWriter(os.Stderr))
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter)))
	if os.Getenv("PROPAGATE") != "" {
		otel.SetTextMapPropagator(propagation.TraceContext{})
	}
	plain := httptest""",
    ).replace(
        "\n\t§",
        """
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	§""",
    )
    folder = tmp_path_factory.mktemp("sdk")
    return build(folder, source, http=True, bridge=True, requires=SDK, go_version="1.23.0")


def exported(done: Outcome) -> dict[str, tuple[str, str, str]]:
    """Name -> trace, span and parent of the last span of that name that the program's SDK exported."""
    decoder, found, rest = json.JSONDecoder(), {}, done.err
    while rest := rest.lstrip():
        span, end = decoder.raw_decode(rest)
        rest = rest[end:]
        own = span["SpanContext"]
        found[span["Name"]] = (own["TraceID"], own["SpanID"], span["Parent"]["SpanID"])
    return found


def test_with_an_sdk_its_propagators_read_and_write(with_sdk: Program) -> None:
    env = ON | {"PROPAGATE": "1"}
    spans = exported(with_sdk.run("served", json.dumps([{"Traceparent": [HEADER]}]), env=env))
    assert (spans["middleware"][0], spans["middleware"][2]) == (TRACE, PARENT)
    assert spans["handle"][::2] == (TRACE, spans["middleware"][1]) and spans["leaf"][2] == spans["handle"][1]
    done = with_sdk.run("own", env=env)
    spans = exported(done)
    assert sent(done) == [[f"00-{spans['done'][0]}-{spans['done'][1]}-01"]]
    assert spans["middleware"][::2] == spans["done"][:2]


def test_with_an_sdk_without_propagators_nothing_is_read_or_written(with_sdk: Program) -> None:
    spans = exported(with_sdk.run("served", json.dumps([{"Traceparent": [HEADER]}]), env=ON))
    assert spans["middleware"][2] == "0" * 16 and spans["middleware"][0] != TRACE
    assert sent(with_sdk.run("own", env=ON)) == [[]]


def test_the_toolchain_finds_nothing_wrong(program: Program) -> None:
    done = subprocess.run(
        ["go", "vet", "./..."], cwd=program.folder / "module", capture_output=True, text=True, check=False
    )
    assert "internal/telemetryinject" not in done.stderr
