"""Light packs: their form, those of a user, and who analyses what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from llm.scripted_server import ScriptedServer

from telemetry_inject.engine.packs import load_pack
from telemetry_inject.errors import PackError, UsageError
from telemetry_inject.traditional.hybrid_analyzer import HybridAnalyzer
from telemetry_inject.traditional.light_instrumenter import prepare, prove, render, strip_light
from telemetry_inject.traditional.light_packs import LightPack, light_packs
from telemetry_inject.traditional.line_claims import Claim

from .conftest import RUBY, Run

PACKS = light_packs()


@pytest.mark.parametrize("pack", PACKS.values(), ids=list(PACKS))
def test_what_is_inserted_can_be_found_again(pack: LightPack) -> None:
    pack.check_helpers()
    imported = pack.snippet("import")
    assert imported is not None and pack.mark in imported[1]
    for name in ("enter", "exit", "import"):
        snippet = pack.snippet(name)
        if snippet is not None:
            assert "\n" not in snippet[1]
            assert pack.reserved.search(snippet[1].replace("{plain}", "x").encode())
            text = snippet[1].replace("{name}", "Shop#total?").replace("{plain}", "Shop_total_").encode()
            assert strip_light(b"before " + text + b"after", pack) == b"before after"
    for name in pack.helpers:
        assert b"telemetry-inject" in pack.helper_source(name)[:2000]


def test_a_users_own_pack_wins(tmp_path: Path, run: Run, server: ScriptedServer) -> None:
    folder = tmp_path / "mine" / "_light" / "ruby"
    (folder / "runtime").mkdir(parents=True)
    text = (PACKS["ruby"].folder / "pack.toml").read_text()
    (folder / "pack.toml").write_text(text.replace("enter('{name}')", "enter('my {name}')"))
    (folder / "runtime" / "_telemetry_inject.rb").write_bytes(PACKS["ruby"].helper_source("_telemetry_inject.rb"))
    run.write(a__rb=RUBY)
    run("--packs", "mine")
    assert "enter('my total')" in run.output("a.rb")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("name = ", "nome = "), "no entry 'name'"),
        (('name = "ruby"', 'name = "other"'), "not that of its folder"),
        (('"body-line"', '"somewhere"'), "the anchor is not one of"),
        (("closer = 'end", "closer = '(end"), "function.closer"),
        (("[check]", "[check"), "pack.toml"),
    ],
)
def test_a_broken_pack_says_where(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    folder = tmp_path / "_light" / "ruby"
    folder.mkdir(parents=True)
    (folder / "pack.toml").write_text((PACKS["ruby"].folder / "pack.toml").read_text().replace(*change, 1))
    with pytest.raises(PackError, match=re.escape(words)):
        light_packs(tmp_path)


def test_who_analyses_what() -> None:
    python, ruby = load_pack("python"), PACKS["ruby"]
    usual = HybridAnalyzer(None)  # type: ignore[arg-type]
    assert not usual.by_model(python, None) and usual.by_model(None, ruby) and not usual.by_model(python, ruby)
    assert HybridAnalyzer(None, prefer_tree_sitter=False).by_model(python, ruby)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no grammar"):
        HybridAnalyzer(None, force_tree_sitter=True).by_model(None, ruby)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="do not go together"):
        HybridAnalyzer(None, prefer_tree_sitter=False, force_tree_sitter=True)  # type: ignore[arg-type]


PERL = b"""sub total {
    my (@items) = @_;
    if (@items) {
        return 1;
    }
    return 0;
}

sub other {
    return 2;
}
"""


def claim(source: bytes, first: int, last: int, name: str = "total") -> Claim:
    lines = source.decode().splitlines()
    return Claim(name, first, lines[first - 1], last, lines[last - 1])


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (claim(PERL, 1, 5), "does not end on line 5"),
        (claim(PERL, 1, 11), "does not end on line 11"),
        (claim(PERL, 3, 5), "not the first line of a function"),
        (Claim("total", 1, "sub else {", 7, "}"), "does not read like"),
        (Claim("total", 999, "sub total", 7, "}"), "does not read like"),
    ],
)
def test_what_is_not_true_is_no_place(one: Claim, words: str) -> None:
    proof = prove(prepare(PERL, PACKS["perl"], "a.pl"), PACKS["perl"], [one])
    assert not proof.places and words in str(proof.problems + proof.left)


def test_a_wrong_number_with_the_right_text_is_understood() -> None:
    file = prepare(PERL, PACKS["perl"], "a.pl")
    proof = prove(file, PACKS["perl"], [Claim("main::total", 40, "sub total {", 7, "}"), claim(PERL, 9, 11, "x'); `id`")])
    assert [place.name for place in proof.places] == ["total", "other"]
    result = render(file, PACKS["perl"], proof)
    assert strip_light(result.output, PACKS["perl"]) == PERL and b"`id`" not in result.output


def test_names_that_are_ours_keep_a_file_as_it_is() -> None:
    file = prepare(b"our $x = TelemetryInject::mine();\n" + PERL, PACKS["perl"], "a.pl")
    assert file.refused == "uses names that telemetry-inject reserves"
