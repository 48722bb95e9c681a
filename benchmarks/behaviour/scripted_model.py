"""A server that speaks like OpenAI and answers as a model would that knows the files: truthful, or unreliable.

The truthful one names every function of a file with its lines, as a real parser of the language gave them, and says
`span` for every function that it is asked about. The unreliable one takes these answers and spoils most of them: it
forgets functions, shifts lines, swaps ends, points into texts and comments, names twice, invents.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from real_functions import RealFunction

MODEL = "gpt-4o"
_LINE = re.compile(r"^(\d+)\|(.*)$", re.MULTILINE)


class ScriptedModel:
    """Use as a context manager. `calls` counts the questions; `unreliable` is the seed of its mistakes, if any."""

    def __init__(self, known: Mapping[Path, Sequence[RealFunction]], unreliable: int | None = None) -> None:
        self.calls = 0
        self._files = [(_lines(path), functions) for path, functions in known.items()]
        self._seed = unreliable
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                self._send({"id": MODEL, "context_length": 128_000})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self._send(outer._reply(body))

            def _send(self, body: Any) -> None:
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # the client was interrupted

        self._http = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """What makes a run ask this server."""
        return {
            "LLM_PROVIDER": "openai",
            "LLM_MODEL": MODEL,
            "LLM_BASE_URL": f"http://127.0.0.1:{self._http.server_address[1]}/v1",
            "OPENAI_API_KEY": "sk-scripted-0123456789abcdef",
            "LLM_CONTEXT": "128000",
            "LLM_MAX_OUTPUT": "16000",
        }

    def _reply(self, body: Any) -> Any:
        with self._lock:
            self.calls += 1
            turn = self.calls
        question = next(message["content"] for message in body["messages"] if message["role"] == "user")
        text = json.dumps(self._answer(question, turn))
        sizes = {"prompt_tokens": len(json.dumps(body)) // 4, "completion_tokens": len(text) // 4}
        return {
            "id": f"c{turn}",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": sizes | {"total_tokens": sum(sizes.values())},
        }

    def _answer(self, question: str, turn: int) -> Any:
        ids = re.findall(r"^BEGIN (f\d+)$", question, re.MULTILINE)
        if ids:
            return {"reason": "all do work", "functions": [{"id": name, "record": "span"} for name in ids]}
        if "BEGIN SOURCE" not in question:
            return {"advice": "copy the lines exactly"}
        source = question.split("BEGIN SOURCE\n", 1)[1].rsplit("END SOURCE", 1)[0]
        shown = {int(number): text for number, text in _LINE.findall(source)}
        rows = [
            {"name": each.name, "first": each.first, "first_text": shown[each.first],
             "last": each.last, "last_text": shown[each.last]}
            for each in self._functions(shown)
            if each.first in shown and each.last in shown and each.first != each.last
        ]  # fmt: skip
        if self._seed is not None:
            rows = spoiled(rows, shown, random.Random(f"{self._seed} {question} {turn}"))
        return {"reason": "all do work", "functions": rows}

    def _functions(self, shown: Mapping[int, str]) -> Sequence[RealFunction]:
        """Those of the file that these lines are of; lines with stars may be anything."""
        for lines, functions in self._files:
            if all(
                number <= len(lines) and (lines[number - 1] == text or "***" in text) for number, text in shown.items()
            ):
                return functions
        return ()


def _lines(path: Path) -> list[str]:
    """As they are shown to a model: without their ends, but for what else ends lines in Unicode."""
    lines = path.read_bytes().split(b"\n")
    return [line.rstrip(b"\r").decode("utf-8", "backslashreplace") for line in lines]


def spoiled(rows: list[dict[str, Any]], shown: Mapping[int, str], chance: random.Random) -> list[dict[str, Any]]:
    """The rows of an answer with the mistakes that models make, and some that only an enemy would."""
    numbers = sorted(shown)
    result = []
    for row in rows:
        kind = chance.randrange(12)
        wrong = dict(row)
        if kind == 0:
            continue  # forgotten
        if kind == 1:  # lines shifted, texts as they are
            wrong |= {"first": row["first"] + chance.randint(-5, 5), "last": row["last"] + chance.randint(-5, 5)}
        elif kind == 2:  # ends somewhere inside
            last = chance.choice([n for n in numbers if row["first"] <= n <= row["last"]])
            wrong |= {"last": last, "last_text": shown[last]}
        elif kind == 3:  # ends somewhere behind
            last = chance.choice([n for n in numbers if n >= row["last"]])
            wrong |= {"last": last, "last_text": shown[last]}
        elif kind == 4:  # begins anywhere: in a text, in a comment, in a statement
            first = chance.choice(numbers)
            wrong |= {"first": first, "first_text": shown[first]}
        elif kind == 5:  # the end of another one
            other = chance.choice(rows)
            wrong |= {"last": other["last"], "last_text": other["last_text"]}
        elif kind == 6:  # texts rewritten
            wrong |= {"first_text": row["first_text"].upper(), "last_text": "  " + row["last_text"] + " # end"}
        elif kind == 7:
            result.append(row)  # twice
        elif kind == 8:  # a name with code in it
            wrong |= {"name": f"{row['name']}'); system('touch /tmp/never'); ('"}
        elif kind == 9:  # numbers from nowhere
            wrong |= {"first": chance.randint(0, 10**6), "last": chance.randint(0, 10**6)}
        result.append(wrong)
    for _ in range(1 + len(rows) // 4):  # invented
        first = chance.choice(numbers)
        last = chance.choice([n for n in numbers if n >= first])
        result.append(
            {"name": "invented", "first": first, "first_text": shown[first], "last": last, "last_text": shown[last]}
        )
    chance.shuffle(result)
    return result
