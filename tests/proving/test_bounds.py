"""A suite that hangs, floods, starts processes or writes elsewhere is bounded, and nothing of it stays."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from telemetry_inject.proving.environment import suite_environment
from telemetry_inject.proving.execution import KEPT_END, KEPT_START, execute
from telemetry_inject.proving.project_copy import ProjectCopier, find_project

from .conftest import Verify, environment, write

Project = Callable[[Mapping[str, str]], Path]
PYTHON = sys.executable
FILES = {"app.py": "def work(value):\n    value += 1\n    return value\n", "pyproject.toml": ""}


def processes(mark: str) -> list[str]:
    """The command lines of living processes that hold a word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark in line and state != "Z":
            found.append(line)
    return found


def test_time_runs_out_for_the_whole_family(tmp_path: Path) -> None:
    child = f"import os, time; os.setsid() if {{}} else None; time.sleep(60) # {tmp_path.name}-family"
    script = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {child.format(False)!r}])\n"
        f"subprocess.Popen([sys.executable, '-c', {child.format(False)!r}], start_new_session=True)\n"
        f"if os.fork() == 0:\n    os.setsid()\n    os.fork()\n    os.execv(sys.executable, ['python', '-c', {child.format(False)!r}])\n"
        "time.sleep(60)\n"
    )
    (tmp_path / "suite.py").write_text(script)
    done = execute(f"{PYTHON} suite.py", tmp_path, dict(os.environ), 2, f"{tmp_path.name}-1")
    assert done.timed_out and done.wall < 20
    assert done.cpu < 1.5
    assert not processes(f"{tmp_path.name}-family")


def test_the_work_of_a_command_whose_time_ran_out_counts(tmp_path: Path) -> None:
    busy = "import itertools, os; os.fork(); [None for _ in itertools.count() if False]"
    done = execute(f'{PYTHON} -c "{busy}"; true', tmp_path, dict(os.environ), 3, f"{tmp_path.name}-busy")
    assert done.timed_out and done.cpu > 0.2


def test_what_a_suite_leaves_running_is_ended(tmp_path: Path) -> None:
    command = f"{PYTHON} -c 'import time; time.sleep(60) # {tmp_path.name}-left' & exit 3"
    done = execute(f"setsid {command}", tmp_path, dict(os.environ), 20, f"{tmp_path.name}-2")
    assert done.exit_code == 3 and not done.timed_out
    assert done.left_running >= 1
    assert not processes(f"{tmp_path.name}-left")


def test_a_flood_of_output_is_not_kept(tmp_path: Path) -> None:
    script = "import sys; print('first'); [sys.stdout.write('x' * 1000000) for _ in range(40)]; print('last')"
    done = execute(f'{PYTHON} -c "{script}"', tmp_path, dict(os.environ), 60, f"{tmp_path.name}-3")
    assert done.output_bytes > 40_000_000
    assert len(done.output) <= KEPT_START + KEPT_END
    assert done.output.startswith("first") and done.output.rstrip().endswith("last")


