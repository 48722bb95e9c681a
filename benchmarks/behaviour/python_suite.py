"""Projects from PyPI: the source distribution holds the tests, which pytest runs in a virtual environment."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from projects import HERE, SOURCES, Step, Suite
from telemetry_inject.proving.reports import Outcomes, worst


@dataclass(frozen=True, kw_only=True)
class PythonSuite(Suite):
    """`root` is the folder that goes on the import path; `packages` are below it."""

    language: ClassVar[str] = "Python"
    arguments: list[str] = field(default_factory=lambda: ["tests"])

    @property
    def toolchain(self) -> str:
        """This interpreter: the virtual environments are made from it."""
        return f"{platform.python_implementation()} {platform.python_version()}"

    @property
    def python(self) -> Path:
        """The interpreter of the project's virtual environment."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def modules(self) -> list[str]:
        """The modules that the instrumented folders and files are imported as."""
        return [package.removesuffix(".py").replace("/", ".") for package in self.packages]

    def fetch(self, clean: Path) -> None:
        """The project is installed too, for its dependencies and its metadata; the staged tree shadows it."""
        unpacked = clean.with_name("unpacked")
        with tarfile.open(self._download()) as tar:
            tar.extractall(unpacked, filter="data")
        (only,) = unpacked.iterdir()
        only.rename(clean)
        unpacked.rmdir()
        subprocess.run([sys.executable, "-m", "venv", self.folder / "venv"], check=True)
        _pip(self.python, "install", f"{self.name}=={self.version}", *self.requires)

    def furnish(self, place: Path) -> None:
        """Without settings in the tree, pytest would take those of a folder above."""
        if not _has_pytest_settings(place):
            (place / "pytest.ini").write_text("[pytest]\n")

    def variables(self, tree: Path) -> dict[str, str]:
        """The staged tree is first on the import path."""
        return {
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(tree / self.root), str(HERE)]),
            "BEHAVIOUR_MODULES": " ".join(self.modules),
        }

    def steps(self, tree: Path, report: Path) -> list[Step]:
        """One run of pytest with our plugin."""
        command = [str(self.python), "-m", "pytest", "-p", "record_outcomes", "-p", "no:cacheprovider"]
        command += [f"--deselect={test}" for test in self.deselect]
        return [Step([*command, *self.arguments], self._read, {"BEHAVIOUR_REPORT": str(report)})]

    def _read(self, report: Path, output: str) -> Outcomes:
        rows = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
        end = next((row for row in rows if "end" in row), None)
        tests, reasons = worst((row["test"], row["outcome"], row["reason"]) for row in rows if "test" in row)
        elsewhere = [
            f"{module} was imported from {place}, not from the instrumented tree"
            for module, place in (end["modules"] if end else {}).items()
            if not (place or "").startswith(str(self.folder / "stage"))
        ]
        return Outcomes(tests, reasons, complete=end is not None, problems=elsewhere)

    def _download(self) -> Path:
        """The source distribution, from PyPI or from the cache of an earlier call."""
        SOURCES.mkdir(parents=True, exist_ok=True)
        wanted = f"{self.name}-{self.version}.tar.gz".replace("-", "_").lower()

        def cached() -> Path | None:
            found = (path for path in SOURCES.iterdir() if path.name.replace("-", "_").lower() == wanted)
            return next(found, None)

        if (found := cached()) is None:
            _pip(
                Path(sys.executable),
                "download",
                "--no-deps",
                *("--no-binary", self.name),
                *("--dest", str(SOURCES)),
                f"{self.name}=={self.version}",
            )
            found = cached()
        if found is None:
            raise FileNotFoundError(f"pip downloaded no source distribution of {self.name} {self.version}")
        return found


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)


def _has_pytest_settings(tree: Path) -> bool:
    """Whether pytest finds settings in the tree itself."""
    sections = {
        "pytest.ini": "",
        ".pytest.ini": "",
        "pyproject.toml": "[tool.pytest",
        "tox.ini": "[pytest]",
        "setup.cfg": "[tool:pytest]",
    }
    return any(section in path.read_text() for name, section in sections.items() if (path := tree / name).exists())
