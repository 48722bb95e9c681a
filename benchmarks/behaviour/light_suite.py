"""Projects in languages without a grammar, from Debian's source packages; what their tests need comes from Debian too.

    apt-get install ruby lua5.4 php-cli php-mbstring php-xml bash perl git gnupg tree bats lua-busted phpunit \\
        php-parser php-symfony-polyfill-ctype php-symfony-polyfill-mbstring libppi-perl
    pip install tree-sitter-bash
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import ClassVar

from debian_source import fetch_debian, unpack
from projects import SOURCES, Step, Suite, call, remove
from telemetry_inject.proving import reports
from telemetry_inject.proving.reports import Outcomes, Row, each

VERSIONS = {
    "ruby": ("ruby", "-e", "print 'Ruby ', RUBY_VERSION"),
    "lua": ("lua5.4", "-e", "io.write(_VERSION)"),
    "php": ("php", "-r", "echo 'PHP ', PHP_VERSION;"),
    "bash": ("bash", "-c", 'echo -n "Bash ${BASH_VERSION%%(*}"'),
    "perl": ("perl", "-e", "printf 'Perl %vd', $^V"),
}
_FILE = re.compile(r"^(\S+) \.{2,}\s*$")
_SCRATCH = re.compile(r"/\S*/tib-\w+/\S*")
_TAP = re.compile(r"^(not )?ok\b *\d* *-? *(.*)")
_MINITEST = re.compile(r"^(?:\[ *\d+/\d+\] )?(\S+#\S.*?) = [\d.]+ s(?: = ([.FES]))?\s*$")
_ENDED = re.compile(r"^\d+ (?:runs|tests), \d+ assertions, ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class LightSuite(Suite):
    """`light` is the language, `source` the path of the archive in Debian's mirrors, `sha256` its digest.

    `packages` are patterns of the files that are instrumented; `only` are the folders that are kept of a large
    archive. `format` is that of what `command` writes (`{report}` and `{tree}` are replaced). `files` are written
    into the tree, `remove` taken out of it.
    """

    language: ClassVar[str] = "Ruby, Lua, PHP, Bash and Perl"
    light: str
    source: str
    sha256: str
    format: str
    command: list[str]
    only: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    @property
    def toolchain(self) -> str:
        """The interpreter on the path."""
        return _version(self.light)

    def origin(self) -> Sequence[object]:
        """The archive, and what is changed before either run."""
        return (self.name, self.sha256, self.only, self.files, self.remove)

    def fetch(self, clean: Path) -> None:
        """Unpack the archive."""
        archive = SOURCES / f"{self.sha256[:16]}-{self.name}.tar"
        if not archive.exists():
            SOURCES.mkdir(parents=True, exist_ok=True)
            fetch_debian(self.source, self.sha256, archive)
        unpack(archive, clean)
        if self.only:
            whole = clean.rename(clean.with_name("whole"))
            for path in self.only:
                (clean / path).parent.mkdir(parents=True, exist_ok=True)
                (whole / path).rename(clean / path)
            shutil.rmtree(whole)
        for path in self.remove:
            remove(clean / path)
        for path, text in self.files.items():
            (clean / path).parent.mkdir(parents=True, exist_ok=True)
            (clean / path).write_text(text)

    def furnish(self, place: Path) -> None:
        """Nothing: what is needed is installed."""

    def variables(self, tree: Path) -> dict[str, str]:
        """Nothing of its own."""
        return {}

    def sources(self, tree: Path) -> list[Path]:
        """The files that the patterns name."""
        found = {path for pattern in self.packages for path in tree.glob(pattern)}
        return sorted(path for path in found if path.is_file() and not path.is_symlink())

    def steps(self, tree: Path, report: Path) -> list[Step]:
        """The tests."""
        command = [word.replace("{report}", str(report)).replace("{tree}", str(tree)) for word in self.command]
        readers: dict[str, Callable[[Path, str], Outcomes]] = {
            "tap": lambda _, output: read_tap_files(output),
            "minitest": lambda _, output: read_minitest(output),
            "junit": lambda path, _: reports.read_junit(path, tree),
        }
        return [Step(command, self._without_deselected(readers[self.format]))]

    def _without_deselected(self, read: Callable[[Path, str], Outcomes]) -> Callable[[Path, str], Outcomes]:
        def reader(report: Path, output: str) -> Outcomes:
            found = read(report, output)
            tests = {test: outcome for test, outcome in found.tests.items() if not self._deselected(test)}
            return Outcomes(tests, found.reasons, found.complete, found.problems)

        return reader

    def _deselected(self, test: str) -> bool:
        return any(test == name or (name.endswith("*") and test.startswith(name[:-1])) for name in self.deselect)


@cache
def _version(light: str) -> str:
    return call(*VERSIONS[light]).strip()


def read_tap_files(output: str) -> Outcomes:
    """TAP of one or several files, each after a line with its name and dots, as `prove -v` writes it."""
    file, planned, rows = "", False, list[Row]()
    for line in output.splitlines():
        if found := _FILE.match(line):
            file = f"{found[1]} > "
        elif found := _TAP.match(line.strip()):
            text, _, directive = found[2].partition(" # ")
            outcome = "failed" if found[1] else "passed"
            if directive.upper().startswith(("SKIP", "TODO")):
                outcome = "skipped"
            rows.append((file + _SCRATCH.sub("SCRATCH", text.strip()), outcome, text if outcome == "failed" else ""))
        planned = planned or re.match(r"\s*1\.\.\d+", line) is not None
    return each(rows, complete=planned)


def read_minitest(output: str) -> Outcomes:
    """The verbose output of minitest, and of Ruby's own copy of it."""
    words = {"F": "failed", "E": "error", "S": "skipped"}
    rows: list[Row] = []
    for line in output.splitlines():
        if found := _MINITEST.match(line):
            rows.append((found[1], words.get(found[2] or ".", "passed"), ""))
    bad = re.findall(r"^ *\d+\) (Failure|Error|Skipped):\n(\S+#[^\s:\[]+)", output, re.MULTILINE)
    rows += [(test, {"Failure": "failed", "Error": "error", "Skipped": "skipped"}[kind], "") for kind, test in bad]
    tests, reasons = reports.worst(rows)
    return Outcomes(tests, reasons, complete=_ENDED.search(output) is not None)
