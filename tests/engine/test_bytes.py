"""What must survive byte by byte: line ends, encodings, marks, odd indents, missing last lines."""

from __future__ import annotations

import ast
import sys
import tokenize
from io import BytesIO

import pytest

from telemetry_inject.engine import Options, Placement, instrument, load_pack, strip
from telemetry_inject.engine.edits import apply, pack_insertions, revert, unpack_columns
from telemetry_inject.errors import InvariantError
from telemetry_inject.types import FileStatus, Insertion, Level

PYTHON = load_pack("python")
BODY = b'''"""Doc."""
import os


def f(a):
    """Doc."""
    if a:
        return os.path.join(a, "x")


class A:
    def g(self): return print(self)
'''


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    "source",
    [
        pytest.param(BODY, id="unix"),
        pytest.param(BODY.replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(BODY.replace(b"\n", b"\r"), id="old-mac"),
        pytest.param(b"\xef\xbb\xbf" + BODY, id="bom"),
        pytest.param(b"\xef\xbb\xbf" + BODY.split(b"\n", 1)[1].lstrip(), id="bom-before-first-statement"),
        pytest.param(BODY.rstrip(b"\n"), id="no-last-newline"),
        pytest.param(b"\x0c\n" + BODY.replace(b"\n\n\n", b"\n\n\x0c\n"), id="form-feeds"),
        pytest.param(BODY.replace(b"    ", b"\t"), id="tabs"),
        pytest.param(b"# -*- coding: latin-1 -*-\n" + BODY.replace(b'"x"', b'"\xe9\xff"'), id="latin-1"),
        pytest.param(b"# vim: set fileencoding=cp1252 :\n" + BODY.replace(b"A:", b"\xc9:"), id="cp1252-name"),
        pytest.param(b"# coding: koi8-r\n" + BODY.replace(b"Doc", b"\xc4\xcf"), id="koi8-r-docstring"),
        pytest.param(b"# coding: euc-jp\n" + BODY.replace(b'"x"', '"日本"'.encode("euc-jp")), id="euc-jp"),
        pytest.param(BODY.replace(b"\n\n", b"\n   \n\t\n"), id="blank-lines-with-spaces"),
        pytest.param(BODY.replace(b'"x"', '"日本\U0001f600"'.encode()), id="utf-8"),
        pytest.param(b"#!/usr/bin/python\n\n\n" + BODY, id="shebang"),
    ],
)
def test_instrumented_comes_back_and_compiles(source: bytes, level: Level) -> None:
    result = instrument(source, PYTHON, Options(level))
    assert result.status is FileStatus.INSTRUMENTED, result.reason
    assert [function.reason for function in result.functions] == ["", ""]
    assert revert(result.output, result.insertions) == source
    assert strip(result.output, PYTHON) == source
    compile(result.output, "out", "exec")
    tokenize.detect_encoding(BytesIO(result.output).readline)
    assert ast.get_docstring(ast.parse(result.output)) == ast.get_docstring(ast.parse(source))


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_only_the_files_own_line_end_is_inserted(newline: bytes) -> None:
    output = instrument(BODY.replace(b"\n", newline), PYTHON, Options()).output
    assert output.replace(newline, b"") == output.replace(newline, b"").replace(b"\r", b"").replace(b"\n", b"")


@pytest.mark.parametrize(
    ("source", "status", "reason"),
    [
        pytest.param(b"def f(:\n    print(1)\n", FileStatus.FAILED, "line 1: invalid syntax", id="broken"),
        pytest.param(b"def f():\nprint(1)\n", FileStatus.UNCHANGED, "no function", id="no-body"),
        pytest.param("def f():\n    print(1)\n".encode("utf-16"), FileStatus.FAILED, "its encoding", id="utf-16"),
        pytest.param(b"def f():\n    print('\xff')\n", FileStatus.FAILED, "its encoding", id="not-utf-8"),
        pytest.param(b"# coding: shift_jis\ndef f():\n    print('\x83\x5c')\n", FileStatus.FAILED, "its encoding",
                     id="shift-jis"),
        pytest.param(b"", FileStatus.UNCHANGED, "no functions", id="empty"),
        pytest.param(b"\xef\xbb\xbf", FileStatus.UNCHANGED, "no functions", id="only-a-mark"),
        pytest.param(b"(" * 3000 + b")" * 3000 + b"\ndef f():\n    print(1)\n", FileStatus.FAILED, "",
                     id="3000-brackets"),
        pytest.param(b"x = " + b"-" * 100_000 + b"1\ndef f():\n    print(1)\n", FileStatus.FAILED, "", id="100000-signs"),
        pytest.param(b"def f():\n    return 1 +\n", FileStatus.FAILED, "line 2", id="half-an-expression"),
        pytest.param(b"def f():\n    x = '''abc\n", FileStatus.FAILED, "line 2", id="open-string"),
    ],
)  # fmt: skip
def test_what_python_cannot_read_is_left_alone_with_the_reason(source: bytes, status: FileStatus, reason: str) -> None:
    result = instrument(source, PYTHON, Options())
    assert (result.status, result.output) == (status, source)
    assert reason in result.reason


def test_syntax_that_only_the_grammar_knows_is_instrumented_and_said_so() -> None:
    source = b"def f():\n    print(1)\n\n\ndef g[T: int](a: T):\n    type A[*B] = B\n    return print(a)\n"
    result = instrument(source, PYTHON, Options())
    assert result.status is FileStatus.INSTRUMENTED
    if sys.version_info < (3, 12):
        assert result.reason.startswith("checked by the grammar only; the parser of this machine says line 5")
    else:
        assert result.reason == ""


