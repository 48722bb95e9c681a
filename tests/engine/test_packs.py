"""Packs that are wrong say so in one line: which pack, which file, what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from telemetry_inject.engine import Options, instrument, load_pack
from telemetry_inject.engine.fragments import is_trusted
from telemetry_inject.engine.packs import BUILT_IN, grammar_of, grammar_version, pack_names
from telemetry_inject.errors import PackError
from telemetry_inject.types import Level


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(BUILT_IN / "python", tmp_path / "mine", ignore=shutil.ignore_patterns("cases", "__pycache__"))
    return tmp_path


def test_packs_are_found_by_their_folders(copy: Path) -> None:
    assert "python" in pack_names()
    assert pack_names(copy) == ("mine",)
    shutil.copytree(copy / "mine", copy / "_base")
    assert pack_names(copy) == ("mine",)


def test_a_pack_of_the_users_own_instruments(copy: Path) -> None:
    snippets = copy / "mine" / "snippets.toml"
    snippets.write_text(snippets.read_text().replace("""function = 'with {alias}""", """function = 'with  {alias}"""))
    output = instrument(b"def f():\n    print(1)\n", load_pack("mine", copy), Options()).output
    assert b'    with  _tlm("f"):\n' in output


def test_every_part_reaches_the_digest(copy: Path) -> None:
    digests = {load_pack("mine", copy).digest}
    for part in ("pack.toml", "functions.scm", "flow.scm", "full.scm", "snippets.toml", "hooks.py"):
        path = copy / "mine" / part
        path.write_bytes(path.read_bytes() + b"\n")
        load_pack.cache_clear()
        digests.add(load_pack("mine", copy).digest)
    assert len(digests) == 7


@pytest.mark.parametrize("part", ["pack.toml", "functions.scm", "flow.scm", "full.scm", "snippets.toml"])
def test_a_missing_part_is_named(copy: Path, part: str) -> None:
    (copy / "mine" / part).unlink()
    with pytest.raises(PackError, match=rf"pack mine: .*{part} is missing"):
        load_pack("mine", copy)


def test_a_file_that_is_not_toml_is_named(copy: Path) -> None:
    (copy / "mine" / "snippets.toml").write_text("[broken")
    with pytest.raises(PackError, match=r"snippets\.toml"):
        load_pack("mine", copy)


def test_a_missing_entry_is_named(copy: Path) -> None:
    path = copy / "mine" / "pack.toml"
    path.write_text(path.read_text().replace("\nalias =", "\nother ="))
    with pytest.raises(PackError, match="no entry 'alias'"):
        load_pack("mine", copy)


def test_a_query_that_does_not_compile_is_named(copy: Path) -> None:
    (copy / "mine" / "flow.scm").write_text("(no_such_node) @x")
    with pytest.raises(PackError, match=r"flow\.scm"):
        grammar_of(load_pack("mine", copy))


def test_a_grammar_that_is_not_installed_says_how_to_get_it(copy: Path) -> None:
    path = copy / "mine" / "pack.toml"
    path.write_text(path.read_text().replace("tree_sitter_python:", "tree_sitter_nowhere:"))
    for needs in (grammar_of, grammar_version):
        with pytest.raises(PackError) as found:
            needs(load_pack("mine", copy))
        assert found.value.help_text == "pip install tree-sitter-nowhere"


def test_every_text_that_a_pack_inserts_is_trusted_and_nothing_else() -> None:
    for name in pack_names():
        pack = load_pack(name)
        for case in (BUILT_IN / name / "cases").glob("*.before.*"):
            for level in Level:
                result = instrument(case.read_bytes(), pack, Options(level))
                for unit in result.units:
                    for _, text in unit.edits.insertions:
                        assert is_trusted(text, pack), text
        for text in (b"import os\n", b"; os.system('x')", b'with _tlm("a"): os.remove("b")', b"return ", b"\n", b"#",
                     b'with _tlm("a" + x):', b"; _tlm_s.assign(a=password)", b'with _tlm("a", b=c) as _tlm_s:', b"_tlm_s.assign(x=f())", b'"""', b"pass\n"):  # fmt: skip
            assert not is_trusted(text, pack), text


def test_every_part_of_a_helper_reaches_instrumented_trees() -> None:
    packs = [load_pack(name) for name in pack_names()]
    used = {pack.find(f"runtime/{part}") for pack in packs for parts in pack.helpers.values() for part in parts}
    written = {path for path in BUILT_IN.glob("*/runtime/*") if path.is_file() and path.suffix != ".toml"}
    assert written - used == set()
