"""The trace is read by the commands that are documented, and holds no sources and no keys."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from telemetry_inject.report.debug_trace_logger import DebugTraceLogger
from telemetry_inject.types import FileReport, FileStatus, FunctionReport, FunctionStatus


def lines(folder: Path) -> list[dict[str, Any]]:
    (file,) = folder.glob("debug_trace_*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line_has_the_documented_form(tmp_path: Path) -> None:
    trace = DebugTraceLogger(tmp_path / "logs", console=False)
    trace.trace("ScriptCache", "hit", "INFO", key="abc", bytes=3)
    trace.close(0)
    first = lines(tmp_path / "logs")[0]
    assert list(first) == ["timestamp", "level", "component", "event", "run", "data"]
    assert (first["level"], first["component"], first["event"]) == ("INFO", "ScriptCache", "hit")
    assert first["data"] == {"key": "abc", "bytes": 3}
    assert len({line["run"] for line in lines(tmp_path / "logs")}) == 1


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("TRACE", ["a", "b", "c", "d", "e", "cost", "ended"]),
        ("DEBUG", ["b", "c", "d", "e", "cost", "ended"]),
        ("WARNING", ["d", "e", "cost"]),
        ("ERROR", ["e", "cost"]),
    ],
)
def test_levels_leave_out_what_is_below_but_never_the_cost(tmp_path: Path, level: str, expected: list[str]) -> None:
    trace = DebugTraceLogger(tmp_path, level, console=False)
    for event, its_level in zip("abcde", ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR"), strict=True):
        trace.trace("X", event, its_level)
    trace.close(0)
    assert [line["event"] for line in lines(tmp_path)] == expected


def test_the_cost_command_of_the_documentation_works_on_the_newest_run(tmp_path: Path) -> None:
    for cost in (2.0, 0.25):
        trace = DebugTraceLogger(tmp_path / "logs", "ERROR", console=False)
        trace.trace("CostTracker", "total", "INFO", cost_usd=cost)
        trace.trace("Pipeline", "again", "ERROR", cost_usd=cost)
        trace.close(0, cost)
    command = 'grep -r "cost_usd" logs/debug_trace_*.jsonl'
    if shutil.which("jq"):
        command += " | jq -s 'map(.data.cost_usd) | add'"
    output = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    if shutil.which("jq") is None:
        output = str(sum(json.loads(line)["data"]["cost_usd"] for line in output.splitlines()))
    assert float(output) == 0.25
    assert len(list((tmp_path / "logs" / "archive").glob("debug_trace_*.jsonl"))) == 1


def test_neither_sources_nor_keys_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = DebugTraceLogger(tmp_path, "TRACE", secrets=["sk-hush"])
    trace.trace(
        "X",
        "call sk-hush",
        data=b"def hush(): pass",
        source="def hush(): pass",
        message="failed with key sk-hush",
        nested={"api_key": "hush", "list": ["sk-hush", b"hush"]},
        authorization="Bearer hush",
        tokens=3,
        long="x" * 10_000,
    )
    trace.warn("sk-hush is wrong")
    report = FunctionReport("f", 1, FunctionStatus.SKIPPED, "sk-hush")
    trace.file_done(FileReport("a.py", "python", FileStatus.INSTRUMENTED, "", (report,)), b"hush", b"hush")
    trace.close(0)
    (file,) = tmp_path.glob("*.jsonl")
    assert "hush" not in file.read_text()
    assert "hush" not in capsys.readouterr().err
    data = lines(tmp_path)[0]["data"]
    assert data["source"] == "<16 characters>"
    assert data["data"] == "<16 bytes>"
    assert data["tokens"] == 3
    assert len(data["long"]) < 600


def test_the_console_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for console in (True, False):
        trace = DebugTraceLogger(tmp_path, console=console)
        trace.trace("X", "said", "INFO", number=1)
        trace.close(0)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("[INFO] X: said number=1") == 1


def test_a_trace_that_cannot_be_written_is_one_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("a file is in the way")
    trace = DebugTraceLogger(tmp_path / "logs", console=False)
    trace.trace("X", "event", "INFO")
    trace.close(0)
    assert capsys.readouterr().err.count("warning: the debug trace") == 1


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    first = DebugTraceLogger(tmp_path, console=False)
    second = DebugTraceLogger(tmp_path, console=False)
    first.trace("X", "first", "INFO")
    second.trace("X", "second", "INFO")
    first.close(0)
    second.close(0)
    assert [line["event"] for line in lines(tmp_path)] == ["second", "cost", "ended"]
    assert [line["event"] for line in lines(tmp_path / "archive")] == ["first", "cost", "ended"]


def test_names_that_are_no_text_are_written(tmp_path: Path) -> None:
    trace = DebugTraceLogger(tmp_path, console=False)
    trace.trace("X", "event", "INFO", path=os.fsdecode(b"\xff.py"))
    trace.close(0)
    assert lines(tmp_path)[0]["data"]["path"] == "\udcff.py"
