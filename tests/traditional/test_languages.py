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
    "perl": ("pl", "perl", {"total", "fail"}, {"one": "ends on this line"}),
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
    done = run(
        "--json", "--context-window", "3900", "--max-output", "2000", "-o", "other", LLM_MODEL="gpt-4o-mini", code=None
    )
    assert "too long for the model's context" in done.stdout


BLANK = """class Blank < BasicObject
  def method_missing(name, *_arguments)
    forbid if name == :bad
    name
  end

  def forbid
    ::Kernel.raise ::ArgumentError, "no"
  end
end

class Own
  def raise(*)
    :mine
  end

  def call
    Integer("x")
  end
end

puts Blank.new.good
begin
  Blank.new.bad
rescue ArgumentError => e
  puts e.message
end
begin
  Own.new.call
rescue ArgumentError => e
  puts e.message
end
"""


def instrumented(run: Run, name: str, text: str) -> Path:
    """The folder in which a program lies that was instrumented."""
    (run.source / name).write_text(text)
    run()
    assert run.output(name) != text
    return run.folder / "instrumented"


def test_errors_leave_objects_that_know_no_raise_of_their_own(run: Run) -> None:
    needs("ruby")
    output = instrumented(run, "a.rb", BLANK)
    assert ran("ruby", output, "a.rb")[:2] == (0, b'good\nno\ninvalid value for Integer(): "x"\n')


def test_what_runs_at_exit_after_the_helper_is_recorded(run: Run) -> None:
    needs("ruby")
    (run.source / "a.rb").write_text("def total(a)\n  half(a)\nend\n\ndef half(a)\n  a.sum / 2\nend\n")
    (run.source / "test.rb").write_text("at_exit { puts total([2, 4]) }\nrequire_relative 'a'\n")
    run()
    written = run.folder / "spans.jsonl"
    done = ran("ruby", run.folder / "instrumented", "test.rb", TELEMETRY_INJECT_FILE=str(written))
    assert done[:2] == (0, b"3\n")
    assert {span["name"] for span in spans(written)} == {"total", "half"}


def test_subs_that_end_the_program_are_recorded(run: Run) -> None:
    needs("perl")
    output = instrumented(run, "a.pl", "sub stop {\n    inner();\n}\nsub inner {\n    exit 3;\n}\nstop();\n")
    written = run.folder / "spans.jsonl"
    assert ran("perl", output, "a.pl", TELEMETRY_INJECT_FILE=str(written)) == (3, b"", b"")
    assert {span["name"] for span in spans(written)} == {"stop", "inner"}


@pytest.mark.parametrize("path", ["a.sh", "./a.sh"])
def test_a_shell_without_programs_finds_its_helper(path: str, run: Run) -> None:
    needs("bash")
    text = '#!/bin/bash\ntotal() {\n  echo $(( $1 + $2 ))\n}\ntotal 1 2 | { read -r sum; echo "$sum"; }\n'
    output = instrumented(run, "a.sh", text)
    written = run.folder / "spans.jsonl"
    bash = shutil.which("bash")
    assert bash
    done = ran(bash, output, path, PATH="/nowhere", TELEMETRY_INJECT_FILE=str(written))
    assert done == (0, b"3\n", b"")
    assert [span["name"] for span in spans(written)] == ["total"]


NESTED = """local function inner(n)
  return n + 1
end
local function outer(n)
  local sum = 0
  for i = 1, n do
    sum = sum + inner(i)
  end
  package.loaded["_telemetry" .. "_inject"] = nil
  return sum
end
print(outer(300))
dofile("again.lua")
print(outer(3))
"""


def test_calls_in_lua_nest_though_its_clock_is_coarse(run: Run) -> None:
    from telemetry_inject.report.span_check import check_spans

    needs("lua5.4")
    (run.source / "again.lua").write_text("local function again()\n  return 1\nend\nagain()\n")
    output = instrumented(run, "a.lua", NESTED)
    written = run.folder / "spans.jsonl"
    assert ran("lua5.4", output, "a.lua", TELEMETRY_INJECT_FILE=str(written))[:2] == (0, b"45450\n9\n")
    assert check_spans([written]) == []
    assert len({span["startTimeUnixNano"] for span in spans(written)}) == len(list(spans(written))) == 306


STATUS = {
    "a.rb": ("ruby", "def stop(code)\n  exit code\nend\nstop 3\n"),
    "b.rb": ("ruby", "def stop\n  Integer('x')\nend\nstop\n"),
    "a.lua": ("lua5.4", "local function stop(code)\n  os.exit(code)\nend\nstop(3)\n"),
    "b.lua": ("lua5.4", "local function stop()\n  error('no')\nend\nstop()\n"),
    "a.php": ("php", "<?php\nfunction stop($code)\n{\n    exit($code);\n}\nstop(3);\n"),
    "b.php": ("php", "<?php\nfunction stop()\n{\n    throw new Error('no');\n}\nstop();\n"),
    "a.pl": ("perl", "sub stop {\n    exit shift;\n}\nstop(3);\n"),
    "b.pl": ("perl", "sub stop {\n    die 'no';\n}\nstop();\n"),
    "c.pl": ("perl", "sub stop {\n    return 1;\n}\nstop();\nexit 3;\n"),
    "a.sh": ("bash", "#!/bin/bash\nstop() {\n  exit $1\n}\nstop 3\n"),
    "b.sh": ("bash", "#!/bin/bash\nset -e\nstop() {\n  false\n  echo not here\n}\nstop\n"),
    "c.sh": ("bash", '#!/bin/bash\nset -euo pipefail\nstop() {\n  echo "$2"\n}\nstop 1\n'),
}


@pytest.mark.parametrize("name", STATUS)
@pytest.mark.parametrize("off", ["", "true"])
def test_the_program_ends_with_its_own_status(name: str, off: str, run: Run) -> None:
    interpreter, text = STATUS[name]
    needs(interpreter)
    output = instrumented(run, name, text)
    before, after = (ran(interpreter, folder, name, OTEL_SDK_DISABLED=off) for folder in (run.source, output))
    assert after[:2] == before[:2] and before[0] != 0


LANES = """def outer
  inner { |n| puts n }
end

def inner
  yield 1
  yield 2
end

def lazily
  Enumerator.new { |y| inner { |n| y << n } }
end

def in_ractor
  Integer("4")
end

outer
numbers = lazily
puts numbers.next
outer
puts numbers.next
$VERBOSE = nil
Warning[:experimental] = false
puts Ractor.new { in_ractor }.take
"""


def test_fibers_and_ractors_do_not_mix_with_the_calls_around(run: Run) -> None:
    from telemetry_inject.report.span_check import check_spans

    needs("ruby")
    output = instrumented(run, "a.rb", LANES)
    written = run.folder / "spans.jsonl"
    done = ran("ruby", output, "a.rb", TELEMETRY_INJECT_FILE=str(written))
    assert done[:2] == ran("ruby", run.source, "a.rb")[:2] == (0, b"1\n2\n1\n1\n2\n2\n4\n")
    assert check_spans([written]) == []
    assert [span["name"] for span in spans(written)].count("outer") == 2
