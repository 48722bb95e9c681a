"""HTTP for the adapters: one connection a call, a time limit for the whole exchange, an end from any thread.

The time-out of an HTTP library is for each read, so a server that sends one byte now and then is never late.
Here a timer shuts the call's socket down, and so does `abort`. The connection is known from the library's
own trace of a call; therefore connections are not kept between calls.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from telemetry_inject.llm.addresses import is_loopback

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 10.0
MOST_BYTES = 32 * 1024**2  # of one answer


class TooMuch(Exception):
    """The answer is longer than anything that was asked for."""


class Line:
    """One call's connection. `cut` says why we ended it: late, cancelled, or nothing."""

    def __init__(self) -> None:
        self.cut = ""
        self.connected = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._done = False

    def traced(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by the HTTP library with each step of the call."""
        if event != "connection.connect_tcp.complete":
            return
        raw = info["return_value"].get_extra_info("socket")
        with self._lock:
            self.connected = True
            if raw is not None and not self._done:
                self._socket = socket.socket(fileno=socket.dup(raw.fileno()))  # outlives the TLS layer's detaching
            if self.cut:
                self._shut()

    def end(self, why: str) -> None:
        """Shut the connection down: whoever waits for it wakes up."""
        with self._lock:
            if not self._done and not self.cut:
                self.cut = why
                self._shut()

    def close(self) -> None:
        """The call is over."""
        with self._lock:
            self._done = True
            if self._socket is not None:
                self._socket.close()

    def _shut(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was faster


class Connections:
    """The HTTP client of one provider, and the calls in flight."""

    def __init__(self, address: str) -> None:
        import httpx2

        _quiet()
        self._lines: set[Line] = set()
        self._lock = threading.Lock()
        self._aborted = False
        self._current = threading.local()
        self.client = httpx2.Client(
            follow_redirects=False,  # sources and keys go to the address that was chosen, and no further
            trust_env=not is_loopback(address),  # a proxy is for the world outside
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            event_hooks={"request": [self._started], "response": [self._answered]},
        )

    def _started(self, request: httpx2.Request) -> None:
        line: Line | None = getattr(self._current, "line", None)
        if line is not None:
            request.extensions["trace"] = line.traced

    def _answered(self, response: httpx2.Response) -> None:
        """Read the body here, so that one without end does not fill the memory."""
        read = 0
        pieces = []
        for piece in response.iter_bytes():
            read += len(piece)
            if read > MOST_BYTES:
                raise TooMuch
            pieces.append(piece)
        response._content = b"".join(pieces)

    @contextmanager
    def line(self, timeout: float) -> Iterator[Line]:
        """A call made inside is ended after `timeout` seconds, or by `abort`."""
        line = Line()
        timer = threading.Timer(timeout, line.end, ("late",))
        timer.daemon = True
        with self._lock:
            self._lines.add(line)
            if self._aborted:
                line.end("cancelled")
        self._current.line = line
        timer.start()
        try:
            yield line
        finally:
            timer.cancel()
            self._current.line = None
            with self._lock:
                self._lines.discard(line)
            line.close()

    def abort(self) -> None:
        """End every call in flight, and every later one at once."""
        with self._lock:
            self._aborted = True
            for line in self._lines:
                line.end("cancelled")

    def close(self) -> None:
        """Close the client."""
        self.client.close()


def _quiet() -> None:
    """Their debug logs hold whole requests: sources, and with some settings keys."""
    for name in ("openai", "anthropic", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
