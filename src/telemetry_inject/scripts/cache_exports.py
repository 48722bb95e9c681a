"""Writes the cache's functions as files for people: scripts, their tests, and an index of them.

    .telemetry_cache/
      scripts/<language>/<stem>.py
      tests/<language>/test_<stem>.py
      metadata/cache_index.json      {"<key>": {"function": ..., "language": ..., "script": ..., ...}, ...}

The tool never reads them back. What a process that dies can leave behind is out of sight: files are written
into a staging directory, and moved to their places while the transaction that stores their rows is open. So
no file is ever half written, and no other run takes one for stale before its row is stored.

A run that finds the index or one of the directories changed since the last export compares: cached functions
whose script or test is missing are forgotten, so this run makes them again; files of ours without a row go.
That is noticed by the time stamps we gave them, at the cost of a few `stat` calls. Files with other names are
left alone.

The stem ends in 8 hex digits of the key: a label. When another function has it, the whole key is used.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quote
from types import TracebackType

from telemetry_inject.scripts.cache_database import DATABASE_ERRORS
from telemetry_inject.scripts.cache_rows import VERSION, StoredFunction
from telemetry_inject.scripts.export_writer import (
    AREAS,
    MAX_EXPORT_BYTES,
    SCRIPTS,
    TESTS,
    ExportWriter,
    is_language,
    is_stem,
    same_function,
)
from telemetry_inject.scripts.owned_directory import (
    TEMPORARY_PREFIX,
    OwnedDirectory,
    RefusedPlace,
    opened_child,
)
from telemetry_inject.scripts.script_cache import ScriptCache

METADATA = "metadata"
INDEX = "cache_index.json"
_STAGING_PREFIX = "staging-"
_UNLOCKED_PREFIX = "new-"
_STALE_SECONDS = 86400  # of what other runs left, where there are no locks to tell whether they live
_has_whole_key = re.compile(r"\w+_[0-9a-f]{64}\.py", re.ASCII).fullmatch
_is_export = re.compile(r"\w{1,230}_(?:[0-9a-f]{8}|[0-9a-f]{64})\.py", re.ASCII).fullmatch

Listing = dict[tuple[str, str], set[str]]  # (area, language) -> the names there


class CacheExports:
    """The exports of one run: made at its beginning, in the parent process; `finish` at its end."""

    def __init__(self, cache: ScriptCache) -> None:
        self._cache = cache
        self._root = None if cache.readonly else cache.root
        self._place: OwnedDirectory | None = None
        self._staging = ""
        self._held: OwnedDirectory | None = None
        self._writer: ExportWriter | None = None
        self._clean = False
        self._refused: set[tuple[str, str]] = set()  # (language, stem) that another run took meanwhile
        if self._root is None:
            return
        try:
            self._place = self._root.child(VERSION)
            self._sweep(self._place)
            self._clean = self._is_clean(self._root)
            if not self._clean:
                cache.commit(within=self._forget_missing)
        except (OSError, RefusedPlace) as error:
            self._give_up(error)

    def __enter__(self) -> CacheExports:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what was not published."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._place is not None:
            if self._staging:
                self._place.remove_tree(self._staging)
                self._staging = ""
            self._place.close()
            self._place = None
        if self._held is not None:
            self._held.close()
            self._held = None

    def staging(self) -> str:
        """The name of the staging directory, for a worker's ExportWriter; empty when nothing is exported."""
        if self._place is not None and not self._staging:
            digits = os.urandom(8).hex()
            name = f"{_STAGING_PREFIX}{digits}"
            try:
                self._held = self._place.child(f"{_UNLOCKED_PREFIX}{digits}", create=True, mode=0o700)
                self._held.lock(exclusive=True)
                # Only now may others see it: a staging directory without a lock is that of a dead run.
                self._place.rename(f"{_UNLOCKED_PREFIX}{digits}", self._place, name)
                self._held.path = self._place.path / name
                self._staging = name
            except (OSError, RefusedPlace) as error:
                self._give_up(error)
        return self._staging

    def write(self, language: str, stem: str, key: bytes, script: bytes, test: bytes) -> str:
        """As ExportWriter.write. Without a place for exports it only gives the stem back."""
        if self._writer is None and (staging := self.staging()):
            try:
                self._writer = ExportWriter(self._cache.directory, staging)
            except (OSError, RefusedPlace) as error:
                self._give_up(error)
        return stem if self._writer is None else self._writer.write(language, stem, key, script, test)

    def finish(self) -> None:
        """Store what was put into the cache, and publish the exports. Call `commit` no more."""
        if self._writer is not None and self._writer.problem:
            self._cache.warnings.append(f"some scripts could not be written to the cache: {self._writer.problem}")
        self._cache.commit(within=None if self._place is None else self._publish)
        self.close()

    def _give_up(self, error: Exception) -> None:
        self._cache.warnings.append(f"the cache's scripts are not written: {error}")
        self.close()

    def _sweep(self, place: OwnedDirectory) -> None:
        """Remove the staging directories of runs that died."""
        for name in place.names():
            if name.startswith(_UNLOCKED_PREFIX) and _is_old(place, name):
                place.remove_tree(name)
            elif name.startswith(_STAGING_PREFIX):
                with opened_child(place, name) as staging:
                    locked = None if staging is None else staging.lock(exclusive=True)
                if locked or (locked is None and _is_old(place, name)):
                    place.remove_tree(name)

    def _is_clean(self, root: OwnedDirectory) -> bool:
        """Whether index and directories are as the last export left them, and the functions, too."""
        try:
            store = self._cache.store
            exported = None if store is None else store.state("exported")
            generation = None if store is None else store.state("generation")
        except DATABASE_ERRORS:  # whoever uses the store next deals with it
            return False
        if not isinstance(exported, bytes):
            return False
        try:
            count, seconds, size, languages = exported.decode("ascii").split(" ")
            expected = int(seconds)
            with root.child(METADATA) as metadata:
                index = metadata.stat(INDEX)
            if index is None or index.st_size != int(size) or int(index.st_mtime) != expected:
                return False
            for area, _ in AREAS:
                with root.child(area) as parent:
                    states = [parent.stat(language) for language in filter(None, languages.split(","))]
                if any(state is None or int(state.st_mtime) != expected for state in states):
                    return False
        except (OSError, RefusedPlace, ValueError):
            return False
        return count == str(generation)

    def _list(self, root: OwnedDirectory) -> Listing:
        listing: Listing = {}
        for area, _ in AREAS:
            with root.child(area, create=True) as parent:
                for language in parent.names():
                    state = parent.stat(language)
                    if is_language(language) and state is not None and stat.S_ISDIR(state.st_mode):
                        with parent.child(language) as directory:
                            listing[area, language] = set(directory.names())
        return listing

    def _forget_missing(self) -> None:
        """Make the cache forget the functions whose exports are gone."""
        assert self._root is not None
        listing = self._list(self._root)
        functions = list(self._cache.functions())
        self._forget_others(functions, _exported(functions, listing))

    def _forget_others(self, functions: Iterable[StoredFunction], kept: Iterable[StoredFunction]) -> None:
        keys = {function.key for function in kept}
        if self._cache.store is not None:
            self._cache.store.forget([function.key for function in functions if function.key not in keys])

    def _publish(self) -> None:
        """Move what was staged to its places, and bring index and directories in line with the store."""
        assert self._root is not None
        try:
            moved = bool(self._staging) and self._move_staged(self._root)
            if not moved and self._clean and self._is_clean(self._root):
                return
            self._align(self._root)
        except (OSError, RefusedPlace) as error:
            self._cache.warnings.append(f"the cache's scripts are not complete: {error}")

    def _move_staged(self, root: OwnedDirectory) -> bool:
        """Whether there was something to move."""
        assert self._held is not None
        moved = False
        for area, prefix in AREAS:
            with opened_child(self._held, area) as staged, root.child(area, create=True) as target:
                for language in staged.names() if staged is not None else ():
                    assert staged is not None
                    moved = True
                    if target.stat(language) is None:
                        staged.rename(language, target, language)  # all at once: a third less time a file
                        continue
                    with staged.child(language) as source, target.child(language) as directory:
                        for name in source.names():
                            place = language, name.removeprefix(prefix).removesuffix(".py")
                            if place not in self._refused and _is_free(area, name, source, directory):
                                source.rename(name, directory, name)
                            else:
                                self._refused.add(place)
        return moved

    def _align(self, root: OwnedDirectory) -> None:
        listing = self._list(root)
        functions = list(self._cache.functions())
        new = self._cache.new_functions()
        exported = [
            function
            for function in _exported(functions, listing)
            if function.key not in new or (function.language, function.stem) not in self._refused
        ]
        self._forget_others(functions, exported)
        self._remove_stale(root, listing, exported)
        index = _index(exported)
        with root.child(METADATA, create=True) as metadata:
            metadata.replace(INDEX, index)
            # A time of our choosing, in the past: every later change of a file or directory differs from it.
            seconds = int(time.time()) // 2 * 2 - 4
            metadata.set_time(INDEX, seconds)
            for name in metadata.names():
                if name.startswith(TEMPORARY_PREFIX) and _is_old(metadata, name):
                    metadata.unlink(name)
        languages = sorted({function.language for function in exported})
        for area, _ in AREAS:
            with root.child(area) as parent:
                for language in languages:
                    parent.set_time(language, seconds)
        store = self._cache.store
        if store is not None:
            words = (store.state("generation"), seconds, len(index), ",".join(languages))
            store.set_state("exported", " ".join(str(word) for word in words).encode())

    def _remove_stale(self, root: OwnedDirectory, listing: Listing, exported: list[StoredFunction]) -> None:
        """Remove exports that no function of the store has."""
        counts = Counter(function.language for function in exported)
        for area, prefix in AREAS:
            for language in {language for place, language in listing if place == area}:
                if len(listing[area, language]) == counts[language]:  # all that is there is wanted
                    continue
                wanted = {f"{prefix}{function.stem}.py" for function in exported if function.language == language}
                stale = [name for name in listing[area, language] - wanted if _is_ours(name)]
                if stale:
                    with root.child(area) as parent, parent.child(language) as directory:
                        for name in stale:
                            directory.unlink(name)


