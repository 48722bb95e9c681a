"""The pinned projects: what they are, their sources from PyPI, and a virtual environment for each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
WORK = Path(os.environ.get("BEHAVIOUR_WORK") or HERE.parents[1] / ".work" / "behaviour").absolute()


@dataclass(frozen=True)
class Suite:
    """One project and how its tests are run.

    `root` is the folder that goes on the import path and `packages` are the folders or files below it that
    are instrumented. `deselect` gives, for each test that is left out, the reason why, and `narrowed` the
    reason for what `arguments` leave out; `expected`, for each test that cannot but end differently, the
    same; `unfinished`, why some calls are still running when the process ends, so that their spans are
    missing.
    """

    name: str
    version: str
    packages: list[str]
    requires: list[str]
    root: str = "."
    arguments: list[str] = field(default_factory=lambda: ["tests"])
    environment: dict[str, str] = field(default_factory=dict)
    deselect: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    unfinished: str = ""
    narrowed: str = ""
    timeout: float = 300.0

    @property
    def folder(self) -> Path:
        """Where everything of this project lies."""
        return WORK / self.name

    @property
    def python(self) -> Path:
        """The interpreter of the project's virtual environment."""
        return self.folder / "venv" / "bin" / "python"

    def digest(self, *parts: object) -> str:
        """Changes whenever an earlier result can no longer be used."""
        reasons = ("deselect", "expected", "unfinished", "narrowed")
        settings = {name: value for name, value in vars(self).items() if name not in reasons}
        return _digest(settings, list(self.deselect), *parts)


def load_suites(names: list[str]) -> list[Suite]:
    """The suites of suites.toml with these names, or all.

    Raises:
        SystemExit: there is no suite of a name.
    """
    with (HERE / "suites.toml").open("rb") as file:
        data = tomllib.load(file)
    suites = []
    for entry in data["suite"]:
        pytest = entry.pop("pytest", data["pytest"])
        suites.append(Suite(**entry | {"requires": [f"pytest=={pytest}", *entry.get("requires", [])]}))
    known = [suite.name for suite in suites]
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no suite named {', '.join(unknown)}; there are: {', '.join(known)}")
    return [suite for suite in suites if not names or suite.name in names]


def prepare(suite: Suite) -> Path:
    """The unpacked source of the project, with its virtual environment beside it; both are kept."""
    clean = suite.folder / "clean"
    marker = suite.folder / "prepared"
    wanted = _digest(suite.name, suite.version, suite.requires, sys.version)
    if marker.exists() and marker.read_text() == wanted:
        return clean
    shutil.rmtree(suite.folder, ignore_errors=True)
    suite.folder.mkdir(parents=True)
    _unpack(_download(suite), clean)
    _make_environment(suite)
    marker.write_text(wanted)
    return clean


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps([*map(str, parts)]).encode()).hexdigest()[:16]


def _download(suite: Suite) -> Path:
    """The source distribution, from PyPI or from the cache of an earlier call."""
    cache = WORK / "sdists"
    cache.mkdir(parents=True, exist_ok=True)
    wanted = f"{suite.name}-{suite.version}.tar.gz".replace("-", "_").lower()

    def cached() -> Path | None:
        found = (path for path in cache.iterdir() if path.name.replace("-", "_").lower() == wanted)
        return next(found, None)

    if (found := cached()) is None:
        _pip(
            Path(sys.executable),
            "download",
            "--no-deps",
            *("--no-binary", suite.name),
            *("--dest", str(cache)),
            f"{suite.name}=={suite.version}",
        )
        found = cached()
    if found is None:
        raise FileNotFoundError(f"pip downloaded no source distribution of {suite.name} {suite.version}")
    return found


def _unpack(archive: Path, clean: Path) -> None:
    unpacked = clean.with_name("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    (only,) = unpacked.iterdir()
    only.rename(clean)
    unpacked.rmdir()


def _make_environment(suite: Suite) -> None:
    """The project is installed too, for its dependencies and its metadata; the staged tree shadows it."""
    subprocess.run([sys.executable, "-m", "venv", suite.folder / "venv"], check=True)
    _pip(suite.python, "install", f"{suite.name}=={suite.version}", *suite.requires)


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)
