"""The generated test files: they pass under plain pytest, and fail for each way a script can be wrong."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from telemetry_inject.scripts.script_format import render, stem_of
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.test_generator import RUNNER, TestGenerator
from telemetry_inject.types import Insertion, Script, Unit

from .samples import KEY, WITHDRAW


def export(cache: Path, script: Script, source: bytes, data: bytes | None = None) -> Path:
    language = script.meta["language"]
    for folder in ("scripts", "tests"):
        (cache / folder / language).mkdir(parents=True, exist_ok=True)
    (cache / "scripts" / language / f"{stem_of(script)}.py").write_bytes(data or render(script))
    test = cache / "tests" / language / f"test_{stem_of(script)}.py"
    test.write_bytes(TestGenerator().generate(script, source))
    return test


def run(*paths: Path, cwd: Path, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    # Without site-packages of the project: the tests need pytest alone.
    alone = "import sys, pytest; sys.modules['telemetry_inject'] = None; sys.exit(pytest.main(sys.argv[1:]))"
    command = [sys.executable, "-c", alone, "-q", "-p", "no:cacheprovider", *options, *map(str, paths)]
    environment = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment)


def made_for(
    source: bytes, edits: list[Insertion], name: str = "f", language: str = "python", key: bytes = KEY
) -> Script:
    return ScriptGenerator("ab" * 32).generate(Unit(language, name, name, 0, 1, source), edits, key)


def test_the_test_of_a_good_script_passes(tmp_path: Path, script: Script) -> None:
    done = run(export(tmp_path / ".telemetry_cache", script, WITHDRAW), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("where", ["the cache", "elsewhere"])
@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_a_cache_of_many_scripts_is_proved_at_once(tmp_path: Path, script: Script, where: str, mode: str) -> None:
    cache = tmp_path / "project" / ".telemetry_cache"
    export(cache, script, WITHDRAW)
    generator = ScriptGenerator("ab" * 32)
    for language, name, number in (
        ("python", "withdraw", 1),
        ("javascript", "withdraw", 2),
        ("python", "Withdraw", 3),
    ):
        unit = Unit(language, name, f"Bank.{name}", 0, 1, WITHDRAW)
        export(cache, generator.generate(unit, script.edits, bytes([number] * 32)), WITHDRAW)
    cwd = cache if where == "the cache" else tmp_path
    done = run(cache / "tests", cwd=cwd, options=(f"--import-mode={mode}",))
    assert "23 passed" in done.stdout, done.stdout  # six for each in Python, five for the other


def test_a_script_and_its_test_may_be_renamed_together(tmp_path: Path, script: Script) -> None:
    test = export(tmp_path, script, WITHDRAW)
    made = tmp_path / "scripts" / "python" / f"{stem_of(script)}.py"
    made.rename(made.with_name("other_name.py"))
    done = run(test.rename(test.with_name("test_other_name.py")), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


SHAPES = {
    "a plain function": b"def f():\n    return 1\n",
    "a decorated method": b"@property\n    def f(self):\n        return 1\n",
    "a decorated method with tabs": b"@a\n\t@b(1,\n2)\n\tdef f(self):\n\t\treturn 1",
    "async with await and yield": b"async def f(self):\n        async for x in y:\n            yield await x",
    "one line": b"def f(): return 1",
    "Windows line ends": b"@a\r\n  def f():\r\n    return 1\r\n",
    "a multi-line string at the margin": b'@a\n    def f():\n        return """\nx\n  y"""\n',
    "super without arguments": b"def f(self):\n        return super().f()\n",
    "latin-1": b"@a\n    def f():\n        return '\xe9'\n",
    "a syntax this interpreter does not know": b"def f():\n    print 1\n",
    "an invalid escape": b"def f():\n    return '\\d'\n",
}


@pytest.mark.parametrize("source", SHAPES.values(), ids=SHAPES)
def test_functions_of_every_shape_pass(tmp_path: Path, source: bytes) -> None:
    script = made_for(source, [Insertion(source.index(b"return") if b"return" in source else len(source), b"1; ")])
    if b"return" not in source:
        script = made_for(source, [Insertion(len(source), b"\n")])
    done = run(export(tmp_path, script, source), cwd=tmp_path, options=("-W", "error"))
    assert "6 passed" in done.stdout, done.stdout


def test_text_of_every_kind_survives_in_the_data(tmp_path: Path) -> None:
    source = 'def f():\n    return "\\"\\\\é\u2028\U0001f600"\n'.encode()
    script = made_for(source, [Insertion(13, "'é\u2029'; ".encode())])
    done = run(export(tmp_path, script, source), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


def failures(output: str) -> set[str]:
    return set(re.findall(r"^FAILED \S+::(\w+)", output, re.MULTILINE))


def test_output_that_does_not_compile_fails(tmp_path: Path) -> None:
    source = b"def f():\n    return 1\n"
    done = run(export(tmp_path, made_for(source, [Insertion(13, b"with x")]), source), cwd=tmp_path)
    assert failures(done.stdout) == {"test_the_output_compiles"}


def test_edits_that_do_not_give_the_output_fail(tmp_path: Path, script: Script) -> None:
    data = render(Script(script.meta, script.edits[:-1]))
    done = run(export(tmp_path, script, WITHDRAW, data), cwd=tmp_path)
    assert "test_the_script_applies" in failures(done.stdout)


def test_a_script_for_another_source_fails(tmp_path: Path, script: Script) -> None:
    done = run(export(tmp_path, script, WITHDRAW + b"\n"), cwd=tmp_path)
    assert "test_the_script_applies" in failures(done.stdout)


@pytest.mark.parametrize(
    "change",
    [
        (b"import sys", b"import sys; open(__file__ + '.reached', 'w')"),
        (b"\nEDITS = ", b"\nEDITS = open(__file__ + '.reached', 'w') and "),
        (b"META = {", b"META = {**{}, "),
    ],
)
def test_a_script_of_another_form_fails_without_being_run(
    tmp_path: Path, script: Script, change: tuple[bytes, bytes]
) -> None:
    test = export(tmp_path, script, WITHDRAW, render(script).replace(*change))
    done = run(test, cwd=tmp_path)
    assert len(failures(done.stdout)) == 6, done.stdout
    assert not list(tmp_path.rglob("*.reached"))


def test_all_files_share_one_runner(script: Script) -> None:
    one = TestGenerator().generate(script, WITHDRAW)
    two = TestGenerator().generate(made_for(b"\xff", []), b"\xff")
    assert one.endswith(RUNNER.encode())
    assert two.endswith(RUNNER.encode())
    assert len(one[: -len(RUNNER.encode())].splitlines()) == len(two[: -len(RUNNER.encode())].splitlines()) == 2
    ast.parse(one)
    ast.parse(two)
