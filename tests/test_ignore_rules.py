"""Ignore patterns mean what git means by them: compared with git itself."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from telemetry_inject.ignore_rules import PatternList
from telemetry_inject.scanner import CodeScanner, Languages

LANGUAGES = Languages({".py": "python", ".txt": "text"})
FILES = (
    "a.py", "b.txt", "foo/a.py", "foo/b.txt", "foo/bar/a.py", "foo/bar/baz/a.py", "foo/bar/baz/c.txt",
    "bar/a.py", "bar/foo/a.py", "x[1].py", "x1.py", "!odd.py", "#odd.py", "tail .py", "back\\slash.py",
    "deep/er/and/deeper/a.py", "UPPER.py", "é.py", "dash-1.py",
)  # fmt: skip


def git_takes(root: Path) -> set[str]:
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    return {name.decode() for name in listing.stdout.split(b"\0") if name} - {
        name.decode() for name in listing.stdout.split(b"\0") if name.endswith(b".gitignore")
    }


def we_take(root: Path) -> set[str]:
    return {file.relative for file in CodeScanner(LANGUAGES).scan(root).files}


def make_repository(root: Path, ignores: dict[str, str]) -> Path:
    root.mkdir()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x = 1\n")
    for name, text in ignores.items():
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    "text",
    [
        "*.py", "foo", "foo/", "/foo", "foo/*", "foo/**", "foo/**\n!foo/a.py", "foo/*\n!foo/bar",
        "foo\n!foo/a.py", "**/bar", "**/bar/**", "foo/**/a.py", "a/**b", "**", "*", "*\n!*/\n!*.py",
        "/*\n!/foo\n/foo/*\n!/foo/bar/", "x[1].py", "x\\[1\\].py", "x[0-9].py", "x[!0-9]*.py",
        "[a-", "[]-x]*", "\\#odd.py", "#odd.py", "\\!odd.py",
        "!odd.py", "tail\\ .py", "tail .py  ", "a.py   ", "back\\\\slash.py", "?.txt", "foo?bar", "é.py",
        "?.txt\r\na.py\r", "\ufefffoo", "foo\\", "/", "!", "//foo", "bar/**/", "*/a.py",
        "foo/***", "dash[+--]1.py", "[^a]*.py", "[a-a].py", "[z-a].py", "er/and",
        "/**/a.py", "**/*.py", "deep/**/deeper", "deep/*/deeper",
    ],
)  # fmt: skip
def test_one_ignore_file_means_what_git_means(tmp_path: Path, text: str) -> None:
    root = make_repository(tmp_path / "repository", {".gitignore": text})
    assert we_take(root) == git_takes(root)


def test_random_nested_ignore_files_mean_what_git_means(tmp_path: Path) -> None:
    chance = random.Random(20)
    names = ("a.py", "foo", "bar", "baz", "*", "**", "*.py", "?.txt", "b*", "[ab].py", "deep", "er")
    for number in range(60):
        ignores = {}
        for place in ("", "foo/", "foo/bar/", "deep/"):
            lines = []
            for _ in range(chance.randrange(4)):
                glob = "/".join(chance.choices(names, k=chance.randrange(1, 4)))
                lines.append(chance.choice(("", "", "!")) + chance.choice(("", "/")) + glob + chance.choice(("", "/")))
            ignores[f"{place}.gitignore"] = "\n".join(lines)
        root = make_repository(tmp_path / f"repository{number}", ignores)
        assert we_take(root) == git_takes(root), ignores


def test_rules_above_the_folder_count_up_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")  # outside of the repository: not asked
    root = make_repository(tmp_path / "repository", {".gitignore": "/foo/bar/baz\nb.txt\n"})
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("/foo/a.py\n")
    assert we_take(root / "foo") == {"bar/a.py"}


def test_an_ignored_folder_that_is_named_is_scanned(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", {".gitignore": "foo/\n"})
    assert "bar/a.py" in we_take(root / "foo")
    assert "baz/a.py" in we_take(root / "foo" / "bar")


def test_a_worktree_uses_the_exclude_file_of_its_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "repository", {})
    identity = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", "-C", str(root), *identity, "commit", "-q", "--allow-empty", "-m", "m"], check=True)
    tree = tmp_path / "tree"
    subprocess.run(["git", "-C", str(root), "worktree", "add", "-q", str(tree)], check=True)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("left.py\n")
    (tree / "left.py").write_text("x = 1\n")
    (tree / "taken.py").write_text("x = 1\n")
    assert we_take(tree) == git_takes(tree) == {"taken.py"}


def test_a_negated_pattern_takes_back_only_what_comes_before() -> None:
    patterns = PatternList(["*.py", "!keep.py", "keep.p?"])
    assert patterns.match("keep.py", "keep.py", False) is True
    assert PatternList(["*.py", "!keep.py"]).match("keep.py", "keep.py", False) is False
    assert PatternList(["*.py"]).match("data.csv", "data.csv", False) is None


@pytest.mark.parametrize(
    ("pattern", "path", "by_git"),
    [
        pytest.param("?.py", "é.py", False, id="a question mark is a letter, not a byte"),
        pytest.param("x[[:digit:]].py", "x1.py", True, id="named classes are not known"),
        pytest.param(
            "back[\\a]slash.py", "back\\slash.py", False, id="a backslash in a class is one of its characters"
        ),
        pytest.param("***/a.py", "foo/bar/a.py", True, id="three stars are one"),
        pytest.param("/foo[!x]a.py", "foo/a.py", False, id="a negated class may be a slash"),
        pytest.param("a.py\t", "a.py", False, id="a tab at the end is dropped"),
    ],
)
def test_where_the_library_differs_from_git(tmp_path: Path, pattern: str, path: str, by_git: bool) -> None:
    root = make_repository(tmp_path / "repository", {".gitignore": pattern})
    assert (path not in git_takes(root)) is by_git
    assert (path not in we_take(root)) is not by_git


def test_many_stars_do_not_take_for_ever() -> None:
    patterns = PatternList(["*a" * 12 + "b"])
    assert patterns.match("a" * 40, "a" * 40, False) is None
