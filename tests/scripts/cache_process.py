"""A run of its own, as a real process: python cache_process.py DIRECTORY FIRST COUNT [size of a script]

It stores the functions FIRST .. FIRST + COUNT with their exports and prints what became of them.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from telemetry_inject.scripts.cache_exports import CacheExports
from telemetry_inject.scripts.script_cache import ScriptCache


def key_of(number: int) -> bytes:
    return sha256(b"function %d" % number).digest()


def payload_of(number: int) -> bytes:
    return b"payload %d " % number * 40


def script_of(number: int, size: int = 2000) -> bytes:
    return (b"# script %d\n" % number).ljust(size, b".") + b"\n# the end\n"


def store(directory: Path, first: int, count: int, size: int = 2000) -> ScriptCache:
    with ScriptCache.open(directory) as cache, CacheExports(cache) as exports:
        keys = [key_of(number) for number in range(first, first + count)]
        known = cache.get_functions(keys)
        for number, key in enumerate(keys, first):
            if key in known:
                assert known[key] == payload_of(number)
                continue
            stem = exports.write(
                "python", f"function_{key.hex()[:8]}", key, script_of(number, size), script_of(number, size)
            )
            cache.put_function(key, payload_of(number), language="python", name=f"f{number}", stem=stem)
        cache.put_file(key_of(-first - 1), b"file", keys)
        exports.finish()
        return cache


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `path` somebody else's; who isn't root can't, and becomes somebody else instead."""
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    else:
        other = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: other)


@contextmanager
def full_disk(place: Path, size: int) -> Iterator[Path]:
    """A directory in which about `size` bytes can be written: a small file system, or a limit for who isn't root.

    The limit is on the size of each file, so only the database meets it.
    """
    place.mkdir()
    if os.geteuid() == 0 and sys.platform == "linux":
        options = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        if subprocess.run(options, stderr=subprocess.DEVNULL).returncode == 0:
            try:
                yield place
            finally:
                subprocess.run(["umount", "-l", str(place)], check=True)
            return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size // 10, before[1]))
    try:
        yield place
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


if __name__ == "__main__":
    cache = store(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:]))
    print("hits", cache.stats.function_hits, "stored", cache.stats.stored, cache.warnings)