def test_what_is_stopped_from_outside_ends_at_once(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    done = execute("sleep 60", tmp_path, dict(os.environ), 60, f"{tmp_path.name}-4", stop)
    assert done.wall < 10 and not done.timed_out and done.exit_code == -signal.SIGKILL


def test_the_exit_code_and_signals_are_told(tmp_path: Path) -> None:
    assert execute("exit 7", tmp_path, dict(os.environ), 20, f"{tmp_path.name}-5").exit_code == 7
    assert execute("kill -TERM $$", tmp_path, dict(os.environ), 20, f"{tmp_path.name}-6").exit_code == -signal.SIGTERM


def test_home_and_temporary_files_are_in_a_folder_of_ours(project: Project, verify: Verify, tmp_path: Path) -> None:
    folder = project(
        {
            **FILES,
            "check.py": "import os, tempfile, app\napp.work(1)\nopen(os.path.expanduser('~/outside'), 'w').close()\n"
            "open(tempfile.mkstemp()[1], 'w').close()\nopen('made-by-the-suite', 'w').close()\nos.chmod('.', 0o500)\n",
        }
    )
    before = sorted(path.name for path in folder.iterdir())
    found = verify("python check.py", "--include", "/app.py", "--all-functions")
    assert found.code == 0, found.document["verify"]
    left = {path.name for path in (tmp_path / "home").iterdir()}
    assert left <= {"key", ".local"}
    assert sorted(path.name for path in folder.iterdir() if path.name != ".telemetry_cache") == before
    assert "made-by-the-suite" not in {path.name for path in found.output.iterdir()}


def test_settings_for_telemetry_are_not_passed_on(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "PYTHONPATH": f"{tmp_path}/p/src:/other"}
    found = suite_environment(given, tmp_path / "s", tmp_path / "p", tmp_path / "copy", tmp_path / "copy")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in found
    assert found["PYTHONPATH"] == f"{tmp_path}/copy/src:/other"
    assert found["HOME"].startswith(str(tmp_path / "s")) and found["TMPDIR"].startswith(str(tmp_path / "s"))


def test_a_hang_that_only_telemetry_brings_is_found(project: Project, verify: Verify) -> None:
    app = "def slow(value):\n    value += 1\n    return value\n\n\ndef fast(value):\n    value += 1\n    return value\n"
    check = (
        "import inspect, time, app\nassert app.fast(app.slow(1)) == 3\n"
        "while 'with' in inspect.getsource(app.slow):\n    time.sleep(1)\n"
    )
    project({"app.py": app, "pyproject.toml": "", "check.py": check})
    found = verify("python check.py", "--include", "/app.py", "--all-functions", "--verify-timeout", "2")
    assert found.code == 5 and set(found.left) == {"app.py:slow"}
    assert found.tests["changed_at_first"][0]["after"] == "timed out"


def test_what_never_ends_is_not_proved(project: Project, verify: Verify) -> None:
    project({**FILES, "check.py": "import time\ntime.sleep(60)\n"})
    found = verify("python check.py", "--include", "/app.py", "--all-functions", "--verify-timeout", "2")
    assert (found.code, found.status) == (6, "unproved")
    assert not found.output.exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [("no-such-command-here", "cannot be run"), ("exit 3", "exit 3"), ("true", "ran no instrumented function")],
)
def test_what_proves_nothing_is_said(command: str, words: str, project: Project, verify: Verify) -> None:
    project(FILES)
    found = verify(command, "--all-functions")
    assert (found.code, found.status) == (6, "unproved")
    assert words in found.tests["problems"][0]
    assert not found.output.exists()


def test_links_and_installed_packages_are_not_copied(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"data.txt": "1"})
    source = write(
        tmp_path / "project",
        {
            "src/a.py": "1", ".git/config": "", "node_modules/left/index.js": "1", "node_modules/@scope/pkg/index.js": "2",
            "node_modules/.cache/x": "", "packages/mine/index.js": "3", ".venv/pyvenv.cfg": "", ".venv/bin/python": "",
            ".telemetry_cache/x": "",
        },
    )  # fmt: skip
    (source / "link.txt").symlink_to(outside / "data.txt")
    (source / "inside").symlink_to("src")
    (source / "absolute").symlink_to(source / "src" / "a.py")
    (source / "node_modules" / "mine").symlink_to("../packages/mine")
    copy = tmp_path / "copy"
    copier = ProjectCopier(source)
    copier.sync(copy)
    assert not (copy / ".git").exists() and not (copy / ".telemetry_cache").exists()
    assert not (copy / "node_modules" / ".cache").exists()
    assert (copy / "node_modules" / "left").resolve() == source / "node_modules" / "left"
    assert (copy / "node_modules" / "@scope" / "pkg").resolve() == source / "node_modules" / "@scope" / "pkg"
    assert (copy / "node_modules" / "mine").resolve() == copy / "packages" / "mine"
    assert (copy / ".venv").resolve() == source / ".venv"
    assert (copy / "absolute").resolve() == copy / "src" / "a.py"
    assert (copy / "inside").resolve() == copy / "src"
    assert (copy / "link.txt").resolve() == outside / "data.txt"
    (copy / "src" / "a.py").write_text("changed by a test")
    (copy / "new" / "deep").mkdir(parents=True)
    (copy / "inside").unlink()
    copier.sync(copy)
    assert (copy / "src" / "a.py").read_text() == "1"
    assert not (copy / "new").exists()
    assert (copy / "inside").is_symlink()
    assert (source / "src" / "a.py").read_text() == "1"


