"""The command as a process, against a scripted server that answers like a good model unless told otherwise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llm.scripted_server import PATHS, Recorded, Reply, ScriptedServer, answer

KEY = "sk-test-0123456789abcdefghij"
MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-5-5", "ollama": "qwen2.5-coder:7b"}
PYTHON = '''"""Prices."""


def total(prices, password="hunter22"):
    """All of them."""
    result = 0
    for price in prices:
        result += int(price)
    return result


class Shop:
    def load(self, text):
        if not text:
            raise ValueError("empty")
        return [part.strip() for part in text.split(",")]

    def size(self):
        return len(self.load("1, 2"))


if __name__ == "__main__":
    print(total(Shop().load("1, 2, 3")), Shop().size())
'''
RUBY = """# frozen_string_literal: true
class Shop
  def initialize(prices)
    @prices = prices
  end

  def total
    @prices.sum { |price| Integer(price) }
  rescue ArgumentError
    raise "not a number"
  end
end

def usage
  puts <<~TEXT
    def fake
      nothing
    end
  TEXT
end

usage
puts Shop.new(%w[1 2 3]).total
begin
  Shop.new(["x"]).total
rescue RuntimeError => e
  puts e.message, e.backtrace.first
end
"""


def question_of(request: Recorded) -> str:
    """The text of the first thing that the user said in a request."""
    for message in request.body["messages"]:
        if message["role"] == "user":
            content = message["content"]
            return content if isinstance(content, str) else content[0]["text"]
    raise AssertionError("no question")


def said_last(request: Recorded) -> str:
    content = request.body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def source_lines(question: str) -> dict[int, str]:
    """The numbered lines of a question about a file without a pack."""
    body = question.split("BEGIN SOURCE\n", 1)[1].rsplit("END SOURCE", 1)[0]
    return {int(number): text for number, text in re.findall(r"^(\d+)\|(.*)$", body, re.MULTILINE)}


def named(lines: dict[int, str], header: str, closer: str) -> list[dict[str, Any]]:
    """What a good model says: each header, and the first closer at its indent after it."""
    found = []
    for number, text in lines.items():
        match = re.match(rf"([ \t]*){header}", text)
        if match is None:
            continue
        end = next((n for n, t in lines.items() if n > number and re.fullmatch(rf"{match[1]}{closer}\s*", t)), None)
        if end is not None:
            name = match["name"]
            found.append({"name": name, "first": number, "first_text": text, "last": end, "last_text": lines[end]})
    return found


LIGHT = {
    "Ruby": (r"(?:private )?def (?:self\.)?(?P<name>\w+[?!]?)", "end"),
    "Lua": (r"(?:local )?function (?P<name>[\w.:]+)", "end"),
    "PHP": (r"(?:public |static |private )*function &?(?P<name>\w+)", r"\}"),
    "Bash": (r"(?:function )?(?P<name>\w+) ?(?:\(\))? ?\{?$", r"\}"),
    "Perl": (r"sub (?P<name>\w+)", r"\}"),
}


def good_text(request: Recorded) -> str:
    """The answer of a model that does what it is asked."""
    question = question_of(request)
    ids = re.findall(r"^BEGIN (f\d+)$", question, re.MULTILINE)
    if ids:
        return json.dumps({"reason": "all work", "functions": [{"id": name, "record": "span"} for name in ids]})
    if "BEGIN SOURCE" in question:
        language = re.search(r"written in (\w+)", question)
        assert language is not None
        rows = named(source_lines(question), *LIGHT[language[1]])
        return json.dumps({"reason": "all work", "functions": rows})
    return json.dumps({"advice": "copy the lines exactly"})


def good(provider: str, text: Callable[[Recorded], str] = good_text, tokens: tuple[int, int] = (100, 20)) -> Any:
    """A server where everything works."""

    def reply(request: Recorded) -> Reply:
        if request.path == PATHS[provider]:
            return answer(provider, text(request), tokens)
        if request.path.endswith("/version"):
            return Reply(200, {"version": "0.33.1"})
        if request.path == "/api/show":
            return Reply(200, {"model_info": {"qwen2.context_length": 32_768}})
        if provider == "anthropic":
            return Reply(200, {"id": MODELS[provider], "max_input_tokens": 200_000, "max_tokens": 8192})
        return Reply(200, {"data": [{"id": MODELS[provider], "context_length": 128_000}]})

    return reply


def calls(server: ScriptedServer) -> list[Recorded]:
    """The requests that a model would have been paid for."""
    return [request for request in server.requests if request.path in PATHS.values()]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.default = good("openai")
        yield running


class Run:
    """Runs the command in a folder of its own."""

    def __init__(self, folder: Path, server: ScriptedServer) -> None:
        self.folder, self.server = folder, server
        self.source = folder / "src"
        self.source.mkdir()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.source / name.replace("__", ".")
            path.write_bytes(text.encode())

    def environment(self, provider: str = "openai", **more: str) -> dict[str, str]:
        url = self.server.url + ("/v1" if provider == "openai" else "")
        environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environment |= {
            "HOME": str(self.folder),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "TELEMETRY_INJECT_KEY_DIR": str(self.folder / "key"),
            "TELEMETRY_INJECT_LIMITS_DIR": str(self.folder / "limits"),
            "LLM_PROVIDER": provider,
            "LLM_MODEL": MODELS[provider],
            "LLM_BASE_URL": url,
            "LLM_TIMEOUT": "20",
            "LLM_CONTEXT": "100000",
            "LLM_MAX_OUTPUT": "8000",
            "LANG": "C.UTF-8",
        }
        if provider != "ollama":
            environment[f"{provider.upper()}_API_KEY"] = KEY
        return environment | more

    def __call__(
        self, *arguments: str, provider: str = "openai", code: int | None = 0, path: str = "src", **more: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "telemetry_inject", path, *arguments],
            cwd=self.folder,
            env=self.environment(provider, **more),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if code is not None:
            assert done.returncode == code, f"{done.returncode}\n{done.stderr}\n{done.stdout}"
        assert KEY not in done.stdout + done.stderr
        return done

    def output(self, name: str) -> str:
        return (self.folder / "instrumented" / name).read_bytes().decode()


@pytest.fixture
def run(tmp_path: Path, server: ScriptedServer) -> Run:
    return Run(tmp_path, server)


def spans(path: Path) -> list[dict[str, Any]]:
    found = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                found += scope["spans"]
    return found
