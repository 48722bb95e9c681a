"""`--prune-from`: real programs are instrumented, run, pruned and run again: fewer spans, and the same output."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spans_support import CLEAN, batch, key_values, report, span, tool, write
from telemetry_inject.report.span_file import load_spans

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    # example -> what it needs, what builds it, what runs it, the limit, what has to go
    "market_analyser": ("", [], [sys.executable, "-m", "market_analyser", "data"], 200,
                        {"market_analyser/prices.py:parse_number", "market_analyser/prices.py:parse_row"}),
    "order_service_js": ("node", [], ["node", "src/main.js", "data/orders.json"], 6.5,
                         {"src/orders.js:OrderBook.find"}),
    "inventory_go": ("go", ["go", "build", "-o", "../inventory", "."], ["../inventory", "plan", "data/stock.csv"], 6.5,
                     {"store.go:parseItem"}),
}  # fmt: skip
WAITS = "Worker.jobs.<anonymous>"  # is called as often as the worker has to wait
APP = """\
import sys


def weight(text):
    total = len(text) + 1
    return total


def table():
    def cell(value):
        value = str(value)
        return value
    return cell


def numbers(count):
    for number in range(count):
        yield number + 1


def check(value):
    value = int(value)
    if value % 2:
        raise ValueError(value)


def main():
    total = 0
    for number in numbers(3000):
        total += weight(str(number))
        try:
            check(number)
        except ValueError:
            pass
    print(total)


