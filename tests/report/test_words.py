"""What a person or a script is told about a run: summary, -v, JSON, progress."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry_inject.config import Settings
from telemetry_inject.option_kinds import Secret
from telemetry_inject.report.json_report import json_report
from telemetry_inject.report.summary import summary, would_change
from telemetry_inject.report.terminal import counted, painted, printable
from telemetry_inject.report.totals import totals_of
from telemetry_inject.report.verbose_logger import VerboseLogger
from telemetry_inject.types import (
    FileReport,
    FileStatus,
    FunctionReport,
    FunctionStatus,
    RunResult,
    ScanResult,
    SkippedFile,
    SourceFile,
)

DONE = FunctionReport("f", 1, FunctionStatus.INSTRUMENTED, sites=2)
LEFT = FunctionReport("C.__repr__", 5, FunctionStatus.SKIPPED, "hot dunder")
FAILED = FunctionReport("g", 9, FunctionStatus.FAILED, "does not parse")
A = FileReport("a.py", "python", FileStatus.INSTRUMENTED, "", (DONE, LEFT), insertions=4)
B = FileReport("b.py", "python", FileStatus.INSTRUMENTED, "", (DONE, DONE), cached=True, insertions=6)
C = FileReport("c.py", "python", FileStatus.FAILED, "cannot be read: Permission denied", (FAILED,))
SKIPPED = SkippedFile("tests/", "test code")


def result(*files: FileReport, output: Path | None = Path("instrumented"), written: int = 3) -> RunResult:
    return RunResult(files, (SKIPPED,), written, 1, 2, 0.0123, (), output)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    return Path("src")


def test_the_summary_tells_work_cost_place_and_what_to_do_next(project: Path) -> None:
    assert summary(Settings(project), result(A, B), color=False) == [
        "Instrumented 3 functions in 2 files (1 function left alone, 1 path skipped) in 12 ms",
        "2 of 3 functions from the cache; 0 model calls, $0.00",
        "Output: instrumented (3 files written)",
        "Next: diff -ru src instrumented | less",
    ]


def test_failures_come_first_and_say_where(project: Path) -> None:
    lines = summary(Settings(project), result(A, C), color=False)
    assert lines[:2] == [
        "failed c.py: cannot be read: Permission denied",
        "failed c.py:9: g: does not parse",
    ]
    assert "1 file failed, 1 function failed" in lines[2]


def test_many_failures_are_cut(project: Path) -> None:
    lines = summary(Settings(project), result(*[C] * 50), color=False)
    assert "... and 80 more failures; --json lists them all" in lines


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"check": True}, "Nothing was written."),
        ({"dry_run": True}, "Nothing was written."),
        ({"diff": True}, "Next: telemetry-inject src --diff | git apply"),
        ({"in_place": True}, "Undo: telemetry-inject src --in-place --remove"),
        ({"in_place": True, "remove": True}, "Changed in place: 3 files"),
    ],
)
def test_the_summary_of_other_runs(project: Path, settings: dict[str, bool], line: str) -> None:
    lines = summary(Settings(project, **settings), result(A, output=None), color=False)  # type: ignore[arg-type]
    assert line in lines
    assert not any(said.startswith("Output:") for said in lines)


@pytest.mark.parametrize(
    ("names", "command"),
    [
        (["main.py", "x.py"], "python instrumented/main.py; telemetry-inject report"),
        (["__main__.py"], "python instrumented; telemetry-inject report"),
        (["pkg/__main__.py"], "cd instrumented && python -m pkg; telemetry-inject report"),
        (["one/__main__.py", "two/__main__.py"], "diff -ru src instrumented | less"),
        (["pkg/main.py"], "diff -ru src instrumented | less"),
    ],
)
def test_the_next_command_runs_what_can_be_run(project: Path, names: list[str], command: str) -> None:
    files = [FileReport(name, "python", FileStatus.INSTRUMENTED) for name in names]
    assert summary(Settings(project), result(*files), color=False)[-1] == f"Next: {command}"


def test_the_next_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my code.py").write_text("")
    lines = summary(Settings(Path("my code.py")), result(A), color=False)
    assert lines[-1] == "Next: python 'instrumented/my code.py'; telemetry-inject report"


def test_a_run_that_found_nothing_says_how_to_learn_why(project: Path) -> None:
    assert summary(Settings(project), result(), color=False) == [
        "Instrumented 0 functions in 0 files (1 path skipped) in 12 ms",
        "There was nothing to do; -v says what was left out and why.",
    ]


def test_check_lists_what_would_change() -> None:
    unchanged = FileReport("d.py", "python", FileStatus.UNCHANGED)
    assert would_change(result(A, unchanged, C)) == ["would change a.py"]


def test_totals_count_each_thing_once() -> None:
    totals = totals_of(result(A, B, C))
    assert (totals.files_instrumented, totals.files_failed, totals.files_skipped) == (2, 1, 1)
    assert (totals.functions_instrumented, totals.functions_skipped, totals.functions_failed) == (3, 1, 1)
    assert totals.functions_from_cache == 2
    assert totals.failed
    assert (totals.model_calls, totals.cost_usd) == (0, 0)


def test_the_json_document_tells_all_of_it(project: Path) -> None:
    settings = Settings(project, json=True, api_key=Secret("sk-hush"), base_url="http://u:hush@h/")
    text = json_report(settings, result(A, C), 1)
    document = json.loads(text)
    assert "hush" not in text
    assert text.endswith("}\n")
    assert document["schema_version"] == 1
    assert document["settings"]["api-key"] == "***"
    assert document["files"][0] == {
        "path": "a.py",
        "language": "python",
        "status": "instrumented",
        "reason": "",
        "cached": False,
        "insertions": 4,
        "functions": [
            {
                "qualname": "f",
                "line": 1,
                "status": "instrumented",
                "reason": "",
                "provenance": "template",
                "sites": 2,
            },
            {
                "qualname": "C.__repr__",
                "line": 5,
                "status": "skipped",
                "reason": "hot dunder",
                "provenance": "template",
                "sites": 0,
            },
        ],
    }
    assert document["skipped"] == [{"path": "tests/", "reason": "test code"}]
    assert document["totals"]["functions_failed"] == 1
    assert document["totals"]["cost_usd"] == 0
    assert (document["output"], document["exit_code"]) == ("instrumented", 1)


def test_a_name_that_is_no_text_is_valid_json(project: Path) -> None:
    report = FileReport(os.fsdecode(b"\xff\xc3\xa9.py"), "python", FileStatus.UNCHANGED)
    text = json_report(Settings(project), result(report), 0)
    assert json.loads(text.encode("utf-8").decode("utf-8"))["files"][0]["path"] == "\\udcffé.py"


def test_verbose_says_what_is_done_and_why_things_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    log = VerboseLogger()
    files = tuple(SourceFile(Path(name), name, "python") for name in ("a.py", "b.py"))
    log.scanned(ScanResult(Path(), files, ("data.csv",), (SKIPPED,)))
    log.started(2)
    log.file_done(A, None, None)
    log.file_done(C, None, None)
    log.finished(result(A, B, C))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "scan: 2 files (python 2) to look at, 1 only copied",
        "  skip tests/: test code",
        "instrument: 2 files",
        "  instrumented a.py: 1 function, 4 insertions",
        "    skip C.__repr__ (line 5): hot dunder",
        "  failed c.py: 0 functions, cannot be read: Permission denied",
        "    failed g (line 9): does not parse",
        "generate: 1 script generated; from the cache 2 scripts and 1 whole file",
        "write: 3 files",
    ]


def test_a_name_cannot_play_with_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b[2J\nb\udcff.py"
    assert printable(evil) == "a\\x1b[2J\\nb\\udcff.py"
    assert printable("naïve.py") == "naïve.py"
    VerboseLogger().scanned(ScanResult(Path(), (), (), (SkippedFile(evil, "test code"),)))
    assert "\x1b" not in capsys.readouterr().err


def test_words_for_numbers_and_colors() -> None:
    assert [counted(number, "file") for number in (0, 1, 1234)] == ["0 files", "1 file", "1,234 files"]
    assert counted(2, "copy") == "2 copies"
    assert painted("x", "red", False) == "x"
    assert painted("x", "red", True) == "\x1b[31mx\x1b[0m"


BAR = """
from telemetry_inject.report import progress
from telemetry_inject.types import FileReport, FileStatus
progress.PATIENCE = {patience}
bar = progress.ProgressBar()
bar.started(3)
for name in "abc":
    bar.file_done(FileReport(name, "python", FileStatus.UNCHANGED), None, None)
bar.close()
bar.close()
"""


@pytest.mark.parametrize(("patience", "shown"), [(-1, True), (1000, False)])
def test_the_progress_bar_is_only_shown_after_a_while(patience: int, shown: bool) -> None:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    subprocess.run([sys.executable, "-c", BAR.format(patience=patience)], stderr=theirs, env=environment, check=True)
    os.write(theirs, b"end")
    text = b""
    while not text.endswith(b"end"):
        text += os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    assert (b"instrumenting" in text) is shown
    assert (text == b"end") is not shown
