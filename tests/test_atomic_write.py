import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from telemetry_inject.atomic_write import PREFIX, sweep_stale, write_atomic
from telemetry_inject.errors import OutputError


def test_a_new_file_has_the_bytes_and_the_usual_mode(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        assert write_atomic(tmp_path / "new.py", b"a\r\n\0\xff")
    finally:
        os.umask(before)
    assert (tmp_path / "new.py").read_bytes() == b"a\r\n\0\xff"
    assert stat.S_IMODE((tmp_path / "new.py").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["new.py"]


@pytest.mark.parametrize("mode", [0o600, 0o755, 0o644, 0o400, 0o4755])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "tool"
    path.write_bytes(b"old")
    path.chmod(mode)
    assert write_atomic(path, b"new bytes")
    assert path.read_bytes() == b"new bytes"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_given_mode_may_be_that_of_another_file(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    source.chmod(0o750)
    write_atomic(tmp_path / "copy", b"copy", mode=source.stat().st_mode)
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o750


def test_the_same_bytes_are_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_atomic(path, b"same")
    before = path.stat()
    assert not write_atomic(path, b"same")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_atomic(path, b"sama")
    assert write_atomic(path, b"")
    assert not write_atomic(path, b"")


def test_the_same_bytes_still_get_a_given_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"same", mode=0o644)
    assert not write_atomic(path, b"same", mode=0o700)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("data", [b"precious", b"new"])
def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("target")
    assert write_atomic(tmp_path / "link", data)
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "link").read_bytes() == data
    assert (tmp_path / "target").read_bytes() == b"precious"


def test_a_link_is_followed_on_request(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "target").write_bytes(b"old")
    (tmp_path / "deep" / "target").chmod(0o750)
    (tmp_path / "link").symlink_to("deep/target")
    assert write_atomic(tmp_path / "link", b"new", follow_symlink=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "deep" / "target").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "deep" / "target").stat().st_mode) == 0o750


def test_a_hard_link_keeps_the_old_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    os.link(tmp_path / "a", tmp_path / "b")
    write_atomic(tmp_path / "a", b"new")
    assert (tmp_path / "b").read_bytes() == b"old"


def test_the_owner_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, 12345, 12346)
    before = path.stat()
    write_atomic(path, b"new")
    assert (path.stat().st_uid, path.stat().st_gid) == (before.st_uid, before.st_gid)


def test_the_longest_name_that_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    assert write_atomic(path, b"a") and write_atomic(path, b"b")
    assert path.read_bytes() == b"b"


def make_nothing(path: Path) -> None:
    pass


def make_directory(path: Path) -> None:
    path.mkdir()


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_file_above(path: Path) -> None:
    path.parent.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("missing/file", make_nothing, "No such file or directory"),
        ("file", make_directory, "Is a directory"),
        ("file", make_pipe, "not a regular file"),
        ("above/file", make_file_above, "Not a directory"),
        ("x" * 256, make_nothing, "File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, name: str, make: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / name
    make(path)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(OutputError) as caught:
        write_atomic(path, b"data")
    assert str(path) in caught.value.title and words in caught.value.title
    assert "\n" not in caught.value.title and caught.value.help_text != ""
    assert sorted(os.listdir(tmp_path)) == before


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_write_that_stops_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """The first write is short, the next one fails: as on a full disk."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with largest_file(10_000), pytest.raises(OutputError, match="cannot write"):
        write_atomic(path, b"x" * 50_000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_each_failure_comes_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def fail(*arguments: object) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OutputError) as caught:
        write_atomic(tmp_path / "file", b"data")
    assert os.strerror(error) in caught.value.title and caught.value.help_text
    assert os.listdir(tmp_path) == []


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
    data = os.urandom(1000)
    write_atomic(tmp_path / "file", data)
    assert (tmp_path / "file").read_bytes() == data


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", b"data")
    assert os.listdir(tmp_path) == []


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    versions = [bytes([65 + number]) * 300_000 for number in range(4)]
    write_atomic(path, versions[0])
    done = threading.Event()
    wrong: list[int] = []

    def read() -> None:
        while not done.is_set():
            data = path.read_bytes()
            if data not in versions:
                wrong.append(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(200):
            write_atomic(path, versions[number % 4])
    finally:
        done.set()
        reader.join()
    assert wrong == []


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from telemetry_inject.atomic_write import write_atomic
print("ready", flush=True)
for number in range(10**9):
    write_atomic(Path(sys.argv[1]) / "file", bytes([65 + number % 2]) * 2_000_000)
"""


def test_killed_writers_leave_old_or_new_and_their_rest_is_swept(tmp_path: Path) -> None:
    left = turn = 0
    while turn < 15 or (left == 0 and turn < 300):  # a slow machine may need more turns to be hit half way
        turn += 1
        process = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.02 + 0.003 * (turn % 15))
        process.kill()
        process.wait()
        process.stdout.close()
        left += sum(name.startswith(PREFIX) for name in os.listdir(tmp_path))
        if (tmp_path / "file").exists():
            assert (tmp_path / "file").read_bytes() in (b"A" * 2_000_000, b"B" * 2_000_000)
        sweep_stale(tmp_path)
        assert os.listdir(tmp_path) in ([], ["file"])
    assert left > 0


def test_sweeping_spares_the_living_and_what_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    real = os.replace

    def look(source: str, target: str) -> None:
        kept.append(Path(source).name)
        assert sweep_stale(tmp_path) == 0
        real(source, target)

    monkeypatch.setattr(os, "replace", look)
    write_atomic(tmp_path / "file", b"data")
    assert (tmp_path / "file").read_bytes() == b"data"
    others = [f"{PREFIX}notes.txt", f"{PREFIX}.tmp", kept[0].replace(f"{os.getpid()}", "x"), "a.tmp"]
    (tmp_path / "precious").write_bytes(b"precious")
    for name in others:
        (tmp_path / name).write_bytes(b"mine")
    os.symlink(tmp_path / "precious", tmp_path / kept[0].replace(f"-{os.getpid()}-", "-999999999-"))
    (tmp_path / kept[0].replace(f"-{os.getpid()}-", "-999999998-")).mkdir()
    assert sweep_stale(tmp_path) == 0
    assert all((tmp_path / name).exists() for name in others)


def test_the_rest_of_another_machine_s_process_is_swept_after_a_day(tmp_path: Path) -> None:
    path = tmp_path / f"{PREFIX}00000000-1-0123456789ab.tmp"
    path.write_bytes(b"")
    assert sweep_stale(tmp_path) == 0
    os.utime(path, (time.time() - 90_000,) * 2)
    assert sweep_stale(tmp_path) == 1
    assert os.listdir(tmp_path) == []


def test_sweeping_what_is_not_there(tmp_path: Path) -> None:
    assert sweep_stale(tmp_path / "missing") == 0
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot clean"):
        sweep_stale(tmp_path / "file")
