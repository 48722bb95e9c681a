"""The generated test files: they pass under plain pytest, and fail for each way a script can be wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from telemetry_inject.scripts.script_format import apply, escaped_path, recognise, render, script_stem
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.test_generator import RUNNER, TestGenerator, origin_from
from telemetry_inject.types import Insertion, Script, Unit

from .samples import KEY, WITHDRAW

BEFORE, AFTER = b"import os\n\n\nclass A:\n    ", b"\n\nA()\n"


def name_of(script: Script) -> str:
    """The file name, without extension, under which a run keeps it."""
    return script_stem(script.meta["function"], bytes.fromhex(script.meta["key"]))


def export(
    cache: Path, script: Script, source: bytes, data: bytes | None = None, text: bytes | None = None, name: str = ""
) -> Path:
    """A cache with the script and its test, and the function in a file beside it."""
    language = script.meta["language"]
    for folder in ("scripts", "tests"):
        (cache / folder / language).mkdir(parents=True, exist_ok=True)
    test = cache / "tests" / language / f"test_{name_of(script)}.py"
    origin = cache / "project" / (name or f"{name_of(script)}.py")
    origin.parent.mkdir(exist_ok=True)
    origin.write_bytes(BEFORE + source + AFTER if text is None else text)
    test.write_bytes(TestGenerator.generate())
    file = escaped_path(origin_from(test.parent.resolve(), origin)).encode()
    told = (data or render(script)).replace(b'"file": ""', b'"file": "%b"' % file)
    (cache / "scripts" / language / f"{name_of(script)}.py").write_bytes(told)
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
    made = tmp_path / "scripts" / "python" / f"{name_of(script)}.py"
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


def test_a_script_that_promises_another_output_fails(tmp_path: Path, script: Script) -> None:
    data = render(Script({**script.meta, "output_sha256": "0" * 64}, script.edits))
    done = run(export(tmp_path, script, WITHDRAW, data), cwd=tmp_path)
    assert "test_the_script_applies" in failures(done.stdout)


def test_instrumented_in_place_the_function_is_found_again(tmp_path: Path, script: Script) -> None:
    text = BEFORE + apply(script, WITHDRAW) + AFTER
    done = run(export(tmp_path, script, WITHDRAW, text=text), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


def test_edits_that_do_not_lead_back_fail_in_place(tmp_path: Path, script: Script) -> None:
    data = render(Script(script.meta, script.edits[:-1]))
    text = BEFORE + apply(script, WITHDRAW) + AFTER
    done = run(export(tmp_path, script, WITHDRAW, data, text), cwd=tmp_path)
    assert len(failures(done.stdout)) == 5, done.stdout


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BEFORE + WITHDRAW.replace(b"too much", b"too little") + AFTER, id="edited"),
        pytest.param(BEFORE + WITHDRAW[:-20], id="cut-off"),
        pytest.param(b"", id="empty"),
        pytest.param(None, id="no-file"),
    ],
)
def test_a_function_that_is_gone_is_skipped(tmp_path: Path, script: Script, text: bytes | None) -> None:
    test = export(tmp_path, script, WITHDRAW, text=text or b"", name="bank.py")
    if text is None:
        shutil.rmtree(tmp_path / "project")
    done = run(test, cwd=tmp_path, options=("-rs",))
    assert "6 skipped" in done.stdout and "passed" not in done.stdout, done.stdout
    assert "the function is no longer in ../../project/bank.py" in done.stdout


@pytest.mark.parametrize(
    ("before", "language", "count"),
    [
        pytest.param(b"", "python", 6, id="first-byte"),
        pytest.param(b"\xef\xbb\xbf", "python", 6, id="byte-order-mark"),
        pytest.param(b"x = 1\r\n\t", "python", 6, id="windows"),
        pytest.param(b"x = 1\r    ", "python", 6, id="old-mac"),
        pytest.param(b"x = 1\n\x0c", "python", 6, id="form-feed"),
        pytest.param(WITHDRAW.replace(b"seen", b"done") + b"\n", "python", 6, id="after-one-of-its-length"),
        pytest.param(b"\xef\xbb\xbf\r\n", "javascript", 5, id="another-language"),
    ],
)
def test_the_function_is_found_wherever_it_stands(
    tmp_path: Path, script: Script, before: bytes, language: str, count: int
) -> None:
    made = made_for(WITHDRAW, list(script.edits), language=language)
    for text in (WITHDRAW, apply(made, WITHDRAW)):
        done = run(export(tmp_path, made, WITHDRAW, text=before + text), cwd=tmp_path)
        assert f"{count} passed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ['a "quoted" \\ name.py', "é\u2028\U0001f600.py", os.fsdecode(b"\xff\n.py")])
def test_files_of_any_name_are_found(tmp_path: Path, script: Script, name: str) -> None:
    done = run(export(tmp_path, script, WITHDRAW, name=name), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


def test_a_cache_that_is_reached_by_a_link_is_proved(tmp_path: Path, script: Script) -> None:
    test = export(tmp_path / "there", script, WITHDRAW)
    (tmp_path / "a/b").mkdir(parents=True)
    link = tmp_path / "a/b/link"
    link.symlink_to(tmp_path / "there")
    done = run(link / test.relative_to(tmp_path / "there"), cwd=tmp_path)
    assert "6 passed" in done.stdout, done.stdout


def test_tests_of_one_file_read_it_once(tmp_path: Path, script: Script) -> None:
    for number in range(3):
        export(tmp_path, made_for(WITHDRAW, list(script.edits), key=bytes([number] * 32)), WITHDRAW, name="one.py")
    (tmp_path / "conftest.py").write_text(
        "import sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda event, args: event == 'open' and 'one.py' in str(args[0]) and opened.append(1))\n"
        "def pytest_terminal_summary(terminalreporter):\n"
        "    terminalreporter.write_line(f'opened: {len(opened)}')\n"
    )
    done = run(tmp_path / "tests", cwd=tmp_path, options=("-s",))
    assert "18 passed" in done.stdout and "opened: 1\n" in done.stdout, done.stdout


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


def test_tests_may_be_one_file_with_many_names(tmp_path: Path, script: Script) -> None:
    first, *others = [export(tmp_path, made_for(WITHDRAW, list(script.edits), key=bytes([number] * 32)), WITHDRAW)
                      for number in range(3)]  # fmt: skip
    for other in others:
        other.unlink()
        other.hardlink_to(first)
    done = run(tmp_path / "tests", cwd=tmp_path)
    assert "18 passed" in done.stdout, done.stdout


def test_the_test_needs_nothing_of_this_project() -> None:
    assert TestGenerator.generate() == RUNNER.encode()
    assert "telemetry_inject" not in RUNNER


@pytest.mark.parametrize(
    "name", ['a "quoted" \\ name.py', "100%.py", "\u00e9\u2028\U0001f600.py", os.fsdecode(b"\xff\n.py")]
)
def test_a_script_that_names_any_file_is_of_the_exact_form(script: Script, name: str) -> None:
    made = Script({**script.meta, "file": escaped_path(name)}, script.edits)
    assert recognise(render(made)) == made
    assert os.fsdecode(unquote_to_bytes(escaped_path(name))) == name
