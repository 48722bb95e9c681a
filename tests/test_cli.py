"""The command as a person or a script uses it: words, streams, exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import telemetry_inject
from telemetry_inject import __version__
from telemetry_inject.cli import main
from telemetry_inject.config import Settings
from telemetry_inject.errors import OutputError, PackError
from telemetry_inject.languages import Languages
from telemetry_inject.observer import Observer
from telemetry_inject.types import (
    FileReport,
    FileStatus,
    FunctionReport,
    FunctionStatus,
    RunResult,
    ScanResult,
    SourceFile,
)

A = FileReport(
    "a.py", "python", FileStatus.INSTRUMENTED, "", (FunctionReport("f", 1, FunctionStatus.INSTRUMENTED),), False, 2
)
UNCHANGED = FileReport("b.py", "python", FileStatus.UNCHANGED)
FAILED = FileReport("c.py", "python", FileStatus.FAILED, "does not parse")
HALF = FileReport(
    "d.py", "python", FileStatus.INSTRUMENTED, "", (FunctionReport("g", 1, FunctionStatus.FAILED, "broken"),)
)
NO_PROVIDER = "no model provider is configured, so the script pipeline is used, as with --use-scripts"


class FakePipeline(ModuleType):
    """Stands in for the pipeline: reports these files, or raises this error."""

    def __init__(self) -> None:
        super().__init__("telemetry_inject.pipeline")
        self.files: tuple[FileReport, ...] = (A,)
        self.error: BaseException | None = None
        self.details: dict[str, Any] = {}
        self.seen: list[Settings] = []

    def languages(self, packs: Path | None) -> Languages:
        return Languages({".py": "python"})

    def run(self, settings: Settings, observer: Observer, models: object = None) -> RunResult:
        self.seen.append(settings)
        sources = tuple(SourceFile(Path(file.path), file.path, "python") for file in self.files)
        observer.scanned(ScanResult(settings.path, sources))
        observer.started(len(self.files))
        observer.trace("Pipeline", "something", "INFO", number=1)
        if self.error is not None:
            raise self.error
        for file in self.files:
            observer.file_done(file, b"x\n" if settings.diff else None, b"y\n" if settings.diff else None)
        return RunResult(self.files, seconds=0.5, details=self.details)

    remove = run

    def instrument_stdin(self, settings: Settings, data: bytes, filename: str) -> tuple[FileReport, bytes]:
        self.seen.append(settings)
        (file,) = self.files
        return file, data if file.status is FileStatus.FAILED else b"new " + data


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    fake = FakePipeline()
    monkeypatch.setitem(sys.modules, "telemetry_inject.pipeline", fake)
    monkeypatch.setattr(telemetry_inject, "pipeline", fake, raising=False)
    for name in ("LLM_PROVIDER", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLM_BASE_URL", "DEBUG", "DEBUG_TRACE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x\n")
    monkeypatch.chdir(tmp_path)
    return fake


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(pipeline: FakePipeline, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return call


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"telemetry-inject {__version__}\n", "")
    assert run("src", "--version")[:2] == (0, f"telemetry-inject {__version__}\n")


def test_help_names_every_flag_of_the_reference(run: Run) -> None:
    code, out, err = run("--help")
    assert (code, err) == (0, "")
    for flag in (
        "--use-scripts", "--max-parallel", "--no-parallel", "--max-retries", "--reflection-threshold", "--output",
        "--dry-run", "--verbose", "--validate", "--no-validate", "--model", "--base-url", "--api-key", "--budget",
        "--debug-trace", "--trace-level", "--no-trace-console", "--configure", "--check-api", "--list-models",
    ):  # fmt: skip
        assert flag in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_completion(run: Run, shell: str) -> None:
    code, out, err = run("--print-completion", shell)
    assert (code, err) == (0, "")
    assert "reflection-threshold" in out


def test_completion_for_an_unknown_shell(run: Run) -> None:
    code, out, err = run("--print-completion", "csh2")
    assert (code, out) == (2, "")
    assert err.startswith("error: --print-completion: 'csh2' is not allowed\nhelp: Allowed: one of bash, zsh")


@pytest.mark.parametrize("flag", ["--check-api", "--list-models"])
def test_what_needs_a_model_says_how_to_get_one(run: Run, flag: str) -> None:
    code, out, err = run(flag)
    assert (code, out) == (2, "")
    assert err.startswith("error: no model is set up\nhelp: Set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama")


def test_configure_needs_a_terminal(run: Run) -> None:
    code, out, err = run("--configure")
    assert (code, out) == (2, "")
    assert err.startswith("error: --configure asks questions and needs a terminal\nhelp: Write LLM_PROVIDER")


def test_one_question_about_models_at_a_time(run: Run) -> None:
    assert run("--check-api", "--list-models")[:2] == (2, "")


def test_a_run_prints_its_summary_on_standard_output(run: Run, pipeline: FakePipeline) -> None:
    code, out, err = run("src", "--use-scripts", "--model", "m", "--budget", "5", "--max-retries", "1")
    assert (code, err) == (0, "")
    assert out.startswith("Instrumented 1 function in 1 file in 500 ms\n")
    assert "0 model calls, $0.00\n" in out
    (settings,) = pipeline.seen
    assert (settings.use_scripts, settings.model, settings.max_retries) == (True, "m", 1)


def test_without_use_scripts_one_line_says_which_pipeline_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("src")[2] == f"note: {NO_PROVIDER}\n"
    assert run("src", "--quiet")[2] == ""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    assert run("src")[2] == ""


@pytest.mark.parametrize(
    ("files", "argv", "code"),
    [
        ((A, UNCHANGED), [], 0),
        ((A, FAILED), [], 1),
        ((HALF,), [], 1),
        ((), [], 0),
        ((A,), ["--check"], 1),
        ((UNCHANGED,), ["--check"], 0),
        ((A,), ["--dry-run"], 0),
        ((A,), ["--diff"], 0),
        ((A,), ["--diff", "--check"], 1),
        ((A,), ["--remove", "--check"], 1),
        ((A,), ["--in-place", "--remove"], 0),
    ],
)
def test_exit_codes(
    run: Run, pipeline: FakePipeline, files: tuple[FileReport, ...], argv: list[str], code: int
) -> None:
    pipeline.files = files
    assert run("src", "--use-scripts", *argv)[0] == code


def test_a_helper_that_could_not_be_written_is_a_failure(run: Run, pipeline: FakePipeline) -> None:
    pipeline.details = {"failures": 1}
    assert run("src", "--use-scripts")[0] == 1


def test_check_lists_the_files(run: Run) -> None:
    assert run("src", "--use-scripts", "--check")[1].startswith("would change a.py\n")


def test_diff_has_standard_output_for_itself(run: Run) -> None:
    _, out, err = run("src", "--use-scripts", "--diff")
    assert out == ("diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-x\n+y\n")
    assert "Nothing was written." in err


def test_diff_outside_of_the_current_directory_says_where_to_apply_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    _, out, err = run("../src", "--use-scripts", "--diff")
    assert out.startswith("diff --git a/a.py b/a.py\n")
    assert "note: the patch's paths are relative to ../src: apply it there\n" in err


def test_json_has_standard_output_for_itself(run: Run, pipeline: FakePipeline) -> None:
    pipeline.files = (A, FAILED)
    code, out, err = run("src", "--json")
    document = json.loads(out)
    assert (code, document["exit_code"]) == (1, 1)
    assert [file["status"] for file in document["files"]] == ["instrumented", "failed"]
    assert err == f"note: {NO_PROVIDER}\nfailed c.py: does not parse\n"


def test_quiet_says_nothing_but_errors(run: Run, pipeline: FakePipeline) -> None:
    assert run("src", "-q") == (0, "", "")
    pipeline.files = (FAILED,)
    assert run("src", "-q") == (1, "", "failed c.py: does not parse\n")


def test_color_only_where_it_is_wanted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("src")[1]
    assert "\x1b[32m" in run("src", "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" in run("src")[1]
    assert "\x1b" not in run("src", "--color", "never")[1]


def test_an_error_is_two_lines(run: Run, pipeline: FakePipeline) -> None:
    pipeline.error = PackError("pack x: pack.toml has no entry 'name'", "Add it.")
    assert run("src", "-q") == (2, "", "error: pack x: pack.toml has no entry 'name'\nhelp: Add it.\n")
    pipeline.error = OutputError("out: disk is full", "Make room.")
    assert run("src", "-q") == (1, "", "error: out: disk is full\nhelp: Make room.\n")


def test_a_bug_is_one_line_and_a_traceback_only_with_debug(
    run: Run, pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.error = ZeroDivisionError("oh\nno sk-hush")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-hush")
    code, out, err = run("src", "-q")
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        f"error: this is a bug in telemetry-inject {__version__}; please report it: ZeroDivisionError: oh no ***",
        "help: Run it again with DEBUG=true for the traceback that the report needs.",
    ]
    monkeypatch.setenv("DEBUG", "true")
    code, out, err = run("src", "-q")
    assert code == 3
    assert "Traceback (most recent call last):" in err
    assert "sk-hush" not in err


def test_a_missing_package_is_no_bug(run: Run, pipeline: FakePipeline) -> None:
    pipeline.error = ModuleNotFoundError("No module named 'tree_sitter'", name="tree_sitter")
    code, _, err = run("src", "-q")
    assert code == 2
    assert err.startswith("error: the package tree_sitter is not installed\nhelp: Install telemetry-inject")


def test_an_interrupted_run(run: Run, pipeline: FakePipeline) -> None:
    pipeline.error = KeyboardInterrupt()
    code, _, err = run("src", "-q")
    assert (code, err) == (
        130,
        "interrupted: files that were finished are written, the others are untouched\n",
    )


@pytest.mark.parametrize(
    ("argv", "title"),
    [
        ([], "PATH is missing"),
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["src", "--what"], "unknown option --what"),
        (["src", "--max-parallel", "0"], "--max-parallel: '0' is not allowed"),
        (["src", "--isolated", "--config", "x"], "--isolated and --config do not go together"),
        (["-", "--show-files"], "- and --show-files do not go together"),
        (["bad\x1b[2J\n"], "bad\\x1b[2J\\n: there is no such file or folder"),
        (["report", "--what=x"], "report: unknown option --what"),
        (["report"], "report: there are no span files in telemetry/"),
    ],
)
def test_wrong_usage_is_an_error_and_a_help_line(run: Run, argv: list[str], title: str) -> None:
    code, out, err = run(*argv)
    lines = err.splitlines()
    assert (code, out, len(lines)) == (2, "", 2)
    assert lines[0] == f"error: {title}"
    assert lines[1].startswith("help: ")


def test_show_settings_needs_no_path_and_shows_no_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")
    monkeypatch.setenv("LLM_BASE_URL", "http://user:hush@host/v1")
    code, out, _ = run("--show-settings", "--max-parallel", "3")
    assert code == 0
    assert "hush" not in out
    shown = [line.split() for line in out.splitlines()]
    assert ["max-parallel", "=", "3", "#", "--max-parallel"] in shown
    assert ["level", "=", '"function"', "#", "default"] in shown
    assert ["openai-api-key", "=", '"***"', "#", "environment", "variable", "OPENAI_API_KEY"] in shown
    document = json.loads(run("--show-settings", "--json")[1])
    assert document["base-url"] == {
        "value": "http://***@host/v1",
        "source": "environment variable LLM_BASE_URL",
    }


def test_show_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "src" / "test_a.py").write_text("")
    assert run("src", "--show-files") == (0, "a.py\n", "")
    assert run("src", "--show-files", "-v")[2].startswith("skip test_a.py: test code")
    document = json.loads(run("src", "--show-files", "--json")[1])
    assert document["files"] == [{"path": "a.py", "language": "python"}]
    assert document["copied"] == ["test_a.py"]


def test_debug_trace_is_written_and_echoed_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    err = run("src", "--use-scripts", "--debug-trace")[2]
    assert "[INFO] Pipeline: something number=1" in err
    (file,) = (tmp_path / "logs").glob("debug_trace_*.jsonl")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["data"]["cost_usd"] for event in events if "cost_usd" in event["data"]] == [0]
    assert events[-1]["data"] == {"exit_code": 0}
    assert run("src", "--use-scripts", "--debug-trace", "--no-trace-console")[2] == ""
    assert len(list((tmp_path / "logs").glob("debug_trace_*.jsonl"))) == 1


def test_the_trace_of_a_run_that_fails_has_its_exit_code(run: Run, pipeline: FakePipeline, tmp_path: Path) -> None:
    for error, code in ((PackError("x", "y"), 2), (KeyError("x"), 3), (KeyboardInterrupt(), 130)):
        pipeline.error = error
        assert run("src", "--debug-trace")[0] == code
        (file,) = (tmp_path / "logs").glob("debug_trace_*.jsonl")
        assert json.loads(file.read_text().splitlines()[-1])["data"] == {"exit_code": code}
