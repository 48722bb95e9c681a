"""Nesting in the spans of a program that has configured the real OpenTelemetry SDK, and theirs in ours."""

from __future__ import annotations

import json
import textwrap

from runtime_support import Run

SDK = """
    import asyncio, json, sys
    from opentelemetry import baggage, context, trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from _telemetry_inject import _tlm
    exporter = InMemorySpanExporter()
    def configure():
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("mine")
    def leaf(tag):
        with _tlm(tag): pass
    def report():
        spans = exporter.get_finished_spans()
        names = {span.context.span_id: span.name for span in spans}
        print(json.dumps({
            "parents": {s.name: names.get(s.parent.span_id, "?") if s.parent else "" for s in spans},
            "count": len(spans),
            "attributes": {s.name: dict(s.attributes) for s in spans},
            "events": {s.name: [[e.name, dict(e.attributes)] for e in s.events] for s in spans},
            "failed": [s.name for s in spans if not s.status.is_ok and s.status.is_unset is False],
            "scopes": sorted({s.instrumentation_scope.name for s in spans}),
            "ended": all(s.start_time <= s.end_time for s in spans),
            "current": trace.get_current_span().get_span_context().is_valid,
        }))
"""


def sdk(run: Run, program: str) -> dict:
    done = run(textwrap.dedent(SDK) + textwrap.dedent(program) + "\nreport()\n")
    assert done.err == ""
    found = json.loads(done.out)
    assert found["ended"] and not found["current"]
    found["files"] = done.parents()
    return found


def test_ours_in_theirs_and_theirs_in_ours(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        def ours():
            with _tlm("ours", n=3) as _tlm_s:
                _tlm_s.branch("if+1")
                with tracer.start_as_current_span("theirs-inside"):
                    leaf("ours-inside")
                return _tlm_s.returns((4), _tlm_s)
        with tracer.start_as_current_span("theirs"):
            ours()
            leaf("second")
        """,
    )
    assert found["parents"] == {
        "theirs": "",
        "ours": "theirs",
        "theirs-inside": "ours",
        "ours-inside": "theirs-inside",
        "second": "theirs",
    }
    attributes = found["attributes"]["ours"]
    assert attributes["code.function.name"] == "__main__.ours" and attributes["telemetry.arg.n"] == 3
    assert attributes["telemetry.return"] == 4 and attributes["telemetry.branch.if+1"] == 1
    assert found["scopes"] == ["mine", "telemetry-inject"] and found["files"] == {}


def test_errors_are_described_once(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        def inner():
            with _tlm("inner"):
                raise ValueError("wrong")
        def outer():
            with _tlm("outer"):
                inner()
        try: outer()
        except ValueError: pass
        """,
    )
    assert sorted(found["failed"]) == ["inner", "outer"]
    assert [name for name, _ in found["events"]["inner"]] == ["exception"] and found["events"]["outer"] == []
    assert found["events"]["inner"][0][1]["exception.message"] == "wrong"


def test_generators_are_not_attached(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        def numbers():
            with _tlm("numbers"):
                leaf("in-generator")
                yield 1
                yield 2
        def main():
            with _tlm("main"):
                it = numbers(); next(it); leaf("consumer"); it.close()
        main()
        it = numbers(); next(it); leaf("outside")
        del it
        """,
    )
    parents = found["parents"]
    assert parents["consumer"] == "main" and parents["outside"] == "" and found["count"] == 7


def test_tasks_and_interleaved_coroutines(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        async def job(tag):
            with _tlm(tag):
                await asyncio.sleep(0)
                leaf(tag + "-leaf")
        async def main():
            with _tlm("main"):
                await asyncio.gather(job("a"), job("b"))
        asyncio.run(main())
        class Pause:
            def __await__(self): yield
        async def hand(tag):
            with _tlm(tag):
                await Pause()
        x, y = hand("x"), hand("y")
        x.send(None), y.send(None)
        for coroutine in (x, y):
            try: coroutine.send(None)
            except StopIteration: pass
        leaf("after")
        """,
    )
    parents = found["parents"]
    assert parents["a"] == parents["b"] == "main" and parents["a-leaf"] == "a" and parents["after"] == ""


