"""Runs one command to its end or to its limit, and leaves none of its processes behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MARK = "TELEMETRY_INJECT_RUN"
"""The variable whose value tells the processes of one run from all others."""

KEPT_START, KEPT_END = 256 * 1024, 4 * 1024 * 1024
"""Bytes of output that are kept from its beginning and its end; the rest of a flood is thrown away."""

_TERM_GRACE = 2.0


@dataclass(frozen=True)
class Execution:
    """What became of a command. `exit_code` is negative for a signal; `cpu` seconds are of the processor, of all
    processes that were waited for (of a command whose time ran out also of those that were at work then, on Linux),
    `wall` seconds of the clock."""

    exit_code: int
    timed_out: bool
    cpu: float
    wall: float
    output: str
    output_bytes: int
    left_running: int


class Interrupted(KeyboardInterrupt):
    """The run was ended from outside (SIGTERM, SIGHUP), which is treated as ^C is."""


class _Output:
    """Reads a pipe to its end in a thread of its own, and keeps what is worth keeping."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._start = bytearray()
        self._end = bytearray()
        self.size = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._pipe, 1 << 16)
            except OSError:
                return
            if not data:
                return
            self.size += len(data)
            room = KEPT_START - len(self._start)
            self._start += data[:room]
            self._end += data[room:] if room > 0 else data
            if len(self._end) > 2 * KEPT_END:
                del self._end[:-KEPT_END]

    def text(self) -> str:
        """What was kept, once nobody writes any more."""
        self._thread.join(5)
        data = bytes(self._start + self._end[-KEPT_END:])
        return data.decode("utf-8", "replace")


def execute(
    command: str,
    folder: Path,
    environment: Mapping[str, str],
    limit: float,
    mark: str,
    stop: threading.Event | None = None,
) -> Execution:
    """Run a shell command in `folder`, for at most `limit` seconds.

    `mark` is a text that no other run has. When the time is out, when `stop` is set, or when this process is
    interrupted, everything that the command has started is ended, also what left its process group.
    """
    reading, writing = os.pipe()
    started = time.monotonic()
    process = subprocess.Popen(
        ["/bin/sh", "-c", command] if os.name == "posix" else command,
        shell=os.name != "posix",
        cwd=folder,
        env={**environment, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=writing,
        start_new_session=True,
        restore_signals=True,
    )
    os.close(writing)
    output = _Output(reading)
    timed_out = False
    left = 0
    ended_at_work = 0.0
    try:
        status = None
        pause = 0.005
        while status is None:
            found, code, usage = os.wait4(process.pid, os.WNOHANG)
            if found:
                status = os.waitstatus_to_exitcode(code)
                process.returncode = status
                break
            if time.monotonic() - started > limit or (stop is not None and stop.is_set()):
                timed_out = not (stop is not None and stop.is_set())
                ended_at_work = _processor_time(_marked(mark))
                end_processes(process.pid, mark)
                _, code, usage = os.wait4(process.pid, 0)
                status = os.waitstatus_to_exitcode(code)
                process.returncode = status
                break
            time.sleep(pause)
            pause = min(pause * 1.2, 0.05)
        wall = time.monotonic() - started
    finally:
        left = end_processes(process.pid, mark)
        if process.returncode is None:
            process.returncode = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
    text = output.text()
    os.close(reading)
    cpu = max(usage.ru_utime + usage.ru_stime, ended_at_work)
    return Execution(status, timed_out, cpu, wall, text, output.size, left)


def end_processes(group: int, mark: str) -> int:
    """End a process group, and whoever else carries the mark of the run; the number of them beside its leader."""
    found = set(_marked(mark)) - {os.getpid()}
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended by itself
    ended = found - {group}
    quiet = 0
    for _ in range(50):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        # Twice nobody: what forks is found the next time, and so is what has no environment as it is being started.
        quiet = 0 if found else quiet + 1
        if quiet == 2:
            break
        time.sleep(0.01)
        found = set(_marked(mark)) - {os.getpid()}
        ended |= found - {group}
    return len(ended)


def _processor_time(processes: Iterable[int]) -> float:
    """Seconds that these and what they have waited for were at work; proc(5), the fields utime to cstime of `stat`."""
    ticks = 0
    for process in processes:
        try:
            stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # gone meanwhile
        ticks += sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _marked(mark: str) -> list[int]:
    """The living processes with our variable in their environment; on systems without /proc none are found."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 - after every run
    except OSError:
        return []
    for entry in entries:
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as file:
                if wanted not in file.read().split(b"\0"):
                    continue
            with open(f"/proc/{entry}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X"):
                    found.append(int(entry))
        except OSError:
            continue  # gone meanwhile, or someone else's
    return found
