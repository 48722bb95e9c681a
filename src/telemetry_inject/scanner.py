"""Finds the files to instrument and the others that a runnable copy needs; says why each is left out.

A folder is walked once, in a fixed order, without following symbolic links. What a running program may need
goes into the copy even when it is not instrumented: tests, vendored and generated code, and also what git
ignores, because generated version modules, local settings and data files are usually ignored. Version
control, virtual environments, installed packages, caches, build output and our own output stay behind.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from telemetry_inject import scan_rules as reasons
from telemetry_inject.errors import UsageError
from telemetry_inject.ignore_rules import IgnoreFile, PatternList, ignored_by, read_ignore_file, rules_above
from telemetry_inject.languages import Languages
from telemetry_inject.scan_options import ScanOptions
from telemetry_inject.types import ScanResult, SkippedFile, SourceFile

__all__ = ["CodeScanner", "Languages", "ScanOptions"]

OWN_IGNORE_FILE = ".telemetry-injectignore"
EXCLUDED = "excluded by --exclude"
UNKNOWN_KIND = "no language pack knows this kind of file"
_SHEBANG_BYTES = 256


class _Folder(NamedTuple):
    """A folder still to be walked; `reason` says why nothing in it is instrumented, if so.

    `inherited` reasons were reported with the folder above. `excluded` and `included` are the verdicts of
    --exclude and --include on the folder or one above it.
    """

    path: str
    relative: str  # "" or ends with a slash
    rules: tuple[IgnoreFile, ...] = ()
    reason: str = ""
    inherited: bool = False
    excluded: bool = False
    included: bool = False


class CodeScanner:
    """Scans one path; use a new scanner for each scan."""

    def __init__(self, languages: Languages, options: ScanOptions | None = None) -> None:
        self._languages = languages
        self._options = options or ScanOptions()
        self._files: list[SourceFile] = []
        self._copied: list[str] = []
        self._helpers: list[str] = []
        self._skipped: list[SkippedFile] = []

    def scan(self, path: Path) -> ScanResult:
        """What is found at `path`, a folder or a single file.

        What cannot be read becomes a skipped entry. Raises UsageError when `path` itself does not exist.
        """
        if path.is_dir():
            return self._scan_folder(path)
        if path.is_file():
            return self._scan_file(path)
        raise UsageError(f"{path}: there is no such file or folder", "Check the name.")

    def _scan_file(self, path: Path) -> ScanResult:
        """A file named directly beats every default exclusion but the impossible: binary content."""
        name, real = path.name, path.resolve()
        try:
            data = reasons.read_source(str(real), None) or b""
        except OSError as error:
            return self._single(path, SkippedFile(name, reasons.unreadable(error)))
        language = self._languages.by_name(name) or self._languages.by_shebang(data[:_SHEBANG_BYTES])
        if not language:
            return self._single(path, SkippedFile(name, UNKNOWN_KIND))
        if name.startswith(reasons.HELPER):
            return self._single(path, SkippedFile(name, reasons.OUR_HELPER))
        if reasons.is_binary(data):
            return self._single(path, SkippedFile(name, reasons.BINARY))
        revision = self._options.changed_since
        if revision and name not in _changed_files(path.parent, revision):
            return self._single(path, SkippedFile(name, f"not changed since {revision}"))
        return ScanResult(path.parent, (SourceFile(real, name, language),), single_file=True)

    @staticmethod
    def _single(path: Path, skipped: SkippedFile) -> ScanResult:
        return ScanResult(path.parent, (), skipped=(skipped,), single_file=True)

    def _scan_folder(self, root: Path) -> ScanResult:
        options = self._options
        self._root = os.path.realpath(root)
        self._left_alone = {os.path.realpath(folder): words for folder, words in options.left_alone}
        here = Path(self._root)
        bases = {base.resolve() for base in options.glob_bases} & set(here.parents)
        self._prefixes = ("", *sorted(f"{here.relative_to(base).as_posix()}/" for base in bases))
        self._include, self._exclude = _globs(options.include), _globs(options.exclude)
        self._named = {part for glob in options.include for part in glob.split("/")}
        self._ignore_names = ((".gitignore",) if options.gitignore else ()) + (OWN_IGNORE_FILE,)
        self._changed: frozenset[str] | None = None
        if options.changed_since:
            self._changed = _changed_files(root, options.changed_since)
        try:
            rules = tuple(rules_above(root, self._ignore_names, options.gitignore))
        except OSError as error:
            rules = ()
            self._skip(f"{error.filename}", f"ignore file {reasons.unreadable(error)}")
        pending = [_Folder(self._root, "", rules, included=self._root_is_included())]
        while pending:
            pending += self._walk(pending.pop())
        return ScanResult(
            root,
            tuple(sorted(self._files, key=lambda file: file.relative)),
            tuple(sorted(self._copied)),
            tuple(sorted(self._skipped, key=lambda skipped: skipped.relative)),
            helpers=tuple(sorted(self._helpers)),
        )

    def _skip(self, relative: str, reason: str) -> None:
        self._skipped.append(SkippedFile(relative, reason))

    def _walk(self, folder: _Folder) -> list[_Folder]:
        """Take the entries of one folder; the folders in it that are to be walked."""
        try:
            with os.scandir(folder.path) as listing:
                entries = list(listing)
        except OSError as error:
            self._skip(folder.relative or ".", f"folder {reasons.unreadable(error)}")
            return []
        names = {entry.name for entry in entries}
        if folder.relative:
            base = folder.relative[:-1].rpartition("/")[2]
            reason, copied = reasons.by_content_of_folder(base, names)
            if reason and not copied and base not in self._named:
                self._skip(folder.relative, reason)
                return []
            if reason == reasons.TESTS and not folder.reason and not self._takes_tests(folder.included):
                folder = folder._replace(reason=reason)
            if folder.reason and not folder.inherited:
                self._skip(folder.relative, folder.reason)
        folder = folder._replace(rules=folder.rules + self._rules_in(folder, names))
        inner: list[_Folder] = []
        for entry in entries:
            relative = folder.relative + entry.name
            try:
                if entry.is_symlink():
                    self._take_link(entry, relative)
                elif entry.is_dir(follow_symlinks=False):
                    found = self._enter(entry, relative, folder)
                    if found is not None:
                        inner.append(found)
                elif entry.is_file(follow_symlinks=False):
                    self._take_file(entry, relative, folder, names)
                else:
                    self._skip(relative, "neither a file nor a folder")
            except OSError as error:
                self._skip(relative, reasons.unreadable(error))
        return inner

    def _rules_in(self, folder: _Folder, names: set[str]) -> tuple[IgnoreFile, ...]:
        found: list[IgnoreFile] = []
        for name in self._ignore_names:
            if name not in names:
                continue
            try:
                label = folder.relative + name
                rule = read_ignore_file(f"{folder.path}/{name}", "", len(folder.relative), label)
            except OSError as error:
                self._skip(folder.relative + name, f"ignore file {reasons.unreadable(error)}")
                continue
            if rule is not None:
                found.append(rule)
        return tuple(found)

    def _enter(self, entry: os.DirEntry[str], relative: str, above: _Folder) -> _Folder | None:
        """The folder to walk, with the reason why its sources are left out; none when it stays behind."""
        shown, name, path = f"{relative}/", entry.name, entry.path
        reason, copied = reasons.by_name_of_folder(name)
        if path in self._left_alone:
            reason, copied = self._left_alone[path], False
        elif not copied and name in self._named and reason != reasons.CACHE_OF_OURS:
            reason, copied = "", True
        if not copied:
            if name != "__pycache__":  # beside every package, and never source
                self._skip(shown, reason)
            if reason == reasons.OUR_HELPER:
                with os.scandir(path) as listing:
                    self._helpers += (shown + helper.name for helper in listing)
            return None
        included = above.included or self._matches(self._include, relative, name, True)
        if above.reason:
            return _Folder(path, shown, above.rules, above.reason, True, above.excluded, included)
        excluded = self._matches(self._exclude, relative, name, True)
        if excluded:
            reason = EXCLUDED
        elif included and self._include:
            reason = ""
        elif label := ignored_by(above.rules, relative, name, True):
            reason = f"ignored by {label}"
        elif reason == reasons.TESTS and self._takes_tests(included):
            reason = ""
        return _Folder(path, shown, above.rules, reason, False, excluded, included)

    def _takes_tests(self, included: bool) -> bool:
        return self._options.include_tests or (included and bool(self._include))

    def _root_is_included(self) -> bool:
        """Whether all is taken: no --include at all, or one that names the scanned folder or one above."""
        if not self._include:
            return True
        for prefix in self._prefixes:
            parts = prefix.split("/")[:-1]
            for end in range(1, len(parts) + 1):
                if self._include.match("/".join(parts[:end]), parts[end - 1], True):
                    return True
        return False

    def _take_link(self, entry: os.DirEntry[str], relative: str) -> None:
        """A link into the tree is copied as a link, what it leads to is found at its own place."""
        root, target = Path(self._root), Path(os.path.realpath(entry.path))
        if not target.exists():
            self._skip(relative, "broken symbolic link")
        elif not target.is_relative_to(root):
            self._skip(relative, reasons.LEADS_OUTSIDE)
        else:
            self._copied.append(relative)
            if target.is_dir() or self._languages.by_name(entry.name):
                self._skip(relative, f"symbolic link to {target.relative_to(root).as_posix()}")

    def _take_file(self, entry: os.DirEntry[str], relative: str, folder: _Folder, names: set[str]) -> None:
        name = entry.name
        language = self._languages.by_name(name)
        if not language and "." not in name and self._languages.interpreters:
            language = self._languages.by_shebang(reasons.read_head(entry.path, _SHEBANG_BYTES))
        if not language:
            recorded = reasons.recorded_by_us(entry.path, relative) if name.endswith(".jsonl") else ""
            if recorded:
                self._skip(relative, recorded)
            else:
                self._copied.append(relative)
            return
        reason = self._reason(entry, relative, folder, names)
        if reason is None:
            self._files.append(SourceFile(Path(entry.path), relative, language))
            return
        if reason:
            self._skip(relative, reason)
        (self._helpers if reason == reasons.OUR_HELPER else self._copied).append(relative)

    def _reason(self, entry: os.DirEntry[str], relative: str, folder: _Folder, names: set[str]) -> str | None:
        """Why a source file is left out; empty when its folder has said so already; None: take it."""
        name = entry.name
        if name.startswith(reasons.HELPER):
            return reasons.OUR_HELPER
        if folder.excluded:
            return ""
        if self._matches(self._exclude, relative, name, False):
            return EXCLUDED
        included = folder.included or self._matches(self._include, relative, name, False)
        explicit = included and bool(self._include)
        if folder.reason and not explicit:
            return ""
        if not included:
            return "not among --include"
        if self._changed is not None and relative not in self._changed:
            return f"not changed since {self._options.changed_since}"
        if not explicit:
            if reason := reasons.by_name_of_file(name, names, self._options.include_tests):
                return reason
            if label := ignored_by(folder.rules, relative, name, False):
                return f"ignored by {label}"
        data = reasons.read_source(entry.path, None if explicit else self._options.max_file_size)
        if data is None:
            return f"larger than --max-file-size ({self._options.max_file_size:,} bytes)"
        return reasons.by_content(data, explicit)

    def _matches(self, globs: PatternList, relative: str, name: str, is_folder: bool) -> bool:
        return bool(globs) and any(globs.match(prefix + relative, name, is_folder) for prefix in self._prefixes)


def _globs(globs: Sequence[str]) -> PatternList:
    return PatternList(glob.removeprefix("./") for glob in globs)


def _changed_files(folder: Path, revision: str) -> frozenset[str]:
    from telemetry_inject.git_changes import changed_files  # costs the import of subprocess

    return changed_files(folder, revision)
