"""ScriptSandbox: which backend runs a script, and that none runs where isolation does not hold."""

from __future__ import annotations

import errno
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from telemetry_inject.scripts import sandbox_backend, sandbox_worker
from telemetry_inject.scripts.acceptance import accept_foreign
from telemetry_inject.scripts.sandbox_backend import (
    Backend,
    SandboxError,
    SandboxUnavailable,
    SandboxUnsupported,
    one_line,
)
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_sandbox import ScriptSandbox, self_test
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.types import Unit

from .hostile import workers
from .samples import KEY

UPPER = b"def transform(source):\n    return source.upper()\n"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux backend")


class Leaky:
    """A backend without any isolation: it runs scripts right here."""

    name = "leaky"

    def __init__(self, before: str = "") -> None:
        self.before = before
        self.closed = False

    def run(self, script: str, source: str, timeout: float) -> str:
        names: dict[str, Callable[[str], str]] = {}
        try:
            exec(self.before + script, names)
            return names["transform"](source)
        except Exception as error:
            raise SandboxError(str(error)) from error

    def close(self) -> None:
        self.closed = True


# What a backend would look like that keeps a script from one thing, but not from the next.
_NO_OPEN = "def open(*_, **__): raise PermissionError\n"
_GUARDED = """
import io

def open(path, mode="r"):
    if mode != {mode!r}:
        raise PermissionError
    return io.open(path, mode)

"""
_READS_ONLY, _WRITES_ONLY = _GUARDED.format(mode="r"), _GUARDED.format(mode="w")


