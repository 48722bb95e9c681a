"""The Linux sandbox: each script in a fresh interpreter that gave up everything but arithmetic.

The child is executed, not only forked, so nothing of this process (keys, sources, open files) is in its
memory. It gets the request in an anonymous file, an empty environment and one pipe for its answer, and shuts
itself in (sandbox_worker.py) before it looks at the script.
"""

from __future__ import annotations

import json
import math
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from telemetry_inject.scripts.sandbox_backend import (
    MEMORY_BYTES,
    SandboxError,
    most_characters,
    one_line,
)

_WORKER = Path(__file__).with_name("sandbox_worker.py")
# JSON writes a character as up to six bytes, and one outside of the first 65,536 as twelve.
_BYTES_A_CHARACTER = 12


class LinuxBackend:
    """Runs each script in a child behind rlimits, no_new_privs, Landlock and seccomp."""

    name = "linux"

    def __init__(self) -> None:
        if not sys.platform.startswith("linux") or not _WORKER.is_file() or not sys.executable:
            raise SandboxError("the Linux sandbox needs Linux and an installed Python interpreter")

    def run(self, script: str, source: str, timeout: float) -> str:
        """See Backend.run."""
        request = json.dumps({"script": script, "source": source}).encode()
        try:
            answer = json.loads(self._answer(request, timeout, _BYTES_A_CHARACTER * most_characters(source)))
        except (ValueError, RecursionError) as error:
            raise SandboxError("the script ended without a result") from error
        if type(answer) is not dict:
            raise SandboxError("the script ended without a result")
        output = answer.get("output")
        if type(output) is not str:
            raise SandboxError(f"the script failed: {one_line(str(answer.get('error')))}")
        if len(output) > most_characters(source):
            raise SandboxError("the script gave too much text")
        return output

    def _answer(self, request: bytes, timeout: float, limit: int) -> bytes:
        deadline = time.monotonic() + timeout
        stdin = os.memfd_create("telemetry-inject")
        try:
            os.write(stdin, request)
            os.lseek(stdin, 0, os.SEEK_SET)
            limits = [str(os.getpid()), str(math.ceil(timeout) + 1), str(MEMORY_BYTES)]
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", str(_WORKER), *limits],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise SandboxError(f"the sandbox could not be started: {error}") from error
        finally:
            os.close(stdin)
        try:
            return self._read(child, deadline, timeout, limit)
        finally:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()

    def _read(self, child: subprocess.Popen[bytes], deadline: float, timeout: float, limit: int) -> bytes:
        assert child.stdout is not None
        pipe = child.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN | select.POLLHUP)
        parts: list[bytes] = []
        size = 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise SandboxError(f"the script did not end within {timeout:g} s")
            part = os.read(pipe, 1 << 20)
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > limit:
                raise SandboxError("the script gave too much text")

    def close(self) -> None:
        """Nothing to end: a child never outlives its call."""
