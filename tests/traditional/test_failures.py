"""What a provider can do wrong: the right words and exit code, files whole, cost settled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from llm.scripted_server import PATHS, Recorded, Reply, ScriptedServer, answer, failure

from .conftest import KEY, PYTHON, RUBY, Run, calls, good, good_text

PROVIDERS = ("openai", "anthropic", "ollama")
WEB_PAGE = Reply(200, b"<html><body>Sign in</body></html>", kind="text/html")
# name -> (how the server answers, exit code, words, whether the templates stand in)
SINGLE: dict[str, tuple[Any, int, str]] = {
    "400": (lambda p: failure(p, 400, "bad request"), 1, "the request was rejected"),
    "401": (lambda p: failure(p, 401, f"bad key {KEY}"), 2, "the key was rejected"),
    "403": (lambda p: failure(p, 403, "forbidden"), 2, ""),
    "404": (lambda p: failure(p, 404, "no such model"), 2, ""),
    "413": (lambda p: failure(p, 413, "too large"), 1, ""),
    "redirect": (lambda p: Reply(302, b"", {"location": "http://127.0.0.1:1/"}), 2, ""),
    "web page": (lambda p: WEB_PAGE, 1, ""),
    "no JSON": (lambda p: answer(p, "Sure! Here is your code."), 1, "the answer is not JSON"),
    "wrong schema": (lambda p: answer(p, '{"functions": "all"}'), 1, "cannot be used"),
    "empty": (lambda p: answer(p, ""), 1, "empty"),
    "cut by length": (lambda p: answer(p, '{"reason": "x", "func', (100, 5000), "length"), 1, "cut at"),
    "half an answer": (lambda p: Reply(200, answer(p, "{}").body, half=True), 1, ""),
    "500 for ever": (lambda p: failure(p, 500, "oops"), 1, ""),
    "429 for too long": (lambda p: failure(p, 429, "slow down", headers={"retry-after": "9999"}), 1, ""),
}


def serve(server: ScriptedServer, provider: str, reply: Any) -> None:
    works = good(provider)
    server.default = lambda request: reply if request.path == PATHS[provider] else works(request)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", [name for name in SINGLE if name not in ("500 for ever", "half an answer")])
def test_a_failure_is_said_and_nothing_is_damaged(name: str, provider: str, run: Run, server: ScriptedServer) -> None:
    make, code, words = SINGLE[name]
    serve(server, provider, make(provider))
    run.write(a__py=PYTHON, b__rb=RUBY)
    done = run(provider=provider, code=code)
    said = done.stderr + done.stdout
    assert words in said and "Traceback" not in said and "hunter22" not in said
    assert (run.source / "a.py").read_text() == PYTHON and (run.source / "b.rb").read_text() == RUBY
    if code == 2:
        assert "help: " in done.stderr
        return
    assert "with _tlm(" in run.output("a.py")  # the templates stand in
    assert run.output("b.rb") == RUBY
    assert "Model calls: " in done.stdout


@pytest.mark.parametrize("name", ["500 for ever", "half an answer"])
def test_what_may_have_been_worked_on_is_charged(name: str, run: Run, server: ScriptedServer) -> None:
    serve(server, "openai", SINGLE[name][0]("openai"))
    run.write(b__rb=RUBY)
    document = json.loads(run("--json", "--budget", "5", code=1).stdout)
    assert len(calls(server)) > 1
    assert 0 < document["models"]["cost_usd"] == document["models"]["assumed_usd"] <= 5


def test_an_error_that_passes_is_not_one(run: Run, server: ScriptedServer) -> None:
    server.replies = [failure("openai", 429, "slow down", headers={"retry-after": "0"})]
    server.default = good("openai")
    run.write(b__rb=RUBY)
    run()
    assert len(calls(server)) == 2
    assert "TelemetryInject" in run.output("b.rb")


def test_a_time_out(run: Run, server: ScriptedServer) -> None:
    serve(server, "openai", Reply(200, b"{}", delay=30))
    run.write(b__rb=RUBY)
    done = run(code=1, LLM_TIMEOUT="0.5")
    assert "no answer" in done.stdout + done.stderr or "time" in done.stdout + done.stderr
    assert run.output("b.rb") == RUBY


def test_a_dropped_connection(run: Run, server: ScriptedServer) -> None:
    server.replies = [Reply(drop=True)]
    server.default = good("openai")
    run.write(b__rb=RUBY)
    document = json.loads(run("--json").stdout)
    assert document["models"]["assumed_usd"] > 0
    assert "TelemetryInject" in run.output("b.rb")


def test_after_some_failures_in_a_row_nobody_is_asked_any_more(run: Run, server: ScriptedServer) -> None:
    serve(server, "openai", failure("openai", 429, "slow down", headers={"retry-after": "9999"}))
    run.write(**{f"f{number}__py": PYTHON + f"# {number}\n" for number in range(12)})
    run("--max-parallel", "1", code=1)
    assert len(calls(server)) == 3
    assert all("with _tlm(" in run.output(f"f{number}.py") for number in range(12))


def test_a_wrong_answer_is_quoted_and_asked_again(run: Run, server: ScriptedServer) -> None:
    server.replies = [answer("openai", '{"reason": "x", "functions": []}')]
    server.default = good("openai")
    run.write(a__py=PYTHON)
    run()
    (first, second) = calls(server)
    assert "no answer for f1, f2, f3" in json.dumps(second.body)
    assert "with _tlm(" in run.output("a.py")


def test_reflection_comes_after_the_threshold(run: Run, server: ScriptedServer) -> None:
    def text(request: Recorded) -> str:
        question = json.dumps(request.body)
        if "What was misunderstood" in question:
            return '{"advice": "Answer for f1 too."}'
        return good_text(request) if "Answer for f1 too." in question else '{"reason": "", "functions": []}'

    server.default = good("openai", text)
    run.write(a__py=PYTHON)
    run("--max-retries", "3", "--reflection-threshold", "2")
    jobs = [
        "reflection" if "What was misunderstood" in json.dumps(call.body) else "injection" for call in calls(server)
    ]
    assert jobs == ["injection", "injection", "reflection", "injection"]


def test_at_most_so_many_attempts(run: Run, server: ScriptedServer) -> None:
    server.default = good("openai", lambda request: '{"reason": "", "functions": []}')
    run.write(a__py=PYTHON)
    run("--max-retries", "2", "--reflection-threshold", "9")
    assert len(calls(server)) == 2


def test_a_budget_that_is_reached_ends_the_asking(run: Run, server: ScriptedServer) -> None:
    server.default = good("openai", tokens=(3000, 1000))
    run.write(**{f"f{number}__rb": RUBY + f"# {number}\n" for number in range(16)})
    done = run("--json", "--budget", "0.2", "--max-parallel", "16", code=4)
    document = json.loads(done.stdout)
    assert "error: the budget of $0.2 is reached" in done.stderr
    assert 0 < document["models"]["cost_usd"] <= 0.2
    assert document["exit_code"] == 4
    done_files = [file for file in document["files"] if file["status"] == "instrumented"]
    assert 0 < len(done_files) < 16
    for number in range(16):
        text = run.output(f"f{number}.rb")
        assert "TelemetryInject" in text or text == RUBY + f"# {number}\n"
    asked = len(calls(server))
    run("--json", "--budget", "5")
    assert len(calls(server)) - asked == 16 - len(done_files)  # what was finished is remembered


def test_a_model_without_a_price_is_refused_with_a_budget(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON)
    environment = {"LLM_MODEL": "my-own", "LLM_BASE_URL": "http://gateway.invalid/v1"}
    done = run("--budget", "5", code=2, **environment)
    assert "price" in done.stderr and "--price" in done.stderr
    assert not calls(server)


def test_no_key_says_what_to_do(run: Run) -> None:
    run.write(a__py=PYTHON)
    done = run(code=2, OPENAI_API_KEY="", LLM_BASE_URL="")
    assert "openai: there is no key" in done.stderr and "OPENAI_API_KEY" in done.stderr
