"""What hostile scripts reach for, each thing real and watched: files, sockets, processes, secrets."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType, TracebackType

CORPUS = Path(__file__).parents[1] / "corpus" / "hostile"
TOKEN = "canary-" + os.urandom(12).hex()
REACHED = "reached-" + os.urandom(8).hex()
LINUX = sys.platform.startswith("linux")


class Bait:
    """A folder with a secret, listening sockets, a process to kill, and a record of what happened to them."""

    def __init__(self) -> None:
        # A short path: addresses of sockets in the file system are limited to about 100 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="ti")
        self.folder = Path(self._folder.name)
        self.secret = self.folder / "secret"
        self.secret.write_text(TOKEN)
        self.secret.chmod(0o600)
        (self.folder / f"named-{TOKEN}").touch()
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.sockets = [self.tcp, self.udp]
        if hasattr(socket, "AF_UNIX"):
            local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            local.bind(str(self.folder / "socket"))
            self.sockets.append(local)
        for each in self.sockets:
            each.setblocking(False)
        os.environ["TELEMETRY_CANARY"] = TOKEN
        self.victim = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        self.memory = ctypes.create_string_buffer(TOKEN.encode(), 64)
        self.signals: list[int] = []
        if LINUX:
            self._before = signal.signal(signal.SIGUSR1, self._signalled)
        self.listing = self._listing()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    def _listing(self) -> dict[str, tuple[int, int, int]]:
        states = {path.name: path.lstat() for path in self.folder.iterdir()}
        return {name: (state.st_mode, state.st_size, state.st_nlink) for name, state in states.items()}

    def script(self, path: Path) -> bytes:
        """The hostile script, aimed at this bait."""
        values = {
            "SECRET": self.secret, "FOLDER": self.folder, "NAME": self.folder.name,
            "PORT": self.tcp.getsockname()[1], "UDP": self.udp.getsockname()[1], "VICTIM": self.victim.pid,
            "PARENT": os.getpid(), "ADDRESS": ctypes.addressof(self.memory), "REACHED": REACHED,
        }  # fmt: skip
        text = path.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text.encode()

    def damage(self) -> list[str]:
        """What was done to the bait, in words; empty when nothing was."""
        found = []
        if self.secret.exists() and self.secret.read_text() != TOKEN:
            found.append("the secret was changed")
        if self._listing() != self.listing:
            found.append("the folder was changed")
        if Path("/dev/shm", self.folder.name).exists():
            found.append("shared memory was made")
        for each in self.sockets:
            try:
                each.accept() if each is self.tcp else each.recv(10)
            except BlockingIOError:
                continue
            found.append(f"something arrived at {each}")
        if self._stopped():
            found.append("the victim was stopped")
        if self.signals:
            found.append("the parent got a signal")
        if self.memory.value != TOKEN.encode():
            found.append("the parent's memory was changed")
        return found + workers()

    def _stopped(self) -> bool:
        try:
            self.victim.wait(0.02)  # a signal takes a moment
        except subprocess.TimeoutExpired:
            state = Path(f"/proc/{self.victim.pid}/stat")
            return LINUX and state.read_text().rpartition(")")[2].split()[0] in "tT"
        return True

    def __enter__(self) -> Bait:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if LINUX:
            signal.signal(signal.SIGUSR1, self._before)
        os.environ.pop("TELEMETRY_CANARY", None)
        self.victim.kill()
        self.victim.wait()
        for each in self.sockets:
            each.close()
        self._folder.cleanup()


def workers() -> list[str]:
    """Children of the Linux sandbox that this process started, and theirs, that are still there."""
    found = []
    mine = str(os.getpid()).encode()
    for process in Path("/proc").glob("[0-9]*") if LINUX else ():
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(part.endswith(b"sandbox_worker.py") for part in arguments) and mine in arguments:
            found.append(f"process {process.name} is left")
    return found