@pytest.mark.parametrize(
    ("files", "path", "here", "expected"),
    [
        (["pyproject.toml", "src/a.py"], "src", ".", (".", "src", ".")),
        (["pyproject.toml", "src/a.py"], ".", "src", (".", ".", "src")),
        (["go.mod", "a.go", "../README"], ".", "..", (".", ".", ".")),
        (["package.json", "packages/a/package.json"], "packages/a", ".", ("packages/a", ".", ".")),
        (
            ["pnpm-workspace.yaml", "packages/a/package.json"],
            "packages/a",
            "packages/a",
            (".", "packages/a", "packages/a"),
        ),
        (["a.py"], ".", ".", (".", ".", ".")),
        (["lib/a.py"], "lib", ".", (".", "lib", ".")),
    ],
)
def test_the_project_around_what_is_instrumented(
    files: list[str], path: str, here: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    top = tmp_path / "up" / "project"
    write(top, dict.fromkeys(files, ""))
    found = find_project(top / path, top / here)
    assert found.folder.relative_to(top).as_posix() == expected[0]
    assert (found.scanned, found.command_folder) == expected[1:]


def digest(folder: Path) -> dict[str, bytes]:
    left_out = (".telemetry_cache", "__pycache__")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part in path.parts for part in left_out)
    }


def test_an_interrupt_at_any_time_leaves_the_tree_whole(project: Project, tmp_path: Path) -> None:
    check = "import inspect, time, app\nassert app.work(1) == 2\nassert len(inspect.getsource(app.other)) == 50\ntime.sleep(0.2)\n"
    app = (
        "def work(value):\n    value += 1\n    return value\n\n\ndef other(value):\n    value += 1\n    return value\n"
    )
    folder = project({"app.py": app, "check.py": check, "pyproject.toml": ""})
    home = environment(tmp_path / "home")
    words = [
        PYTHON,
        "-m",
        "telemetry_inject",
        ".",
        "--use-scripts",
        "--all-functions",
        "--include",
        "/app.py",
        "--in-place",
        "-q",
    ]
    words += ["--verify", "python check.py"]
    before = digest(folder)
    started = time.monotonic()
    assert subprocess.run([*words, "--no-cache"], cwd=folder, env=home).returncode in (0, 5)
    whole = time.monotonic() - started
    after = digest(folder)
    assert after != before
    chance = random.Random(3)
    codes = set()
    for _ in range(6):
        write(folder, {name: data.decode() for name, data in before.items()})
        for name in after.keys() - before.keys():
            (folder / name).unlink(missing_ok=True)
        process = subprocess.Popen(words, cwd=folder, env=home, start_new_session=True, stderr=subprocess.PIPE)
        time.sleep(chance.uniform(0.3, whole))
        process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM]))
        said = process.communicate(timeout=60)[1]
        codes.add(process.returncode)
        assert digest(folder) in (before, after)
        if process.returncode == 130 and b"interrupted: nothing is written" in said:
            assert digest(folder) == before
    assert codes <= {0, 5, 130, -signal.SIGTERM, -signal.SIGINT}
    assert 130 in codes
    assert not processes(str(tmp_path / "home"))
    write(folder, {name: data.decode() for name, data in before.items()})
    assert subprocess.run(words, cwd=folder, env=home).returncode in (0, 5)  # what was interrupted goes on
    assert digest(folder) == after
    assert not list((tmp_path / "home").glob("tiv-*"))
