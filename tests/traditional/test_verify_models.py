"""`--verify` with a model: nothing is asked a second time, and a file without a grammar is left out as a whole."""

from __future__ import annotations

import json

from llm.scripted_server import ScriptedServer

from .conftest import PYTHON, RUBY, Run


def test_what_a_model_instrumented_is_proved(run: Run, server: ScriptedServer) -> None:
    run.write(a__rb=RUBY, prices__py=PYTHON)
    done = run("--verify", "ruby a.rb && python3 prices.py", "--json")
    asked = len(server.requests)
    document = json.loads(done.stdout)
    assert document["verify"]["status"] == "same"
    assert document["verify"]["tests"]["with"][0]["spans"] > 0
    assert "_tlm" in run.output("a.rb") and "_tlm" in run.output("prices.py")
    assert asked == 2


def test_a_file_that_a_model_instrumented_is_left_out_as_a_whole(run: Run, server: ScriptedServer) -> None:
    run.write(a__rb=RUBY, prices__py=PYTHON)
    check = "ruby a.rb && python3 prices.py && ! grep -q _tlm a.rb"
    done = run("--verify", check, "--json", code=5)
    assert run.output("a.rb") == RUBY
    assert "_tlm" in run.output("prices.py")
    left = {each["path"] for each in json.loads(done.stdout)["verify"]["left_out"]}
    assert left == {"a.rb"}
    assert len(server.requests) == 2
