"""Runs that go wrong: killed, two at once, no room, nothing writable, files nobody can read."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Command, clean_environment, tree

KILLS = 50


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Enough files that a run takes a while."""
    project = tmp_path / "wide"
    for number in range(40):
        folder = project / f"package{number % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").touch()
        functions = [f"def f{number}_{n}(a):\n    if a:\n        return print(a, {n})\n" for n in range(60)]
        (folder / f"m{number:02}.py").write_text("\n\n".join(functions))
    return project


def start(home: Path, *arguments: str | Path, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "telemetry_inject", *map(str, arguments)], cwd=home, env=clean_environment(home),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options,  # type: ignore[call-overload]
    )  # fmt: skip


def kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("in_place", [False, True], ids=["output", "in-place"])
def test_killed_at_any_moment_leaves_only_whole_files_and_the_next_run_succeeds(
    command: Command, wide: Path, tmp_path: Path, in_place: bool
) -> None:
    home, originals = tmp_path / "home", tree(wide)
    command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "expected")
    expected = tree(tmp_path / "expected")
    started = time.monotonic()
    command(wide, "--use-scripts", "--no-cache", "--dry-run")
    longest = (time.monotonic() - started) * 1.3
    where = ["--in-place"] if in_place else ["-o", tmp_path / "out"]
    result = wide if in_place else tmp_path / "out"
    chance = random.Random(7)
    for number in range(KILLS // 2):
        process = start(home, wide, "--use-scripts", *where, *(["--no-parallel"] if number % 3 == 0 else []))
        time.sleep(chance.uniform(0.02, longest))
        kill_group(process)
        for name, data in tree(result).items() if result.exists() else ():
            if "telemetry-inject" in name:
                continue  # a temporary file under a name of its own
            assert data == expected[name] or data == originals.get(name), name
        for script in (home / ".telemetry_cache").glob("scripts/*/*.py"):
            assert script.read_bytes().endswith(b"\n"), script
    command(wide, "--use-scripts", *where)
    assert tree(result) == expected  # temporary files are gone as well


def test_two_runs_at_once_give_the_same_tree(command: Command, wide: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [start(home, wide, "--use-scripts", "-o", tmp_path / "out") for _ in range(3)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "expected")
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")


def test_interrupted_says_so_and_leaves_whole_files(command: Command, wide: Path, tmp_path: Path) -> None:
    home, originals = tmp_path / "home", tree(wide)
    command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "expected")
    expected = tree(tmp_path / "expected")
    process = start(home, wide, "--use-scripts", "--no-cache", "-o", tmp_path / "out")
    deadline = time.monotonic() + 20
    while not list((tmp_path / "out").glob("*/m*.py")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (130, 0), errors
    if process.returncode == 130:
        assert b"interrupted" in errors and b"Traceback" not in errors
    for name, data in tree(tmp_path / "out").items():
        assert data == expected[name] or data == originals.get(name), name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; without the right to mount one, none."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).returncode:
        assert os.environ.get("CI") != "true", "CI has to be able to mount a small file system"
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_told_and_what_was_written_is_whole(
    command: Command, wide: Path, tmp_path: Path, small_disk: Path
) -> None:
    command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "expected")
    expected = tree(tmp_path / "expected")
    done = command(wide, "--use-scripts", "--no-cache", "-o", small_disk / "out", check=1)
    assert "No space left on device" in done.stderr + done.stdout and "Traceback" not in done.stderr
    for name, data in tree(small_disk / "out").items():
        assert data == expected[name], name
    full = command(wide, "--use-scripts", "--cache-dir", small_disk / "cache", "-o", tmp_path / "out")
    assert "Traceback" not in full.stderr
    assert tree(tmp_path / "out") == expected


def test_a_limit_on_file_size_is_no_traceback(command: Command, wide: Path, tmp_path: Path) -> None:
    big = wide / "package0" / "big.py"
    big.write_text("def f():\n    print(1)\n" + "# x\n" * 20_000)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "out", check=1, preexec_fn=limit)
    assert "big.py" in done.stderr + done.stdout and "Traceback" not in done.stderr
    assert not (tmp_path / "out/package0/big.py").exists()
    assert (tmp_path / "out/package0/m00.py").exists()


def test_an_output_that_cannot_be_written_is_one_line(command: Command, project: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = command(project, "--use-scripts", "-o", blocked / "out", check=1)
    assert len([line for line in done.stderr.splitlines() if line.startswith("error:")]) == 1
    assert "Traceback" not in done.stderr


def test_files_that_cannot_be_done_do_not_stop_the_others(command: Command, project: Path, tmp_path: Path) -> None:
    bad = {
        "app/broken.py": b"def f(:\n    print(1)\n",
        "app/latin.py": b"def f():\n    print('\xe9')\n",
        "app/nested.py": b"(" * 3000 + b")" * 3000 + b"\ndef f():\n    print(1)\n",
        "app/python2.py": b"def f():\n    print 'x'\n",
    }
    for name, data in bad.items():
        (project / name).write_bytes(data)
    done = command(project, "--use-scripts", "-o", tmp_path / "out", check=1)
    assert "Traceback" not in done.stderr
    for name, data in bad.items():
        assert (name in done.stderr + done.stdout) == (name != "app/nested.py")  # one long line: minified
        assert (tmp_path / "out" / name).read_bytes() == data
    assert b"_tlm" in (tmp_path / "out/app/core.py").read_bytes()
    again = command(project, "--use-scripts", "-o", tmp_path / "out", check=1)
    for name in ("app/broken.py", "app/latin.py", "app/python2.py"):
        assert name in again.stderr + again.stdout


def test_a_file_of_the_helpers_name_is_not_overwritten(command: Command, project: Path, tmp_path: Path) -> None:
    (project / "app/_telemetry_inject.py").write_text("MINE = 1\n")
    done = command(project, "--use-scripts", "--in-place", check=1)
    assert (project / "app/_telemetry_inject.py").read_text() == "MINE = 1\n"
    assert "_telemetry_inject.py" in done.stderr


def test_a_missing_path_is_a_usage_error(command: Command, tmp_path: Path) -> None:
    done = command(tmp_path / "nowhere", "--use-scripts", check=2)
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr


def test_a_link_out_of_the_tree_is_not_written_through(command: Command, project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("def f():\n    print(1)\n")
    (project / "app/linked.py").symlink_to(outside)
    command(project, "--use-scripts", "--in-place")
    assert outside.read_text() == "def f():\n    print(1)\n"
    assert (project / "app/linked.py").is_symlink()


def test_a_worker_killed_by_the_system_does_not_lose_its_files(command: Command, wide: Path, tmp_path: Path) -> None:
    probe = tmp_path / "home" / "probe.py"
    probe.write_text(
        "import os, signal, sys\n"
        "from telemetry_inject.scripts import parallel_script_processor as p\n"
        "p.WORTH_A_PROCESS = 1\n"
        "original, parent = p.Worker.process, os.getpid()\n"
        "def process(self, task):\n"
        "    if os.getpid() != parent and task.relative.endswith('m17.py'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return original(self, task)\n"
        "p.Worker.process = process\n"
        "from telemetry_inject.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, probe, wide, "--use-scripts", "-o", tmp_path / "out"], cwd=home,
        env=clean_environment(home), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    command(wide, "--use-scripts", "--no-cache", "-o", tmp_path / "expected")
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")
