"""Copies of the user's project in which its suite runs: never the project itself.

What a package manager has installed is linked and not copied; version control, caches and our own output stay out.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.errors import UsageError

MOST_BYTES = 4 * 1024**3
_MARKERS = (
    ".git", "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "package.json", "go.mod", "go.work", "Makefile",
    "Cargo.toml", "pom.xml", "build.gradle", "Gemfile", "composer.json",
)  # fmt: skip
_LEFT_OUT = frozenset(
    (
        ".git", ".hg", ".svn", ".tox", ".nox", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache",
        ".hypothesis", ".telemetry_cache", ".nyc_output", ".DS_Store",
    )
)  # fmt: skip
_MODULES = "node_modules"
_MODULE_CACHES = frozenset((".cache", ".vite", ".vitest", ".vite-temp"))


@dataclass(frozen=True)
class Project:
    """The folder that is copied, the scanned folder in it, and where in it the command runs (relative, POSIX)."""

    folder: Path
    scanned: str
    command_folder: str


def find_project(path: Path, here: Path) -> Project:
    """The project around `path`: the nearest folder at or above it that looks like one, else the folder itself.

    The command runs where it would run if it were typed: in `here` if that is in the project, else at its top.
    """
    scanned = (path if path.is_dir() else path.parent).resolve()
    here = here.resolve()
    forbidden = {Path("/"), Path.home().resolve(), Path(tempfile.gettempdir()).resolve()}
    above = [folder for folder in (scanned, *scanned.parents) if folder not in forbidden]
    marked = [folder for folder in above if any((folder / marker).exists() for marker in _MARKERS)]
    folder = marked[0] if marked else here if scanned.is_relative_to(here) and here not in forbidden else scanned
    for wider in above:
        if wider != folder and folder.is_relative_to(wider) and _belongs(folder, wider):
            folder = wider
        if (wider / ".git").exists():
            break
    inside = here.relative_to(folder).as_posix() if here.is_relative_to(folder) else "."
    return Project(folder, scanned.relative_to(folder).as_posix(), inside)


def _belongs(folder: Path, wider: Path) -> bool:
    """Whether a folder is built together with others below `wider`, so that it is nothing without them."""
    if any((wider / name).exists() for name in ("go.work", "pnpm-workspace.yaml", "lerna.json")):
        return True
    try:
        if b'"workspaces"' in (wider / "package.json").read_bytes():
            return True
    except OSError:
        pass
    try:
        return bool(re.search(rb"=>\s*\.\./", (folder / "go.mod").read_bytes()))
    except OSError:
        return False


Entry = tuple[str, str, os.stat_result | None]
"""A path below the project, its kind ("file", "folder", "link", "outside"), and its status."""


class ProjectCopier:
    """Knows what belongs to the project, and brings a copy into the same state again and again."""

    def __init__(self, source: Path, left_alone: Iterable[Path] = ()) -> None:
        self.source = source
        self._left_alone = {path.resolve() for path in left_alone}
        self._left_names = {path.name for path in self._left_alone}

    def sync(self, target: Path) -> None:
        """Make `target` a copy of the project. What is the same already (size, time, mode) is not copied again.

        Raises UsageError when the project is larger than what anybody would want to be copied.
        """
        wanted: dict[str, str] = {}
        total = 0
        target.mkdir(parents=True, exist_ok=True)
        for relative, kind, status in self._entries(self.source, ""):
            wanted[relative] = kind
            place = target / relative
            if kind == "folder":
                _make_folder(place)
            elif kind == "file":
                assert status is not None
                total += status.st_size
                if total > MOST_BYTES:
                    raise UsageError(
                        f"{self.source}: more than {MOST_BYTES >> 30} GiB would have to be copied to run its tests",
                        "Give a smaller folder, or remove what was built.",
                    )
                _copy(self.source / relative, place, status)
            else:
                self._link(self.source / relative, place, target, kind == "outside")
        self._remove_others(target, "", wanted)

    def _entries(self, folder: Path, prefix: str) -> Iterator[Entry]:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            name, relative = entry.name, prefix + entry.name
            if name in _LEFT_OUT or (name in self._left_names and Path(entry.path).resolve() in self._left_alone):
                continue
            if entry.is_symlink():
                yield relative, "link", None
            elif entry.is_dir():
                if (Path(entry.path) / "pyvenv.cfg").exists():
                    yield relative, "outside", None
                    continue
                yield relative, "folder", None
                if name == _MODULES:
                    yield from self._modules(Path(entry.path), relative + "/")
                else:
                    yield from self._entries(Path(entry.path), relative + "/")
            elif entry.is_file():
                yield relative, "file", entry.stat(follow_symlinks=False)

    def _modules(self, folder: Path, prefix: str) -> Iterator[Entry]:
        """Installed packages as links one by one, so that those which are links into the project lead into the copy."""
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            relative = prefix + entry.name
            if entry.name in _MODULE_CACHES:
                continue
            if entry.is_symlink():
                yield relative, "link", None
            elif entry.is_dir() and (entry.name.startswith("@") or entry.name == ".bin"):
                yield relative, "folder", None
                yield from self._modules(Path(entry.path), relative + "/")
            elif entry.is_dir():
                yield relative, "outside", None
            elif entry.is_file():
                yield relative, "file", entry.stat(follow_symlinks=False)

    def _link(self, source: Path, place: Path, target: Path, outside: bool) -> None:
        text = str(source if outside else source.readlink())
        if not outside and os.path.isabs(text):  # noqa: PTH117
            inside = Path(text)
            if inside.is_relative_to(self.source):
                text = str(target / inside.relative_to(self.source))
        elif not outside:
            leads = Path(os.path.normpath(source.parent / text))
            if not leads.is_relative_to(self.source):
                text = str(leads)
        if place.is_symlink():
            if str(place.readlink()) == text:
                return
            place.unlink()
        elif place.exists():
            _remove(place)
        place.symlink_to(text)

    def _remove_others(self, folder: Path, prefix: str, wanted: dict[str, str]) -> None:
        """What a suite left in the copy."""
        with os.scandir(folder) as found:
            entries = list(found)
        for entry in entries:
            relative = prefix + entry.name
            kind = wanted.get(relative)
            if kind is None:
                _remove(Path(entry.path))
            elif kind == "folder" and not entry.is_symlink():
                self._remove_others(Path(entry.path), relative + "/", wanted)


def _make_folder(place: Path) -> None:
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        _remove(place)
    place.mkdir(exist_ok=True)
    if not os.access(place, os.W_OK | os.X_OK):
        place.chmod(0o755)  # a suite may have taken the rights away


def _copy(source: Path, place: Path, status: os.stat_result) -> None:
    try:
        there = os.lstat(place)
        same = (there.st_size, there.st_mtime_ns, there.st_mode) == (status.st_size, status.st_mtime_ns, status.st_mode)
        if same:
            return
        _remove(place)
    except FileNotFoundError:
        pass
    shutil.copy2(source, place)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    else:
        remove_tree(path)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, whatever rights a suite has given to it."""

    def again(function: object, name: str, error: BaseException) -> None:
        parent = os.path.dirname(name)  # noqa: PTH120
        for folder in (parent, name):
            try:
                os.chmod(folder, stat.S_IRWXU)  # noqa: PTH101
            except OSError:
                pass
        try:
            if os.path.isdir(name) and not os.path.islink(name):  # noqa: PTH112, PTH114
                shutil.rmtree(name, ignore_errors=True)
            else:
                os.unlink(name)  # noqa: PTH108
        except OSError:
            pass

    if not path.exists():
        return
    import sys

    if sys.version_info >= (3, 12):
        shutil.rmtree(path, onexc=again)
    else:
        shutil.rmtree(path, onerror=lambda function, name, info: again(function, name, info[1]))
