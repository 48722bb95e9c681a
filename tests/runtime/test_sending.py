"""The trace sent on to others, where the environment asks for it: by HTTP and to child processes."""

from __future__ import annotations

import json

import pytest

from runtime_support import PYTHONS, Outcome, Run

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"
ON = {"TELEMETRY_INJECT_PROPAGATE": "true"}

SERVER = """
    import http.client, http.server, json, sys, threading, urllib.request
    from _telemetry_inject import _tlm
    seen = []
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append([[k, v] for k, v in self.headers.items() if k.lower().startswith("trace")])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200); self.end_headers(); self.wfile.write(body)
        do_POST = do_GET
        def log_message(self, *_): pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = "http://127.0.0.1:%d/" % server.server_port
    def plain(tag="plain", **headers):
        with _tlm(tag):
            return urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()
"""
END = "\n    server.shutdown(); print(json.dumps(seen))\n"


def sent(done: Outcome) -> list[list[tuple[str, str]]]:
    """The headers of each request, of those that matter."""
    return [[(name, value) for name, value in headers] for headers in json.loads(done.out)]


def header(done: Outcome, name: str, flags: str = "01") -> tuple[str, str]:
    """The header that says that this call asked."""
    span = done.one(name)
    return "traceparent", f"00-{span.trace_id}-{span.span_id}-{flags}"


@pytest.mark.parametrize("version", PYTHONS)
def test_requests_name_the_call_that_sent_them(run: Run, version: str) -> None:
    done = run(SERVER + '    plain("first"); plain("second")' + END, env=ON, python=str(PYTHONS[version]))
    assert sent(done) == [[header(done, "first")], [header(done, "second")]]


@pytest.mark.parametrize("env", [{}, {"TELEMETRY_INJECT_PROPAGATE": "false"}, ON | {"OTEL_PROPAGATORS": "none"}])
@pytest.mark.parametrize("off", [{}, {"OTEL_SDK_DISABLED": "true"}])
def test_nothing_is_sent_unless_it_is_asked_for(run: Run, env: dict[str, str], off: dict[str, str]) -> None:
    program = "    from subprocess import check_output\n    import os\n" + SERVER
    child = 'check_output([sys.executable, "-c", "import os; print(os.environ)"])'
    done = run(program + f"    plain(); assert b'TRACEPARENT' not in {child}" + END, env=env | off)
    assert sent(done) == [[]]
    assert sent(run(SERVER + "    plain()" + END, env=ON | {"OTEL_SDK_DISABLED": "true"})) == [[]]


