"""Requests that say to which trace they belong: the functions that answer them continue it."""

from __future__ import annotations

import pytest
from trace_states import HEADER, OTHER, PARENT, PARENTS, STATES, TRACE

from runtime_support import PYTHONS, Outcome, Run

SERVER = """
    import http.client, http.server, sys, threading
    from _telemetry_inject import _tlm
    def leaf():
        with _tlm("leaf"): pass
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            with _tlm("do_GET"):
                leaf()
                self.answer()
        def answer(self):
            with _tlm("answer"):
                self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
        def log_message(self, *_): pass
    def serve(server):
        with _tlm("serve"):
            server.serve_forever(0.02)
    def ask(*all_headers):
        with Server(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=serve, args=(server,)); thread.start()
            connection = http.client.HTTPConnection(*server.server_address)
            for headers in all_headers:
                connection.putrequest("GET", "/")
                for name, value in headers: connection.putheader(name, value)
                connection.endheaders()
                connection.getresponse().read()
            connection.close()
            server.shutdown(); thread.join()
"""
THREADING = "    class Server(http.server.ThreadingHTTPServer): daemon_threads = False\n"  # the last answer is waited for
SINGLE = "    Server = http.server.HTTPServer\n"


def answered(done: Outcome) -> list[tuple[bool, str]]:
    """Of each request, in their order: whether it is in the trace of the header, and its parent."""
    spans = sorted(done.named("do_GET"), key=lambda span: span.start)
    return [(span.trace_id == TRACE, span.parent_id) for span in spans]


@pytest.mark.parametrize("server", [THREADING, SINGLE], ids=["a thread each", "below a call that serves forever"])
@pytest.mark.parametrize("version", PYTHONS)
def test_a_handler_continues_the_trace_of_its_request_and_of_no_other(run: Run, server: str, version: str) -> None:
    asked = f'ask([("traceparent", "{HEADER}")], [], [("Traceparent", "{HEADER[:36]}{OTHER}-01")], [])'
    done = run(SERVER + server + "    " + asked, python=str(PYTHONS[version]))
    alone = done.one("serve").span_id if server is SINGLE else ""
    assert answered(done) == [(True, PARENT), (False, alone), (True, OTHER), (False, alone)]
    assert [span.flags for span in done.named("do_GET") if span.parent_id == OTHER] == [0x301]
    handlers = {span.span_id: span.trace_id for span in done.named("do_GET")}
    assert all(handlers[x.parent_id] == x.trace_id and x.flags == 0x101 for x in done.named("leaf"))


HEADERS = {name: ([("traceparent", value) for value in values], good) for name, (values, good) in PARENTS.items()} | {
    "in capitals": ([("TRACEPARENT", HEADER)], True),
    "spaces around": ([("traceparent", f"  {HEADER}\t")], True),
    "a digit of another script": ([("traceparent", HEADER.replace("1", "\\u00b9", 1))], False),
    "underscores": ([("traceparent", HEADER.replace("0a", "_a", 1))], False),
    "short flags": ([("traceparent", HEADER[:-1] + "-")], False),
    "another name": ([("trace-parent", HEADER)], False),
}


def test_headers_are_read_as_the_specification_says(run: Run) -> None:
    asked = "".join(f"    ask({headers!r})\n" for headers, _ in HEADERS.values())
    assert "\\\\" in asked  # the digit of another script is written by the program
    done = run(SERVER + THREADING + asked.replace("\\\\", "\\"))
    found = dict(zip(HEADERS, answered(done), strict=True))
    assert {name: in_trace for name, (in_trace, _) in found.items()} == {
        name: good for name, (_, good) in HEADERS.items()
    }


