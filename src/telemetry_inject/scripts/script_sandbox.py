"""Runs scripts that are not of the exact form: in isolation that was tried first, or not at all."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from telemetry_inject.scripts.sandbox_backend import (
    MAX_SCRIPT_BYTES,
    MAX_SOURCE_BYTES,
    Backend,
    SandboxError,
    SandboxUnavailable,
    SandboxUnsupported,
)

_SELF_TEST_SECONDS = 10.0


def monty_backend() -> Backend:
    """The Monty interpreter. Raises ImportError when the extra `sandbox` is not installed."""
    from telemetry_inject.scripts.sandbox_monty import MontyBackend

    return MontyBackend()


def linux_backend() -> Backend:
    """The shut-in child process. Raises SandboxError anywhere but on Linux."""
    if not sys.platform.startswith("linux"):
        raise SandboxError("the Linux sandbox needs Linux")
    from telemetry_inject.scripts.sandbox_linux import LinuxBackend

    return LinuxBackend()


class ScriptSandbox:
    """Runs foreign scripts with the first backend that knows all they use and that passed its self-test.

    Nothing is loaded before the first script comes. Safe to share between threads; a forked child makes
    backends of its own.
    """

    def __init__(self, factories: Sequence[Callable[[], Backend]] = (monty_backend, linux_backend)) -> None:
        self._factories = tuple(factories)
        self._backends: tuple[Backend, ...] | None = None
        self._pid = 0
        self._inherited: list[tuple[Backend, ...]] = []
        self._lock = threading.Lock()
        self.refusals: list[str] = []

    def run(self, script: bytes, source: bytes, *, timeout: float = 2.0) -> bytes:
        """What the script's `transform(source)` gives, within `timeout` seconds for each backend tried.

        Raises SandboxError with a one-line reason when there is no result, and SandboxUnavailable when no
        backend is safe here. The result is as untrusted as the script.
        """
        if len(script) > MAX_SCRIPT_BYTES or len(source) > MAX_SOURCE_BYTES:
            raise SandboxError("the script or the function is too large for the sandbox")
        try:
            texts = script.decode(), source.decode()
        except UnicodeDecodeError as error:
            raise SandboxError("only UTF-8 scripts and functions can be run in the sandbox") from error
        reason = SandboxError("")
        for backend in self.backends():
            try:
                output = backend.run(*texts, timeout).encode()
            except SandboxUnsupported as error:
                reason = error
                continue
            except UnicodeEncodeError as error:
                raise SandboxError("the script gave text that UTF-8 can't hold") from error
            return output
        raise reason

    def backends(self) -> tuple[Backend, ...]:
        """The backends that passed their self-test, tried now if not before. Raises SandboxUnavailable."""
        with self._lock:
            if self._backends is not None and self._pid != os.getpid():
                # Closing them here would end the workers of the parent.
                self._inherited.append(self._backends)
                self._backends = None
            if self._backends is None:
                self._pid = os.getpid()
                self.refusals.clear()
                self._backends = tuple(self._safe_backends())
            if not self._backends:
                raise SandboxUnavailable(
                    f"no sandbox for foreign scripts: {'; '.join(self.refusals)}",
                    "Install telemetry-inject[sandbox], or run on Linux with seccomp.",
                )
            return self._backends

    def _safe_backends(self) -> list[Backend]:
        safe = []
        for factory in self._factories:
            try:
                backend = factory()
            except (ImportError, OSError, RuntimeError, SandboxError) as error:
                self.refusals.append(f"{factory.__name__}: {error}")
                continue
            failure = self_test(backend)
            if failure:
                self.refusals.append(f"{backend.name}: {failure}")
                backend.close()
            else:
                safe.append(backend)
        return safe

    def close(self) -> None:
        """End the processes that backends keep."""
        with self._lock:
            backends, self._backends = self._backends or (), None
            if self._pid == os.getpid():
                for backend in backends:
                    backend.close()

    def __enter__(self) -> ScriptSandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_BREAKOUT = """
def transform(source):
    done = []
    try:
        with open({secret!r}) as file:
            done.append(file.read())
    except Exception:
        pass
    try:
        with open({created!r}, "w") as file:
            file.write("x")
    except Exception:
        pass
    try:
        import socket
        socket.create_connection(("127.0.0.1", {port}), 1)
    except Exception:
        pass
    try:
        import os
        if os.fork() == 0:
            os._exit(0)
        done.append("forked")
    except Exception:
        pass
    return "".join(done)
"""


def self_test(backend: Backend) -> str:
    """Why `backend` must not be used, by what a script in it could do; empty when it is safe."""
    try:
        if backend.run("def transform(source):\n    return source + '!'\n", "é\r\n", _SELF_TEST_SECONDS) != "é\r\n!":
            return "it does not give a script's result"
    except SandboxError as error:
        return str(error)
    token = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        secret, created = Path(folder, "secret"), Path(folder, "created")
        secret.write_text(token)
        script = _BREAKOUT.format(secret=str(secret), created=str(created), port=server.getsockname()[1])
        try:
            output = backend.run(script, "", _SELF_TEST_SECONDS)
        except SandboxError:
            output = ""
        if token in output or secret.read_text() != token or created.exists():
            return "a script in it reached a file"
        if "forked" in output:
            return "a script in it made a process"
        try:
            server.accept()
        except BlockingIOError:
            return ""
        return "a script in it made a connection"