def _is_ours(name: str) -> bool:
    # A worker that died while it replaced a staged script left a temporary file, which came here with the others.
    return _is_export(name) is not None or name.startswith(TEMPORARY_PREFIX)


def _is_free(area: str, name: str, source: OwnedDirectory, target: OwnedDirectory) -> bool:
    """Whether `name` may be moved to `target`: no other function's script has it there, which then stays.

    A test goes where its script went. A script tells where the function was found last.
    """
    state = target.stat(name)
    if state is None or _has_whole_key(name):
        return True
    if area == TESTS:
        return not stat.S_ISDIR(state.st_mode)
    data, there = source.read(name, MAX_EXPORT_BYTES), target.read(name, MAX_EXPORT_BYTES)
    return data is not None and there is not None and same_function(data, there)


def _exported(functions: Iterable[StoredFunction], listing: Listing) -> Iterator[StoredFunction]:
    """Those of `functions` whose files are there; of two with the same names, only the first."""
    seen = set()
    nothing: set[str] = set()
    for function in functions:
        language, stem = function.language, function.stem
        if (
            f"{stem}.py" in listing.get((SCRIPTS, language), nothing)
            and f"test_{stem}.py" in listing.get((TESTS, language), nothing)
            and (language, stem) not in seen
            and is_language(language)
            and is_stem(stem)
        ):
            seen.add((language, stem))
            yield function


def _index(functions: Iterable[StoredFunction]) -> bytes:
    entries = [
        f'"{key.hex()}": {{"function": {quote(name)}, "language": "{language}", '
        f'"script": "{SCRIPTS}/{language}/{stem}.py", "test": "{TESTS}/{language}/test_{stem}.py", '
        f'"key": "{key.hex()}", "created": "{_date(created)}"}}'
        for key, language, name, stem, created in functions
    ]
    return ("{\n" + ",\n".join(entries) + "\n}\n").encode("ascii")


@lru_cache(maxsize=4096)
def _date(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _is_old(directory: OwnedDirectory, name: str) -> bool:
    state = directory.stat(name)
    return state is not None and time.time() - state.st_mtime > _STALE_SECONDS