def test_the_tracestate_is_kept_unless_it_is_wrong(run: Run) -> None:
    asked = [[("traceparent", HEADER), ("tracestate", state)] for state in STATES]
    asked.append([("traceparent", HEADER), ("tracestate", "a=1"), ("tracestate", "b=2")])
    asked.append([("traceparent", "wrong"), ("tracestate", "a=1")])
    done = run(SERVER + THREADING + f"    ask(*{asked!r})")
    spans = sorted(done.named("do_GET"), key=lambda span: span.start)
    assert [span.state for span in spans] == [*STATES.values(), "a=1,b=2", ""]
    states = {span.span_id: span.state for span in spans}
    assert all(leaf.state == states[leaf.parent_id] for leaf in done.named("leaf"))


@pytest.mark.parametrize(("sampler", "kept"), [("", 1), ("parentbased_always_off", 1), ("always_on", 3)])
@pytest.mark.parametrize("server", [THREADING, SINGLE])
def test_the_sampled_flag_is_followed_where_the_sampler_asks_the_parent(
    run: Run, sampler: str, kept: int, server: str
) -> None:
    unsampled = HEADER[:-2] + "00"
    asked = f'ask([("traceparent", "{unsampled}")], [("traceparent", "{HEADER}")], [("traceparent", "{unsampled}")])'
    done = run(SERVER + server + "    " + asked, env={"OTEL_TRACES_SAMPLER": sampler})
    assert answered(done) == [(True, PARENT)] * kept and len(done.named("leaf")) == kept


@pytest.mark.parametrize("propagators", ["none", "b3", "baggage, jaeger", "xtracecontext"])
def test_other_propagators_or_none_mean_that_nothing_is_picked_up(run: Run, propagators: str) -> None:
    asked = f'ask([("traceparent", "{HEADER}")])'
    env = {"OTEL_PROPAGATORS": propagators, "TRACEPARENT": HEADER}
    assert answered(run(SERVER + THREADING + "    " + asked, env=env)) == [(False, "")]


def test_among_several_propagators_it_is_picked_up(run: Run) -> None:
    env = {"OTEL_PROPAGATORS": "b3, tracecontext"}
    assert answered(run(SERVER + THREADING + f'    ask([("traceparent", "{HEADER}")])', env=env)) == [(True, PARENT)]


def test_a_request_goes_before_what_the_process_was_started_with(run: Run) -> None:
    env = {"TRACEPARENT": f"00-{'1' * 32}-{'2' * 16}-01", "TRACESTATE": "a=1"}
    done = run(SERVER + THREADING + f'    ask([("traceparent", "{HEADER}")], [])', env=env)
    assert answered(done) == [(True, PARENT), (False, "2" * 16)]
    assert [span.state for span in done.named("serve")] == ["a=1"]


WSGI = """
    import sys
    from _telemetry_inject import _tlm
    from wsgiref.simple_server import make_server, WSGIRequestHandler
    import threading, urllib.request
    def leaf():
        with _tlm("leaf"): return b"x"
    {app}
    class Quiet(WSGIRequestHandler):
        def log_message(self, *_): pass
    def main():
        with _tlm("main"):
            with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
                thread = threading.Thread(target=server.handle_request); thread.start()
                url = "http://127.0.0.1:%d" % server.server_port
                urllib.request.urlopen(urllib.request.Request(url, headers={{"traceparent": "{header}"}})).read()
                thread.join()
    main()
"""
APPS = {
    "a function": """
    def app(environ, start_response):
        with _tlm("app"):
            start_response("200 OK", [])
            return [leaf()]
""",
    "a generator": """
    def app(env, start_response):
        with _tlm("app"):
            start_response("200 OK", [])
            yield leaf()
""",
    "an object": """
    class App:
        def __call__(self, environ, start_response):
            with _tlm("app"):
                start_response("200 OK", [])
                return [leaf()]
    app = App()
""",
    "a framework that hands over a request": """
    class Request:
        def __init__(self, environ): self.environ = environ
    def view(request):
        with _tlm("app"):
            return leaf()
    def app(environ, start_response):
        start_response("200 OK", [])
        return [view(Request(environ))]
""",
    "a framework that hands over nothing": """
    def view():
        with _tlm("app"):
            return leaf()
    def framework(environ, start_response):
        start_response("200 OK", [])
        return [(lambda: view())()]
    app = framework
""",
    "a request in a variable that nested functions use": """
    def app(environ, start_response):
        with _tlm("app"):
            start_response("200 OK", [])
            return (lambda: [leaf(), environ["wsgi.url_scheme"].encode()])()
""",
}


