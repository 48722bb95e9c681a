"""A directory that is really there and really ours, and the few things done in it, without following links.

A repository may ship a cache directory with symbolic links in it that point elsewhere. So a directory is
opened once, checked, and everything in it is named relative to the open directory (`dir_fd`), one name at a
time. Where the system has no such calls (Windows), paths are used after the same checks.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_HAS_DIR_FD = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY") and hasattr(os, "O_NOFOLLOW")
_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: opening a planted FIFO must not wait for ever.
_FILE = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
TEMPORARY_PREFIX = ".tmp-"


class RefusedPlace(Exception):
    """A directory or file is a link, or somebody else's, or no directory; the message is one line."""


def check_owner(what: Path, state: os.stat_result) -> None:
    """Raise RefusedPlace unless `state` belongs to the user this process acts for."""
    if hasattr(os, "geteuid") and state.st_uid != os.geteuid():
        raise RefusedPlace(f"{what} belongs to another user (uid {state.st_uid}, not {os.geteuid()})")


def is_link(state: os.stat_result) -> bool:
    """Whether `state` (not followed) is a symbolic link or, on Windows, a junction."""
    reparse = getattr(state, "st_file_attributes", 0) & getattr(stat, "FILE_ATTRIBUTE_REPARSE_POINT", 0)
    return stat.S_ISLNK(state.st_mode) or bool(reparse)


class OwnedDirectory:
    """An open directory. All `name` arguments are single names, never paths."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor  # -1 where the system can't open directories
        self._pid = os.getpid()

    @classmethod
    def open(cls, path: Path, *, create: bool = False, mode: int = 0o777) -> OwnedDirectory:
        """Open `path`, whose last name must not be a link. Raises RefusedPlace and the system's OSError."""
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.mkdir(mode)
            except FileExistsError:
                pass
        return cls._checked(path, os.fspath(path), None)

    def child(self, name: str, *, create: bool = False, mode: int = 0o777) -> OwnedDirectory:
        """Open the directory `name` in this one. Raises RefusedPlace, or OSError as the system does."""
        _check_name(name)
        if create:
            try:
                os.mkdir(self._at(name), mode, **self._dir_fd())  # noqa: PTH102 (dir_fd)
            except FileExistsError:
                pass
        return self._checked(self.path / name, self._at(name), self)

    @classmethod
    def _checked(cls, path: Path, at: str, parent: OwnedDirectory | None) -> OwnedDirectory:
        keywords = parent._dir_fd() if parent is not None else {}
        if not _HAS_DIR_FD:
            state = os.lstat(at)
            if is_link(state) or not stat.S_ISDIR(state.st_mode):
                raise RefusedPlace(f"{path} is not a directory of its own, but a link or a file")
            return cls(path, -1)
        try:
            descriptor = os.open(at, _DIRECTORY, **keywords)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK):
                raise RefusedPlace(f"{path} is not a directory of its own, but a link or a file") from error
            raise
        try:
            check_owner(path, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def close(self) -> None:
        """Close; a lock held through this directory is gone as well."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> OwnedDirectory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at(self, name: str) -> str:
        return name if self.descriptor >= 0 else os.fspath(self.path / name)

    def _dir_fd(self) -> dict[str, Any]:
        return {"dir_fd": self.descriptor} if self.descriptor >= 0 else {}

    def names(self) -> list[str]:
        """The names in this directory, in no order."""
        return os.listdir(self.descriptor if self.descriptor >= 0 else self.path)  # noqa: PTH208

    def stat(self, name: str) -> os.stat_result | None:
        """What `name` is, links not followed; None when there is no such thing."""
        try:
            return os.stat(self._at(name), follow_symlinks=False, **self._dir_fd())  # noqa: PTH116 (dir_fd)
        except FileNotFoundError:
            return None

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of the file `name`; None when it is missing, not regular, or over `limit` bytes."""
        _check_name(name)
        try:
            descriptor = os.open(self._at(name), os.O_RDONLY | _FILE, **self._dir_fd())
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EISDIR):
                return None
            raise
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            data = file.read(limit + 1)
        return data if len(data) <= limit else None

    def write_new(self, name: str, data: bytes, mode: int = 0o666) -> None:
        """Make the file `name`; FileExistsError when the name is taken. Others may see it half written."""
        _check_name(name)
        descriptor = os.open(self._at(name), WRITE_NEW, mode, **self._dir_fd())
        try:
            try:
                done = os.write(descriptor, data)
                while done < len(data):
                    done += os.write(descriptor, data[done:])
            finally:
                os.close(descriptor)
        except BaseException:
            self.unlink(name)
            raise

    def replace(self, name: str, data: bytes, mode: int = 0o666) -> None:
        """Make `name` a file with `data` in one step: a reader sees the old bytes or the new ones."""
        temporary = f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}"
        self.write_new(temporary, data, mode)
        try:
            self.rename(temporary, self, name)
        except BaseException:
            self.unlink(temporary)
            raise

    def rename(self, name: str, target: OwnedDirectory, new_name: str) -> None:
        """Move `name` to `new_name` in `target`, in one step; what had that name is replaced."""
        _check_name(new_name)
        if self.descriptor >= 0:
            os.rename(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=target.descriptor)
        else:
            Path(self._at(name)).replace(target._at(new_name))

    def link(self, name: str, new_name: str) -> bool:
        """Give the file `name` another name; False where that can't be, FileExistsError when that is taken."""
        _check_name(new_name)
        try:
            if self.descriptor >= 0:
                os.link(name, new_name, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor, follow_symlinks=False)
            else:
                os.link(self.path / name, self.path / new_name)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # no hard links here, or a file has no room for one more
            return False
        return True

    def unlink(self, name: str) -> None:
        """Remove the file or link `name`, if it is there."""
        try:
            os.unlink(self._at(name), **self._dir_fd())
        except FileNotFoundError:
            pass

    def remove_tree(self, name: str) -> None:
        """Remove the directory `name` with all in it, as far as possible, following no links."""
        import shutil  # rarely needed, and slow to import

        _check_name(name)
        shutil.rmtree(self._at(name), ignore_errors=True, **self._dir_fd())

    def set_time(self, name: str, seconds: int) -> None:
        """Set the modification time of `name`, in seconds since 1970."""
        os.utime(self._at(name), (seconds, seconds), follow_symlinks=not self._dir_fd(), **self._dir_fd())

    def lock(self, *, exclusive: bool) -> bool | None:
        """Take this directory's advisory lock, without waiting: whether it was got; None where there is none.

        It ends with `close` or with the process, however that dies.
        """
        if fcntl is None or self.descriptor < 0:
            return None
        try:
            fcntl.flock(self.descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            return False if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES) else None
        return True

    def unlock(self) -> None:
        """Give the lock back, unless it belongs to the process this one was forked from."""
        if fcntl is not None and self.descriptor >= 0 and self._pid == os.getpid():
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)
            except OSError:  # the file system has no locks, so there was none to give back
                pass


@contextmanager
def opened_child(parent: OwnedDirectory, name: str) -> Iterator[OwnedDirectory | None]:
    """The directory `name` in `parent` for a `with` block; None when there is none."""
    try:
        child = parent.child(name)
    except FileNotFoundError:
        yield None
        return
    with child:
        yield child


def _check_name(name: str) -> None:
    if name in ("", ".", "..") or "/" in name or "\0" in name or (os.sep != "/" and (os.sep in name or ":" in name)):
        raise RefusedPlace(f"{name!a} is not the name of a file")
