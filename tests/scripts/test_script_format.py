"""The exact form: written, recognised, applied, and run as a program; nothing like it is taken for it."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_inject.scripts import script_format
from telemetry_inject.scripts.script_format import (
    ScriptRefused,
    apply,
    recognise,
    render,
    script_stem,
)
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.types import Insertion, Script, Unit

from .samples import KEY, WITHDRAW, WRAPPED


def made_for(source: bytes, edits: list[Insertion], name: str = "f") -> Script:
    return ScriptGenerator("ab" * 32).generate(Unit("python", name, name, 0, 1, source), edits, KEY)


def literals(data: bytes) -> dict[str, object]:
    """The values that Python itself reads from a script."""
    nodes = [node for node in ast.parse(data).body if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]): ast.literal_eval(node.value) for node in nodes}


def test_a_rendered_script_is_recognised_as_itself(script: Script) -> None:
    assert recognise(render(script)) == script


def test_a_script_is_valid_python_that_says_the_same(script: Script) -> None:
    edits = [[offset, text.decode()] for offset, text in script.edits]
    assert literals(render(script)) == {"META": script.meta, "EDITS": edits}


def test_applying_gives_the_instrumented_function(script: Script) -> None:
    assert apply(script, WITHDRAW) == WRAPPED


def test_applying_twice_is_applying_once(script: Script) -> None:
    assert apply(script, WRAPPED) == WRAPPED


@pytest.mark.parametrize("other", [b"", WITHDRAW + b"\n", WITHDRAW[:-1], WITHDRAW.replace(b"\n", b"\r\n")])
def test_another_function_is_refused(script: Script, other: bytes) -> None:
    with pytest.raises(ScriptRefused, match="other source"):
        apply(script, other)


def test_edits_that_do_not_give_the_promised_output_are_refused(script: Script) -> None:
    changed = replace(script, edits=(*script.edits[:-1], Insertion(script.edits[-1].offset, b"  ")))
    with pytest.raises(ScriptRefused, match="promised output"):
        apply(changed, WITHDRAW)


@pytest.mark.parametrize("edits", [[Insertion(3, b"x")], [Insertion(1, b"x"), Insertion(0, b"y")]])
def test_edits_outside_or_out_of_order_make_no_script(edits: list[Insertion]) -> None:
    with pytest.raises(ScriptRefused):
        made_for(b"ab", edits)


def test_text_that_is_not_utf8_makes_no_script() -> None:
    with pytest.raises(ScriptRefused, match="not UTF-8"):
        render(made_for(b"ab", [Insertion(1, b"\xe9")]))


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(max_examples=200)
@given(st.binary(), st.lists(st.tuples(st.integers(0, 50), _TEXT), max_size=8), _TEXT)
def test_any_insertions_survive_the_round_trip(source: bytes, raw: list[tuple[int, str]], name: str) -> None:
    edits = sorted(
        (Insertion(min(offset, len(source)), text.encode()) for offset, text in raw), key=lambda edit: edit[0]
    )
    script = made_for(source, edits, name)
    data = render(script)
    assert recognise(data) == script
    assert script_format.insert(source, edits) == apply(script, source)
    assert literals(data) == {"META": script.meta, "EDITS": [[offset, text.decode()] for offset, text in edits]}


AWKWARD = [
    '"',
    "\\",
    "\n\r\t\f\b",
    "\0",
    "\x7f\x85",
    "\u2028\u2029",
    "\ufeff",
    "\U0001f600",
    "'''",
    "\\u0041",
    "é\u0301",
]


@pytest.mark.parametrize("text", AWKWARD, ids=ascii)
def test_the_program_does_what_apply_does(tmp_path: Path, text: str) -> None:
    source = b"def f():\r\n\treturn '\xff\xfe'"
    script = made_for(source, [Insertion(10, text.encode()), Insertion(len(source), text.encode())])
    path = tmp_path / "script.py"
    path.write_bytes(render(script))
    done = subprocess.run([sys.executable, str(path)], input=source, capture_output=True, check=True)
    assert done.stdout == apply(script, source)
    again = subprocess.run([sys.executable, str(path)], input=done.stdout, capture_output=True, check=True)
    assert again.stdout == done.stdout


def test_the_program_refuses_another_function_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_bytes(render(made_for(b"ab", [Insertion(1, b"x")], "evil\n\x1b[31mname")))
    done = subprocess.run([sys.executable, str(path)], input=b"abc", capture_output=True)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        r"'evil\n\x1b[31mname': the input is not the function this script was made for"
    ]


# --- near misses

META = {
    "file": "../../%C3%A9.py", "function": "f", "language": "python", "template": "ab" * 32, "key": KEY.hex(),
    "source_sha256": "1" * 64, "output_sha256": "2" * 64, "source_length": 7, "output_length": 8, "sites": 1,
}  # fmt: skip


def written(meta: str, edits: str) -> bytes:
    return f"{script_format.HEADER}META = {meta}\nEDITS = {edits}\n{script_format.DRIVER}".encode(
        "utf-8", "surrogatepass"
    )


def with_meta(**changes: object) -> bytes:
    return written(json.dumps({**META, **changes}, ensure_ascii=False), '[[1, "x"]]')


def with_edits(edits: str) -> bytes:
    return written(json.dumps(META), edits)


GOOD = with_edits('[[1, "x"], [1, "y"], [7, "é"]]')


def test_the_near_misses_miss_a_script_that_is_recognised() -> None:
    assert recognise(GOOD) is not None
    assert recognise(with_meta()) is not None
    assert recognise(with_edits("[]")) is not None


EDITS = {
    "no list": "{}",
    "null": "null",
    "an edit that is no list": '[{"1": "x"}]',
    "three parts": '[[1, "x", 0]]',
    "one part": "[[1]]",
    "the text first": '[["x", 1]]',
    "text as bytes": "[[1, [120]]]",
    "no text": '[[1, ""]]',
    "null text": "[[1, null]]",
    "negative offset": '[[-1, "x"]]',
    "minus zero": '[[-0, "x"]]',
    "leading zero": '[[01, "x"]]',
    "fraction": '[[1.0, "x"]]',
    "exponent": '[[1e0, "x"]]',
    "true as offset": '[[true, "x"]]',
    "not a number": '[[NaN, "x"]]',
    "infinite": '[[Infinity, "x"]]',
    "offset beyond a file": '[[2147483648, "x"]]',
    "offset of 5,000 digits": f'[[{"9" * 5000}, "x"]]',
    "unsorted": '[[2, "x"], [1, "y"]]',
    "extra space": '[[1,  "x"]]',
    "no space": '[[1,"x"]]',
    "space at the end": '[[1, "x"]] ',
    "trailing comma": '[[1, "x"],]',
    "an escape that need not be": r'[[1, "\u0078"]]',
    "an escaped slash": r'[[1, "\/"]]',
    "escape in capitals": r'[[1, "\u00E9"]]',
    "escaped letter outside of ASCII": r'[[1, "\u00e9"]]',
    "escaped pair": r'[[1, "\ud83d\ude00"]]',
    "escaped half of a pair": r'[[1, "\ud83d"]]',
    "half of a pair": '[[1, "\ud83d"]]',
    "single quotes": "[[1, 'x']]",
    "raw tab": '[[1, "\t"]]',
    "comment": '[[1, "x"]]  # comment',
    "an expression": '[[1, "x"]] + []',
    "a call": '[[1, "x"], *__import__("os").listdir()]',
    "a second statement": '[[1, "x"]]; import os',
    "a second value": '[[1, "x"]]\nEDITS = [[1, "y"]]',
    "nested 100,000 times": "[" * 100_000 + "]" * 100_000,
    "byte order mark": '\ufeff[[1, "x"]]',
}

METAS = {
    "no object": lambda: written("[]", "[]"),
    "empty": lambda: written("{}", "[]"),
    "one key too many": lambda: with_meta(extra="x"),
    "one key too few": lambda: written(json.dumps({k: v for k, v in META.items() if k != "key"}), "[]"),
    "another order": lambda: written(json.dumps(dict(reversed(META.items()))), "[]"),
    "a key twice": lambda: written(json.dumps(META)[:-1] + ', "sites": 1}', "[]"),
    "a key twice at the front": lambda: written('{"function": "g", ' + json.dumps(META)[1:], "[]"),
    "true": lambda: with_meta(sites=True),
    "a fraction": lambda: with_meta(sites=1.5),
    "not a number": lambda: with_meta(sites=float("nan")),
    "negative sites": lambda: with_meta(sites=-1),
    "a length that is text": lambda: with_meta(source_length="7"),
    "a negative length": lambda: with_meta(output_length=-1),
    "a file with a quote": lambda: with_meta(file='a"b'),
    "a file with a stray percent sign": lambda: with_meta(file="100%"),
    "a file that is escaped in small letters": lambda: with_meta(file="%c3%a9.py"),
    "a file that is not ASCII": lambda: with_meta(file="é.py"),
    "null function": lambda: with_meta(function=None),
    "number as function": lambda: with_meta(function=1),
    "half a pair as function": lambda: with_meta(function="\ud800"),
    "language that leaves its folder": lambda: with_meta(language="../../etc"),
    "language in capitals": lambda: with_meta(language="Python"),
    "empty language": lambda: with_meta(language=""),
    "short key": lambda: with_meta(key="ab"),
    "key in capitals": lambda: with_meta(key="AB" * 32),
    "key with a line end": lambda: with_meta(key="ab" * 32 + "\n"),
    "key with a space": lambda: with_meta(key="ab" * 32 + " "),
    "no digest": lambda: with_meta(source_sha256="x" * 64),
    "two digests in one": lambda: with_meta(source_sha256="1" * 64 + " " + "1" * 64),
    "no template": lambda: with_meta(template=""),
    "template that is a list": lambda: with_meta(template=["ab"]),
}

WHOLE = {
    "nothing": lambda: b"",
    "header only": lambda: script_format.HEADER.encode(),
    "a byte at the end": lambda: GOOD + b"\n",
    "a byte missing": lambda: GOOD[:-1],
    "a byte order mark": lambda: b"\xef\xbb\xbf" + GOOD,
    "a line before": lambda: b"\n" + GOOD,
    "Windows line ends": lambda: GOOD.replace(b"\n", b"\r\n"),
    "a cookie in the header": lambda: GOOD.replace(b'"""Instr', b"# coding: latin-1\n" + b'"""Instr', 1),
    "a NUL at the end": lambda: GOOD + b"\0",
    "code between the values": lambda: GOOD.replace(b"\nEDITS", b"\nimport os\nEDITS"),
    "code after the values": lambda: GOOD.replace(b"\n\n# ---- fixed", b"\nimport os\n\n# ---- fixed"),
    "another driver": lambda: GOOD.replace(b"import sys", b"import os"),
    "broken UTF-8": lambda: GOOD.replace("é".encode(), b"\xe9"),
    "UTF-16": lambda: GOOD.decode().encode("utf-16"),
    "values in the other order": lambda: GOOD.replace(b"META = ", b"EDITS = ", 1),
    "larger than any script": lambda: with_edits(json.dumps([[1, "x" * script_format.MAX_SCRIPT_BYTES]])),
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_other_edits_are_not_recognised(edits: str) -> None:
    assert recognise(with_edits(edits)) is None


@pytest.mark.parametrize("make", METAS.values(), ids=METAS)
def test_other_data_is_not_recognised(make: Callable[[], bytes]) -> None:
    assert recognise(make()) is None


@pytest.mark.parametrize("make", WHOLE.values(), ids=WHOLE)
def test_other_files_are_not_recognised(make: Callable[[], bytes]) -> None:
    assert recognise(make()) is None


def test_no_byte_outside_of_the_values_can_be_changed() -> None:
    start, end = GOOD.index(b"{"), GOOD.index(script_format.DRIVER.encode())
    for position in [*range(start), *range(end, len(GOOD))]:
        for other in (GOOD[position] ^ 1, GOOD[position] ^ 0x20):
            changed = GOOD[:position] + bytes([other]) + GOOD[position + 1 :]
            assert recognise(changed) is None, position


def test_whatever_is_recognised_is_written_alike_again() -> None:
    chance = random.Random(7)
    start, end = GOOD.index(b"{"), GOOD.index(script_format.DRIVER.encode())
    recognised = 0
    for _ in range(20_000):
        data = bytearray(GOOD)
        for _ in range(chance.randint(1, 3)):
            position = chance.randrange(start, end)
            data[position : position + chance.randint(0, 1)] = bytes(chance.choices(b'"\\,[]{}:019ax \n\xc3\xa9', k=1))
        found = recognise(bytes(data))
        if found is not None:
            recognised += 1
            assert render(found) == data
            ast.parse(bytes(data))
    assert recognised > 100


# --- names

NAMES = {
    "calculate_ema": "calculate_ema",
    "Store.fetch": "fetch",
    "Store.fetch#2": "fetch",
    "fetch": "fetch",
    "../../x": "_x",
    "naïve": "na_ve",
    "": "_",
    "<lambda>": "_lambda_",
    "a" * 300: "a" * 80,
    "con": "con",
}


@pytest.mark.parametrize(("name", "stem"), NAMES.items(), ids=lambda value: ascii(value)[:20])
def test_names_of_files_are_safe(name: str, stem: str) -> None:
    assert script_stem(name, KEY) == f"{stem}_00010203"
