"""A collector for the tests of the helpers, in all languages: a real HTTP server that may misbehave, and what it may say."""

from __future__ import annotations

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The body of an answer -> the spans that it says were rejected (opentelemetry.io/docs/specs/otlp/#partial-success).
REJECTIONS = [
    (b'{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no room"}}', 3),
    (b'{"partialSuccess": {"errorMessage": "", "rejectedSpans": 2}}', 2),
    (b'{"partialSuccess":{"errorMessage":"a warning"}}', 0),
    (b'{"partialSuccess":{"rejectedSpans":"0"}}', 0),
    (b'{"partialSuccess":{"rejectedSpans":"-1"}}', 0),
    (b"<html>not JSON</html>", 0),
    (b"", 0),
    (b"\xff" * 100_000, 0),
]


@dataclass
class Received:
    """A server that answers what it is told to and keeps what it was sent."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    delay: float = 0
    body: bytes = b"{}"
    times: list[float] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        """What was sent, not compressed."""
        return [
            gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            for _, headers, body in self.requests
        ]


@contextlib.contextmanager
def serving(state: Received) -> Iterator[None]:
    """Serve as `state` says, at the address that it is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.times.append(time.monotonic())
            time.sleep(state.delay)
            status, headers = state.answers.pop(0) if state.answers else (200, {})
            if status == 200:
                state.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            with contextlib.suppress(OSError):  # the program may have gone
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(state.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield
        server.shutdown()
        thread.join()
