r"""Patterns in the language of .gitignore: what git leaves out, and --include/--exclude.

The `pathspec` library says what one pattern means; it is imported when the first pattern is met. Here is what
git (gitignore(5)) makes of several patterns and files: the last pattern that matches decides, `!` takes back, a
slash at the end means folders only, and nothing below an ignored folder can be taken back. Paths below an
ignored folder are therefore never asked about; whoever walks the tree hands the verdict down. (The library's
own verdict over a list, GitIgnoreSpec, is about files and lets `*` beat a later `!*/` for folders.)

Where pathspec differs from git, pathspec counts:
- `?` and `[...]` stand for one character; for git, they stand for one byte of a letter with an accent;
- classes like `[[:digit:]]` are not known, and a backslash inside of `[...]` is an ordinary character;
- `***` is `*`; git takes it for `**` where it stands alone between slashes;
- `[!...]` in a pattern that contains a slash may stand for a slash;
- all white space at a line's end is dropped, for git only spaces;
- a name with a line break in it may be missed by `**`, and one that ends with it counts without it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

# In the library's expressions: a star, and what follows it up to the next star in the same part of the path.
_STAR_BEFORE_STAR = re.compile(r"\[\^/\]\*((?:(?!\[\^/\]\*)(?:\[\^/\]|[^/]))*)(?=\[\^/\]\*)")


class _Pattern(NamedTuple):
    """One pattern: its expression, whether a match ignores or takes back, folders only, asked for the name alone."""

    regex: re.Pattern[str]
    ignores: bool
    folders_only: bool
    name_only: bool


class PatternList:
    """The patterns of one file or of one flag, relative to one folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        patterns = [pattern for line in lines if (pattern := _parse(line)) is not None]
        patterns.reverse()
        self._for_folders = patterns
        self._for_files = [pattern for pattern in patterns if not pattern.folders_only]

    def __bool__(self) -> bool:
        return bool(self._for_folders)

    def match(self, path: str, name: str, is_folder: bool) -> bool | None:
        """True: matches; False: taken back by `!`; None: no pattern says anything about it.

        `path` is relative to the patterns' folder, with forward slashes, and ends with `name`.
        """
        for regex, ignores, _, name_only in self._for_folders if is_folder else self._for_files:
            found = regex.search(name if name_only else path)
            # The library's only group marks a match of a folder above, which was asked about on its own.
            if found is not None and found.lastgroup is None:
                return ignores
        return None


def _parse(line: str) -> _Pattern | None:
    """The pattern in one line; none in an empty line, a comment, or what git drops as invalid too."""
    text = line if line.endswith("\\ ") else line.rstrip()
    if not text or text.startswith("#"):
        return None
    import warnings

    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    glob = text.removesuffix("/")
    try:
        expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(glob)
        if expression is None or ignores is None:
            return None
        # After every star but the last of its part, the earliest match leaves most room: without going back,
        # many stars cannot take for ever.
        expression = _STAR_BEFORE_STAR.sub(r"(?>[^/]*?\1)", expression)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[` may mean something else one day
            regex = re.compile(expression)
    except (GitIgnorePatternError, re.error):
        return None
    return _Pattern(regex, ignores, glob != text, "/" not in glob)


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
