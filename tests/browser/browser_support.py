"""Builds the app, serves it with a place to send spans to, and drives Chromium."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from runtime_support import Span, spans_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "NODE_", "npm_", "VITE", "CI"))
}
Step = tuple[str, ...]
Built = Callable[[str], Path]  # what was made of the app -> its folder
ANSWERS = {
    "items.json": [{"id": 1, "name": "tea"}, {"id": 2, "name": "milk"}],
    "prices.json": {"1": 2.5, "2": 1},
    "details-1.json": {"text": "green leaves"},
}


def absent(what: str) -> None:
    """Something is not on this machine: that is a failure in CI only."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is needed here")
    pytest.skip(f"{what} is not installed")


def program(*names: str) -> str:
    """The path of the first of these programs that is there."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        absent(names[0])
    return str(found)


@cache
def modules() -> Path:
    """The `node_modules` with what the tests need, installed once per lock file."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = ROOT / ".work/npm" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "complete").exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, making / name)
        command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=making, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            shutil.rmtree(making)
            if os.environ.get("CI") == "true":
                pytest.fail(done.stderr)
            pytest.skip("npm ci failed: " + done.stderr[-300:])
        (making / "complete").touch()
        try:
            making.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(making)
    return folder / "node_modules"


def run(*command: str | Path, cwd: Path, code: int = 0, **env: str) -> str:
    """Run a program of `node_modules/.bin` or another to its end; what it printed."""
    first, *rest = map(str, command)
    local = modules() / ".bin" / first
    done = subprocess.run(
        [str(local) if local.exists() else program(first), *rest],
        cwd=cwd,
        env=CLEAN | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def instrument(project: Path, out: Path, *options: str) -> Path:
    """An instrumented copy of a project, with all of its functions."""
    command = [sys.executable, "-m", "telemetry_inject", project, "--use-scripts", "--all-functions", "-o", out]
    done = subprocess.run(
        [*map(str, command), *options],
        cwd=project.parent,
        env=CLEAN,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def with_modules(project: Path) -> Path:
    """The project, able to import what is installed."""
    if not (project / "node_modules").exists():
        (project / "node_modules").symlink_to(modules())
    return project


# ---- The server -----------------------------------------------------------------------------------------------


@dataclass
class Server:
    """Serves a folder, answers `/api/`, and keeps the spans that it is sent."""

    folder: Path
    answers: dict[str, Any]
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def spans(self) -> list[Span]:
        return [span for body in self.bodies for span in spans_of(body)]

    def until(self, ready: Callable[[list[Span]], bool]) -> list[Span]:
        """The spans, as soon as they are what is waited for."""
        end = time.monotonic() + 30
        with self.arrived:
            while not ready(self.spans):
                left = end - time.monotonic()
                assert left > 0, sorted({span.name for span in self.spans})
                self.arrived.wait(left)
        return self.spans


@contextmanager
def serving(folder: Path, answers: dict[str, Any]) -> Iterator[Server]:
    """A server, until the end of the block."""
    state = Server(folder, answers)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(state.folder))

        def do_GET(self) -> None:
            if not self.path.startswith("/api/"):
                super().do_GET()
            elif self.path[5:] in state.answers:
                self.answer(200, json.dumps(state.answers[self.path[5:]]).encode())
            else:
                self.answer(500, b'{"error": "broken"}')

        def do_OPTIONS(self) -> None:
            self.answer(204, b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
            self.answer(200, b"{}")
            with state.arrived:
                state.bodies.append(body)
                state.arrived.notify_all()

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "*"))
            self.send_header("Access-Control-Allow-Credentials", "true")
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


# ---- The browser ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What a page did while it was used."""

    doms: list[str]
    console: list[str]
    errors: list[str]
    requests: list[str]  # those for spans apart
    posts: int  # of spans
    failed: str = ""  # the step that could not be done


_PLACES = re.compile(r"http://127\.0\.0\.1:\d+|(?<=-)[\w-]{8}(?=\.js)|\?[tv]=\w+")


@dataclass
class Browser:
    """A running Chromium."""

    process: subprocess.Popen[str]

    def use(self, url: str, steps: list[Step], settings: dict[str, str] | None = None) -> Seen:
        """Open a page, do what the steps say, leave it."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"url": url, "settings": settings, "steps": steps}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the browser is gone"
        seen = json.loads(answer)
        requests = [_PLACES.sub("*", request) for request in seen["requests"]]
        return Seen(
            seen["doms"],
            [_PLACES.sub("*", line) for line in seen["console"]],
            seen["errors"],
            sorted(request for request in requests if "/v1/traces" not in request),
            sum("POST */v1/traces" in request for request in requests),
            seen["failed"],
        )


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser, until the end of the block."""
    command = [program("node"), str(HERE / "drive.mjs"), str(modules()), program("chromium", "chromium-browser")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        yield Browser(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(20) == 0
