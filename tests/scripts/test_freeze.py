"""Freezing an output back to insertions, and where those of a foreign script may stand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_inject.engine.edits import apply
from telemetry_inject.scripts.freeze import NotInsertOnly, freeze
from telemetry_inject.scripts.placement import check_placement
from telemetry_inject.types import Insertion

from .samples import WITHDRAW, WRAPPED, allowed_fragment

_SOURCE = b"def f(x):\n    if x:\n        return 1\n    return 2\n"


def test_a_wrapped_body_becomes_what_a_template_would_have_inserted() -> None:
    edits = freeze(WITHDRAW, WRAPPED)
    header, *lines = edits
    assert header == Insertion(WITHDRAW.index(b"if amount"), b'with _tlm("Bank.withdraw"):\n            ')
    assert [text for _, text in lines] == [b"    "] * 6
    assert allowed_fragment(header.text)
    assert check_placement(WITHDRAW, edits) == []


def test_statements_in_a_moved_block_become_one_insertion_each() -> None:
    output = (
        b'def f(x):\n    with _tlm("f") as _tlm_s:\n        if x:\n'
        b'            _tlm_s.branch("if+1")\n            return 1\n        return 2\n'
    )
    edits = freeze(_SOURCE, output)
    assert edits == (
        Insertion(14, b'with _tlm("f") as _tlm_s:\n        '),
        Insertion(20, b"    "),
        Insertion(28, b'_tlm_s.branch("if+1")\n            '),
        Insertion(37, b"    "),
    )
    assert check_placement(_SOURCE, edits) == []


def test_insertions_inside_of_a_line_are_found_by_words() -> None:
    source, output = b"return x\n", b"return _tlm_s.returns((x), _tlm_s)\n"
    assert freeze(source, output) == (Insertion(7, b"_tlm_s.returns(("), Insertion(8, b"), _tlm_s)"))


def test_a_brace_language_keeps_its_lines() -> None:
    source, output = b"f() {\n  g();\n}\n", b"f() {const s=t();try{\n  g();\n}finally{s.exit()}}\n"
    assert freeze(source, output) == (Insertion(5, b"const s=t();try{"), Insertion(14, b"finally{s.exit()}}"))


@pytest.mark.parametrize("output", [b"", b"x", _SOURCE[:-1], _SOURCE.replace(b"1", b"3"), _SOURCE[::-1]])
def test_output_that_lost_something_is_not_insert_only(output: bytes) -> None:
    with pytest.raises(NotInsertOnly):
        freeze(_SOURCE, output)


def test_no_change_is_no_insertion() -> None:
    assert freeze(_SOURCE, _SOURCE) == ()


_PIECES = st.sampled_from([b"a", b" ", b"    ", b"\n", b"\r\n", b"x\n", b"    x\n", b"\t", b"\xff", b"ab"])


@settings(max_examples=500)
@given(st.lists(_PIECES, max_size=12), st.lists(st.tuples(st.integers(0, 30), _PIECES), max_size=8))
def test_whatever_was_inserted_can_be_frozen(pieces: list[bytes], raw: list[tuple[int, bytes]]) -> None:
    source = b"".join(pieces)
    edits = sorted((Insertion(min(offset, len(source)), text) for offset, text in raw), key=lambda edit: edit[0])
    output = apply(source, edits)
    frozen = freeze(source, output)
    assert apply(source, frozen) == output
    assert list(frozen) == sorted(frozen, key=lambda edit: edit[0])
    assert all(text for _, text in frozen)


_BLOCK = Insertion(14, b'with _tlm("f"):\n        ')


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ([Insertion(28, b"_tlm()\n    ")], "not one statement"),
        ([Insertion(28, b"_tlm()\n            ")], "changes the indent"),
        ([Insertion(28, b"_tlm(); ")], "not one statement"),
        ([Insertion(28, b"_tlm()\n        _tlm()\n        ")], "not one statement"),
        ([Insertion(28, b"_tlm()")], "not one statement"),
        ([Insertion(35, b"_tlm()\n        ")], "does not begin where its line does"),
        ([Insertion(20, b"_tlm()\n        ")], "does not begin where its line does"),
        ([Insertion(len(_SOURCE), b"_tlm()\n")], "does not begin where its line does"),
        ([Insertion(0, b"_tlm()\n")], "line on which the function begins"),
        ([Insertion(8, b"=1")], "line on which the function begins"),
        ([Insertion(37, b"    ")], "no inserted statement holds"),
        ([_BLOCK, Insertion(20, b"    "), Insertion(37, b"  ")], "no inserted statement holds"),
        ([_BLOCK, Insertion(30, b"    ")], "white space inside of a line"),
        ([Insertion(14, b'with _tlm("f", token=token):\n        ')], "'token' would be recorded"),
        ([Insertion(14, b"_tlm_s.assign(x=user_password)\n    ")], "'passw' would be recorded"),
        ([Insertion(14, b"_tlm_s.assign(API_KEY=x)\n    ")], "'API_KEY' would be recorded"),
    ],
)
def test_what_stands_in_the_wrong_place_is_refused(edits: list[Insertion], reason: str) -> None:
    assert any(reason in problem.message for problem in check_placement(_SOURCE, edits))


def test_a_function_may_be_called_after_what_is_secret() -> None:
    source = b"def reset_password(self):\n    return 1\n"
    assert check_placement(source, [Insertion(30, b'with _tlm("User.reset_password"):\n        ')]) == []
