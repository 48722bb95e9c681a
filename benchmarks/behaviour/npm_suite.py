"""Projects for Node.js, from the npm registry or from Debian's source packages, both of which may hold the tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

from debian_source import check, fetch_debian, unpack
from projects import SOURCES, Step, Suite, call, remove
from telemetry_inject.proving import reports
from telemetry_inject.proving.reports import Outcomes


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
            if self.source == "npm":
                _from_registry(self, archive)
            else:
                fetch_debian(self.source, self.sha256, archive)
        unpack(archive, clean)
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
    check(f"{suite.name} {suite.version}", packed.read_bytes(), suite.sha256)
    packed.rename(archive)
    folder.rmdir()


def _link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)