CLIENTS = {
    "http.client": """
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
            connection.request("POST", "/", b"body")
            assert connection.getresponse().read() == b"body"
""",
    "http.client, step by step": """
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
            connection.putrequest("POST", "/"); connection.putheader("Content-Length", "4")
            connection.endheaders(b"body")
            assert connection.getresponse().read() == b"body"
""",
    "urllib.request": """
            assert urllib.request.urlopen(url, b"body").read() == b"body"
""",
    "urllib3": """
            import urllib3
            assert urllib3.PoolManager().request("POST", url, body=b"body").data == b"body"
""",
    "requests": """
            import requests
            with requests.Session() as session:
                assert session.post(url, b"body").content == b"body"
""",
    "httpx": """
            import httpx2
            assert httpx2.post(url, content=b"body").content == b"body"
""",
    "httpx, asynchronous": """
            import asyncio, httpx2
            async def main():
                with _tlm("main"):
                    async with httpx2.AsyncClient() as client:
                        assert (await client.post(url, content=b"body")).content == b"body"
            asyncio.run(main())
""",
    "aiohttp, asynchronous": """
            import asyncio, aiohttp
            async def main():
                with _tlm("main"):
                    async with aiohttp.ClientSession() as session, session.post(url, data=b"body") as answer:
                        assert await answer.read() == b"body"
            asyncio.run(main())
""",
    "an asynchronous program, in a thread": """
            import asyncio
            async def main():
                with _tlm("main"):
                    assert (await asyncio.to_thread(urllib.request.urlopen, url, b"body")).read() == b"body"
            asyncio.run(main())
""",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("early", ["", "    import httpx2, aiohttp, urllib3\n"], ids=["imported late", "early"])
def test_clients_send_it(run: Run, client: str, early: str) -> None:
    caller = "main" if "asynchronous" in client else "caller"
    done = run(
        early + SERVER + '    def caller():\n        with _tlm("caller"):' + CLIENTS[client] + "    caller()" + END,
        env=ON,
    )
    assert sent(done) == [[header(done, caller)]]


def test_a_header_that_is_there_is_kept(run: Run) -> None:
    done = run(SERVER + f'    plain(TraceParent="{HEADER}"); plain(traceparent="mine", tracestate="a=1")' + END, env=ON)
    assert sent(done) == [[("Traceparent", HEADER)], [("Traceparent", "mine"), ("Tracestate", "a=1")]]
    done = run(
        SERVER
        + """
    import aiohttp, asyncio, httpx2
    async def main():
        with _tlm("main"):
            async with aiohttp.ClientSession(headers={"Traceparent": "mine"}) as session:
                await session.get(url)
            httpx2.get(url, headers={"TraceParent": "mine"})
    asyncio.run(main())"""
        + END,
        env=ON,
    )
    assert [[value for _, value in headers] for headers in sent(done)] == [["mine"], ["mine"]]


def test_outside_of_calls_what_started_the_process_is_named(run: Run) -> None:
    done = run(SERVER + "    urllib.request.urlopen(url)" + END, env=ON)
    assert sent(done) == [[]]
    done = run(SERVER + "    urllib.request.urlopen(url)" + END, env=ON | {"TRACEPARENT": HEADER, "TRACESTATE": "a=1"})
    assert sent(done) == [[("traceparent", HEADER), ("tracestate", "a=1")]]


def test_what_was_picked_up_is_sent_on_with_its_state_and_flag(run: Run) -> None:
    relay = """
    def do_GET(self):
        with _tlm("do_GET"):
            if "traceparent" in self.headers and "x-last" not in self.headers:
                plain("relay", **{"x-last": "1"})
            real(self)
    real, Handler.do_GET = Handler.do_GET, do_GET
    """
    for flags in ("01", "00"):
        ask = f'urllib.request.urlopen(urllib.request.Request(url, headers={{"traceparent": "{HEADER[:-2]}{flags}", '
        done = run(SERVER + relay + ask + '"tracestate": "b=2 , a=1"}))' + END, env=ON, tree=False)
        relayed, first = sent(done)
        assert first[0] == ("Traceparent", HEADER[:-2] + flags)
        name, value = relayed[0]
        assert name == "traceparent" and value[:36] == HEADER[:36] and value[-2:] == flags and PARENT not in value
        assert relayed[1] == ("tracestate", "b=2,a=1")
        if flags == "01":
            assert relayed[0] == header(done, "relay")


CHILD = "import os,json;print(json.dumps([os.environ.get('TRACEPARENT'),os.environ.get('TRACESTATE'),len(os.environ)]))"
STARTS = {
    "run": "subprocess.run(command, stdout=-1).stdout",
    "check_output": "subprocess.check_output(command)",
    "all by position": "subprocess.Popen(command, -1, None, None, -1, None, None, True, False, None, None).communicate()[0]",
    "an environment of its own": "subprocess.check_output(command, env=dict(os.environ, X='1'))",
    "an environment by position": (
        "subprocess.Popen(command, -1, None, None, -1, None, None, True, False, None, {'X': '1'}).communicate()[0]"
    ),
    "asyncio": "asyncio.run(started())",
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("inherited", [{}, {"TRACEPARENT": HEADER, "TRACESTATE": "a=1"}])
def test_child_processes_are_told_who_started_them(run: Run, start: str, inherited: dict[str, str]) -> None:
    program = f"""
        import asyncio, os, subprocess, sys
        from _telemetry_inject import _tlm
        command = [sys.executable, "-c", {CHILD!r}]
        async def started():
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            return (await process.communicate())[0]
        def caller():
            with _tlm("caller"):
                before = dict(os.environ)
                print({STARTS[start]}.decode())
                assert before == dict(os.environ)
        caller()
    """
    done = run(program, env=ON | inherited)
    parent, state, _ = json.loads(done.out)
    assert ("traceparent", parent) == header(done, "caller")
    assert state == (inherited.get("TRACESTATE") if "{'X'" not in STARTS[start] or inherited else None)


def test_the_environment_that_the_caller_chose_is_kept(run: Run) -> None:
    done = run(
        f"""
        import os, subprocess, sys
        from _telemetry_inject import _tlm
        command = [sys.executable, "-c", {CHILD!r}]
        def caller(env):
            with _tlm("caller"):
                return subprocess.check_output(command, env=env).decode()
        print("[", caller({{"TRACEPARENT": "mine"}}), ",", caller({{b"TRACEPARENT": b"mine"}}), ",")
        try:
            caller({{"a": 3}})
        except TypeError:
            print("true ]")
    """,
        env=ON,
    )
    first, second, refused = json.loads(done.out)
    assert first[0] == second[0] == "mine" and refused


def test_a_tree_of_processes_is_one_trace(run: Run) -> None:
    done = run(
        """
        import subprocess, sys
        from _telemetry_inject import _tlm
        def level(n):
            with _tlm("level%d" % n):
                if n: subprocess.check_call([sys.executable, __file__, str(n - 1)])
        level(int(sys.argv[1]))
    """,
        "3",
        env=ON,
    )
    assert done.parents() == {"level3": "", "level2": "level3", "level1": "level2", "level0": "level1"}
    assert len({span.trace_id for span in done.spans}) == 1 and len(done.files) == 4


def test_what_is_wrapped_looks_as_before_and_fails_as_before(run: Run) -> None:
    program = """
        import http.client, inspect, pydoc, subprocess
        from _telemetry_inject import _tlm
        def fails(action):
            with _tlm("fails"):
                try: action()
                except Exception as error: print(type(error).__name__, error)
        for method in (http.client.HTTPConnection.endheaders, subprocess.Popen.__init__):
            print(method.__name__, method.__qualname__, method.__module__, inspect.signature(method), method.__doc__)
        connection = http.client.HTTPConnection("127.0.0.1", 1)
        fails(connection.endheaders)
        fails(lambda: connection.request("GET", "/"))
        fails(lambda: subprocess.Popen())
        fails(lambda: subprocess.Popen(["/no/such/program"]))
        fails(lambda: subprocess.Popen(["true"], env=3))
        fails(lambda: subprocess.Popen(["true"], nonsense=3))
    """
    outputs = {run(program, env=env).out.replace("Popen.__init__() ", "__init__() ") for env in ({}, ON)}
    assert len(outputs) == 1 and "ConnectionRefusedError" in outputs.pop()


def test_spans_on_their_way_to_a_collector_name_no_call(run: Run) -> None:
    done = run(
        SERVER + "    import time; plain(); time.sleep(0.7)" + END,
        env=ON | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "10"},
    )
    assert len(sent(done)) == 1
    done = run(
        SERVER.replace("server = ", "import os; server = ")
        + "    import _telemetry_inject as t; t._url = url; plain(); t._deliver(); import time; time.sleep(0.5)"
        + END,
        env=ON | {"OTEL_BSP_SCHEDULE_DELAY": "10", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1", "TRACEPARENT": HEADER},
    )
    assert [len(headers) for headers in sent(done)] == [1, 0]


def test_modules_are_found_and_read_as_before(run: Run) -> None:
    program = """
        from _telemetry_inject import _tlm
        import importlib, importlib.util, inspect, sys
        for name in ("http.client", "subprocess", "h11._connection", "aiohttp.client_reqrep"):
            module = importlib.import_module(name)
            found = module.__spec__
            print(found.name, found.origin, found.cached, type(module.__loader__), len(inspect.getsource(module)))
            print(importlib.util.find_spec(name) is module.__spec__, importlib.reload(module) is module)
        try:
            import http.nonsense
        except ImportError as error:
            print(type(error), error)
    """
    outputs = {run(program, env=env).out for env in ({}, ON)}
    assert len(outputs) == 1 and "nonsense" in outputs.pop()
