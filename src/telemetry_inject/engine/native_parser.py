"""Finds a pack's own parser on this machine, compiling it first where it must be.

A pack's `checker` folder says in `checker.toml` what that takes: the `program`, its `arguments`, and for a
parser that is compiled the `sources`, the `build` arguments and those that give the compiler's `version`. The
result is kept for this user under the sources' and the compiler's digest. See `parser_process` for how it talks.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from telemetry_inject.engine.parser_process import Launch, NoParser, ParserProcess
from telemetry_inject.errors import PackError
from telemetry_inject.scripts.owned_directory import (
    TEMPORARY_PREFIX,
    OwnedDirectory,
    RefusedPlace,
    check_owner,
)

_BUILD_SECONDS = 300.0
_LEFTOVER_SECONDS = 3600.0  # after which the folder of a build that was killed is removed
_UNUSED_SECONDS = 60 * 86400.0  # after which a parser that nobody used is removed
_USED_SECONDS = 86400.0  # how often use is noted
_BINARY = "parser.exe" if os.name == "nt" else "parser"
_INHERITED = (
    "HOME",
    "LD_LIBRARY_PATH",
    "LOCALAPPDATA",
    "PATH",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "TMPDIR",
    "USERPROFILE",
    "XDG_CACHE_HOME",
)


@cache
def native_parser(folder: Path, *options: str) -> ParserProcess:
    """The parser that the `checker` folder of a pack describes, started with `options` at the first question.

    Raises PackError when the description is not valid; a parser that is missing says so in its answers.
    """
    path = folder / "checker.toml"
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{path}: {error}") from None
    for entry in ("program", "kinds") + (("sources", "version") if "build" in table else ("arguments",)):
        if entry not in table:
            raise PackError(f"{path} has no entry {entry!r}")
    return ParserProcess(lambda: _launch(folder, table, options))


def _launch(folder: Path, table: dict[str, Any], options: tuple[str, ...]) -> Launch:
    program = _find(table["program"])
    kept = (*_INHERITED, *table.get("keep", ()))
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= table.get("environment", {})
    if "build" not in table:
        arguments = [word.replace("{folder}", os.fspath(folder)) for word in table["arguments"]]
        return Launch([program, *arguments, *options], environment)
    try:
        return Launch([_built(folder, table, program, environment), *options], environment)
    except (OSError, RefusedPlace, subprocess.TimeoutExpired) as error:
        raise NoParser(f"the {table['program']} parser cannot be built: {error}") from None


def _find(name: str) -> str:
    """The program `name`, from the absolute folders in PATH only: the working folder may be anybody's."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None or not Path(found).is_absolute():
        raise NoParser(f"there is no {name} on this machine")
    return found


def _built(folder: Path, table: dict[str, Any], program: str, environment: dict[str, str]) -> str:
    """The compiled parser, made now if need be, and checked to be ours alone."""
    sources = {name: (folder / name).read_bytes() for name in table["sources"]}
    version = _output([program, *table["version"]], environment)
    digest = hashlib.sha256()
    for part in (version, repr((table["build"], table.get("environment"))).encode(), *sources.values()):
        digest.update(b"%d:" % len(part) + part)
    name = f"{table['program']}-{digest.hexdigest()[:40]}{Path(_BINARY).suffix}"
    with _checkers() as place:
        if not _usable(place, name):
            with _locked(place):
                if not _usable(place, name):  # nobody else made it while we waited
                    _sweep(place)
                    _build(place, name, table, program, environment, sources)
        return os.fspath(place.path / name)


@contextlib.contextmanager
def _checkers() -> Iterator[OwnedDirectory]:
    """The folder of compiled parsers, which nobody else may write to."""
    import platformdirs

    home = Path(platformdirs.user_cache_dir("telemetry-inject", appauthor=False))
    if not home.is_absolute():
        raise RefusedPlace(f"{str(home)!a} is not an absolute path")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The folder may be behind links of the user's own making.
    with (
        OwnedDirectory.open(home.resolve()) as outer,
        outer.child("checkers", create=True, mode=0o700) as place,
    ):
        for directory in (outer, place):
            _check_private(directory.path, directory.path.lstat())
        yield place


def _check_private(path: Path, state: os.stat_result) -> None:
    check_owner(path, state)
    if os.name == "posix" and state.st_mode & 0o022:
        raise RefusedPlace(f"{path} can be written by others")


def _usable(place: OwnedDirectory, name: str) -> bool:
    """Whether the parser is there, for us alone to have written. Raises RefusedPlace when somebody else's is."""
    state = place.stat(name)
    if state is None:
        return False
    if not stat.S_ISREG(state.st_mode):
        raise RefusedPlace(f"{place.path / name} is not a regular file")
    _check_private(place.path / name, state)
    if time.time() - state.st_mtime > _USED_SECONDS:
        place.set_time(name, int(time.time()))
    return True


@contextlib.contextmanager
def _locked(place: OwnedDirectory) -> Iterator[None]:
    """Wait while another process builds. Without locks, several build at once, and the last one is kept."""
    until = time.monotonic() + _BUILD_SECONDS
    while place.lock(exclusive=True) is False and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield
    finally:
        place.unlock()


def _build(
    place: OwnedDirectory,
    name: str,
    table: dict[str, Any],
    program: str,
    environment: dict[str, str],
    sources: dict[str, bytes],
) -> None:
    temporary = f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}"
    try:
        with place.child(temporary, create=True, mode=0o700) as room:
            for source, data in sources.items():
                room.write_new(source, data, 0o600)
            arguments = [word.replace("{binary}", _BINARY) for word in table["build"]]
            with (room.path / "log").open("wb") as log:
                # Into a file: what the compiler started may outlive it, and hold a pipe.
                done = subprocess.run(
                    [program, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=room.path,
                    env=environment,
                    timeout=_BUILD_SECONDS,
                    check=False,
                )
            if done.returncode:
                words = (room.read("log", 1 << 20) or b"").decode("utf-8", "replace").split()
                raise NoParser(f"the {table['program']} parser cannot be built: {' '.join(words)[:300]}")
            if sys.platform != "win32":
                (room.path / _BINARY).chmod(0o700)
            room.rename(_BINARY, place, name)
    finally:
        place.remove_tree(temporary)


def _sweep(place: OwnedDirectory) -> None:
    """Remove what builds that were killed left, and parsers that nobody has used for long."""
    now = time.time()
    for name in place.names():
        state = place.stat(name)
        if state is None:
            continue
        age = now - state.st_mtime
        if name.startswith(TEMPORARY_PREFIX) and age > _LEFTOVER_SECONDS:
            place.remove_tree(name)
        elif stat.S_ISREG(state.st_mode) and age > _UNUSED_SECONDS:
            place.unlink(name)


def _output(command: list[str], environment: dict[str, str]) -> bytes:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=os.path.abspath(os.sep),  # noqa: PTH100
        env=environment,
        timeout=_BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        words = (done.stderr + done.stdout).decode("utf-8", "replace").split()
        raise NoParser(f"{' '.join(command)} fails: {' '.join(words)[:300]}")
    return done.stdout