def test_a_megabyte_on_one_line() -> None:
    source = b"data = [" + b"1, " * 400_000 + b"]\ndef f():\n    print(data)\n"
    result = instrument(source, PYTHON, Options(validate=False))
    assert result.status is FileStatus.INSTRUMENTED
    assert len(result.output) - len(source) < 400


def test_too_deep_for_one_more_block_is_left_alone() -> None:
    lines = ["def deep():"] + ["    " * (n + 1) + "with a:" for n in range(19)] + ["    " * 20 + "print(1)"]
    source = ("\n".join(lines) + "\n\n\ndef other():\n    print(2)\n").encode()
    result = instrument(source, PYTHON, Options())
    assert [function.reason for function in result.functions] == ["nested too deeply for one more block", ""]
    compile(result.output, "out", "exec")


def test_the_import_climbs_to_the_helpers_folder() -> None:
    output = instrument(BODY, PYTHON, Options(), Placement((("dots", "..."),))).output
    assert b"try: from ..._telemetry_inject import _tlm\n" in output
    assert strip(output, PYTHON) == BODY


def test_the_same_input_gives_the_same_bytes() -> None:
    assert len({instrument(BODY, PYTHON, Options(Level.FULL)).output for _ in range(5)}) == 1


def test_insertions_survive_storage() -> None:
    insertions = [Insertion(0, b"a"), Insertion(0, b""), Insertion(7, b"\xff" * 300), Insertion(7, b"a")]
    assert unpacked(pack_insertions(insertions)) == insertions
    assert unpacked(pack_insertions([])) == []


def unpacked(data: bytes) -> list[Insertion]:
    return [Insertion(*pair) for pair in zip(*unpack_columns(data), strict=True)]


@pytest.mark.parametrize("data", [b"", b"\0" * 11, b"\xff" * 64, pack_insertions([Insertion(1, b"abc")])[:-5]])
def test_damaged_storage_is_noticed_or_gives_other_text(data: bytes) -> None:
    try:
        found = unpacked(data)
    except InvariantError:
        return
    assert found != [Insertion(1, b"abc")]


@pytest.mark.parametrize("offset", [-1, 4, 100])
def test_insertions_outside_of_the_source_are_refused(offset: int) -> None:
    with pytest.raises(InvariantError):
        apply(b"abc", [Insertion(offset, b"x")])


def test_revert_notices_a_changed_insertion() -> None:
    with pytest.raises(InvariantError):
        revert(b"abXc", [Insertion(2, b"Y")])


@pytest.mark.parametrize("level", list(Level))
def test_a_file_run_by_exec_without_a_name_still_runs(level: Level) -> None:
    source = b"def version(parts):\n    text = map(str, parts)\n    return '.'.join(text)\nfound = version([1, 2])\n"
    namespace: dict[str, object] = {}
    exec(instrument(source, PYTHON, Options(level)).output, namespace)
    assert namespace["found"] == "1.2"


@pytest.mark.parametrize("level", list(Level))
def test_documentation_in_brackets_stays_documentation(level: Level) -> None:
    source = b'("Of the module.")\nfrom __future__ import annotations\ndef f(x):\n    ("Of " "f.")\n    return str(x)\n'
    output = instrument(source, PYTHON, Options(level)).output
    tree = ast.parse(output)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    assert (ast.get_docstring(tree), ast.get_docstring(function)) == ("Of the module.", "Of f.")
    assert b"with _tlm" in output and strip(output, PYTHON) == source


@pytest.mark.parametrize("level", list(Level))
def test_code_in_a_string_indented_less_than_its_block_does_not_hinder_removal(level: Level) -> None:
    source = b'''def f(v):
    def check(kind):
        if kind:

            def go(x):
                raise ValueError(
                    "Begin "
                    f"""type {kind!r}; {
                        'one'
                        if v
                        else 'other'
                    } end"""
                )

            return go
        else:

            def go(x):
                return str(x)

            return go

    return check(v)
'''
    output = instrument(source, PYTHON, Options(level)).output
    assert b"with _tlm" in output and strip(output, PYTHON) == source


def test_removal_from_a_file_broken_since_does_not_fail() -> None:
    output = instrument(BODY, PYTHON).output
    for cut in range(len(output)):
        strip(output[:cut], PYTHON)


@pytest.mark.parametrize("returned", [b"return\\\n str(x)", b"return (  # why\n        str(x)\n    )"])
def test_what_is_returned_after_a_joined_line_is_recorded_once(returned: bytes) -> None:
    source = b"def f(x):\n    " + returned + b"\n"
    result = instrument(source, PYTHON, Options(Level.FULL))
    assert result.status is FileStatus.INSTRUMENTED and result.output.count(b"_tlm_s.returns(") == 1


def test_one_function_that_would_not_compile_does_not_keep_the_others_out() -> None:
    loops = b"".join(b"    " + b" " * depth + b"for i in x():\n" for depth in range(19))
    source = b"def f(x):\n" + loops + b"    " + b" " * 19 + b"for i in x(): pass\ndef g(x):\n    return str(x)\n"
    compile(source, "source", "exec")
    result = instrument(source, PYTHON)
    assert result.status is FileStatus.INSTRUMENTED and b'_tlm("g")' in result.output
    compile(result.output, "output", "exec")