main()
"""


def run(command: list[str], cwd: Path, spans: Path | None = None) -> tuple[int, str]:
    """Exit code and output of a program, which writes its spans to a file."""
    environment = CLEAN | {"PYTHONDONTWRITEBYTECODE": "1", "GOTOOLCHAIN": "local"}
    if spans is not None:
        spans.unlink(missing_ok=True)
        environment["TELEMETRY_INJECT_FILE"] = str(spans)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout


def items(document: dict[str, Any]) -> set[str]:
    """What was pruned, as it is written in leave-out."""
    return {f"{each['path']}:{each['name']}" for each in document["pruned"]["functions"]}


def many(name: str, calls: int, line: int = 4, length: int = 500, first: int = 1, **more: Any) -> list[dict[str, Any]]:
    """Spans of a function that is called every microsecond."""
    facts = {"code_function_name": f"app.{name}", "code_file_path": "/x/app.py", "code_line_number": line}
    facts |= more.pop("facts", {})
    return [
        span(first + at, name, at * 1000, at * 1000 + length, attributes=key_values(**facts, thread_id=1), **more)
        for at in range(calls)
    ]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A program with its spans in spans.jsonl, recorded by an instrumented copy."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    tool("tree", "--use-scripts", "-o", "copy", "-q", cwd=tmp_path)
    run([sys.executable, "app.py"], tmp_path / "copy", tmp_path / "spans.jsonl")
    return tmp_path


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_pruned_example_writes_fewer_spans_and_the_same_output(tmp_path: Path, example: str) -> None:
    needs, build, command, limit, gone = EXAMPLES[example]
    if needs and shutil.which(needs) is None:
        assert CLEAN.get("CI") != "true"
        pytest.skip(f"no {needs} on this machine")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "examples" / example, source, ignore=shutil.ignore_patterns("telemetry", "__pycache__"))
    outputs, counts = [], []
    for name, flags in (
        ("source", None),
        ("all", []),
        ("pruned", ["--prune-from", tmp_path / "all.jsonl", "--max-calls-per-s", limit]),
    ):
        if flags is not None:
            told = json.loads(tool(source, "--use-scripts", "-o", name, "--json", *flags, cwd=tmp_path))
        if build:
            assert run(build, tmp_path / name)[0] == 0
        outputs.append(run(command, tmp_path / name, tmp_path / f"{name}.jsonl"))
        if flags is not None:
            counts.append(Counter(each.name for each in load_spans([tmp_path / f"{name}.jsonl"])))
            del counts[-1][WAITS]
    assert items(told) == gone
    assert outputs[0] == outputs[1] == outputs[2]
    before, after = counts
    lost = {item.partition(":")[2] for item in gone}
    assert after == {name: count for name, count in before.items() if name not in lost}
    assert sum(after.values()) < sum(before.values())


def test_the_command_that_the_report_suggests_works(app: Path) -> None:
    (app / "spans.jsonl").rename(app / "with space.jsonl")
    advice = report(app / "with space.jsonl", cwd=app).splitlines()[-1].partition("without them: ")[2]
    command = shlex.split(advice.replace("PATH", "tree"))
    assert command[0] == "telemetry-inject"
    told = json.loads(tool(*command[1:], "--dry-run", "--json", cwd=app))
    advised = json.loads(report(app / "with space.jsonl", "--json", cwd=app))["advice"]["functions"]
    assert items(told) == {f"app.py:{each['name']}" for each in advised} == {"app.py:weight"}


def test_of_many_span_files_the_report_names_the_folder(app: Path) -> None:
    (app / "telemetry").mkdir()
    for number in range(5):
        shutil.copy(app / "spans.jsonl", app / f"telemetry/{number}.jsonl")
    advice = report(cwd=app).splitlines()[-1].partition("without them: ")[2]
    assert advice.startswith("telemetry-inject PATH --prune-from telemetry --max-calls-per-s ")


def test_what_is_pruned_is_said_with_its_figures(app: Path) -> None:
    lines = tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "-o", "out", cwd=app)
    assert re.search(r"^Pruned 1 function \(\d+% of the recorded calls\); each is called more than 1,000 times a second "
                     r"and takes less than 10.0us a call by itself$", lines, re.MULTILINE)  # fmt: skip
    assert re.search(
        r"^  app.py:weight \(line 4\): 3,000 calls, \d+ a second, \S+ self time a call$", lines, re.MULTILINE
    )
    assert "--prune-save writes them" in lines
    document = json.loads(tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--dry-run", "--json", cwd=app))
    (entry,) = document["pruned"]["functions"]
    assert (entry["path"], entry["name"], entry["line"], entry["calls"]) == ("app.py", "weight", 4, 3000)
    assert document["pruned"]["max_calls_per_second"] == 1000 and document["pruned"]["min_self_time_ns"] == 10_000


def test_a_function_that_often_fails_stays_and_is_said(app: Path) -> None:
    lines = tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--dry-run", cwd=app)
    assert "kept app.py:check (line 21): 1,500 of its 3,000 calls failed" in lines


def test_one_that_fails_seldom_does_not(app: Path) -> None:
    spans = many("check", 2999) + many("check", 1, first=5000, status={"code": 2})
    told = json.loads(
        tool("tree", "--prune-from", write(app / "s.jsonl", batch(spans)), "--dry-run", "--json", cwd=app)
    )
    assert items(told) == {"app.py:check"}


def test_a_function_around_one_that_is_worth_its_spans_stays(app: Path) -> None:
    inner = many("table.<locals>.cell", 3, length=900_000, line=12, first=9000)
    spans = write(app / "s.jsonl", batch(many("table", 2000, line=10) + inner))
    lines = tool("tree", "--use-scripts", "--prune-from", spans, "--dry-run", cwd=app)
    assert "kept app.py:table (line 9): table.<locals>.cell is inside of it" in lines
    assert "Nothing was pruned" in lines
    hot = write(
        app / "s.jsonl", batch(many("table", 2000, line=10) + many("table.<locals>.cell", 2000, line=12, first=9000))
    )
    told = json.loads(tool("tree", "--prune-from", hot, "--dry-run", "--json", cwd=app))
    assert items(told) == {"app.py:table", "app.py:table.<locals>.cell"}


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([], True),
        (["--max-calls-per-s", "1999"], True),
        (["--max-calls-per-s", "2001"], False),  # a run of two milliseconds: the rate alone says little
        (["--min-self-time", "501ns"], True),
        (["--min-self-time", "0.5us"], False),
        (["--max-calls-per-s", "1999", "--min-self-time", "500ns"], False),
    ],
)
def test_the_limits(app: Path, flags: list[str], found: bool) -> None:
    spans = write(app / "s.jsonl", batch(many("weight", 2000)))
    told = json.loads(tool("tree", "--prune-from", spans, *flags, "--dry-run", "--json", cwd=app))
    assert items(told) == ({"app.py:weight"} if found else set())


def test_the_self_time_of_a_generator_is_not_known(app: Path) -> None:
    spans = write(app / "s.jsonl", batch(many("numbers", 2000, line=16, facts={"telemetry_kind": "generator"})))
    for flags, found in (
        (["--min-self-time", "1ms"], set()),
        ([], set()),
        (["--max-calls-per-s", "9"], {"app.py:numbers"}),
    ):
        told = json.loads(tool("tree", "--prune-from", spans, *flags, "--dry-run", "--json", cwd=app))
        assert items(told) == found


def test_a_run_that_is_too_short_for_the_limit_is_said(app: Path) -> None:
    spans = write(app / "s.jsonl", batch(many("weight", 200)))
    lines = tool("tree", "--use-scripts", "--prune-from", spans, "--dry-run", cwd=app)
    assert "Nothing was pruned: no function is called more than 1,000 times a second and takes" in lines
    assert "the most are 200: record a longer run, or say fewer with --max-calls-per-s" in lines


def test_saved_functions_are_left_out_by_later_runs(app: Path) -> None:
    lines = tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--prune-save", "-o", "out", cwd=app)
    assert f"Written to leave-out in {Path('tree/telemetry-inject.toml')}" in lines
    assert tomllib.loads((app / "tree/telemetry-inject.toml").read_text()) == {"leave-out": ["app.py:weight"]}
    later = json.loads(tool("tree", "--use-scripts", "-o", "out", "--json", cwd=app))
    (weight,) = [each for file in later["files"] for each in file["functions"] if each["qualname"] == "weight"]
    assert "leave-out" in weight["reason"]
    again = tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--prune-save", "-o", "out", cwd=app)
    assert "Left alone before: 1 function that only cost" in again
    assert "Nothing was pruned: no other function" in again


def test_a_run_that_writes_nothing_saves_nothing(app: Path) -> None:
    tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--prune-save", "--dry-run", cwd=app)
    assert not (app / "tree/telemetry-inject.toml").exists()


def test_other_files_stay_cached(app: Path) -> None:
    (app / "tree/other.py").write_text("def other(a):\n    a = str(a)\n    return a\n")
    tool("tree", "--use-scripts", "-o", "copy", "-q", cwd=app)
    told = json.loads(tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "-o", "out", "--json", cwd=app))
    assert {file["path"]: file["cached"] for file in told["files"]} == {"app.py": False, "other.py": True}
    assert told["totals"]["scripts_generated"] == 0


def test_in_place_it_goes_with_a_patch_and_with_the_tree_itself(app: Path) -> None:
    whole = tool("tree", "--use-scripts", "--diff", cwd=app)
    patch = tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--diff", cwd=app)
    assert '_tlm("weight")' in whole and '_tlm("weight")' not in patch and '_tlm("main")' in patch
    tool("tree", "--use-scripts", "--in-place", "-q", cwd=app)
    assert '_tlm("weight")' in (app / "tree/app.py").read_text()
    tool("tree", "--use-scripts", "--in-place", "--prune-from", "spans.jsonl", "-q", cwd=app)
    text = (app / "tree/app.py").read_text()
    assert '_tlm("weight")' not in text and '_tlm("main")' in text
    expected = run([sys.executable, "app.py"], app / "copy")
    assert run([sys.executable, "app.py"], app / "tree", app / "new.jsonl") == expected


def test_functions_that_cannot_be_told_apart_stay_and_are_said(app: Path) -> None:
    twice = "def weight(text):\n    total = len(text) + 1\n    return total\n\n\n"
    (app / "tree/app.py").write_text(twice + twice + "def main():\n    return weight(str(1))\n")
    spans = write(app / "s.jsonl", batch(many("weight", 2000, line=99)))
    lines = tool("tree", "--use-scripts", "--prune-from", spans, "--dry-run", cwd=app)
    assert "note: weight only costs, and stays, as it cannot be told which one it is" in lines
    assert "Nothing was pruned" in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prune-from", "gone.jsonl"], "cannot read the span file gone.jsonl"),
        (["--prune-from", "tree/app.py"], "not a span file"),
        (["--prune-from", "other.jsonl"], "none of the 5 spans is of a function in tree"),
        (["--prune-from", "spans.jsonl", "--min-self-time", "10"], "a time with its unit (ns, us, ms, s), such as 10us"),
        (["--prune-from", "spans.jsonl", "--min-self-time", "0us"], "a time with its unit"),
        (["--prune-from", "spans.jsonl", "--min-self-time", "10min"], "a time with its unit"),
        (["--prune-from", "spans.jsonl", "--max-calls-per-s", "1k"], "a number of calls a second"),
        (["--prune-from", "spans.jsonl", "--max-calls-per-s", "0"], "a number of calls a second"),
        (["--prune-from", "spans.jsonl", "--remove"], "do not go together"),
        (["--max-calls-per-s", "5"], "--max-calls-per-s is only for --prune-from"),
        (["--prune-save"], "--prune-save is only for --prune-from"),
        (["--prune-from"], "expected at least one argument"),
    ],
)  # fmt: skip
def test_bad_input_is_an_error_and_nothing_is_written(app: Path, arguments: list[str], said: str) -> None:
    write(app / "other.jsonl", batch([span(n, "f", 0, 1) for n in range(1, 6)]).replace("app.py", "else.py"))
    assert said in tool("tree", "--use-scripts", "-o", "out", *arguments, cwd=app, code=2)
    assert not (app / "out").exists()


def test_limits_may_stand_in_the_project_file(app: Path) -> None:
    (app / "tree/telemetry-inject.toml").write_text('max-calls-per-s = 100000000\nmin-self-time = "1us"\n')
    told = json.loads(tool("tree", "--use-scripts", "--prune-from", "spans.jsonl", "--dry-run", "--json", cwd=app))
    assert told["pruned"]["max_calls_per_second"] == 100000000 and told["pruned"]["min_self_time_ns"] == 1000
    assert tool("tree", "--use-scripts", "--dry-run", cwd=app)
