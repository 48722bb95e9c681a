"""The child of the Linux sandbox: shuts itself in, then runs one foreign script. Standard library only.

Run as `python -I -S -B sandbox_worker.py PARENT_PID CPU_SECONDS MEMORY_BYTES`; the request is a JSON object
on standard input, the answer one on standard output. Any layer that can't be put up ends the process before
the script is compiled; only a kernel without Landlock does without it: seccomp alone allows no file at all.
Sources: the man pages landlock(7), seccomp(2), prctl(2); the kernel's include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import importlib
import io
import json
import os
import platform
import re
import resource
import struct
import sys
from typing import Any

# What a script may import. Only what it mentions is loaded, and before the doors are shut.
_MODULES = (
    *("ast", "bisect", "collections", "copy", "dataclasses", "difflib", "enum", "functools", "hashlib", "io"),
    *("itertools", "json", "keyword", "math", "operator", "re", "string", "textwrap", "token", "tokenize"),
    *("typing", "unicodedata"),
)

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SIGKILL = 9
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446  # the same number on every architecture

# AUDIT_ARCH, first number of another ABI of the same machine (or 0), mmap and mprotect, and what is allowed:
# read write close fstat lseek munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
# futex getpid gettid sched_yield exit exit_group clock_gettime gettimeofday getrandom restart_syscall
_MACHINES: dict[str, tuple[int, int, tuple[int, int], tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        0x40000000,
        (9, 10),
        (0, 1, 3, 5, 8, 11, 12, 25, 28, 13, 14, 15, 131, 202, 39, 186, 24, 60, 231, 228, 96, 318, 219),
    ),
    "aarch64": (
        0xC00000B7,
        0,
        (222, 226),
        (
            63,
            64,
            57,
            80,
            62,
            215,
            214,
            216,
            233,
            134,
            135,
            139,
            132,
            98,
            172,
            178,
            124,
            93,
            94,
            113,
            169,
            278,
            128,
        ),
    ),
}

_libc = ctypes.CDLL(None, use_errno=True)


class _Shut(Exception):
    """A layer could not be put up."""


def _prctl(option: int, argument: int, pointer: Any = 0) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(argument), pointer or zero, zero, zero) != 0:
        raise _Shut(f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _limit(cpu_seconds: int, memory_bytes: int) -> None:
    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))


def _landlock() -> None:
    """Deny all access to files, TCP ports, abstract sockets and other processes that the kernel can deny."""
    null = ctypes.c_void_p(None)
    abi = _libc.syscall(_LANDLOCK_CREATE_RULESET, null, ctypes.c_size_t(0), 1)
    if abi < 0:
        if ctypes.get_errno() in (errno.ENOSYS, errno.EOPNOTSUPP):
            return
        raise _Shut(f"landlock: {os.strerror(ctypes.get_errno())}")
    rights = 16 if abi >= 5 else {1: 13, 2: 14}.get(abi, 15)
    attribute = struct.pack("=Q", (1 << rights) - 1)
    if abi >= 4:
        attribute += struct.pack("=Q", 0b11)
    if abi >= 6:
        attribute += struct.pack("=Q", 0b11)
    ruleset = _libc.syscall(_LANDLOCK_CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), 0)
    if ruleset < 0 or _libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        raise _Shut(f"landlock: {os.strerror(ctypes.get_errno())}")
    os.close(ruleset)


def seccomp_filter(machine: str) -> bytes:
    """The BPF program: listed calls pass, memory never becomes executable, everything else is EPERM."""
    arch, other_abi, memory, allowed = _MACHINES[machine]
    load, equal, at_least, any_bit, give = 0x20, 0x15, 0x35, 0x45, 0x06
    kill, refuse, allow = 0x80000000, 0x00050000 | errno.EPERM, 0x7FFF0000
    head = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, kill), (load, 0, 0, 0)]
    if other_abi:
        head += [(at_least, 0, 1, other_abi), (give, 0, 0, kill)]
    calls = [*memory, *allowed]
    # After the comparisons: refuse | load the protection bits, test PROT_EXEC, refuse | allow.
    body = []
    for index, number in enumerate(calls):
        to_refuse = len(calls) - 1 - index
        body.append((equal, to_refuse + (1 if number in memory else 4), 0, number))
    tail = [
        (give, 0, 0, refuse),
        (load, 0, 0, 32),
        (any_bit, 0, 1, 4),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in [*head, *body, *tail])


def _seccomp() -> None:
    machine = platform.machine()
    if machine not in _MACHINES or sys.maxsize < 2**32:
        raise _Shut(f"seccomp: no filter for {machine}")
    program = seccomp_filter(machine)
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, 2, ctypes.c_char_p(header))


def _shut_in(parent: int, cpu_seconds: int, memory_bytes: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != parent:
        raise _Shut("the parent is gone")
    os.close(0)
    os.closerange(2, 1 << 16)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _landlock()
    _limit(cpu_seconds, memory_bytes)
    _seccomp()


def _run(script: str, source: str) -> dict[str, str]:
    names: dict[str, Any] = {"__name__": "script", "__builtins__": builtins}
    try:
        exec(compile(script, "script", "exec", dont_inherit=True), names)
        output = names["transform"](source)
    except BaseException as error:  # whatever it is, this process ends with it
        return {"error": f"{type(error).__name__}: {error}"[:400]}
    if type(output) is not str:
        return {"error": "transform gave no str"}
    return {"output": output}


def main() -> None:
    """Read the request, shut the doors, run, answer, end without any more of the script's code."""
    encode, write, leave = json.JSONEncoder().encode, os.write, os._exit
    with open(0, encoding="utf-8", closefd=False) as stdin:
        request = json.load(stdin)
    script, source = request["script"], request["source"]
    for name in _MODULES:
        if re.search(rf"\b{name}\b", script):
            importlib.import_module(name)
    "".encode("latin-1")
    try:
        _shut_in(*map(int, sys.argv[1:4]))
    except (_Shut, OSError, ValueError) as error:
        os.write(1, encode({"error": f"no sandbox: {error}"}).encode())
        leave(1)
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), io.StringIO(), io.StringIO()
    answer = encode(_run(script, source)).encode()
    while answer:
        answer = answer[write(1, answer) :]
    leave(0)


if __name__ == "__main__":
    main()
