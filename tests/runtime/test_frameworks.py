"""Real frameworks and servers: what they call for a request continues the trace of the request."""

from __future__ import annotations

import pytest

from runtime_support import Run

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CLIENT = f"""
    import socket, sys, threading, time, urllib.request
    from _telemetry_inject import _tlm
    with socket.create_server(("127.0.0.1", 0)) as free: port = free.getsockname()[1]
    def leaf():
        with _tlm("leaf"): return "x"
    def ask():
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close(); break
            except OSError:
                time.sleep(0.05)
        for headers in ({{"traceparent": "00-{TRACE}-{PARENT}-01"}}, {{}}):
            for path in PATHS:
                request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), headers=headers)
                assert urllib.request.urlopen(request, timeout=10).read() == b"x"
        stop()
"""
START = "    threading.Thread(target=ask, daemon=True).start()\n"
PROGRAMS = {
    "Flask": """
    PATHS = ["/"]
    def stop(): server.shutdown()
    from flask import Flask
    from werkzeug.serving import make_server, WSGIRequestHandler
    app = Flask("app")
    @app.route("/")
    def view():
        with _tlm("view"): return leaf()
    class Quiet(WSGIRequestHandler):
        def log(self, *_): pass
    def main():
        with _tlm("main"): server.serve_forever()
    server = make_server("127.0.0.1", port, app, threaded=THREADED, request_handler=Quiet)
    main()
""",
    "Starlette": """
    PATHS = ["/", "/thread"]
    def stop(): server.should_exit = True
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    async def view(request):
        with _tlm("view"): return PlainTextResponse(inner())
    def inner():
        with _tlm("inner"): return leaf()
    def threaded(request):
        with _tlm("view"): return PlainTextResponse(inner())
    app = Starlette(routes=[Route("/", view), Route("/thread", threaded)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    def main():
        with _tlm("main"): server.run()
    main()
""",
    "aiohttp": """
    PATHS = ["/"]
    def stop(): loop.call_soon_threadsafe(done.set)
    import asyncio
    from aiohttp import web
    async def view(request):
        with _tlm("view"):
            await asyncio.sleep(0)
            return web.Response(text=leaf())
    async def main():
        global loop, done
        with _tlm("main"):
            loop, done = asyncio.get_running_loop(), asyncio.Event()
            app = web.Application(); app.add_routes([web.get("/", view)])
            runner = web.AppRunner(app); await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            await done.wait()
            await runner.cleanup()
    asyncio.run(main())
""",
}


@pytest.mark.parametrize(
    ("name", "threaded"), [("Flask", True), ("Flask", False), ("Starlette", True), ("aiohttp", True)]
)
def test_views_continue_the_trace_of_their_request(run: Run, name: str, threaded: bool) -> None:
    program, last = PROGRAMS[name].rstrip("\n").rsplit("\n", 1)
    done = run(f"    THREADED = {threaded}\n{CLIENT}{program}\n{START}{last}\n", tree=False)
    main, views = done.one("main"), done.named("view")
    count = 2 if name == "Starlette" else 1
    assert len(views) == 2 * count
    assert [(view.trace_id, view.parent_id) for view in views].count((TRACE, PARENT)) == count
    assert {view.parent_id for view in views} <= {PARENT, main.span_id, ""} and main.trace_id != TRACE
    traces = {span.span_id: span.trace_id for span in done.spans}
    assert all(traces[leaf.parent_id] == leaf.trace_id for leaf in done.named("leaf"))