@pytest.mark.parametrize(
    ("before", "failure"),
    [
        (_READS_ONLY, "file"),
        (_WRITES_ONLY, "file"),
        (_NO_OPEN, "process"),
        (_NO_OPEN + "# no fork\n", "connection"),
    ],
)
def test_a_backend_that_leaks_fails_its_self_test(before: str, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if before.endswith("# no fork\n"):
        monkeypatch.delattr(os, "fork", raising=False)
    assert failure in self_test(Leaky(before))


def test_a_backend_without_results_fails_its_self_test() -> None:
    assert self_test(Leaky("import missing_module\n")) == "No module named 'missing_module'"
    assert self_test(Leaky("")) != ""


def test_every_backend_of_this_machine_passes_its_self_test(backend: Backend) -> None:
    assert self_test(backend) == ""


def test_without_a_safe_backend_nothing_runs(
    tmp_path: Path, unit: Unit, generator: ScriptGenerator, validator: ScriptValidator
) -> None:
    def missing() -> Backend:
        raise ImportError("No module named 'pydantic_monty'")

    leaky = Leaky()
    sandbox = ScriptSandbox([missing, lambda: leaky])
    script = f"def transform(source):\n    return open({str(tmp_path / 'reached')!r}, 'w').name\n".encode()
    with pytest.raises(SandboxUnavailable, match=r"pydantic_monty.*leaky: a script in it reached a file"):
        sandbox.run(script, b"x")
    harmless = b"def transform(source):\n    return source\n"
    with pytest.raises(SandboxUnavailable):
        accept_foreign(harmless, unit, KEY, sandbox=sandbox, generator=generator, validator=validator)
    assert leaky.closed
    assert not (tmp_path / "reached").exists()


def test_nothing_is_started_before_the_first_script() -> None:
    def broken() -> Backend:
        raise AssertionError("started")

    ScriptSandbox([broken]).close()


def test_a_backend_runs_scripts(backend: Backend) -> None:
    assert ScriptSandbox([lambda: backend]).run(UPPER, "é\r\n\tx\0".encode()) == "É\r\n\tX\0".encode()


def test_the_real_sandbox_runs_scripts() -> None:
    with ScriptSandbox() as sandbox:
        assert sandbox.run(UPPER, b"abc") == b"ABC"


@LINUX
def test_a_script_that_monty_does_not_know_goes_to_the_next_backend() -> None:
    script = b"import ast\n\ndef transform(source):\n    return str(len(ast.parse(source).body))\n"
    with ScriptSandbox() as sandbox:
        assert sandbox.run(script, b"a\nb\n", timeout=5) == b"2"


def test_an_error_of_the_last_backend_is_the_reason() -> None:
    def unsupported() -> Backend:
        class Picky(Leaky):
            def run(self, script: str, source: str, timeout: float) -> str:
                raise SandboxUnsupported(f"not for {self.name}")

        return Picky()

    sandbox = ScriptSandbox()
    sandbox._backends, sandbox._pid = (unsupported(), unsupported()), os.getpid()
    with pytest.raises(SandboxUnsupported, match="not for leaky"):
        sandbox.run(UPPER, b"x")


BROKEN = {
    "no function": b"x = 1",
    "another name": b"def change(source):\n    return source",
    "no text": b"def transform(source):\n    return 1",
    "no result": b"def transform(source):\n    pass",
    "bytes": b"def transform(source):\n    return b'x'",
    "an error": b"def transform(source):\n    raise ValueError('two\\nlines')",
    "an error while loaded": b"1 / 0",
    "a syntax error": b"def transform(source:",
    "a list of texts": b"def transform(source):\n    return [source]",
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_a_script_without_a_result_is_an_error_of_one_line(backend: Backend, script: bytes) -> None:
    with pytest.raises(SandboxError) as caught:
        ScriptSandbox([lambda: backend]).run(script, b"x", timeout=5)
    assert caught.value.title.isprintable()


def test_each_script_starts_anew(backend: Backend) -> None:
    sandbox = ScriptSandbox([lambda: backend])
    sandbox.run(b"kept = 1\n\ndef transform(source):\n    return source", b"x")
    with pytest.raises(SandboxError, match="kept"):
        sandbox.run(b"def transform(source):\n    return str(kept)", b"x")


@pytest.mark.parametrize(
    ("script", "source"),
    [
        (b"\xff", b"x"),
        (UPPER, b"\xff"),
        (b" " * (sandbox_backend.MAX_SCRIPT_BYTES + 1), b"x"),
        (UPPER, b" " * (sandbox_backend.MAX_SOURCE_BYTES + 1)),
    ],
)
def test_what_is_no_text_or_too_large_is_not_run(script: bytes, source: bytes) -> None:
    def never() -> Backend:
        raise AssertionError("started")

    with pytest.raises(SandboxError):
        ScriptSandbox([never]).run(script, source)


def test_a_large_function_goes_through(backend: Backend) -> None:
    source = b"x = 1\n" * 150_000
    assert ScriptSandbox([lambda: backend]).run(UPPER, source, timeout=10) == source.upper()


def test_threads_share_a_sandbox() -> None:
    with ScriptSandbox() as sandbox, ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda number: sandbox.run(UPPER, b"a%d" % number, timeout=10), range(20))
        assert list(results) == [b"A%d" % number for number in range(20)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_backends_of_its_own() -> None:
    with ScriptSandbox() as sandbox:
        sandbox.run(UPPER, b"parent")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if sandbox.run(UPPER, b"child", timeout=10) == b"CHILD" else 2
                sandbox.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert sandbox.run(UPPER, b"parent") == b"PARENT"


def test_a_closed_sandbox_starts_again() -> None:
    sandbox = ScriptSandbox()
    assert sandbox.run(UPPER, b"a") == b"A"
    sandbox.close()
    assert sandbox.run(UPPER, b"b") == b"B"
    sandbox.close()


_ORPHAN = """
import sys
from telemetry_inject.scripts.script_sandbox import linux_backend
print("started", flush=True)
linux_backend().run("def transform(source):\\n    while True:\\n        pass", "x", 60.0)
"""


@LINUX
def test_a_script_does_not_outlive_a_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", _ORPHAN], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    children = _until(lambda: _children_of(parent.pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert children
    assert _until(lambda: not _children_of(parent.pid)), "the script still runs"


def _children_of(pid: int) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(part.endswith(b"sandbox_worker.py") for part in arguments) and str(pid).encode() in arguments:
            found.append(process.name)
    return found


def _until(condition: Callable[[], object]) -> object:
    deadline = time.monotonic() + 20
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return result


@LINUX
def test_a_stopped_run_leaves_no_process() -> None:
    from telemetry_inject.scripts.script_sandbox import linux_backend

    backend = linux_backend()
    with pytest.raises(SandboxError, match="did not end"):
        backend.run("def transform(source):\n    while True:\n        pass", "x", 0.5)
    assert workers() == []


def test_messages_are_made_fit_to_be_shown() -> None:
    assert one_line("a\n\x1b[31mb\u202ec" + "x" * 1000) == "a  [31mb c" + "x" * 190


# --- the seccomp filter, also of the machine that we are not on

_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOW, _KILL, _EPERM = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
# Linux system call tables: asm/unistd_64.h and asm-generic/unistd.h.
_FORBIDDEN = {
    "x86_64": {"open": 2, "socket": 41, "connect": 42, "clone": 56, "fork": 57, "vfork": 58, "execve": 59,
               "kill": 62, "ptrace": 101, "prctl": 157, "openat": 257, "unshare": 272, "setrlimit": 160, "prlimit64": 302,
               "memfd_create": 319, "execveat": 322, "io_uring_setup": 425, "clone3": 435, "openat2": 437,
               "process_vm_readv": 310, "tgkill": 234, "dup": 32, "ioctl": 16, "shmget": 29},
    "aarch64": {"openat": 56, "socket": 198, "connect": 203, "clone": 220, "execve": 221, "kill": 129,
                "ptrace": 117, "prctl": 167, "unshare": 97, "setrlimit": 164, "prlimit64": 261, "memfd_create": 279,
                "execveat": 281, "io_uring_setup": 425, "clone3": 435, "openat2": 437,
                "process_vm_readv": 270, "tgkill": 131, "dup": 23, "ioctl": 29, "shmget": 194},
}  # fmt: skip
_NEEDED = {
    "x86_64": {"read": 0, "write": 1, "brk": 12, "munmap": 11, "futex": 202, "exit_group": 231, "mmap": 9},
    "aarch64": {
        "read": 63,
        "write": 64,
        "brk": 214,
        "munmap": 215,
        "futex": 98,
        "exit_group": 94,
        "mmap": 222,
    },
}


def decide(machine: str, number: int, protection: int = 0, arch: int | None = None) -> int:
    """What the filter says of one call: a small interpreter of the instructions it uses."""
    program = sandbox_worker.seccomp_filter(machine)
    instructions = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    data = struct.pack("=iIQ6Q", number, _ARCHES[machine] if arch is None else arch, 0, 0, 0, protection, 0, 0, 0)
    accumulator = at = 0
    while True:
        code, jump_true, jump_false, value = instructions[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x06:
            return value
        else:
            test = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += jump_true if test else jump_false


@pytest.mark.parametrize("machine", _ARCHES)
def test_the_filter_allows_what_an_interpreter_needs(machine: str) -> None:
    assert {name: decide(machine, number, 3) for name, number in _NEEDED[machine].items()} == dict.fromkeys(
        _NEEDED[machine], _ALLOW
    )


@pytest.mark.parametrize("machine", _ARCHES)
def test_the_filter_refuses_what_reaches_out(machine: str) -> None:
    assert {name: decide(machine, number) for name, number in _FORBIDDEN[machine].items()} == dict.fromkeys(
        _FORBIDDEN[machine], _EPERM
    )


@pytest.mark.parametrize("machine", _ARCHES)
def test_the_filter_allows_few_calls_at_all(machine: str) -> None:
    assert sum(decide(machine, number) == _ALLOW for number in range(1000)) == 25


@pytest.mark.parametrize("machine", _ARCHES)
@pytest.mark.parametrize("name", ["mmap", "mprotect"])
def test_memory_never_becomes_executable(machine: str, name: str) -> None:
    number = {"x86_64": {"mmap": 9, "mprotect": 10}, "aarch64": {"mmap": 222, "mprotect": 226}}[machine][name]
    assert decide(machine, number, 1 | 2) == _ALLOW
    assert decide(machine, number, 1 | 4) == decide(machine, number, 4) == _EPERM


@pytest.mark.parametrize("machine", _ARCHES)
def test_calls_of_another_abi_end_the_process(machine: str) -> None:
    assert decide(machine, 0, arch=0x40000003) == _KILL
    if machine == "x86_64":
        assert decide(machine, 0x40000000) == decide(machine, 0x40000001) == _KILL


def test_the_lock_is_not_held_while_a_script_runs() -> None:
    order: list[str] = []
    started = threading.Event()

    class Slow(Leaky):
        def run(self, script: str, source: str, timeout: float) -> str:
            if source == "slow":
                started.set()
                finished.wait(20)
            order.append(source)
            return source

    finished = threading.Event()
    sandbox = ScriptSandbox()
    sandbox._backends, sandbox._pid = (Slow(),), os.getpid()
    thread = threading.Thread(target=sandbox.run, args=(UPPER, b"slow"))
    thread.start()
    started.wait(20)
    sandbox.run(UPPER, b"fast")
    finished.set()
    thread.join()
    assert order == ["fast", "slow"]
