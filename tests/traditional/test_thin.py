"""One thin path for each kind of language, from the command line to a program that runs."""

from __future__ import annotations

import json

import pytest
from llm.scripted_server import ScriptedServer

from .conftest import PYTHON, RUBY, Run, calls, good


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_both_kinds_and_then_from_the_cache(provider: str, run: Run, server: ScriptedServer) -> None:
    server.default = good(provider)
    run.write(a__py=PYTHON, b__rb=RUBY)
    done = run(provider=provider)
    assert "no model provider" not in done.stderr
    assert len(calls(server)) == 2
    assert "Model calls: 2, cost: $0.0" in done.stdout
    first = run.output("a.py"), run.output("b.rb")
    assert 'with _tlm("Shop.load"):' in first[0]
    assert "TelemetryInject.enter('total')" in first[1]
    assert "enter('fake')" not in first[1]
    again = run("--json", provider=provider)
    assert len(calls(server)) == 2
    document = json.loads(again.stdout)
    assert document["totals"]["model_calls"] == 0 and document["models"] is None
    assert (run.output("a.py"), run.output("b.rb")) == first
