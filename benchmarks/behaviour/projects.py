"""The pinned projects: what all of them have in common, whatever they are written in."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from telemetry_inject.proving.reports import Outcomes

HERE = Path(__file__).parent
WORK = Path(os.environ.get("BEHAVIOUR_WORK") or HERE.parents[1] / ".work" / "behaviour").absolute()
SOURCES = WORK / "sources"
LOCKS = WORK / "locks"


@dataclass(frozen=True)
class Step:
    """One command of a suite, and how its outcomes are read from its report file and its output."""

    command: Sequence[str]
    read: Callable[[Path, str], Outcomes]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Suite(ABC):
    """One project and how its tests are run.

    `packages` are the folders or files below the tree that are instrumented. `deselect` gives, for each test
    that is left out, the reason why, and `narrowed` the reason for what is left out otherwise; `expected`,
    for each test that cannot but end differently, the same (`...*` is for all that begin so); `unfinished`, why
    some calls are still running when the process ends, so that their spans are missing. `follows_callbacks` says
    that a callback is below the call that registered it, which may have ended long before.
    """

    language: ClassVar[str]
    follows_callbacks: ClassVar[bool] = False
    name: str
    version: str
    packages: list[str]
    requires: list[str] = field(default_factory=list)
    root: str = "."
    arguments: list[str] = field(default_factory=list)
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
    @abstractmethod
    def toolchain(self) -> str:
        """What runs the tests, with its version."""

    @property
    def reasons(self) -> Sequence[str]:
        """The settings that change nothing in a run of the untouched source."""
        return ("deselect", "expected", "unfinished", "narrowed")

    @abstractmethod
    def fetch(self, clean: Path) -> None:
        """Put the source into the folder `clean`, and what the tests need beside it."""

    @abstractmethod
    def furnish(self, place: Path) -> None:
        """Add to a staged tree what is not of the source but needed to run."""

    @abstractmethod
    def variables(self, tree: Path) -> dict[str, str]:
        """The environment of the suite; nothing else of the caller's reaches it."""

    @abstractmethod
    def steps(self, tree: Path, report: Path) -> list[Step]:
        """What is run, in order, each writing to `report`; the exit code of the first is the suite's."""

    def explained(self, test: str) -> str:
        """Why a test cannot but end differently, if that is known."""
        beginnings = (name for name in self.expected if name.endswith("*") and test.startswith(name[:-1]))
        return self.expected.get(test) or self.expected.get(next(beginnings, ""), "")

    def digest(self, *parts: object) -> str:
        """Changes whenever an earlier result can no longer be used."""
        settings = {name: value for name, value in vars(self).items() if name not in self.reasons}
        return digest(settings, list(self.deselect), self.toolchain, *parts)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, no other process works in the project's folder."""
        LOCKS.mkdir(parents=True, exist_ok=True)
        with (LOCKS / self.name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self) -> Path:
        """The unpacked source of the project, with what it needs beside it; both are kept."""
        clean = self.folder / "clean"
        marker = self.folder / "prepared"
        wanted = digest(self.toolchain, *self.origin())
        if marker.exists() and marker.read_text() == wanted:
            return clean
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.fetch(clean)
        marker.write_text(wanted)
        return clean

    def origin(self) -> Sequence[object]:
        """What the prepared folder depends on."""
        return (self.name, self.version, self.requires)


def digest(*parts: object) -> str:
    """A short name for a list of settings."""
    return hashlib.sha256(json.dumps([*map(str, parts)]).encode()).hexdigest()[:16]


def remove(path: Path) -> None:
    """Take a file or a folder out of a tree."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def call(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """The output of a command that has to succeed.

    Raises:
        subprocess.CalledProcessError: it did not.
    """
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
