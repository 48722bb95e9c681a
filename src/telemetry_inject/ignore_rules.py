r"""Patterns in the language of .gitignore: what git leaves out, and --include/--exclude.

git's own rules (gitignore(5), wildmatch): the last pattern that matches decides, `!` takes back, a pattern
with a slash is anchored at its file's folder, one without matches a name at any depth, a slash at the end
means folders only, and nothing below an ignored folder can be taken back. Paths below an ignored folder are
therefore never asked about; whoever walks the tree hands the verdict down.

All patterns of a file become a few regular expressions, asked in reverse order, instead of one object each:
a scan of 900 files stays within a few milliseconds.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t\\n\\r\\f\\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class _Glob(NamedTuple):
    """One pattern: its regular expression, whether `!`, folders only, and matched against the name alone."""

    regex: str
    negated: bool
    folders_only: bool
    name_only: bool


class _Run(NamedTuple):
    """Neighbouring patterns of one polarity: expressions for names and for paths, of files and of folders."""

    matched: bool
    file_name: re.Pattern[str] | None
    file_path: re.Pattern[str] | None
    folder_name: re.Pattern[str] | None
    folder_path: re.Pattern[str] | None


class PatternList:
    """The patterns of one file or of one flag, relative to one folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        globs = [glob for line in lines if (glob := _parse(_as_bytes(line))) is not None]
        self._runs: list[_Run] = []
        while globs:
            negated = globs[-1].negated
            run: list[_Glob] = []
            while globs and globs[-1].negated is negated:
                run.append(globs.pop())
            self._runs.append(_compile(run, not negated))

    def __bool__(self) -> bool:
        return bool(self._runs)

    def match(self, path: str, name: str, is_folder: bool) -> bool | None:
        """True: matches; False: taken back by `!`; None: no pattern says anything about it.

        `path` is relative to the patterns' folder, with forward slashes, and ends with `name`.
        """
        if not path.isascii():
            path, name = _as_bytes(path), _as_bytes(name)
        for run in self._runs:
            by_name, by_path = (run.folder_name, run.folder_path) if is_folder else (run.file_name, run.file_path)
            if (by_name and by_name.fullmatch(name)) or (by_path and by_path.fullmatch(path)):
                return run.matched
        return None


def _as_bytes(text: str) -> str:
    """One character a byte, as git sees names: `?` matches one byte of a letter with an accent."""
    return text if text.isascii() else os.fsencode(text).decode("latin-1")


def _compile(globs: Sequence[_Glob], matched: bool) -> _Run:
    def union(name_only: bool, for_folders: bool) -> re.Pattern[str] | None:
        chosen = [
            glob.regex for glob in globs if glob.name_only is name_only and (for_folders or not glob.folders_only)
        ]
        return re.compile("|".join(chosen)) if chosen else None

    return _Run(matched, union(True, False), union(False, False), union(True, True), union(False, True))


def _parse(line: str) -> _Glob | None:
    line = line.removesuffix("\n").removesuffix("\r")
    if line.startswith("#"):
        return None
    negated = line.startswith("!")
    glob = _without_trailing_spaces(line[1:] if negated else line)
    folders_only = glob.endswith("/")
    glob = glob.removesuffix("/")
    name_only = "/" not in glob
    regex = _translate(glob.removeprefix("/"))
    if not glob or regex is None:
        return None
    return _Glob(regex, negated, folders_only, name_only)


def _without_trailing_spaces(text: str) -> str:
    end = len(text)
    while end and text[end - 1] == " ":
        backslashes = end - 1 - len(text[: end - 1].rstrip("\\"))
        if backslashes % 2:
            break
        end -= 1
    return text[:end]


def _translate(glob: str) -> str | None:
    """The regular expression for a wildmatch pattern; None when it can never match."""
    done: list[str] = []  # finished parts of the path
    pieces = [""]  # the current part of the path: what stands between its single stars
    at = 0
    while at < len(glob):
        character = glob[at]
        if character == "*":
            after = len(glob) - len(glob[at:].lstrip("*"))
            alone = after - at >= 2 and glob[at - 1 : at] in ("", "/")
            if alone and glob[after : after + 1] == "/":
                done.append("(?:.*/)?")
                after += 1
            elif alone and after == len(glob):
                done.append(".+" if at else ".*")
            else:
                pieces.append("")
            at = after
        elif character == "/":
            done.append(_joined(pieces) + "/")
            pieces = [""]
            at += 1
        elif character == "[":
            found = _bracket(glob, at)
            if found is None:
                return None
            pieces[-1] += found[0]
            at = found[1]
        elif character == "\\" and at + 1 == len(glob):
            return None
        else:
            at += character == "\\"
            pieces[-1] += "[^/]" if character == "?" else re.escape(glob[at])
            at += 1
    return "(?s:" + "".join(done) + _joined(pieces) + ")"


