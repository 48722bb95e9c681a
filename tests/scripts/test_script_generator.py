"""ScriptGenerator and the lessons it offers."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from telemetry_inject.scripts.lessons import parse_lesson
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_refactorer import NoRefactorer, ScriptRefactorer
from telemetry_inject.types import Problem, Script, Unit

from .samples import KEY, WITHDRAW, WRAPPED, wrap


def test_meta_says_what_the_script_is_for(script: Script) -> None:
    assert script.meta == {
        "file": "",
        "function": "Bank.withdraw",
        "language": "python",
        "template": "ab" * 32,
        "key": KEY.hex(),
        "source_sha256": sha256(WITHDRAW).hexdigest(),
        "output_sha256": sha256(WRAPPED).hexdigest(),
        "source_length": len(WITHDRAW),
        "output_length": len(WRAPPED),
        "sites": 1,
    }


def test_the_number_of_sites_may_be_told(unit: Unit, generator: ScriptGenerator) -> None:
    assert generator.generate(unit, wrap(WITHDRAW), KEY, sites=5).meta["sites"] == 5


def test_the_file_is_told_in_a_form_that_any_system_reads(unit: Unit, generator: ScriptGenerator) -> None:
    meta = generator.generate(unit, wrap(WITHDRAW), KEY, file='../é "1%".py').meta
    assert meta["file"] == "../%C3%A9 %221%25%22.py"


def test_the_same_unit_gives_the_same_script(unit: Unit, generator: ScriptGenerator) -> None:
    assert generator.generate(unit, wrap(WITHDRAW), KEY) == generator.generate(unit, wrap(WITHDRAW), KEY)


LESSON = """---
title: CPython allows 20 nested blocks
language: python
error: too many statically nested blocks|nested too deeply
applies_to: [with, "try"]
---

Count the blocks first.
"""


def lessons_in(folder: Path, **files: str) -> ScriptGenerator:
    for name, text in files.items():
        path = folder / "python" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    return ScriptGenerator("ab" * 32, folder)


def test_lessons_are_offered_by_language(tmp_path: Path) -> None:
    generator = lessons_in(tmp_path, b=LESSON.replace("20", "twenty"), a=LESSON)
    first, second = generator.lessons("python")
    assert first.title == "CPython allows 20 nested blocks"
    assert second.title == "CPython allows twenty nested blocks"
    assert first.applies_to == ("with", "try")
    assert first.text == "Count the blocks first."
    assert generator.lessons("go") == ()
    assert generator.warnings == ()


def test_a_lesson_knows_the_errors_it_helps_with(tmp_path: Path) -> None:
    (lesson,) = lessons_in(tmp_path, a=LESSON).lessons("python")
    assert lesson.helps_with("SyntaxError: too many statically nested blocks (line 7)")
    assert not lesson.helps_with("SyntaxError: invalid syntax")


def test_lessons_are_read_once_and_only_when_asked_for(tmp_path: Path) -> None:
    generator = lessons_in(tmp_path)
    lessons_in(tmp_path, late=LESSON)
    assert len(generator.lessons("python")) == 1
    lessons_in(tmp_path, later=LESSON)
    assert len(generator.lessons("python")) == 1


def test_without_a_folder_there_are_no_lessons(tmp_path: Path) -> None:
    assert ScriptGenerator("ab" * 32).lessons("python") == ()
    assert ScriptGenerator("ab" * 32, tmp_path / "missing").lessons("python") == ()


def test_a_language_can_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    lessons_in(tmp_path, a=LESSON)
    (tmp_path / "inner").mkdir()
    assert ScriptGenerator("ab" * 32, tmp_path / "inner").lessons("../python") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Count the blocks.", "no front matter"),
        (LESSON.replace("title: ", "titel: "), "lacks title"),
        (LESSON.replace("error: ", "error: ("), "no regular expression"),
        (LESSON.replace("language: python", "language: go"), "about 'go'"),
        (LESSON.replace("title: ", "title "), "without a colon"),
        ("---\n---\n", "no front matter"),
        (LESSON + "x" * 70_000, "larger than"),
    ],
)
def test_a_malformed_lesson_is_a_warning(tmp_path: Path, text: str, reason: str) -> None:
    generator = lessons_in(tmp_path, good=LESSON, bad=text)
    assert len(generator.lessons("python")) == 1
    (warning,) = generator.warnings
    assert warning.startswith("lesson bad.md (python) left out: ")
    assert reason in warning


def test_a_lesson_that_is_not_text_is_a_warning(tmp_path: Path) -> None:
    generator = lessons_in(tmp_path, good=LESSON)
    (tmp_path / "python" / "bad.md").write_bytes(b"---\n\xff\n---\n")
    assert len(generator.lessons("python")) == 1
    assert "bad.md" in generator.warnings[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_lesson_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    generator = lessons_in(tmp_path, good=LESSON)
    os.mkfifo(tmp_path / "python" / "bad.md")
    assert len(generator.lessons("python")) == 1
    assert "not a regular file" in generator.warnings[0]


def test_windows_line_ends_and_comments_are_fine() -> None:
    lesson = parse_lesson(LESSON.replace("---\n", "---\n# a comment\n\n", 1).replace("\n", "\r\n"), "python")
    assert lesson.text == "Count the blocks first."


def test_without_models_nothing_is_repaired(unit: Unit) -> None:
    refactorer: ScriptRefactorer = NoRefactorer()
    assert refactorer.refactor(b"", [Problem("parses", "line 1")], unit) is None
