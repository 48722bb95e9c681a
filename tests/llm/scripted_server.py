"""A local server that speaks the three protocols by script: each request takes the next reply of a queue.

It records what it was sent. A reply may come late, slowly, by half, or as a dropped connection.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """`half` sends half of the body and ends; `drop` ends before any byte; `dribble` sends a byte each so often."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False
    half: bool = False
    dribble: float = 0.0
    kind: str = "application/json"

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Recorded:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class ScriptedServer:
    """Use as a context manager. `replies` is the queue; `default` answers when it is empty."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.default: Callable[[Recorded], Reply] = lambda request: Reply(500, {"error": "nothing scripted"})
        self.requests: list[Recorded] = []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.arrived = threading.Semaphore(0)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(length)
                body = json.loads(raw) if raw else None
                headers = {name.lower(): value for name, value in self.headers.items()}
                recorded = Recorded(self.command, self.path, headers, body)
                with outer.lock:
                    outer.requests.append(recorded)
                    reply = outer.replies.pop(0) if outer.replies else None
                outer.arrived.release()
                outer.send(self, reply or outer.default(recorded))

            do_GET = do_POST = _serve

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # the client went away, as planned

        self.http = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"

    def send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.close_connection = True
        if reply.delay:
            self.ending.wait(reply.delay)
        if reply.drop:
            # without a farewell: the client sees a reset
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            return
        data = reply.data
        handler.send_response(reply.status)
        for name, value in {
            "content-type": reply.kind,
            "content-length": str(len(data)),
            "connection": "close",
            **reply.headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        if reply.half:
            data = data[: len(data) // 2]
        if not reply.dribble:
            handler.wfile.write(data)
            return
        for index in range(len(data)):
            handler.wfile.write(data[index : index + 1])
            handler.wfile.flush()
            if self.ending.wait(reply.dribble):
                return

    def __enter__(self) -> ScriptedServer:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


STOPS = {
    "openai": {"end": "stop", "length": "length", "refusal": "content_filter"},
    "anthropic": {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"},
    "ollama": {"end": "stop", "length": "length"},
}
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "ollama": "/api/chat"}


def answer(
    provider: str, text: str | None, tokens: tuple[int, int] | None = (100, 20), stop: str = "end", **more: Any
) -> Reply:
    """A well-formed success of the protocol; `tokens` are input and output."""
    word = STOPS[provider][stop]
    body: dict[str, Any]
    if provider == "openai":
        message = {"role": "assistant", "content": text}
        body = {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": message, "finish_reason": word}],
        }
        if tokens:
            body["usage"] = {
                "prompt_tokens": tokens[0],
                "completion_tokens": tokens[1],
                "total_tokens": sum(tokens),
            }
    elif provider == "anthropic":
        body = {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": text}] if text is not None else [],
            "stop_reason": word,
            "stop_sequence": None,
        }
        if tokens:
            body["usage"] = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    else:
        body = {
            "model": "qwen2.5-coder:7b",
            "message": {"role": "assistant", "content": text or ""},
            "done": True,
            "done_reason": word,
        }
        if tokens:
            body |= {"prompt_eval_count": tokens[0], "eval_count": tokens[1]}
    return Reply(200, body, **more)


def failure(provider: str, status: int, message: str = "it failed", code: str = "", **more: Any) -> Reply:
    """An error in the protocol's own form."""
    if provider == "openai":
        return Reply(status, {"error": {"message": message, "type": "some_error", "code": code or None}}, **more)
    if provider == "anthropic":
        error = {"type": code or "api_error", "message": message}
        return Reply(status, {"type": "error", "error": error}, **more)
    return Reply(status, {"error": message}, **more)
