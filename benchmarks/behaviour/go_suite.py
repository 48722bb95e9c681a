"""Go modules from the module proxy: their zips hold the tests."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

from projects import Step, Suite, call, remove
from telemetry_inject.proving import reports


@dataclass(frozen=True, kw_only=True)
class GoSuite(Suite):
    """`name` is short, `module` the path; `sum` is what go.sum would say of it.

    `tests` are the packages that are tested. `go` replaces the language version of go.mod, in both runs, where
    that is older than generics: such a module is left alone.
    """

    language: ClassVar[str] = "Go"
    module: str
    sum: str
    packages: list[str] = field(default_factory=lambda: ["."])
    tests: list[str] = field(default_factory=lambda: ["./..."])
    remove: list[str] = field(default_factory=list)
    go: str = ""

    @property
    def toolchain(self) -> str:
        """The Go on the path."""
        return _go("GOVERSION").replace("go", "Go ")

    def origin(self) -> Sequence[object]:
        """The module's sum says everything."""
        return (self.module, self.version, self.sum, self.remove, self.go)

    def fetch(self, clean: Path) -> None:
        """A copy of the module that may be written, and what its tests import in the module cache."""
        found = json.loads(call("go", "mod", "download", "-json", f"{self.module}@{self.version}"))
        if found["Sum"] != self.sum:
            raise ValueError(f"{self.module} {self.version}: the sum is {found['Sum']}, not {self.sum}")
        shutil.copytree(found["Dir"], clean, symlinks=True)
        make_writable(clean)
        for path in self.remove:
            remove(clean / path)
        if not (clean / "go.mod").exists():
            call("go", "mod", "init", self.module, cwd=clean)
            call("go", "mod", "tidy", cwd=clean)
        if self.go:
            call("go", "mod", "edit", f"-go={self.go}", cwd=clean)
        call("go", "list", "-mod=mod", "-deps", "-test", "./...", cwd=clean)

    def furnish(self, place: Path) -> None:
        """A module needs nothing beside its files."""

    def variables(self, tree: Path) -> dict[str, str]:
        """The caches of this machine, and no network: everything was fetched before."""
        names = ("GOMODCACHE", "GOCACHE", "GOPATH")
        return {name: _go(name) for name in names} | {
            "GOPROXY": "off",
            "GOFLAGS": "-mod=mod",
            "GOTOOLCHAIN": "local",
        }

    def steps(self, tree: Path, report: Path) -> list[Step]:
        """`go test`, without what would make it answer from its cache."""
        command = ["go", "test", "-json", "-count=1", "-vet=off", *self.arguments]
        if self.deselect:
            command.append(f"-skip=^({'|'.join(self.deselect)})$")
        return [Step([*command, *self.tests], lambda _, output: reports.read_go(output))]


def make_writable(folder: Path) -> None:
    """The module cache is read-only, and so are copies from it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IWUSR | (stat.S_IXUSR if path.is_dir() else 0))


def goroot() -> Path:
    """Where this machine's Go lies, with the source of its library and its own tests."""
    return Path(_go("GOROOT"))


@cache
def _go(variable: str) -> str:
    return call("go", "env", variable).strip()
