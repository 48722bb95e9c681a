"""Writes a file in one step: whoever looks, whenever the process dies, sees the old bytes or the new ones.

The bytes go to a temporary file beside the target, which then takes the target's name. A hard link to the
old file keeps the old bytes. There is no fsync: after a power failure the last writes may be lost, as with
any compiler or formatter.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from functools import cache
from hashlib import sha256
from pathlib import Path

from telemetry_inject.errors import OutputError

PREFIX = ".telemetry-inject-"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_is_leftover = re.compile(re.escape(PREFIX) + r"([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp").fullmatch
_FOREIGN_AGE = 86400.0  # seconds after which the temporary file of a process we can't see is taken for a leftover
_ADVICE = {
    errno.ENOSPC: "Free some space, or choose another place with --output, and run again.",
    errno.EDQUOT: "Your disk quota is used up: free some space, or choose another place with --output.",
    errno.EFBIG: "The file would be larger than the limit of this process or file system.",
    errno.EACCES: "Check the permissions of its directory, or choose another place with --output.",
    errno.EPERM: "Check the permissions of its directory, or choose another place with --output.",
    errno.EROFS: "It is on a read-only file system: choose another place with --output.",
    errno.ENOENT: "Its directory is not there any more: was it removed during the run?",
    errno.ENOTDIR: "Something in its path is a file, not a directory: choose another place with --output.",
    errno.EISDIR: "A directory has that name: remove it, or choose another place with --output.",
    errno.ENAMETOOLONG: "Choose an output directory with a shorter path.",
}


def write_atomic(path: Path, data: bytes, *, mode: int | None = None, follow_symlink: bool = False) -> bool:
    """Make `data` the content of `path`; False when it was already and nothing was written.

    `mode` gives the permission bits (other bits are ignored); without it those of the file that was there
    are kept, or else the system's default is taken. A symbolic link is replaced by a file, unless
    `follow_symlink`, which writes to where it points. Raises OutputError; then `path` is as it was, and
    nothing is left beside it.
    """
    target = os.path.realpath(path) if follow_symlink else os.fspath(path)
    try:
        before = _regular(target)
        bits = mode if mode is not None else before.st_mode if before is not None else None
        if before is not None and before.st_size == len(data) and _has(target, data):
            if mode is not None and stat.S_IMODE(before.st_mode) != stat.S_IMODE(mode):
                os.chmod(target, stat.S_IMODE(mode))  # noqa: PTH101
            return False
        _sweep_once(os.path.dirname(target))  # noqa: PTH120 (as in _temporary)
        temporary = _temporary(target)
        try:
            _write(temporary, data, bits, before)
            _replace(temporary, target)
        except BaseException:
            _remove(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write {path}: {reason}", _ADVICE.get(error.errno or 0, "")) from error
    return True


def _regular(target: str) -> os.stat_result | None:
    """What is at `target`: None for nothing or a link, which is replaced; OutputError for a device."""
    try:
        state = os.lstat(target)
    except FileNotFoundError:
        return None
    if stat.S_ISREG(state.st_mode):
        return state
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISLNK(state.st_mode):
        return None
    raise OutputError(f"cannot write {target}: it is not a regular file", "Choose another place with --output.")


def _has(target: str, data: bytes) -> bool:
    try:
        with open(target, "rb") as file:
            return file.read(len(data) + 1) == data
    except PermissionError:  # a file that can't be read can still be replaced
        return False


def _temporary(target: str) -> str:
    name = f"{PREFIX}{_process_space()}-{os.getpid()}-{os.urandom(6).hex()}.tmp"
    return os.path.join(os.path.dirname(target), name)  # noqa: PTH118, PTH120 (twice as fast for many files)


def _write(temporary: str, data: bytes, mode: int | None, before: os.stat_result | None) -> None:
    descriptor = os.open(temporary, _NEW, 0o666 if mode is None else 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if mode is not None:
            bits = stat.S_IMODE(mode)
            if before is not None and not _give(descriptor, before):
                bits &= ~(stat.S_ISUID | stat.S_ISGID)  # they would speak for another owner than before
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, bits)
    finally:
        os.close(descriptor)
    if mode is not None and not hasattr(os, "fchmod"):
        os.chmod(temporary, stat.S_IMODE(mode))  # noqa: PTH101


def _give(descriptor: int, before: os.stat_result) -> bool:
    """Keep the owner and group of the file that is replaced, where we may; whether they are the same now."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) == (before.st_uid, before.st_gid) or not hasattr(os, "fchown"):
        return True
    try:
        os.fchown(descriptor, before.st_uid, before.st_gid)
    except PermissionError:
        return False
    return True


def _replace(temporary: str, target: str) -> None:
    for wait in (0.01, 0.05, 0.2):
        try:
            os.replace(temporary, target)  # noqa: PTH105
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(wait)  # on Windows somebody may be reading the old file, such as a virus scanner
        else:
            return
    os.replace(temporary, target)  # noqa: PTH105


def _remove(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except FileNotFoundError:
        pass


@cache
def _process_space() -> str:
    """Eight digits that are the same for processes that can see each other's process numbers."""
    try:
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 (not a path)
        space += Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except OSError:  # not Linux: the machine is the best we know
        import platform

        space = platform.node()
    return sha256(space.encode("utf-8", "surrogateescape")).hexdigest()[:8]


@cache
def _sweep_once(directory: str) -> None:
    """A process that was killed before its file took its name left both to do: whoever writes that file cleans up."""
    try:
        sweep_stale(Path(directory))
    except OutputError:
        pass  # a directory that may be written to and not listed; the write itself tells what is wrong


def sweep_stale(directory: Path) -> int:
    """Remove temporary files that killed processes left in `directory` (not below it); how many there were.

    Raises OutputError when the directory can't be read.
    """
    removed = 0
    try:
        with os.scandir(directory) as entries:
            leftovers = [entry for entry in entries if _is_leftover(entry.name)]
        for entry in leftovers:
            if _is_stale(entry):
                _remove(entry.path)
                removed += 1
    except FileNotFoundError:  # no such directory
        return removed
    except OSError as error:
        raise OutputError(f"cannot clean {directory}: {error.strerror or error}") from error
    return removed


def _is_stale(entry: os.DirEntry[str]) -> bool:
    match = _is_leftover(entry.name)
    try:
        state = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # its writer or another sweeper was faster
        return False
    if match is None or not stat.S_ISREG(state.st_mode):
        return False
    if time.time() - state.st_mtime > _FOREIGN_AGE:
        return True
    # On Windows os.kill(pid, 0) would end the process.
    if os.name == "nt" or match[1] != _process_space():
        return False
    try:
        os.kill(int(match[2]), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False