@pytest.mark.parametrize("app", APPS)
def test_wsgi(run: Run, app: str) -> None:
    done = run(WSGI.format(app=APPS[app].strip(), header=HEADER), tree=False)
    span, leaf = done.one("app"), done.one("leaf")
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT) and leaf.trace_id == TRACE
    assert leaf.parent_id == (PARENT if app == "a generator" else span.span_id)
    assert done.one("main").trace_id != TRACE


ASGI = """
    import asyncio
    from _telemetry_inject import _tlm
    async def leaf():
        with _tlm("leaf"): await asyncio.sleep(0)
    async def endpoint():
        with _tlm("endpoint"):
            await asyncio.gather(leaf(), leaf())
    async def app(scope, receive, send):
        await asyncio.sleep(0)
        await endpoint()
    def scope(kind, **headers):
        return {"type": kind, "headers": [(k.encode(), v.encode()) for k, v in headers.items()]}
    async def main():
        with _tlm("main"):
            await asyncio.gather(*[app(scope(*a[:1], **a[1]), None, None) for a in CALLS])
    asyncio.run(main())
"""


def test_asgi_below_a_main_function(run: Run) -> None:
    calls = [("http", {"traceparent": HEADER}), ("http", {}), ("websocket", {"traceparent": HEADER}), ("lifespan", {})]
    done = run(f"    CALLS = {calls!r}\n" + ASGI, tree=False)
    main = done.one("main")
    parents = sorted(span.parent_id for span in done.named("endpoint"))
    assert parents == sorted([PARENT, PARENT, main.span_id, main.span_id])
    ends = {span.span_id: span.trace_id for span in done.named("endpoint")}
    assert len(done.named("leaf")) == 8 and all(ends[x.parent_id] == x.trace_id for x in done.named("leaf"))


def test_nested_applications_are_one_tree(run: Run) -> None:
    done = run(f"""
        from _telemetry_inject import _tlm
        def inner(environ, start_response):
            with _tlm("inner"): return []
        def middle(environ, start_response):
            with _tlm("middle"): return inner(dict(environ), start_response)
        def changed(environ, start_response):
            with _tlm("changed"):
                environ["HTTP_TRACEPARENT"] = "00-{TRACE}-{OTHER}-01"  # a call that it makes itself
                return inner(environ, start_response)
        environ = {{"REQUEST_METHOD": "GET", "HTTP_TRACEPARENT": "{HEADER}"}}
        middle(environ, None)
        changed(environ, None)
    """)
    parents = {span.span_id: span.name for span in done.spans}
    assert sorted(parents.get(x.parent_id, x.parent_id) for x in done.named("inner")) == sorted(["middle", OTHER])
    assert {span.trace_id for span in done.spans} == {TRACE}


