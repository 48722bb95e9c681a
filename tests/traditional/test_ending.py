"""How runs with a model end early, what they cost, and what is told of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

from llm.scripted_server import PATHS, Recorded, Reply, ScriptedServer, answer

from .conftest import KEY, PYTHON, RUBY, Run, calls, good, good_text


def test_an_interrupt_ends_calls_in_flight_and_keeps_what_is_finished(run: Run, server: ScriptedServer) -> None:
    works = good("openai")

    def reply(request: Recorded) -> Reply:
        if "# slow" in json.dumps(request.body):
            return answer("openai", good_text(request), delay=60)
        return works(request)

    server.default = reply
    run.write(a__py=PYTHON, b__rb=RUBY, c__rb=RUBY + "# slow\n", d__rb=RUBY + "# slow too\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "telemetry_inject", "src", "--no-cache", "--budget", "5"],
        cwd=run.folder, env=run.environment(LLM_TIMEOUT="120"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A runner in the background passes on that the signal is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    for _ in range(4):
        assert server.arrived.acquire(timeout=60)
    deadline = time.monotonic() + 60
    while not (run.folder / "instrumented" / "b.rb").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err + out
    assert "interrupted: files that were finished are written" in err
    assert "TelemetryInject" in run.output("b.rb") and "_tlm" in run.output("a.py")
    assert (run.folder / "instrumented" / "_telemetry_inject.rb").exists()
    assert run.output("c.rb") == RUBY + "# slow\n"
    assert "cost: $" in out


def test_the_cost_stands_once_in_the_trace(run: Run, server: ScriptedServer) -> None:
    server.default = good("openai", tokens=(1000, 100))
    run.write(a__py=PYTHON, b__rb=RUBY)
    run("--debug-trace", "--no-trace-console")
    (trace,) = (run.folder / "logs").glob("debug_trace_*.jsonl")
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    told = [line["data"]["cost_usd"] for line in lines if "cost_usd" in line["data"]]
    price = 2 * (1000 * Decimal("2.5") + 100 * Decimal(10)) / 1_000_000
    assert told == [float(price)]
    text = trace.read_text()
    assert "hunter22" not in text and KEY not in text and "def total" not in text
    assert any(line["component"] == "ModelClient" and line["event"] == "call" for line in lines)


def test_prompts_are_traced_on_request_without_secrets(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON)
    run("--debug-trace", "--no-trace-console", "--trace-prompts", "--trace-level", "ERROR")
    (trace,) = (run.folder / "logs").glob("debug_trace_*.jsonl")
    text = trace.read_text()
    assert "def total" in text and "hunter22" not in text and KEY not in text


def test_the_source_that_is_sent_holds_no_password(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON)
    run()
    (call,) = calls(server)
    assert "def total" in json.dumps(call.body) and "hunter22" not in json.dumps(call.body)


def test_the_document_tells_jobs_and_models(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON, b__rb=RUBY)
    document = json.loads(run("--json", "--budget", "5").stdout)
    assert document["totals"]["model_calls"] == 2
    assert document["totals"]["cost_usd"] == document["models"]["cost_usd"] > 0
    assert set(document["models"]["jobs"]) == {"injection", "analysis"}
    assert document["models"]["budget_usd"] == 5.0
    provenances = {each["provenance"] for file in document["files"] for each in file["functions"]}
    assert provenances == {"model"}


def test_a_price_that_nobody_knows_is_not_zero(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON)
    done = run(LLM_MODEL="my-own", code=None)
    assert "cost: $0.00" in done.stdout  # on this machine: free
    stated = json.loads(run("--json", "--price", "1/2", LLM_MODEL="my-other").stdout)
    assert stated["models"]["cost_usd"] == float(Decimal(100 * 1 + 20 * 2) / 1_000_000)


def test_what_the_model_leaves_out_is_reported(run: Run, server: ScriptedServer) -> None:
    def text(request: Recorded) -> str:
        rows = json.loads(good_text(request))["functions"]
        return json.dumps(
            {"reason": "", "functions": [row | {"record": "nothing"} if row["id"] == "f2" else row for row in rows]}
        )

    server.default = good("openai", text)
    run.write(a__py=PYTHON)
    document = json.loads(run("--json").stdout)
    reasons = {each["qualname"]: each["reason"] for each in document["files"][0]["functions"]}
    assert reasons == {"total": "", "Shop.load": "not worth a span, says the model", "Shop.size": ""}
    assert '_tlm("Shop.load")' not in run.output("a.py")
    assert '_tlm("Shop.size")' in run.output("a.py")


def test_own_prompts_are_used_and_asked_anew(run: Run, server: ScriptedServer, tmp_path: Path) -> None:
    run.write(a__py=PYTHON)
    run()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "injection.md").write_text("<<user>>\nPlease choose ({{language}}):\n{{functions}}\n")
    run("--prompts", "mine")
    assert len(calls(server)) == 2
    assert "Please choose (python)" in json.dumps(calls(server)[1].body)
    (tmp_path / "mine" / "inejction.md").write_text("<<user>>\nx\n")
    done = run("--prompts", "mine", "--no-cache", code=2)
    assert "there is no prompt of this name" in done.stderr


def test_a_run_that_is_cached_loads_nothing_of_models(run: Run, server: ScriptedServer) -> None:
    run.write(a__py=PYTHON)
    run()
    program = (
        "import sys; from telemetry_inject.cli import main; code = main(sys.argv[1:]);"
        "print([name for name in sys.modules if name.startswith(('telemetry_inject.llm', 'openai', 'httpx'))]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "src"], cwd=run.folder, env=run.environment(), capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.rstrip().endswith("[]"), done.stdout + done.stderr


def test_the_commands_about_models(run: Run, server: ScriptedServer) -> None:
    def reply(request: Recorded) -> Reply:
        if request.path == PATHS["openai"]:
            return answer("openai", '{"answer": "ready"}')
        return Reply(200, {"data": [{"id": "gpt-4o"}, {"id": "gpt-6-sol"}]})

    server.default = reply

    def command(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "telemetry_inject", *arguments],
            cwd=run.folder, env=run.environment(), capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stderr + done.stdout
        return done.stdout

    assert "gpt-6-sol" in command("--list-models")
    assert {row["name"] for row in json.loads(command("--list-models", "--json"))["models"]} == {"gpt-4o", "gpt-6-sol"}
    assert "a real answer that fits its schema" in command("--check-api")
    assert json.loads(command("--check-api", "--json"))["ok"] is True
    server.default = lambda request: Reply(401, {"error": {"message": "no"}})
    assert json.loads(command("--check-api", "--json", code=2))["ok"] is False
