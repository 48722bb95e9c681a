"""What is found, what is left out and why, and what a runnable copy needs besides."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry_inject.config import Settings
from telemetry_inject.errors import UsageError
from telemetry_inject.scanner import CodeScanner, Languages, ScanOptions
from telemetry_inject.types import ScanResult

LANGUAGES = Languages({".py": "python", ".js": "javascript"}, {"SConstruct": "python"}, {"python": "python"})
SOURCE = "def f():\n    return 1\n"


def tree(root: Path, *names: str, **contents: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SOURCE)
    for name, text in contents.items():
        (root / name).write_text(text)
    return root


def scan(path: Path, options: ScanOptions | None = None) -> ScanResult:
    return CodeScanner(LANGUAGES, options).scan(path)


def taken(path: Path, **options: object) -> list[str]:
    return [file.relative for file in scan(path, ScanOptions(**options)).files]  # type: ignore[arg-type]


def reasons(path: Path, **options: object) -> dict[str, str]:
    found = scan(path, ScanOptions(**options))  # type: ignore[arg-type]
    return {skipped.relative: skipped.reason for skipped in found.skipped}


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        pytest.param("a.py", SOURCE, "python", id="extension"),
        pytest.param("A.PY", SOURCE, "python", id="extension in capitals"),
        pytest.param("a.test.x.js", SOURCE, "javascript", id="last extension counts"),
        pytest.param("SConstruct", SOURCE, "python", id="file name"),
        pytest.param("tool", "#!/usr/bin/python3.11\n", "python", id="shebang with version"),
        pytest.param("tool", "#! /usr/bin/env -S python3 -u\r\n", "python", id="shebang through env"),
        pytest.param("tool", "#!/usr/bin/env -i LANG=C python\n", "python", id="env with variables"),
        pytest.param("tool", "#!/bin/sh\n", None, id="shebang of others"),
        pytest.param("tool", "#!\n", None, id="empty shebang"),
        pytest.param("tool", "", None, id="empty file without extension"),
        pytest.param(".py", SOURCE, None, id="a hidden file is no extension"),
        pytest.param("notes.md", SOURCE, None, id="unknown extension"),
    ],
)
def test_language(tmp_path: Path, name: str, text: str, language: str | None) -> None:
    (tmp_path / name).write_text(text)
    found = scan(tmp_path)
    assert [file.language for file in found.files] == ([language] if language else [])
    assert found.copied == (() if language else (name,))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_a.py", "test code"), ("a_test.py", "test code"), ("conftest.py", "test code"),
        ("a.spec.js", "test code"), ("setup.py", "build script"), ("a.min.js", "minified"),
        ("_telemetry_inject.py", "our own runtime helper"),
    ],
)  # fmt: skip
def test_file_left_out_by_name(tmp_path: Path, name: str, reason: str) -> None:
    tree(tmp_path, "pkg/" + name, "pkg/a.py")
    assert taken(tmp_path) == ["pkg/a.py"]
    assert reasons(tmp_path)["pkg/" + name].startswith(reason)


@pytest.mark.parametrize(
    ("folder", "reason", "copied"),
    [
        (".git", "version control", False), (".hg", "version control", False),
        ("node_modules", "installed packages", False), ("build", "build output", False),
        ("dist", "build output", False), (".tox", "cache of a tool", False),
        (".mypy_cache", "cache of a tool", False), (".telemetry_cache", "our cache", False),
        ("x.egg-info", "build output", True), ("vendor", "vendored code of others", True),
        ("third_party", "vendored code of others", True), ("_vendor", "vendored code of others", True),
        ("tests", "test code (--include-tests takes it)", True),
    ],
)  # fmt: skip
def test_folder_left_out_by_name(tmp_path: Path, folder: str, reason: str, copied: bool) -> None:
    tree(tmp_path, f"pkg/{folder}/inner/a.py", "a.py")
    found = scan(tmp_path)
    assert [file.relative for file in found.files] == ["a.py"]
    assert [(each.relative, each.reason) for each in found.skipped] == [(f"pkg/{folder}/", reason)]
    assert found.copied == ((f"pkg/{folder}/inner/a.py",) if copied else ())


def test_virtual_environment_is_known_by_what_is_in_it_also_when_git_ignores_it(tmp_path: Path) -> None:
    tree(tmp_path, "odd name/pyvenv.cfg", "odd name/lib/a.py", "x/deep/pyvenv.cfg", "x/deep/b.py", "a.py")
    (tmp_path / ".gitignore").write_text("odd name/\n/x\n")
    found = scan(tmp_path)
    assert [file.relative for file in found.files] == ["a.py"]
    assert found.copied == (".gitignore",)
    assert reasons(tmp_path) == {
        "odd name/": "virtual environment",
        "x/": "ignored by .gitignore",
        "x/deep/": "virtual environment",
    }


def test_a_package_called_build_is_source(tmp_path: Path) -> None:
    tree(tmp_path, "build/__init__.py", "build/a.py", "dist/a.py")
    assert taken(tmp_path) == ["build/__init__.py", "build/a.py"]


def test_a_go_package_called_build_is_source(tmp_path: Path) -> None:
    tree(tmp_path, "build/a.go", "build/b.py", "dist/a.py")
    assert taken(tmp_path) == ["build/b.py"]


def test_a_module_called_setup_is_source_in_a_package(tmp_path: Path) -> None:
    tree(tmp_path, "pkg/__init__.py", "pkg/setup.py", "setup.py")
    assert taken(tmp_path) == ["pkg/__init__.py", "pkg/setup.py"]


def test_a_folder_called_test_is_left_out_only_when_tests_are_in_it(tmp_path: Path) -> None:
    tree(tmp_path, "lib/test/client.py", "test/test_a.py", "test/data.py")
    assert taken(tmp_path) == ["lib/test/client.py"]


def test_include_tests(tmp_path: Path) -> None:
    tree(tmp_path, "test_a.py", "tests/b.py", "test/conftest.py", "a.py")
    assert taken(tmp_path, include_tests=True) == ["a.py", "test/conftest.py", "test_a.py", "tests/b.py"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("# Generated by a tool\n", "generated code", id="generated by"),
        pytest.param("#!x\n# -*- c -*-\n\n\n# Code generated by x. DO NOT EDIT.\n", "generated code", id="go"),
        pytest.param('"""@generated"""\n', "generated code", id="@generated"),
        pytest.param("x = 1\n" * 5 + "# Generated by a tool\n", None, id="sixth line is too late"),
        pytest.param("# Reports generated by users\n", None, id="a sentence that says generated by"),
        pytest.param("x = 1\nx = '" + "y" * 5000 + "'\n", "minified: a line of more than 5,000", id="long line"),
        pytest.param("x = '" + "y" * 4994 + "'\n", None, id="a line of 5,000 characters"),
        pytest.param(("x" * 4000 + "\n") * 10, None, id="many long lines that are short enough"),
        pytest.param("x" * 12 + "\0", "binary content", id="NUL"),
        pytest.param("x = 1\n" * 2000 + "\0", None, id="NUL far behind"),
        pytest.param("", None, id="empty"),
    ],
)
def test_file_left_out_by_content(tmp_path: Path, content: str, reason: str | None) -> None:
    (tmp_path / "a.py").write_text(content)
    found = reasons(tmp_path)
    assert [text.startswith(str(reason)) for text in found.values()] == ([True] if reason else [])
    assert scan(tmp_path).copied == (("a.py",) if reason else ())


def test_enormous_files_are_left_out_at_a_size_that_can_be_chosen(tmp_path: Path) -> None:
    tree(tmp_path, "small.py", **{"large.py": "x = 1\n" * 100})
    assert taken(tmp_path, max_file_size=599) == ["small.py"]
    assert reasons(tmp_path, max_file_size=599) == {"large.py": "larger than --max-file-size (599 bytes)"}
    assert taken(tmp_path, max_file_size=600) == ["large.py", "small.py"]


def test_ignored_files_are_copied_because_the_program_may_need_them(tmp_path: Path) -> None:
    tree(tmp_path, "pkg/_version.py", "pkg/a.py", "data/big.csv", "data/a.py")
    (tmp_path / ".gitignore").write_text("data/\n")
    (tmp_path / "pkg" / ".gitignore").write_text("_version.py\n")
    found = scan(tmp_path)
    assert [file.relative for file in found.files] == ["pkg/a.py"]
    assert found.copied == (
        ".gitignore", "data/a.py", "data/big.csv", "pkg/.gitignore", "pkg/_version.py",
    )  # fmt: skip
    assert reasons(tmp_path) == {
        "data/": "ignored by .gitignore",
        "pkg/_version.py": "ignored by pkg/.gitignore",
    }


def test_no_gitignore_leaves_our_own_ignore_file_in_force(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    (tmp_path / ".telemetry-injectignore").write_text("b.py\n")
    assert taken(tmp_path) == []
    assert taken(tmp_path, gitignore=False) == ["a.py"]


def test_our_ignore_file_can_take_back_what_git_ignores(tmp_path: Path) -> None:
    tree(tmp_path, "a.py")
    (tmp_path / ".gitignore").write_text("*.py\n")
    (tmp_path / ".telemetry-injectignore").write_text("!a.py\n")
    assert taken(tmp_path) == ["a.py"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include": ("pkg",)}, ["pkg/a.py", "pkg/sub/b.py"]),
        ({"include": ("./pkg/*.py",)}, ["pkg/a.py"]),
        ({"include": ("b.py", "setup.py")}, ["pkg/sub/b.py", "setup.py"]),
        ({"include": ("vendor/",)}, ["vendor/v.py"]),
        ({"include": ("tests/**",)}, ["tests/test_x.py"]),
        ({"include": ("node_modules/m/*.py",)}, ["node_modules/m/n.py"]),
        (
            {"include": ("**/*.py",), "exclude": ("pkg/", "vendor", "setup.py")},
            ["main.py", "tests/test_x.py"],
        ),
        ({"exclude": ("pkg/sub",)}, ["main.py", "pkg/a.py"]),
        ({"exclude": ("a.py", "main.*")}, ["pkg/sub/b.py"]),
        ({"exclude": ("*.py",)}, []),
    ],
)
def test_include_and_exclude(tmp_path: Path, options: dict[str, tuple[str, ...]], expected: list[str]) -> None:
    names = ("main.py", "pkg/a.py", "pkg/sub/b.py", "setup.py", "vendor/v.py", "tests/test_x.py")
    tree(tmp_path, *names, "node_modules/m/n.py")
    assert taken(tmp_path, **options) == expected


def test_include_beats_gitignore_and_exclude_beats_include(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_text("*.py\n")
    assert taken(tmp_path, include=("*.py",), exclude=("b.py",)) == ["a.py"]
    assert reasons(tmp_path, include=("b.py",)) == {"a.py": "not among --include"}
    assert reasons(tmp_path, include=("*.py",), exclude=("b.py",)) == {"b.py": "excluded by --exclude"}


def test_globs_also_count_from_the_current_directory_and_the_project(tmp_path: Path) -> None:
    tree(tmp_path, "src/pkg/a.py", "src/b.py")
    options = {"glob_bases": (tmp_path,)}
    assert taken(tmp_path / "src", exclude=("src/pkg",), **options) == ["b.py"]
    assert taken(tmp_path / "src", exclude=("/pkg",), **options) == ["b.py"]
    assert taken(tmp_path / "src", include=("src",), **options) == ["b.py", "pkg/a.py"]


def test_a_file_named_directly_beats_the_defaults(tmp_path: Path) -> None:
    tree(tmp_path, "tests/test_a.py")
    (tmp_path / ".gitignore").write_text("*\n")
    found = scan(tmp_path / "tests" / "test_a.py", ScanOptions(max_file_size=1))
    assert [(file.relative, file.language) for file in found.files] == [("test_a.py", "python")]
    assert found.single_file
    assert found.root == tmp_path / "tests"


def test_a_folder_named_directly_is_not_judged_by_its_name(tmp_path: Path) -> None:
    tree(tmp_path, "tests/a.py")
    assert taken(tmp_path / "tests") == ["a.py"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.bin", "x", "no language pack knows this kind of file"),
        ("a.py", "x\0", "binary content"),
        ("_telemetry_inject.py", "x", "our own runtime helper"),
    ],
)
def test_a_file_named_directly_may_still_be_impossible(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    assert reasons(tmp_path / name) == {name: reason}


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such: there is no such file or folder"):
        scan(tmp_path / "no-such")


def test_links_stay_in_the_tree_and_are_not_followed_twice(tmp_path: Path) -> None:
    outside = tree(tmp_path / "outside", "secret.py")
    root = tree(tmp_path / "root", "pkg/a.py", "data.txt")
    (root / "b.py").symlink_to("pkg/a.py")
    (root / "again").symlink_to("pkg")
    (root / "all").symlink_to(".")
    (root / "data2.txt").symlink_to("data.txt")
    (root / "leak.py").symlink_to(outside / "secret.py")
    (root / "leak").symlink_to(outside)
    (root / "gone.py").symlink_to("nowhere.py")
    (root / "loop.py").symlink_to("loop.py")
    found = scan(root)
    assert [file.relative for file in found.files] == ["pkg/a.py"]
    assert reasons(root) == {
        "again": "symbolic link to pkg",
        "all": "symbolic link to .",
        "b.py": "symbolic link to pkg/a.py",
        "gone.py": "broken symbolic link",
        "leak": "symbolic link leads outside of the tree",
        "leak.py": "symbolic link leads outside of the tree",
        "loop.py": "broken symbolic link",
    }
    assert found.copied == ("again", "all", "b.py", "data.txt", "data2.txt")


def test_a_link_named_directly_is_followed(tmp_path: Path) -> None:
    tree(tmp_path / "real", "a.py")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "b.py").symlink_to("real/a.py")
    assert taken(tmp_path / "link") == ["a.py"]
    (file,) = scan(tmp_path / "b.py").files
    assert (file.path, file.relative) == ((tmp_path / "real" / "a.py").resolve(), "b.py")


def test_what_is_neither_file_nor_folder_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe")
    assert reasons(tmp_path) == {
        "pipe": "neither a file nor a folder",
        "pipe.py": "neither a file nor a folder",
    }


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder to scan as a user whom file modes bind, also when the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        as_root = os.geteuid() == 0
        nobody = 65534
        try:
            if as_root:
                os.chown(folder, nobody, nobody)
                os.seteuid(nobody)
            yield folder
        finally:
            if as_root:
                os.seteuid(0)


def test_what_cannot_be_read_is_skipped_with_the_reason(unprivileged: Path) -> None:
    tree(unprivileged, "a.py", "closed/b.py", "secret.py", "tool", ".gitignore")
    for name in ("closed", "secret.py", "tool", ".gitignore"):
        (unprivileged / name).chmod(0)
    try:
        assert taken(unprivileged) == ["a.py"]
        assert reasons(unprivileged) == {
            ".gitignore": "ignore file cannot be read: Permission denied",
            "closed/": "folder cannot be read: Permission denied",
            "secret.py": "cannot be read: Permission denied",
            "tool": "cannot be read: Permission denied",
        }
        found = scan(unprivileged / "secret.py")
        assert [each.reason for each in found.skipped] == ["cannot be read: Permission denied"]
    finally:
        (unprivileged / "closed").chmod(0o755)


def test_our_output_and_cache_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tree(tmp_path, "a.py", "instrumented/a.py", "out/deep/a.py", "my cache/s.py", "logs/debug_trace_1.jsonl")
    settings = Settings(Path(), output=Path("out/deep"), cache_dir=Path("my cache"))
    found = CodeScanner(LANGUAGES, ScanOptions.of(settings)).scan(Path())
    assert [file.relative for file in found.files] == ["a.py", "instrumented/a.py"]
    assert reasons(tmp_path, left_alone=((Path("out"), "our output"),))["out/"] == "our output"
    assert {each.relative: each.reason for each in found.skipped} == {
        "logs/debug_trace_1.jsonl": "debug trace of ours",
        "my cache/": "our cache",
        "out/deep/": "our output",
    }
    assert found.copied == ()


def test_the_output_of_an_earlier_run_is_known_by_its_marker(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "elsewhere/a.py", "elsewhere/.telemetry-inject-output")
    assert taken(tmp_path) == ["a.py"]
    assert reasons(tmp_path) == {"elsewhere/": "our output"}
    assert taken(tmp_path / "elsewhere") == ["a.py"]


def test_recorded_spans_are_not_copied_but_other_data_is(tmp_path: Path) -> None:
    tree(tmp_path, "telemetry/data.jsonl", "other/spans.jsonl")
    (tmp_path / "telemetry" / "app-1.jsonl").write_text('{"resourceSpans":[]}\n')
    assert scan(tmp_path).copied == ("other/spans.jsonl", "telemetry/data.jsonl")
    assert reasons(tmp_path) == {"telemetry/app-1.jsonl": "recorded spans"}


def test_the_order_is_fixed_and_names_need_not_be_text(tmp_path: Path) -> None:
    names = ["b.py", "a/z.py", "a.py", "a/b/c.py", "ä.py", os.fsdecode(b"\xff.py"), "new\nline.py"]
    tree(tmp_path, *reversed(names))
    assert taken(tmp_path) == sorted(names)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_changed_since_a_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, "src/old.py", "src/changed.py", "src/gone.py", "other.py")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    tree(tmp_path, "src/new.py", "src/sub/é new.py")
    (tmp_path / "src" / "changed.py").write_text("x = 2\n")
    (tmp_path / "other.py").write_text("x = 2\n")
    (tmp_path / "src" / "gone.py").unlink()
    monkeypatch.setenv("GIT_DIR", "nowhere")  # as in a hook
    assert taken(tmp_path / "src", changed_since="HEAD") == ["changed.py", "new.py", "sub/é new.py"]
    assert reasons(tmp_path / "src", changed_since="HEAD") == {"old.py": "not changed since HEAD"}
    assert taken(tmp_path / "src" / "changed.py", changed_since="HEAD") == ["changed.py"]
    assert reasons(tmp_path / "src" / "old.py", changed_since="HEAD") == {"old.py": "not changed since HEAD"}


def test_changed_since_an_unknown_revision_or_without_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(UsageError, match="is not in a git repository"):
        scan(tmp_path, ScanOptions(changed_since="HEAD"))
    git(tmp_path, "init", "-q")
    with pytest.raises(UsageError, match="does not know the revision 'nowhere'"):
        scan(tmp_path, ScanOptions(changed_since="nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git was not found"):
        scan(tmp_path, ScanOptions(changed_since="HEAD"))