def test_arguments_of_those_names_that_are_no_requests_are_left_alone(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        class Loud:
            def __getattribute__(self, name): print("asked for", name)
            def __getattr__(self, name): print("asked for", name)
            __dict__ = property(lambda self: print("asked for its dict"))
            def __eq__(self, other): print("compared")
            def __hash__(self): print("hashed")
            def __len__(self): print("counted")
            def __iter__(self): print("listed")
        class Held: pass
        class Slots: __slots__ = ("environ",)
        def wsgi(environ, start_response):
            with _tlm("wsgi"): pass
        async def asgi(scope, receive, send):
            with _tlm("asgi"): pass
        def view(request):
            with _tlm("view"): pass
        def do_GET(self):
            with _tlm("do_GET"): pass
        loud, held = Loud(), Held()
        held.headers, held.rfile, held._headers = loud, 1, loud
        broken = {"REQUEST_METHOD": loud, "HTTP_TRACEPARENT": loud, "type": "http", "headers": [loud, (1, 2), 3]}
        odd = {"type": "http", "headers": [loud, (loud, loud), (b"traceparent", loud), 3, (1, 2, 3)]}
        for value in (loud, held, broken, Held(), Slots(), None, 3, {"headers": loud, "type": loud}, odd):
            wsgi(value, None); view(value); do_GET(value)
            try: asgi(value, None, None).send(None)
            except StopIteration: pass
    """)
    assert (done.out, done.err) == ("", "") and len(done.spans) == 36


@pytest.mark.parametrize("version", PYTHONS)
def test_variables_live_no_longer_than_before(run: Run, version: str) -> None:
    program = """
        import weakref
        from _telemetry_inject import _tlm
        class Thing: pass
        def leaf():
            with _tlm("leaf"): pass
        def app(environ, start_response, thing):
            with _tlm("app"):
                return gone(environ, start_response, thing)
        def gone(environ, start_response, thing):
            leaf()
            seen = weakref.ref(thing)
            del thing
            things.clear()
            return seen
        def kept(environ, start_response):
            values = locals()
            leaf()
            return sorted(values)
        things = [Thing()]
        def both():
            seen = gone({"REQUEST_METHOD": "GET"}, None, things[0])
            return seen() is None
        print(both(), kept({"REQUEST_METHOD": "GET"}, None))
    """
    done = run(program, python=str(PYTHONS[version]))
    assert done.out == "True ['environ', 'start_response']\n"


def test_functions_that_answer_no_request_are_soon_not_looked_at_any_more(run: Run) -> None:
    done = run("""
        import sys, _telemetry_inject
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        def main():
            with _tlm("main"):
                for _ in range(1000): f()
        looked = []
        real = _telemetry_inject._asked
        _telemetry_inject._asked = lambda frame: looked.append(1) or real(frame)
        main()
        print(len(looked) < 300)
        looked.clear()
        for _ in range(1000): f()
        print(len(looked))
    """)
    assert done.out == "True\n0\n"


@pytest.mark.parametrize("version", PYTHONS)
def test_a_program_that_traces_itself_keeps_its_variables(run: Run, version: str) -> None:
    program = """
        import sys
        from _telemetry_inject import _tlm
        def noted():
            with _tlm("noted"): pass
        def tracer(frame, event, argument):
            noted()
            return local if local else None
        def app(environ, start_response):
            with _tlm("app"):
                mine = [1]
                return noted() or (environ["REQUEST_METHOD"], start_response, mine)
        for local in (None, lambda *_: noted() or local):
            sys.settrace(tracer)
            found = app({"REQUEST_METHOD": "GET"}, 3)
            sys.settrace(None)
            print(found)
    """
    done = run(program, python=str(PYTHONS[version]), tree=False)
    assert done.out == "('GET', 3, [1])\n" * 2


def test_what_signal_handlers_raise_while_a_request_is_looked_for_is_not_swallowed(run: Run) -> None:
    done = run(
        """
        import signal, sys, time, _telemetry_inject
        from _telemetry_inject import _tlm
        class Late(Exception): pass
        def handler(*_): raise Late
        def leaf():
            with _tlm("leaf"): pass
        def deep(n):
            return deep(n - 1) if n else leaf()
        def app(environ, start_response):
            return deep(40)
        signal.signal(signal.SIGALRM, handler)
        seen = 0
        for n in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0003 + n % 10 * 0.0001)
                while True: app({"REQUEST_METHOD": "GET"}, None)
            except Late:
                seen += 1
        print(seen)
    """,
        tree=False,
    )
    assert (done.out, done.err) == ("300\n", "")
