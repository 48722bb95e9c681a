"""Writes scripts and tests of functions into a staging directory, from any process; see cache_exports.py."""

from __future__ import annotations

import re
from pathlib import Path

from telemetry_inject.scripts.cache_rows import VERSION
from telemetry_inject.scripts.owned_directory import OwnedDirectory, RefusedPlace, opened_child

SCRIPTS = "scripts"
TESTS = "tests"
AREAS = ((SCRIPTS, ""), (TESTS, "test_"))
is_stem = re.compile(r"[A-Za-z0-9_]{1,160}").fullmatch
is_language = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,39}").fullmatch


def full_stem(stem: str, key: bytes) -> str:
    """The stem that no other function can have: for when `stem`, with its 8 hex digits, is taken."""
    return f"{stem[:-9] if re.search(r'_[0-9a-f]{8}$', stem) else stem}_{key.hex()}"


class ExportWriter:
    """Writes exports into a staging directory; each worker has one. After a failed write it does nothing."""

    def __init__(self, directory: Path, staging: str) -> None:
        self.problem = ""
        self._open: dict[str, tuple[OwnedDirectory, OwnedDirectory | None]] = {}
        self._root = OwnedDirectory.open(directory)
        with self._root.child(VERSION) as parent:
            self._staging = parent.child(staging)

    def write(self, language: str, stem: str, key: bytes, script: bytes, test: bytes) -> str:
        """Stage the script and the test of the function `key`; the stem they got, for `put_function`.

        `script` and `test` must not hold their own file names. A script that exists is not written again; of a
        function that is in several files, one test is kept.
        """
        if not is_language(language):
            raise ValueError(f"{language!a} can't be the name of a directory of scripts")
        unique = full_stem(stem if is_stem(stem) else "function", key)
        if not is_stem(stem):
            stem = unique
        if not self._stage(SCRIPTS, language, f"{stem}.py", script, stem == unique):
            stem = unique
            self._stage(SCRIPTS, language, f"{stem}.py", script, True)
        # The script tells whose the name is: the test of one function differs by the file that it was found in.
        self._stage(TESTS, language, f"test_{stem}.py", test, True)
        return stem

    def _stage(self, area: str, language: str, name: str, data: bytes, replace: bool) -> bool:
        """Whether `name` is free or has `data` already; False when something else has the name."""
        if self.problem:
            return True
        try:
            new, old = self._directories(area, language)
            if old is not None and not replace and old.stat(name) is not None:
                return old.read(name, len(data)) == data
            try:
                new.write_new(name, data)
            except FileExistsError:
                return new.read(name, len(data)) == data
        except (OSError, RefusedPlace) as error:
            self.problem = str(error)
        return True

    def _directories(self, area: str, language: str) -> tuple[OwnedDirectory, OwnedDirectory | None]:
        known = self._open.get(f"{area}/{language}")
        if known is None:
            with self._staging.child(area, create=True) as parent:
                new = parent.child(language, create=True)
            old = None
            with opened_child(self._root, area) as parent_of_old:
                if parent_of_old is not None:
                    try:
                        old = parent_of_old.child(language)
                    except FileNotFoundError:
                        pass
            known = self._open[f"{area}/{language}"] = (new, old)
        return known

    def close(self) -> None:
        """Close all directories."""
        for new, old in self._open.values():
            new.close()
            if old is not None:
                old.close()
        self._open.clear()
        self._staging.close()
        self._root.close()
