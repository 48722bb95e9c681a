"""Projects for Node.js, from the npm registry or from Debian's source packages, both of which may hold the tests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

import reports
from projects import SOURCES, Step, Suite, call, remove
from reports import Outcomes


@dataclass(frozen=True, kw_only=True)
class NpmSuite(Suite):
    """`source` is `npm` or the path of a Debian source archive in its mirrors; `sha256` is of either archive.

    `format` is that of the report, `command` what writes it (`{report}` and `{tree}` are replaced), `types`
    the arguments of the TypeScript compiler if the project is type-checked too. `requires` are installed with
    the dependencies of the project as they were on `date`. `files` are written into the tree, `remove` taken out
    of it. `itself`: the tests import the project by its name.
    """

    language: ClassVar[str] = "JavaScript and TypeScript"
    follows_callbacks: ClassVar[bool] = True
    source: str = "npm"
    sha256: str
    date: str
    format: str
    command: list[str]
    types: list[str] = field(default_factory=list)
    prebuild: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    itself: bool = False

    @property
    def toolchain(self) -> str:
        """The Node.js on the path."""
        return _node()

    def origin(self) -> Sequence[object]:
        """The archive, what is installed, and what is changed before either run."""
        return (self.name, self.source, self.sha256, self.requires, self.date, self.files, self.remove)

    def fetch(self, clean: Path) -> None:
        """Unpack the archive, and install what the project and its tests need beside it."""
        archive = SOURCES / f"{self.sha256[:16]}-{self.name.replace('/', '-')}.tar"
        if not archive.exists():
            SOURCES.mkdir(parents=True, exist_ok=True)
            (_from_registry if self.source == "npm" else _from_debian)(self, archive)
        _unpack(archive, clean)
        for path in self.remove:
            remove(clean / path)
        for path, text in self.files.items():
            (clean / path).parent.mkdir(parents=True, exist_ok=True)
            (clean / path).write_text(text)
        self._install(clean)

    def furnish(self, place: Path) -> None:
        """The installed packages, as links to files: what resolves paths sees one ordinary folder."""
        shutil.copytree(
            self.folder / "installed" / "node_modules", place / "node_modules", symlinks=True, copy_function=_link
        )
        if self.itself:
            (place / "node_modules" / self.name).symlink_to(place, target_is_directory=True)

    def variables(self, tree: Path) -> dict[str, str]:
        """The tools of the installed packages come first."""
        return {"PATH": f"{tree / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}", "CI": "true"}

    def steps(self, tree: Path, report: Path) -> list[Step]:
        """The tests, and then the types."""

        def filled(words: list[str]) -> list[str]:
            return [word.replace("{report}", str(report)).replace("{tree}", str(tree)) for word in words]

        readers: dict[str, Callable[[Path, str], Outcomes]] = {
            "mocha": lambda path, _: reports.read_mocha(path, tree),
            "jest": lambda path, _: reports.read_jest(path, tree),
            "junit": lambda path, _: reports.read_junit(path, tree),
            "tap": lambda _, output: reports.read_tap(output),
        }
        tests = Step(filled([*self.command, *self.arguments]), self._without_deselected(readers[self.format]))
        if self.prebuild:  # one shell, so that the suite's exit code and time are those of both
            line = f'{" ".join(self.prebuild)} && exec "$@"'
            tests = Step(["sh", "-c", line, "sh", *tests.command], tests.read)
        types = [
            Step(
                ["tsc", "--noEmit", "--pretty", "false", *filled(self.types)],
                lambda _, output: reports.read_types(output),
            )
        ]
        return [tests, *(types if self.types else [])]

    def _without_deselected(self, read: Callable[[Path, str], Outcomes]) -> Callable[[Path, str], Outcomes]:
        """The runners cannot leave out single tests by their ids: they run, and are not looked at."""

        def reader(report: Path, output: str) -> Outcomes:
            found = read(report, output)
            tests = {test: outcome for test, outcome in found.tests.items() if test not in self.deselect}
            return Outcomes(tests, found.reasons, found.complete, found.problems)

        return reader

    def _install(self, clean: Path) -> None:
        """With the newest versions of that day, without running anything that the packages bring."""
        folder = self.folder / "installed"
        folder.mkdir()
        wanted = json.loads((clean / "package.json").read_text())
        groups = ("dependencies", "peerDependencies")
        needed = {name: wanted[group][name] for group in groups for name in wanted.get(group, {})}
        for requirement in self.requires:
            name, _, version = requirement.rpartition("@")
            needed[name] = version
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": needed}))
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps", "--silent")
        call("npm", "install", *options, f"--before={self.date}", cwd=folder)
        (folder / "node_modules").mkdir(exist_ok=True)


@cache
def _node() -> str:
    return f"Node.js {call('node', '--version').strip().removeprefix('v')}"


def _from_registry(suite: NpmSuite, archive: Path) -> None:
    folder = archive.with_suffix(".new")
    folder.mkdir(exist_ok=True)
    call("npm", "pack", "--silent", f"{suite.name}@{suite.version}", cwd=folder)
    (packed,) = folder.iterdir()
    _check(suite, packed.read_bytes())
    packed.rename(archive)
    folder.rmdir()


def _from_debian(suite: NpmSuite, archive: Path) -> None:
    """From $DEBIAN_MIRROR, or the mirror that this machine's own packages come from."""
    unfinished = archive.with_suffix(".new")
    call(
        "/usr/lib/apt/apt-helper",
        "-o=APT::Sandbox::User=root",
        "download-file",
        f"{_mirror()}/{suite.source}",
        unfinished,
    )
    _check(suite, unfinished.read_bytes())
    unfinished.rename(archive)


@cache
def _mirror() -> str:
    if mirror := os.environ.get("DEBIAN_MIRROR"):
        return mirror.rstrip("/")
    try:
        sites = call("apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian").split()
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise FileNotFoundError("no Debian mirror is known: set DEBIAN_MIRROR to one") from error
    return next(site for site in sites if "security" not in site).rstrip("/")


def _check(suite: NpmSuite, data: bytes) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != suite.sha256:
        raise ValueError(f"{suite.name} {suite.version}: the archive's SHA-256 is {found}, not {suite.sha256}")


def _unpack(archive: Path, clean: Path) -> None:
    unpacked = clean.with_name("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    (only,) = unpacked.iterdir()
    only.rename(clean)
    unpacked.rmdir()


def _link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