def _joined(pieces: Sequence[str]) -> str:
    """Pieces of fixed length with stars between them. Only the last star may be tried again: after each of
    the others the earliest match leaves most room, so that many stars cannot take for ever."""
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1])
    return f"{pieces[0]}{middle}[^/]*{pieces[-1]}"


def _bracket(glob: str, start: int) -> tuple[str, int] | None:
    """The character class that starts at `start`, and where it ends; None when it does not end."""
    at = start + 1
    negated = glob[at : at + 1] in ("!", "^")
    at += negated
    first, items = True, []
    while at < len(glob) and (first or glob[at] != "]"):
        first = False
        if glob.startswith("[:", at) and (end := glob.find(":]", at + 2)) >= 0:
            if glob[at + 2 : end] not in _CLASSES:
                return None
            items.append(_CLASSES[glob[at + 2 : end]])
            at = end + 2
            continue
        low, at = _class_character(glob, at)
        high = low
        if glob[at : at + 1] == "-" and glob[at + 1 : at + 2] not in ("", "]"):
            high, at = _class_character(glob, at + 1)
        if low and high and low <= high:
            items.append(f"{re.escape(low)}-{re.escape(high)}")
    if at >= len(glob):
        return None
    inside = "".join(items)
    if negated:
        return f"[^/{inside}]", at + 1
    return (f"(?!/)[{inside}]" if inside else "(?!)"), at + 1


def _class_character(glob: str, at: int) -> tuple[str, int]:
    """One character of a class, a backslash taken off, and where the next one is."""
    if glob[at] == "\\":
        return glob[at + 1 : at + 2], at + 2
    return glob[at], at + 1


class IgnoreFile(NamedTuple):
    """One ignore file in force: `prefix` is what to put before a path below the scanned folder, or `cut`
    characters to take off it, to make it relative to the ignore file's folder; `label` names it."""

    patterns: PatternList
    prefix: str
    cut: int
    label: str


def read_ignore_file(path: str, prefix: str, cut: int, label: str) -> IgnoreFile | None:
    """The rules in the file at `path`; none when it is missing, a link, or holds no pattern.

    Like git, it does not follow a symbolic link. Raises OSError when the file is there but unreadable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        if os.path.islink(path):  # noqa: PTH114 - a string is what the walk has
            return None
        raise
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = file.read().removeprefix(b"\xef\xbb\xbf")
        text = os.fsdecode(data)
    patterns = PatternList(text.split("\n"))
    return IgnoreFile(patterns, prefix, cut, label) if patterns else None


def ignored_by(rules: Sequence[IgnoreFile], relative: str, name: str, is_folder: bool) -> str:
    """The label of the ignore file that leaves `relative` out, or nothing; the innermost file decides."""
    for rule in reversed(rules):
        verdict = rule.patterns.match(rule.prefix + relative[rule.cut :], name, is_folder)
        if verdict is not None:
            return rule.label if verdict else ""
    return ""


def rules_above(folder: Path, names: Sequence[str], with_git: bool) -> list[IgnoreFile]:
    """Rules from above `folder`, up to the top of its repository, outermost first.

    None at all when they ignore `folder` itself: who names an ignored folder wants it. Raises OSError.
    """
    folder = folder.resolve()
    top = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if top is None:
        return []
    steps = folder.relative_to(top).parts
    places: list[tuple[int, Path, str]] = []
    if with_git and (exclude := _info_exclude(top / ".git")) is not None:
        places.append((0, exclude, ".git/info/exclude"))
    for depth in range(len(steps)):
        place = top.joinpath(*steps[:depth])
        places += [(depth, place / name, str(place / name)) for name in names]
    found: list[tuple[int, IgnoreFile]] = []
    for depth, file, label in places:
        prefix = "".join(f"{step}/" for step in steps[depth:])
        rule = read_ignore_file(str(file), prefix, 0, label)
        if rule is not None:
            found.append((depth, rule))
    for end in range(1, len(steps) + 1):
        for depth, rule in reversed(found):
            verdict = rule.patterns.match("/".join(steps[depth:end]), steps[end - 1], True) if depth < end else None
            if verdict:
                return []
            if verdict is False:
                break
    return [rule for _, rule in found]


def _info_exclude(git: Path) -> Path | None:
    """The exclude file of the repository whose `.git` this is, a folder or (in a worktree) a file."""
    if git.is_dir():
        return git / "info" / "exclude"
    try:
        target = git.read_text("utf-8", "surrogateescape").partition("gitdir:")[2].strip()
        home = git.parent / target
        common = home / "commondir"
        if common.is_file():
            home = home / common.read_text("utf-8", "surrogateescape").strip()
    except OSError:
        return None
    return home / "info" / "exclude" if target else None
