"""The portable sandbox: each script in a fresh session of Monty, a Python interpreter without a machine.

Monty has no files, sockets, processes or C modules to offer, runs in a worker process of its own, and counts
time and memory. It knows a part of Python only (no `yield`, no `del`, few modules), and says so.
"""

from __future__ import annotations

import os
import time

import pydantic_monty as monty

from telemetry_inject.scripts.sandbox_backend import (
    MEMORY_BYTES,
    SandboxError,
    SandboxUnsupported,
    most_characters,
    one_line,
)

_PRINTED_BYTES = 64 * 1024
_GRACE_SECONDS = 0.25  # for the session to stop by itself, before its worker is killed
# These end a script for good. Any other error may be one that only Monty has with it.
_FINAL = ("TimeoutError", "MemoryError", "RecursionError")

# Monty's threads do not come along into a forked child: a pool started there waits for them for ever.
_HOME = os.getpid()

# A method of a literal can't be replaced by the script, and takes and gives nothing but `str`: no object of
# the script's making is converted in this process.
_CALL = '"".join([transform(source)])[:{most}]'


class MontyBackend:
    """Runs scripts in a pool of Monty workers."""

    name = "monty"

    def __init__(self) -> None:
        if os.getpid() != _HOME:
            raise SandboxError("Monty was loaded before this process was forked")
        self._pool = monty.Monty(
            min_processes=1,
            max_processes=2,
            request_timeout=60.0,
            checkout_timeout=60.0,
            max_checkouts_per_worker=200,
            feed_duration_limit_grace=_GRACE_SECONDS,
        )
        self._pool.__enter__()

    def run(self, script: str, source: str, timeout: float) -> str:
        """See Backend.run."""
        deadline = time.monotonic() + timeout
        most = most_characters(source)
        printed = monty.CollectString(_PRINTED_BYTES)
        try:
            with self._pool.checkout(
                limits={
                    "max_feed_duration_secs": timeout,
                    "max_memory": MEMORY_BYTES,
                    "max_recursion_depth": 400,
                    "max_suspensions": 50,
                    "max_total_sleep_secs": 0.0,
                },
                os_policy={"sleep": "zero", "random_start": {"seed": 0}},
            ) as session:
                # The last line keeps a value of the script's from being converted in this process.
                session.feed_run(f"{script}\n\nNone\n", print_callback=printed)
                if time.monotonic() >= deadline:
                    raise SandboxError(f"the script did not end within {timeout:g} s")
                output = session.feed_run(
                    _CALL.format(most=most + 1), inputs={"source": source}, print_callback=printed
                )
        except monty.MontyCrashedError as error:
            raise SandboxError(f"the script ended its sandbox: {one_line(str(error))}") from error
        except monty.MontyError as error:
            reason = one_line(str(error))
            kind = SandboxError if reason.startswith(_FINAL) else SandboxUnsupported
            raise kind(f"the script failed: {reason}") from error
        except (TimeoutError, RuntimeError, ValueError) as error:
            raise SandboxError(f"the sandbox failed: {one_line(str(error))}") from error
        if type(output) is not str or len(output) > most:
            raise SandboxError("the script gave no text, or too much of it")
        return output

    def close(self) -> None:
        """End the workers."""
        self._pool.__exit__(None, None, None)
