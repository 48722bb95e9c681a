"""The command as a process: standard input, pipes, full disks, what is imported, and the wrapper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = b"def f(x):\n    y = x + 1\n    print(y)\n    return y\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_bytes(SOURCE + b"f(1)\n")
    monkeypatch.chdir(tmp_path)
    for name in ("LLM_PROVIDER", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "LLM_BASE_URL", "DEBUG", "DEBUG_TRACE"):
        monkeypatch.delenv(name, raising=False)
    for name in os.environ:
        if name.startswith(("TELEMETRY_INJECT_", "OTEL_")):
            monkeypatch.delenv(name)
    return tmp_path


def command(*argv: str, data: bytes = b"", **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "telemetry_inject", *argv],
        input=data,
        capture_output=True,
        check=False,
        **more,  # type: ignore[call-overload]
    )


def test_standard_input_to_standard_output(here: Path) -> None:
    done = command("-", "--stdin-filename", "pkg/a.py", data=SOURCE)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b'_tlm("f")' in done.stdout
    again = command("-", data=done.stdout)
    assert again.stdout == done.stdout
    assert not list(here.glob(".telemetry_cache"))


def test_standard_input_with_check_and_diff_and_json(here: Path) -> None:
    assert (command("-", "--check", data=SOURCE).returncode, command("-", data=b"").returncode) == (1, 0)
    assert command("-", "--check", data=SOURCE).stdout == b""
    diff = command("-", "--diff", "--stdin-filename", "a.py", data=SOURCE).stdout
    assert diff.startswith(b"diff --git a/a.py b/a.py\n")
    document = json.loads(command("-", "--check", "--json", data=SOURCE).stdout)
    assert document["files"][0]["functions"][0]["qualname"] == "f"


def test_what_cannot_be_instrumented_goes_through_standard_input_unchanged(here: Path) -> None:
    done = command("-", data=b"def f(:\n")
    assert (done.returncode, done.stdout) == (1, b"def f(:\n")
    assert done.stderr.startswith(b"failed stdin.py: ")


def test_a_whole_run_check_and_patch(here: Path) -> None:
    assert command("src", "--use-scripts", "--check").returncode == 1
    first = command("src", "--use-scripts")
    assert first.returncode == 0
    assert b"Next: python instrumented/main.py; telemetry-inject report\n" in first.stdout
    assert b"_tlm" in (here / "instrumented" / "main.py").read_bytes()
    program = subprocess.run([sys.executable, "instrumented/main.py"], capture_output=True, check=True)
    assert program.stdout == b"2\n"
    assert b"f" in command("report").stdout
    patch = command("src", "--use-scripts", "--diff").stdout
    subprocess.run(["git", "apply"], input=patch, check=True)
    assert (here / "src" / "main.py").read_bytes() == (here / "instrumented" / "main.py").read_bytes()
    assert command("src", "--use-scripts", "--check").returncode == 0


def test_a_reader_that_goes_away_is_no_error(here: Path) -> None:
    for name in range(200):
        (here / "src" / f"m{name}.py").write_bytes(SOURCE * 20)
    process = subprocess.Popen(
        [sys.executable, "-m", "telemetry_inject", "src", "--use-scripts", "--diff"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    assert process.wait() == 0
    process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
@pytest.mark.parametrize("argv", [["--version"], ["src", "--use-scripts"], ["src", "--use-scripts", "--diff"]])
def test_a_full_disk_behind_standard_output(here: Path, argv: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "telemetry_inject", *argv], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"error: the results cannot be written: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_closed_standard_streams_are_no_bug(here: Path) -> None:
    script = f"{sys.executable} -m telemetry_inject"
    for redirection, code in ((">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), ("<&-", 0)):
        run = subprocess.run(f"{script} src {redirection}", shell=True, capture_output=True, check=False)
        assert run.returncode == code, redirection
        assert b"bug" not in run.stderr
    assert command("src", "--check").returncode == 1


def test_a_current_directory_that_is_gone(here: Path) -> None:
    script = f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m telemetry_inject {here}/src"
    done = subprocess.run(script, shell=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: the current directory cannot be read: ")


def test_a_file_that_is_named_and_cannot_be_taken_is_an_error(here: Path) -> None:
    (here / "notes.md").write_text("x")
    done = command("notes.md", "--use-scripts")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: notes.md: no language pack knows this kind of file\nhelp: ")


def test_a_terminal_that_cannot_show_a_name(here: Path) -> None:
    (here / "src" / "é.py").write_bytes(SOURCE)
    done = command("src", "--show-files", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout) == (0, b"main.py\n\\xe9.py\n")


def test_the_wrapper_works_from_a_checkout_without_installation(here: Path) -> None:
    bare = [sys.executable, "-S", str(ROOT / "telemetry-inject.py")]  # -S: without site-packages
    assert subprocess.run([*bare, "--version"], capture_output=True, check=True).stdout.startswith(b"telemetry-")
    done = subprocess.run([*bare, "src", "--use-scripts"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"not installed\nhelp: " in done.stderr
    wrapper = [sys.executable, str(ROOT / "telemetry-inject.py"), "src", "--use-scripts"]
    assert subprocess.run(wrapper, capture_output=True, check=True).stdout.startswith(b"Instrumented 1 function")


PROBE = """
import sys
from telemetry_inject.cli import main
code = main(sys.argv[1:])
heavy = "rich pathspec tree_sitter tree_sitter_python dotenv platformdirs shtab tomllib asyncio".split()
print("imported", *[name for name in heavy if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


def imported_by(*argv: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *argv], capture_output=True, check=True, text=True)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("imported")]
    return set(line.split()[1:])


def test_version_imports_nothing_that_it_does_not_need(here: Path) -> None:
    assert imported_by("--version") == set()


def test_a_cached_run_imports_nothing_that_it_does_not_need(here: Path) -> None:
    (here / ".gitignore").write_text("# no pattern\n\n")
    (here / "pyproject.toml").write_text("[tool.other]\n")
    assert "tree_sitter" in imported_by("src", "--use-scripts")
    assert imported_by("src", "--use-scripts") <= {"tomllib", "platformdirs"}


def test_pathspec_is_imported_only_when_there_is_a_pattern(here: Path) -> None:
    (here / ".gitignore").write_text("# no pattern\n")
    assert "pathspec" not in imported_by("src", "--use-scripts")
    (here / ".gitignore").write_text("x\n")
    assert "pathspec" in imported_by("src", "--use-scripts")


def test_dotenv_is_imported_only_when_there_is_a_file(here: Path) -> None:
    assert "dotenv" not in imported_by("--show-settings")
    (here / ".env").write_text("X=1\n")
    assert "dotenv" in imported_by("--show-settings")
