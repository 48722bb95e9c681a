"""What the validator says of scripts of the exact form, of others, and of foreign results."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from telemetry_inject.scripts.script_format import render
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.security_lint import lint
from telemetry_inject.types import Insertion, Script, Unit

from .samples import KEY, WITHDRAW, WRAPPED

CORPUS = sorted(Path(__file__).parents[1].joinpath("corpus", "hostile").glob("machine_*.py"))


def checks(problems: list) -> list[str]:
    return [problem.check for problem in problems]


def test_a_script_of_ours_has_no_problems(validator: ScriptValidator, script: Script) -> None:
    assert validator.validate(render(script), WITHDRAW) == []


def test_a_script_for_another_function_does_not_apply(validator: ScriptValidator, script: Script) -> None:
    assert checks(validator.validate(render(script), WITHDRAW + b" ")) == ["applies"]
    assert checks(validator.validate(render(script), WRAPPED)) == ["applies"]


def test_a_false_promise_is_found(validator: ScriptValidator, script: Script) -> None:
    false = Script({**script.meta, "output_sha256": "0" * 64}, script.edits)
    assert checks(validator.validate(render(false), WITHDRAW)) == ["applies"]


def test_text_that_no_template_gives_is_found(
    validator: ScriptValidator, unit: Unit, generator: ScriptGenerator
) -> None:
    edits = [Insertion(WITHDRAW.index(b"if amount"), b"import os\n        ")]
    problems = validator.validate(render(generator.generate(unit, edits, KEY)), WITHDRAW)
    assert checks(problems) == ["security"]
    assert "no template gives the text b'import os" in problems[0].message


def test_output_that_does_not_parse_is_found(
    validator: ScriptValidator, unit: Unit, generator: ScriptGenerator, script: Script
) -> None:
    broken = generator.generate(unit, script.edits[:1], KEY)
    problems = validator.validate(render(broken), WITHDRAW)
    assert checks(problems) == ["parses"]
    assert problems[0].message.startswith("line ")


def test_code_moved_by_white_space_is_found(validator: ScriptValidator, unit: Unit, generator: ScriptGenerator) -> None:
    moved = generator.generate(unit, [Insertion(WITHDRAW.index(b"        return account"), b"    ")], KEY)
    assert checks(validator.validate(render(moved), WITHDRAW)) == ["same program"]


def test_without_the_pack_the_form_and_the_properties_are_checked(script: Script) -> None:
    plain = ScriptValidator()
    assert not plain.complete
    assert plain.validate(render(script), WITHDRAW) == []
    assert checks(plain.check(replace(script, edits=script.edits[1:]), WITHDRAW)) == ["applies"]


def test_another_form_never_passes(validator: ScriptValidator, script: Script) -> None:
    harmless = b"def transform(source):\n    return source\n"
    assert checks(validator.validate(harmless, WITHDRAW)) == ["form"]
    near = render(script) + b"\n"
    assert checks(validator.validate(near, WITHDRAW))[0] == "form"


def test_the_lint_passes_a_script_that_edits_text() -> None:
    script = b"""import re

def transform(source: str) -> str:
    lines = source.splitlines(keepends=True)
    return "".join([*lines[:1], "    with _tlm('f'):\\n", *("    " + line for line in lines[1:])])
"""
    assert lint(script) == []


QUIET = {"machine_big_power", "machine_endless_import", "machine_endless_loop", "machine_flood_result",
         "machine_half_characters", "machine_memory_double", "machine_memory_list", "machine_deep_nesting",
         "machine_memory_bytearray", "machine_slow_pattern"}  # fmt: skip


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_lint_sees_attacks_but_not_bombs(path: Path) -> None:
    # Bombs are made of what honest scripts are made of: only limits stop them.
    assert bool(lint(path.read_bytes())) == (path.stem not in QUIET)


def test_the_lint_says_what_and_where() -> None:
    problems = lint(b"import os\n\ndef transform(source):\n    return source.__class__\n")
    assert [problem.message for problem in problems] == [
        "line 1: import of os",
        "line 4: attribute __class__",
    ]


@pytest.mark.parametrize(
    "script", [b"\xff", b"def", b"x = 1\0", b"(" * 10_000, b"-" * 500_000 + b"1", b"", b"x" * 2_000_000]
)
def test_the_lint_survives_what_is_no_script(script: bytes) -> None:
    assert checks(lint(script))[0] == "syntax"


def test_the_sample_is_what_the_tests_say() -> None:
    ast.parse(b"class Bank:\n    " + WITHDRAW)
    assert ScriptGenerator("ab").template_digest == "ab"
