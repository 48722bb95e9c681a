"""Removal from code that was edited after it was instrumented."""

from __future__ import annotations

import pytest

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.types import Level

PYTHON = load_pack("python")
SOURCE = b'''import os


def first(a):
    """Doc."""
    for x in a:
        if x: print(x)
        else:
            total = os.fspath(x)
    return total


class A:
    def second(self):
        def inner():
            return print(1)

        return inner()
'''


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"print(x)", b"print(x, x)", id="changed-line"),
        pytest.param(b"import os\n", b"import os\nimport sys\n", id="added-import"),
        pytest.param(b"class A:\n", b"class A:\n    x = 1\n\n", id="added-attribute"),
        pytest.param(b"def first(a):", b"def renamed(a, *, b=None):", id="new-signature"),
        pytest.param(b'"""Doc."""', b'"""Longer\n\n    documentation."""', id="longer-documentation"),
    ],
)
def test_an_edit_beside_the_telemetry_survives_removal(level: Level, old: bytes, new: bytes) -> None:
    output = instrument(SOURCE, PYTHON, Options(level)).output
    assert old in output
    edited = output.replace(old, new)
    assert strip(edited, PYTHON) == SOURCE.replace(old, new)


def test_statements_added_inside_of_a_wrapped_body_are_moved_back() -> None:
    output = instrument(SOURCE, PYTHON, Options()).output
    edited = output.replace(
        b"        for x in a:\n", b'        # checked\n        assert a, """\n        text"""\n        for x in a:\n'
    )
    expected = SOURCE.replace(
        b"    for x in a:\n", b'    # checked\n    assert a, """\n        text"""\n    for x in a:\n'
    )
    assert strip(edited, PYTHON) == expected


def test_a_function_whose_telemetry_was_removed_by_hand_stays_as_it_is() -> None:
    output = instrument(SOURCE, PYTHON, Options()).output
    by_hand = output.replace(b'            with _tlm("A.second.<locals>.inner"):\n                return print(1)\n',
                             b"            return print(1)\n")  # fmt: skip
    by_hand = by_hand.replace(
        b'                with _tlm("A.second.<locals>.inner"):\n                    return print(1)\n',
        b"                return print(1)\n",
    )
    assert by_hand != output
    assert strip(by_hand, PYTHON) == SOURCE


def test_text_that_only_looks_like_telemetry_is_kept() -> None:
    source = (
        SOURCE
        + b'''

TEXT = """
try: from ._telemetry_inject import _tlm
    with _tlm("x"):
        pass
"""
# with _tlm("comment"):
'''
    )
    output = instrument(source, PYTHON, Options(Level.FULL)).output
    assert strip(output, PYTHON) == source


def test_code_without_our_import_is_nobodys_business() -> None:
    source = b'from contextlib import nullcontext as _tlm\n\n\ndef f():\n    with _tlm("f"):\n        print(1)\n'
    assert strip(source, PYTHON) == source


@pytest.mark.parametrize("before", list(Level))
@pytest.mark.parametrize("after", list(Level))
def test_another_level_replaces_the_one_before(before: Level, after: Level) -> None:
    once = instrument(SOURCE, PYTHON, Options(before)).output
    again = instrument(once, PYTHON, Options(after))
    assert again.output == instrument(SOURCE, PYTHON, Options(after)).output
    assert again.base == SOURCE


def test_a_comment_below_the_header_line_stays() -> None:
    output = instrument(SOURCE, PYTHON, Options()).output
    edited = output.replace(b'with _tlm("first"):\n', b'with _tlm("first"):\n        # why\n')
    assert strip(edited, PYTHON) == SOURCE.replace(b"    for x in a:", b"    # why\n    for x in a:")
