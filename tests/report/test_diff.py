"""The patch is taken by git and by patch, whatever the bytes are, and gives exactly the new file."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from telemetry_inject.report.diff import DiffPrinter, patch
from telemetry_inject.types import FileReport, FileStatus, ScanResult, SourceFile

CASES = [
    pytest.param(b"a\nb\nc\n", b"a\nx\nc\n", id="one line changed"),
    pytest.param(b"a\nb", b"x\na\nb", id="no newline at the end, before and after"),
    pytest.param(b"a\nb", b"a\nb\n", id="newline added at the end"),
    pytest.param(b"a\nb\n", b"a\nb", id="newline taken from the end"),
    pytest.param(b"a\r\nb\r\nc\r\n", b"a\r\n  b\r\nc\r\n", id="CRLF"),
    pytest.param(b"a\rb\n", b"x\na\rb\n", id="a lone CR ends no line"),
    pytest.param(b"\xff\xfe\n\x80", b"\xff\xfe\nnew\n\x80", id="not UTF-8"),
    pytest.param(b"a\x0cb\x0b\nc\n", b"a\x0cb\x0b\nnew\nc\n", id="form feed and vertical tab"),
    pytest.param("\u2028x\x85\n".encode(), "new\n\u2028x\x85\n".encode(), id="line ends of Unicode"),
    pytest.param(b"a\n", b"", id="emptied"),
    pytest.param(b"", b"a\n", id="filled"),
    pytest.param(b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfx\na\n", id="BOM"),
    pytest.param(b"--- a\n+++ b\n@@ c\n", b"--- a\n+++ x\n@@ c\n", id="lines like those of a patch"),
    pytest.param(b"1\n" * 30 + b"x\n" + b"1\n" * 30, b"1\n" * 30 + b"y\n" + b"1\n" * 30, id="repeated lines"),
]


def apply(tool: str, folder: Path, text: bytes) -> None:
    commands = {"git": ["git", "apply", "--whitespace=nowarn", "-"], "patch": ["patch", "-p1", "--quiet"]}
    subprocess.run(commands[tool], cwd=folder, input=text, check=True, capture_output=True)


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize(("before", "after"), CASES)
def test_the_patch_gives_exactly_the_new_file(tmp_path: Path, tool: str, before: bytes, after: bytes) -> None:
    assert shutil.which(tool), "git and patch are needed to test patches"
    (tmp_path / "a.py").write_bytes(before)
    apply(tool, tmp_path, b"".join(patch("a.py", before, after)))
    file = tmp_path / "a.py"
    assert (file.read_bytes() if file.exists() else b"") == after  # patch removes a file that it empties


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize(
    "name", ["with space.py", "é.py", 'quo"te.py', "back\\slash.py", "tab\there.py", "dir/a b/c.py", "-x.py"]
)
def test_any_file_name(tmp_path: Path, tool: str, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"a\n")
    apply(tool, tmp_path, b"".join(patch(name, b"a\n", b"b\n")))
    assert (tmp_path / name).read_bytes() == b"b\n"


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize("content", [b"new\nfile\n", b"no newline"])
def test_a_new_file_is_an_addition(tmp_path: Path, tool: str, content: bytes) -> None:
    text = b"".join(patch("pkg/new.py", None, content))
    assert b"--- /dev/null\n+++ b/pkg/new.py\n" in text
    apply(tool, tmp_path, text)
    assert (tmp_path / "pkg" / "new.py").read_bytes() == content


@pytest.mark.parametrize("tool", ["git", "patch"])
def test_a_removed_file(tmp_path: Path, tool: str) -> None:
    (tmp_path / "old.py").write_bytes(b"old\n")
    apply(tool, tmp_path, b"".join(patch("old.py", b"old\n", None)))
    assert not (tmp_path / "old.py").exists()


def test_equal_files_give_nothing() -> None:
    assert list(patch("a.py", b"a\n", b"a\n")) == []


def test_random_files_both_ways(tmp_path: Path) -> None:
    chance = random.Random(7)
    pieces = [b"a\n", b"b\n", b"\n", b"\r\n", b"  a\n", b"\xff", b"c"]
    for number in range(60):
        before, after = (b"".join(chance.choices(pieces, k=chance.randrange(1, 30))) for _ in range(2))
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a.py").write_bytes(before)
        apply("git", folder, b"".join(patch("a.py", before, after)))
        assert (folder / "a.py").read_bytes() == after


def test_a_large_file_that_is_all_indented(tmp_path: Path) -> None:
    lines = [b"x%d = call(%d)\n" % (number, number) if number % 4 else b"\n" for number in range(20_000)]
    before, after = b"".join(lines), b"with t:\n" + b"".join(b"    " + line for line in lines)
    (tmp_path / "a.py").write_bytes(before)
    apply("git", tmp_path, b"".join(patch("a.py", before, after)))
    assert (tmp_path / "a.py").read_bytes() == after


def report(path: str) -> FileReport:
    return FileReport(path, "python", FileStatus.INSTRUMENTED)


def test_files_come_in_the_order_of_the_scan_with_a_prefix() -> None:
    stream = io.BytesIO()
    printer = DiffPrinter(stream, "src/")
    files = tuple(SourceFile(Path(name), name, "python") for name in ("a.py", "b.py", "c.py"))
    printer.scanned(ScanResult(Path(), files))
    printer.file_done(report("c.py"), b"1\n", b"2\n")
    printer.file_done(report("_telemetry_inject.py"), None, b"helper\n")
    printer.file_done(report("a.py"), b"1\n", b"2\n")
    printer.file_done(report("b.py"), None, None)
    printer.finish()
    heads = [line for line in stream.getvalue().splitlines() if line.startswith(b"+++")]
    assert heads == [b"+++ b/src/a.py", b"+++ b/src/c.py", b"+++ b/src/_telemetry_inject.py"]


def test_colors_only_when_wanted() -> None:
    plain, colored = io.BytesIO(), io.BytesIO()
    for stream, color in ((plain, False), (colored, True)):
        printer = DiffPrinter(stream, color=color)
        printer.file_done(report("a.py"), b"1\n", b"2\n")
        printer.finish()
    assert b"\x1b" not in plain.getvalue()
    assert b"\x1b[32m+2\x1b[0m\n" in colored.getvalue()
    assert b"\x1b[31m-1\x1b[0m\n" in colored.getvalue()
