"""`telemetry-inject report --follow`: files that grow, appear, are rotated and cut; a terminal; how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spans_support import CLEAN, TRACE, batch, lines_of, random_spans, span
from telemetry_inject.report import follow_command

COMMAND = [sys.executable, "-u", "-m", "telemetry_inject", "report", "--follow", "--interval", "0.05"]
PATIENCE = 30.0  # seconds


class Following:
    """The running command, with what it has printed so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: int) -> None:
        self.process, self._output, self.text = process, output, ""

    def until(self, pattern: str) -> str:
        """Wait until the output has this; what was printed up to its end, which is taken away."""
        end = time.monotonic() + PATIENCE
        while (found := re.search(pattern, self.text, re.S)) is None:
            assert time.monotonic() < end, f"{pattern!r} does not come; so far: {self.text}"
            if select.select([self._output], [], [], 0.1)[0] and not self._read():
                raise AssertionError(f"{pattern!r} did not come before the end: {self.text}")
        text, self.text = self.text[: found.end()], self.text[found.end() :]
        return text

    def _read(self) -> bool:
        try:
            data = os.read(self._output, 65536)
        except OSError:  # how a terminal says that nobody writes any more
            data = b""
        self.text += data.decode()
        return bool(data)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Interrupt the command; its exit code, and what it printed until its end."""
        self.process.send_signal(number)
        while self._read():
            pass
        return self.process.wait(PATIENCE), self.text


@contextmanager
def following(folder: Path, *arguments: str, terminal: bool = False, **more: str) -> Iterator[Following]:
    """The command, running in a folder."""
    if terminal:
        output, written = pty.openpty()
    else:
        output, written = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=CLEAN | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"} | more,
        stdin=subprocess.PIPE,
        stdout=written,
        stderr=written,
        restore_signals=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    os.close(written)
    try:
        yield Following(process, output)
    finally:
        process.kill()
        process.wait()
        os.close(output)


def add(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def root(number: int, name: str) -> str:
    return batch([span(number, name, number, number + 10)])


def test_a_line_for_each_root_that_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    add(file, root(1, "first"))
    with following(tmp_path, "s.jsonl") as seen:
        assert re.search(r"\d\d:\d\d:\d\d\.\d{3} +10ns  first \[shop\]  1 span\n", seen.until(r"first.*\n"))
        add(file, batch([span(3, "part", 20, 25, parent=2, status={"code": 2})]))
        add(file, root(2, "second"))
        assert "second [shop]  2 spans  1 error\n" in seen.until(r"second.*\n")
        code, text = seen.end()
    assert code == 130
    assert text.startswith("3 spans in 1 trace, 1 file; ")
    assert "\n  part " in text


def test_a_line_may_come_in_pieces(tmp_path: Path) -> None:
    file, line = tmp_path / "s.jsonl", root(1, "slow")
    add(file, line[:200])
    with following(tmp_path, "s.jsonl") as seen:
        time.sleep(0.3)
        add(file, line[200:])
        seen.until("slow")


def test_files_that_appear_later_are_found(tmp_path: Path) -> None:
    with following(tmp_path) as seen:
        time.sleep(0.3)
        (tmp_path / "telemetry").mkdir()
        add(tmp_path / "telemetry/a.jsonl", root(1, "one"))
        seen.until(r"one.*\n")
        add(tmp_path / "telemetry/b.jsonl", root(2, "two"))
        seen.until(r"two.*\n")
        code, text = seen.end()
    assert (code, text.split(";")[0]) == (130, "2 spans in 1 trace, 2 files")


def test_a_rotated_file_is_read_to_its_end_and_then_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    add(file, root(1, "one"))
    with following(tmp_path, "s.jsonl") as seen:
        seen.until(r"one.*\n")
        file.rename(tmp_path / "old.jsonl")
        add(tmp_path / "old.jsonl", root(2, "two"))
        add(file, root(3, "three"))
        seen.until(r"two.*three.*\n")


def test_a_file_that_is_cut_is_read_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    add(file, root(1, "one") + root(2, "two"))
    with following(tmp_path, "s.jsonl") as seen:
        seen.until(r"two.*\n")
        os.truncate(file, 0)
        time.sleep(0.3)
        add(file, root(3, "three"))
        seen.until(r"three.*\n")


def test_roots_as_json_lines(tmp_path: Path) -> None:
    add(tmp_path / "s.jsonl", root(1, "one"))
    with following(tmp_path, "s.jsonl", "--json") as seen:
        found = json.loads(seen.until(r"\n"))
        assert seen.end() == (130, "")
    assert (found["name"], found["service"], found["duration_ns"], found["trace_id"]) == ("one", "shop", 10, TRACE)


def test_standard_input_ends_by_itself(tmp_path: Path) -> None:
    with following(tmp_path, "-") as seen:
        assert seen.process.stdin is not None
        seen.process.stdin.write(root(1, "one").encode())
        seen.process.stdin.flush()
        seen.until(r"one.*\n")
        seen.process.stdin.write(root(2, "two").encode()[:-1])
        seen.process.stdin.close()
        seen.until(r"two.*2 spans in 1 trace.*call tree")
        assert seen.process.wait(PATIENCE) == 0


def test_a_terminal_shows_the_report_and_gets_its_old_screen_back(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    with following(tmp_path, "s.jsonl", terminal=True) as seen:
        seen.until(r"\x1b\[\?1049h.*waiting for spans in s.jsonl")
        add(file, root(1, "one"))
        seen.until(r"\x1b\[H1 span in 1 trace.*one .*following; ")
        add(file, root(2, "two"))
        seen.until(r"\x1b\[H2 spans in 1 trace.*two .*following; ")
        code, text = seen.end()
    assert code == 130
    _, _, after = text.partition("\x1b[?1049l")
    assert after.startswith("2 spans in 1 trace")


def test_a_killed_one_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    with following(tmp_path, "s.jsonl", terminal=True) as seen:
        seen.until("waiting for spans")
        code, text = seen.end(signal.SIGTERM)
    assert (code, "\x1b[?1049l" in text) == (143, True)


def test_callers_that_still_run_are_said_to(tmp_path: Path) -> None:
    add(tmp_path / "s.jsonl", batch([span(2, "part", 5, 6, parent=1)]))
    with following(tmp_path, "s.jsonl", terminal=True) as seen:
        seen.until(r"\(caller still running\).*  part ")


def test_a_compressed_file_cannot_be_followed(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_bytes(b"\x1f\x8b\x08")
    with following(tmp_path, "s.jsonl") as seen:
        seen.until("cannot follow s.jsonl: it is compressed")
        assert seen.process.wait(PATIENCE) == 2


def test_only_the_latest_spans_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from telemetry_inject.report.follow_files import Followed
    from telemetry_inject.report.report_arguments import View, parse_report

    monkeypatch.setattr(follow_command, "MOST_SPANS", 100)
    file = tmp_path / "s.jsonl"
    session = follow_command._Session(parse_report([str(file), "-f"]), Followed(lambda: [file]))
    for seed in range(5):
        add(file, "".join(lines_of(random_spans(seed, 100))))
        assert len(list(session.look())) > 0
    text = session.text(100, View())
    kept = int(text.partition("the call tree is of the latest ")[2].split()[0])
    assert 100 <= kept <= 207
    assert "500 spans in 1 trace" in text
    session.followed.close()
