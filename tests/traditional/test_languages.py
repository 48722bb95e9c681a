"""Languages without a pack, with the real interpreters: the program does what it did, and its spans are there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from llm.scripted_server import ScriptedServer

from .conftest import Run, calls, good, spans

PROGRAMS = Path(__file__).parent / "programs"
# language -> (interpreter, functions with spans, functions left alone and why)
LANGUAGES: dict[str, tuple[str, str, set[str], dict[str, str]]] = {
    "ruby": ("rb", "ruby", {"initialize", "total", "load", "usage"}, {}),
    "lua": ("lua", "lua5.4", {"M.total"}, {"count": "calls itself last", "M.fail": "did not name"}),
    "php": ("php", "php", {"__construct", "total", "refer", "page"}, {"gen": "uses yield"}),
    "perl": ("pl", "perl", {"total", "fail"}, {"one": "own last line"}),
    "bash": ("sh", "bash", {"total", "usage", "check"}, {"sub_shell": "own last line"}),
}


def needs(program: str) -> None:
    """Skip on a machine without the interpreter; fail where everything has to be there."""
    if shutil.which(program) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is not installed")
        pytest.skip(f"{program} is not installed")


def ran(interpreter: str, folder: Path, name: str, **environment: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [interpreter, name], cwd=folder, capture_output=True, timeout=60, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_program_does_what_it_did(language: str, run: Run, server: ScriptedServer) -> None:
    extension, interpreter, expected, left = LANGUAGES[language]
    needs(interpreter)
    name = f"{language}_program.{extension}"
    shutil.copy(PROGRAMS / name, run.source / name)
    source = (run.source / name).read_bytes()
    document = json.loads(run("--json").stdout)
    (file,) = document["files"]
    reasons = {function["qualname"]: function["reason"] for function in file["functions"]}
    assert {name for name, reason in reasons.items() if not reason} >= expected
    for function, words in left.items():
        assert words in reasons[function]
    assert len(calls(server)) == 1
    before = ran(interpreter, run.source, name)
    written = run.folder / "spans.jsonl"
    output = run.folder / "instrumented"
    assert ran(interpreter, output, name, TELEMETRY_INJECT_FILE=str(written)) == before
    assert {span["name"] for span in spans(written)} >= expected - {"helper"}
    assert all(int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"]) > 10**18 for span in spans(written))
    written.unlink()
    assert ran(interpreter, output, name, OTEL_SDK_DISABLED="true", TELEMETRY_INJECT_FILE=str(written)) == before
    assert not written.exists()

    run("--json")
    assert len(calls(server)) == 1  # from the cache

    # Instrumenting twice is once, and removal gives the source again.
    text = (output / name).read_bytes()
    again = json.loads(run("--json", "-o", "twice", path="instrumented/" + name).stdout)
    assert [each["status"] for each in again["files"]] == ["unchanged"]
    run("--in-place", "--remove", path="instrumented/" + name)
    assert (output / name).read_bytes() == source
    assert text != source


@pytest.mark.parametrize("language", ["ruby", "php"])
def test_errors_and_nesting_are_recorded(language: str, run: Run, server: ScriptedServer) -> None:
    extension, interpreter, _, _ = LANGUAGES[language]
    needs(interpreter)
    name = f"{language}_program.{extension}"
    shutil.copy(PROGRAMS / name, run.source / name)
    run()
    written = run.folder / "spans.jsonl"
    ran(interpreter, run.folder / "instrumented", name, TELEMETRY_INJECT_FILE=str(written))
    found = spans(written)
    failed = [span for span in found if span.get("status") == {"code": 2}]
    assert [span["name"] for span in failed] == (["load"] if language == "ruby" else ["refer"])
    assert "RuntimeE" in str(failed[0]["attributes"])
    if language == "ruby":
        by_id = {span["spanId"]: span["name"] for span in found}
        parents = [by_id.get(span.get("parentSpanId", "")) for span in found if span["name"] == "initialize"]
        assert parents == ["load"]


def test_without_its_checker_a_language_is_left_alone(run: Run, server: ScriptedServer, tmp_path: Path) -> None:
    import sys

    run.write(b__rb="def total(a)\n  a.sum\nend\n")
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "python").symlink_to(sys.executable)
    done = run("-v", PATH=str(bare))
    assert "ruby is not on this machine" in done.stderr
    assert not calls(server)


def test_a_shell_script_for_another_shell_is_left_alone(run: Run, server: ScriptedServer) -> None:
    run.write(a__sh="#!/bin/sh\ntotal() {\n  echo 1\n}\ntotal\n", b__sh="total() {\n  echo 1\n}\n")
    done = run("-v")
    assert done.stderr.count("its first line does not ask for bash") == 2
    assert not calls(server)


def test_line_ends_and_a_mark_at_the_start_survive(run: Run, server: ScriptedServer) -> None:
    needs("ruby")
    source = b"\xef\xbb\xbfrequire 'set'\r\ndef total(a)\r\n\ta.sum\r\nend\r\nputs total([1])"
    (run.source / "a.rb").write_bytes(source)
    run()
    output = (run.folder / "instrumented" / "a.rb").read_bytes()
    assert output.startswith(b"\xef\xbb\xbfrequire_relative '_telemetry_inject'; require 'set'\r\n")
    assert output.count(b"\r\n") == source.count(b"\r\n") and output.count(b"\n") == source.count(b"\n")
    assert ran("ruby", run.folder / "instrumented", "a.rb")[:2] == (0, b"1\n")


def test_use_scripts_asks_nobody_and_copies_them(run: Run, server: ScriptedServer) -> None:
    server.default = good("openai")
    run.write(b__rb="def total(a)\n  a.sum\nend\n")
    run("--use-scripts")
    assert run.output("b.rb") == "def total(a)\n  a.sum\nend\n"
    assert not server.requests


def test_a_long_file_is_asked_in_pieces_and_nothing_is_cut(run: Run, server: ScriptedServer) -> None:
    needs("ruby")
    parts = [f"def total{n}(items)\n" + "  items.each { |item| puts item }\n" * 30 + "end\n\n" for n in range(12)]
    run.write(a__rb="".join(parts))
    run("--context-window", "6000", "--max-output", "2000")
    assert len(calls(server)) > 2
    output = run.output("a.rb")
    assert all(f"enter('total{n}')" in output for n in range(12))
    done = run("--json", "--context-window", "3900", "--max-output", "2000", "-o", "other", LLM_MODEL="gpt-4o-mini", code=None)
    assert "too long for the model's context" in done.stdout
