"""Writes scripts and tests of functions into a staging directory, from any process; see cache_exports.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.scripts.cache_rows import VERSION
from telemetry_inject.scripts.owned_directory import OwnedDirectory, RefusedPlace, opened_child

SCRIPTS = "scripts"
TESTS = "tests"
MAX_EXPORT_BYTES = 8 * 1024 * 1024  # of one that is compared
_FILE = b'META = {"file": "'
AREAS = ((SCRIPTS, ""), (TESTS, "test_"))
is_stem = re.compile(r"[A-Za-z0-9_]{1,160}").fullmatch
is_language = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,39}").fullmatch


def full_stem(stem: str, key: bytes) -> str:
    """The stem that no other function can have: for when `stem`, with its 8 hex digits, is taken."""
    return f"{stem[:-9] if re.search(r'_[0-9a-f]{8}$', stem) else stem}_{key.hex()}"


def same_function(one: bytes, other: bytes) -> bool:
    """Whether two scripts differ at most in the file that META names: where the function was found."""
    return one == other or _without_file(one) == _without_file(other)


def _without_file(script: bytes) -> bytes:
    head, _, rest = script.partition(_FILE)
    return head + rest[rest.find(b'"') :]  # no quote is in the name itself


@dataclass(slots=True)
class _Language:
    """The open directories of one language: staged ones, and that of published scripts if there is one."""

    scripts: OwnedDirectory
    tests: OwnedDirectory
    published: OwnedDirectory | None
    linked: tuple[str, bytes] | None = None  # a staged test of this writer, to be given more names


class ExportWriter:
    """Writes exports into a staging directory; each worker has one. After a failed write it does nothing."""

    def __init__(self, directory: Path, staging: str) -> None:
        self.problem = ""
        self._open: dict[str, _Language] = {}
        self._root = OwnedDirectory.open(directory)
        with self._root.child(VERSION) as parent:
            self._staging = parent.child(staging)

    def write(self, language: str, stem: str, key: bytes, script: bytes, test: bytes) -> str:
        """Stage the script and the test of the function `key`; the stem they got, for `put_function`.

        Neither must hold its own file name. A script that exists is not written again; of a function that is
        in several files, the script that sorts first is kept, whoever found it. Tests with the same bytes
        are one file with many names, where the disk has hard links.
        """
        if self.problem:
            return stem
        try:
            place = self._open.get(language) or self._directories(language)
            unique = "" if is_stem(stem) else full_stem("function", key)
            if unique or not _stage_script(place, f"{stem}.py", script, unique=False):
                stem = unique or full_stem(stem, key)
                _stage_script(place, f"{stem}.py", script, unique=True)
            # The script tells whose the name is, and the test where both are.
            _stage_test(place, f"test_{stem}.py", test)
        except (OSError, RefusedPlace) as error:
            self.problem = str(error)
        return stem

    def _directories(self, language: str) -> _Language:
        if not is_language(language):
            raise ValueError(f"{language!a} can't be the name of a directory of scripts")
        with self._staging.child(SCRIPTS, create=True) as parent:
            scripts = parent.child(language, create=True)
        with self._staging.child(TESTS, create=True) as parent:
            tests = parent.child(language, create=True)
        published = None
        with opened_child(self._root, SCRIPTS) as parent_of_published:
            if parent_of_published is not None:
                try:
                    published = parent_of_published.child(language)
                except FileNotFoundError:
                    pass
        place = self._open[language] = _Language(scripts, tests, published)
        return place

    def close(self) -> None:
        """Close all directories."""
        for place in self._open.values():
            for directory in (place.scripts, place.tests, place.published):
                if directory is not None:
                    directory.close()
        self._open.clear()
        self._staging.close()
        self._root.close()


def _stage_script(place: _Language, name: str, script: bytes, *, unique: bool) -> bool:
    """False when another function's script has the name, which can't be when the name is `unique`."""
    if place.published is not None and not unique and place.published.stat(name) is not None:
        found = place.published.read(name, MAX_EXPORT_BYTES)
        if found == script:
            return True
        if found is None or not same_function(found, script):
            return False
    try:
        place.scripts.write_new(name, script)
    except FileExistsError:
        found = place.scripts.read(name, MAX_EXPORT_BYTES)
        if found is None or not (unique or same_function(found, script)):
            return False
        if script < found:
            place.scripts.replace(name, script)
    return True


def _stage_test(place: _Language, name: str, test: bytes) -> None:
    try:
        if place.linked is not None and place.linked[1] == test and place.tests.link(place.linked[0], name):
            return
        place.tests.write_new(name, test)
    except FileExistsError:
        return
    place.linked = name, test