def test_what_the_program_attached_meanwhile_is_kept(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        def f():
            with _tlm("f"):
                context.attach(baggage.set_baggage("k", "v"))
        f()
        assert baggage.get_baggage("k") == "v"
        leaf("after")
        """,
    )
    assert found["parents"] == {"f": "", "after": ""}


def test_the_switch_in_the_middle_of_the_program(run: Run) -> None:
    found = sdk(
        run,
        """
        def main():
            with _tlm("main"):
                leaf("before")
                configure()
                leaf("after")
        main()
        leaf("later")
        """,
    )
    assert found["files"] == {"before": "main", "main": ""}
    assert found["parents"] == {"after": "", "later": ""}


def test_the_api_alone_changes_nothing(run: Run) -> None:
    done = run("""
        from opentelemetry import trace
        from _telemetry_inject import _tlm
        trace.get_tracer("x")
        with trace.get_tracer("x").start_as_current_span("theirs"):
            with _tlm("ours"): pass
        trace.set_tracer_provider(trace.NoOpTracerProvider())
        with _tlm("ours-too"): pass
    """)
    assert done.parents() == {"ours": "", "ours-too": ""}


def test_a_failing_processor_and_suppressed_instrumentation(run: Run) -> None:
    found = sdk(
        run,
        """
        configure()
        from opentelemetry.sdk.trace import SpanProcessor
        class Bad(SpanProcessor):
            def on_start(self, span, parent_context=None):
                if span.name.startswith("bad"): raise RuntimeError("bad processor")
            def on_end(self, span):
                if span.name.startswith("worse"): raise RuntimeError("worse processor")
        trace.get_tracer_provider().add_span_processor(Bad())
        leaf("bad"); leaf("worse"); leaf("good")
        from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY as key
        token = context.attach(context.set_value(key, True))
        leaf("suppressed")
        context.detach(token)
        leaf("last")
        """,
    )
    assert found["parents"] == {"worse": "", "good": "", "last": ""}


def test_an_instrumented_sdk_does_not_turn_in_circles(run: Run) -> None:
    found = sdk(
        run,
        """
        import opentelemetry.sdk.trace as sdk
        original = sdk.Tracer.start_span, sdk.Span.end
        def start_span(self, *args, **options):
            with _tlm("start_span"): return original[0](self, *args, **options)
        def end(self, *args, **options):
            with _tlm("end"): return original[1](self, *args, **options)
        sdk.Tracer.start_span, sdk.Span.end = start_span, end
        configure()
        leaf("leaf")
        with tracer.start_as_current_span("theirs"): pass
        """,
    )
    assert {"leaf", "theirs"} <= set(found["parents"])


def test_sampled_out_by_the_sdk(run: Run) -> None:
    found = sdk(
        run,
        """
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
        trace.set_tracer_provider(TracerProvider(sampler=ALWAYS_OFF))
        def f():
            with _tlm("f", n=1) as _tlm_s:
                _tlm_s.branch("if+1"); leaf("leaf")
                return _tlm_s.returns((1), _tlm_s)
        assert f() == 1
        """,
    )
    assert found["count"] == 0 and found["files"] == {}


REQUESTS = """
    import os, subprocess, urllib.request, http.server, threading
    def app(environ, start_response):
        with _tlm("app"):
            leaf("below")
            with tracer.start_as_current_span("theirs"): leaf("deepest")
    def carried(*headers):
        return {"REQUEST_METHOD": "GET", **{"HTTP_" + k.upper(): v for k, v in headers}}
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append([v for k, v in self.headers.items() if k.lower() in ("traceparent", "b3")])
            self.send_response(200); self.end_headers()
        def log_message(self, *_): pass
    seen = []
    def ask(url, **headers):
        with _tlm("ask"):
            urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()
    def child():
        with _tlm("child"):
            command = [sys.executable, "-c", "import os; print(os.environ.get('TRACEPARENT'))"]
            seen.append([subprocess.check_output(command, text=True).strip()])
    def exported(name):
        return [s for s in exporter.get_finished_spans() if s.name == name]
    def as_header(span):
        return "00-%032x-%016x-%02x" % (span.context.trace_id, span.context.span_id, span.context.trace_flags)
"""
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"


def test_requests_are_picked_up_by_the_programs_propagators(run: Run) -> None:
    program = (
        SDK
        + REQUESTS
        + f"""
    configure()
    app(carried(("traceparent", "{HEADER}"), ("tracestate", "a=1")), None)
    app(carried(), None)
    with tracer.start_as_current_span("server", context=trace.set_span_in_context(trace.INVALID_SPAN)) as server:
        app(carried(("traceparent", "{HEADER}")), None)
        app(carried(("traceparent", as_header(server))), None)
    rows = []
    for span in exported("app"):
        parent = span.parent and "%032x-%016x" % (span.parent.trace_id, span.parent.span_id)
        rows.append([parent, bool(span.parent and span.parent.is_remote), span.context.trace_state.to_header()])
    inner = {{s.context.span_id: s.context.trace_id for s in exported("app")}}
    assert all(inner[s.parent.span_id] == s.context.trace_id for s in exported("below") + exported("theirs"))
    print(json.dumps([rows, as_header(exported("server")[0])[3:52]]))
    """
    )
    rows, server = json.loads(run(program).out)
    remote = [f"{TRACE}-{PARENT}", True]
    assert rows == [[*remote, "a=1"], [None, False, ""], [*remote, ""], [server, False, ""]]
    off = run(program, env={"OTEL_PROPAGATORS": "none"})
    assert [row[0] for row in json.loads(off.out)[0]] == [None, None, json.loads(off.out)[1], json.loads(off.out)[1]]


def test_what_started_the_process_is_above_the_programs_spans(run: Run) -> None:
    program = SDK + "    configure(); leaf('leaf'); print(exporter.get_finished_spans()[0].to_json())"
    found = json.loads(run(program, env={"TRACEPARENT": HEADER}).out)
    assert (found["parent_id"], found["context"]["trace_id"]) == ("0x" + PARENT, "0x" + TRACE)


def test_the_programs_propagators_send_the_trace_on(run: Run) -> None:
    done = run(
        SDK
        + REQUESTS
        + f"""
    configure()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = "http://127.0.0.1:%d/" % server.server_port
    ask(url)
    ask(url, traceparent="{HEADER}")
    child()
    """
        + """
    token = context.attach(context.set_value("suppress_instrumentation", True))
    urllib.request.urlopen(url).read()
    context.detach(token)
    expected = [as_header(span) for span in exported("ask") + exported("child")]
    print(json.dumps([seen, expected]))
    """,
        env={"TELEMETRY_INJECT_PROPAGATE": "true"},
    )
    seen, (first, _, child) = json.loads(done.out)
    assert seen == [[first], [HEADER], [child], []]
