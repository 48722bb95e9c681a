"""Go's own sources: packages of its standard library, copied into a module, and the programs of its test directory."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from go_suite import GoSuite, goroot
from projects import HERE, Step, remove
from telemetry_inject.proving import reports

MODULE = "example.com/library"
_IMPORT = re.compile(r'^(\s*(?:import\s+)?(?:[\w.]+\s+)?)"([a-z0-9/]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class GoLibrarySuite(GoSuite):
    """`copied` are packages of the standard library that need nothing internal to it.

    In the module they import each other, not those of the library; test files that need something internal are
    left out.
    """

    module: str = MODULE
    sum: str = ""
    copied: list[str]

    def origin(self) -> Sequence[object]:
        """The toolchain's own sources."""
        return (self.copied, self.remove)

    def fetch(self, clean: Path) -> None:
        """Copy the packages with their tests and test data."""
        for package in self.copied:
            for source in sorted((goroot() / "src" / package).iterdir()):
                target = clean / package / source.name
                if source.is_dir() and source.name == "testdata":
                    shutil.copytree(source, target)
                elif source.suffix == ".go" and not re.search(r'"internal/', source.read_text()):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(self._rewritten(source.read_text()))
        for path in self.remove:
            remove(clean / path)
        _write_module(clean, self.module, self.toolchain)

    def _rewritten(self, text: str) -> str:
        def other(found: re.Match[str]) -> str:
            path = f"{self.module}/{found[2]}" if found[2] in self.copied else found[2]
            return f'{found[1]}"{path}"'

        header, package, body = text.partition("\npackage ")
        return header + package + _IMPORT.sub(other, body) if package else _IMPORT.sub(other, text)


@dataclass(frozen=True, kw_only=True)
class GoProgramsSuite(GoSuite):
    """Programs of $GOROOT/test that are run: every `step`th of `folders`, each compared by its exit code and output."""

    module: str = "example.com/programs"
    sum: str = ""
    folders: list[str]
    step: int = 1

    def origin(self) -> Sequence[object]:
        """The toolchain's own sources."""
        return (self.folders, self.step, list(self.deselect))

    def fetch(self, clean: Path) -> None:
        """Each program becomes a package of one module."""
        for source in list(self._programs())[:: self.step]:
            name = source.relative_to(goroot() / "test").with_suffix("").as_posix()
            if f"{name}.go" in self.deselect:
                continue
            target = clean / name.replace("-", "_") / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        _write_module(clean, self.module, self.toolchain)

    def steps(self, tree: Path, report: Path) -> list[Step]:
        """Our own runner builds all of them and runs them one by one."""
        command = [sys.executable, str(HERE / "run_programs.py"), str(tree), str(report)]
        return [Step(command, lambda path, _: reports.read_lines(path))]

    def _programs(self) -> Iterator[Path]:
        for folder in self.folders:
            for source in sorted((goroot() / "test" / folder).glob("*.go")):
                lines = source.read_text(errors="replace").splitlines()
                first = next((line for line in lines if not line.startswith("//go:build") and line), "")
                if first.strip() == "// run" and "//go:build" not in "".join(lines[:12]):
                    yield source


def _write_module(folder: Path, module: str, toolchain: str) -> None:
    language = ".".join(toolchain.split()[1].split(".")[:2])
    (folder / "go.mod").write_text(f"module {module}\n\ngo {language}\n")
