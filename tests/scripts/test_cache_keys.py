from dataclasses import replace

import pytest

from telemetry_inject.scripts.cache_keys import KeyScope, canonical_options, file_key, unit_key
from telemetry_inject.types import Unit

SCOPE = KeyScope("0.1.0", "aa", "15", canonical_options({"level": "function"}))
UNIT = Unit("python", "f", "C.f", 100, 7, b"def f(self): pass\n", ("C.f", "    ", "\n"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), ("ab",)),
        (("a",), ("a", "")),
        ((), ("",)),
        ((b"a",), ("a",)),
        (("1:a",), ("a",)),
        (("a", "s1:b"), ("a", "b")),
        (("\ud800",), ("80a6e97f416e54e9e7dd9f7b732c6c347cd34b2f3ebbe5a85e3fd12b08e00716",)),
        ((b"x\r\n",), (b"x\n",)),
    ],
)
def test_different_surroundings_give_different_keys(
    one: tuple[bytes | str, ...], other: tuple[bytes | str, ...]
) -> None:
    keys = [file_key(SCOPE, "python", b"pass\n", *context) for context in (one, other)]
    assert keys[0] != keys[1] and [len(key) for key in keys] == [32, 32]


def test_equal_parts_give_the_same_key_in_every_process() -> None:
    assert file_key(SCOPE, "python", b"pass\n", "a", b"b").hex() == "80a6e97f416e54e9e7dd9f7b732c6c347cd34b2f3ebbe5a85e3fd12b08e00716"


@pytest.mark.parametrize(
    "scope",
    [
        replace(SCOPE, engine_version="0.1.1"),
        replace(SCOPE, pack_digest="ab"),
        replace(SCOPE, grammar_version="14"),
        replace(SCOPE, options=canonical_options({"level": "full"})),
    ],
)
def test_everything_in_the_scope_reaches_both_keys(scope: KeyScope) -> None:
    assert unit_key(scope, UNIT) != unit_key(SCOPE, UNIT)
    assert file_key(scope, "python", b"x") != file_key(SCOPE, "python", b"x")


@pytest.mark.parametrize(
    "unit",
    [
        replace(UNIT, language="cython"),
        replace(UNIT, name="g"),
        replace(UNIT, qualname="D.f"),
        replace(UNIT, source=UNIT.source + b"\n"),
        replace(UNIT, context=(*UNIT.context, "")),
        replace(UNIT, context=("C.f", "\t", "\n")),
    ],
)
def test_what_reaches_the_text_reaches_the_key(unit: Unit) -> None:
    assert unit_key(SCOPE, unit) != unit_key(SCOPE, UNIT)


def test_context_given_apart_is_not_the_unit_s_own() -> None:
    assert unit_key(SCOPE, replace(UNIT, context=("C.f", "    ")), "\n") != unit_key(SCOPE, UNIT)


def test_where_a_function_stands_does_not_matter() -> None:
    assert unit_key(SCOPE, replace(UNIT, start=5, line=1)) == unit_key(SCOPE, UNIT)


def test_a_file_and_a_function_never_share_a_key() -> None:
    assert file_key(SCOPE, "python", UNIT.source) != unit_key(SCOPE, replace(UNIT, name="", qualname="", context=()))


def test_the_order_of_options_does_not_matter() -> None:
    assert canonical_options({"a": 1, "b": [2]}) == canonical_options({"b": [2], "a": 1})


def test_options_that_have_no_one_text_are_refused() -> None:
    with pytest.raises(TypeError):
        canonical_options({"skip": {1, 2}})
