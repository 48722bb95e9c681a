"""Properties of the engine over programs that nobody wrote: made of odd layouts, nested at random."""

from __future__ import annotations

import ast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.engine.edits import apply, revert
from telemetry_inject.engine.packs import hooks_of
from telemetry_inject.scripts.freeze import freeze
from telemetry_inject.types import FileStatus, Insertion, Level

PYTHON = load_pack("python")

SIMPLE = [
    "pass", "x = 1", "x = y = f(1)", "return", "return(x)", "return x, *y", "x += f(x); z = 2", "raise ValueError(x)",
    "'text'", '"""one\n  two\n"""', "x = '''\n\\\n'''", "x = f'''{\ny}'''", "f(1,\n2)", "assert x, \\\n  y", "del x",
    "x = [\n]", "lambda: (yield)", "print(x)  # comment", "x: int", "x: int = 3", "a, (b, *c) = d", "global g",
    "import os", "x = 'a\\\nb'", "...", "if x: return 1", "while x: x = f()", "x = yield", "return (yield x)",
]  # fmt: skip
OPENERS = ["if x:", "for x in y:", "while x:  # comment", "with a as b:", "else_", "try_", "match_", "class C(A):"]
FUNCTIONS = [
    "def f():", "def f(a, *b, c=1, **d):", "def f(a,\n b):", "async def f():", "@d\ndef f():", "@a.b(\n1)\n@c\ndef f() -> x:",
    "def é(a):", "def f(): # comment", "def __init__(self):", "def f(a=lambda: 1):",
]  # fmt: skip


def indented(lines: list[str], unit: str) -> list[str]:
    return [unit + line for line in lines]


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """The lines of a block; a simple statement may span lines that are not indented."""
    unit = draw(st.sampled_from(["    ", "  ", "\t", " "]))
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.integers(0, 9 if depth < 4 else 4))
        if kind <= 4:
            lines.append(draw(st.sampled_from(SIMPLE)))
        elif kind == 5:
            lines += draw(st.sampled_from([["# comment"], [""], ["   "], ["", "\t", ""], ["# comment", ""]]))
            lines.append("pass")
        elif kind <= 7:
            opener, inner = draw(st.sampled_from(OPENERS)), draw(blocks(depth + 1))
            if opener == "else_":
                lines += ["if x:", *indented(inner, unit), "else:", *indented(draw(blocks(depth + 2)), unit)]
            elif opener == "try_":
                lines += ["try:", *indented(inner, unit), "except E as e:", *indented(draw(blocks(depth + 2)), unit)]
            elif opener == "match_":
                lines += ["match x:", unit + "case 1:", *indented(indented(inner, unit), unit)]
            else:
                lines += [opener, *indented(inner, unit)]
        else:
            header = draw(st.sampled_from(FUNCTIONS)).split("\n")
            if draw(st.integers(0, 3)) == 0:
                one = draw(st.sampled_from(["return 1", "x = f(1); return x", "'doc'", "'doc'; f(2)", "f(\n3)"]))
                lines += [*header[:-1], header[-1].partition(" #")[0] + " " + one]
            else:
                documented = draw(
                    st.sampled_from([[], ['"""Doc."""'], ["'a' 'b'"], ['"""Doc.\n\n  more"""'], ["'doc'; f(4)"]])
                )
                lines += [*header, *indented([*documented, *draw(blocks(depth + 1))], unit)]
    return lines


@st.composite
def programs(draw: st.DrawFn) -> bytes:
    start = draw(st.sampled_from(["", '"""Doc."""\n', "from __future__ import annotations\n", "#!/usr/bin/python\n",
                                  '"""D"""; from __future__ import division; import os\n', "\n\n# comment\n"]))  # fmt: skip
    text = start + "\n".join(draw(blocks()))
    end = draw(st.sampled_from(["\n", "", "\n\n", "\n# end"]))
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + (text + end).replace("\n", newline).encode()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(programs(), st.sampled_from(list(Level)), st.booleans())
def test_every_program_comes_back_and_stays_the_same_program(source: bytes, level: Level, everything: bool) -> None:
    options = Options(level, everything)
    result = instrument(source, PYTHON, options)
    hooks = hooks_of(PYTHON)
    assert hooks is not None
    if hooks.check(source) is None:
        assert result.status is not FileStatus.FAILED
        assert not [function for function in result.functions if function.status == "failed"]
        assert hooks.check(result.output) is None
        assert hooks.same_program(source, result.output, "_tlm")
        assert ast.get_docstring(ast.parse(result.output)) == ast.get_docstring(ast.parse(source))
    if result.status is FileStatus.INSTRUMENTED:
        assert revert(result.output, result.insertions) == source
    assert strip(result.output, PYTHON) == source
    assert instrument(result.output, PYTHON, options).output == result.output


@given(
    st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=8)), max_size=12)
)
def test_apply_and_revert_are_inverse(source: bytes, edits: list[tuple[int, bytes]]) -> None:
    insertions = sorted((Insertion(min(offset, len(source)), text) for offset, text in edits), key=lambda edit: edit[0])
    output = apply(source, insertions)
    assert revert(output, insertions) == source
    assert apply(source, freeze(source, output)) == output
