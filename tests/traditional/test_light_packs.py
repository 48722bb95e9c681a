"""Light packs: their form, those of a user, and who analyses what."""

from __future__ import annotations

import json
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

from .conftest import RUBY, Run, calls, good
from .test_languages import needs

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
    proof = prove(
        file, PACKS["perl"], [Claim("main::total", 40, "sub total {", 7, "}"), claim(PERL, 9, 11, "x'); `id`")]
    )
    assert [place.name for place in proof.places] == ["total", "other"]
    result = render(file, PACKS["perl"], proof)
    assert strip_light(result.output, PACKS["perl"]) == PERL and b"`id`" not in result.output


def test_names_that_are_ours_keep_a_file_as_it_is() -> None:
    file = prepare(b"our $x = TelemetryInject::mine();\n" + PERL, PACKS["perl"], "a.pl")
    assert file.refused == "uses names that telemetry-inject reserves"


def reasons(source: str, language: str, *claims: Claim) -> dict[str, str]:
    """The functions of a file, and why each is left alone: nothing for those with a span."""
    pack = PACKS[language]
    file = prepare(source.encode(), pack, f"a.{pack.config['extensions'][0]}")
    assert not file.refused, file.refused
    result = render(file, pack, prove(file, pack, claims))
    assert strip_light(result.output, pack) == source.encode()
    return {function.qualname: function.reason for function in result.functions}


CALLABLE = """local t = setmetatable({}, { __call = function(self)
  return self
end })
local function f()
  g()
end
"""


def test_what_only_the_model_sees_is_in_the_report() -> None:
    needs("luac5.4")
    source = CALLABLE.encode()
    found = reasons(CALLABLE, "lua", claim(source, 1, 3, "t.__call"), claim(source, 4, 6, "f"))
    assert found == {"t.__call": "line 1 is not the first line of a function in Lua", "f": ""}


def test_a_function_on_one_line_says_so_and_nobody_is_asked(run: Run, server: ScriptedServer) -> None:
    assert reasons("sub one { return 1 }\nsub two {\n  return 2;\n}\n", "perl") == {
        "one": "begins and ends on one line",
        "two": "the model did not name it",
    }
    run.write(a__pl="sub one { return 1 }\nsub two;\n")
    assert run("--json").stdout.count("begins and ends on one line") == 2
    assert not calls(server)


OPERATORS = """class Money
  def ==(other)
    other.cents == cents
  end

  def <<(other)
    add(other)
  end

  def []=(name, value)
    store[name] = value
  end

  def +(other)
    Money.new(cents + other.cents)
  end

  def !
    cents.zero?
  end

  def self.of(cents)
    new(cents)
  end
end
"""


def test_operators_are_functions_too() -> None:
    needs("ruby")
    named = [(2, "Money#=="), (6, "Money#<<"), (10, "Money#[]="), (14, "Money#+"), (18, "!"), (22, "Money.of")]
    claims = [claim(OPERATORS.encode(), first, first + 2, name) for first, name in named]
    assert reasons(OPERATORS, "ruby", *claims) == {name: "" for _, name in named}


TABLE = """local t = {
  total = function(self)
    return #self
  end,
  last = function() print() end,
}
"""


def test_fields_of_a_table_are_functions_too() -> None:
    needs("luac5.4")
    found = reasons(TABLE, "lua", claim(TABLE.encode(), 2, 4))
    assert found == {"total": "", "last": "begins and ends on one line"}


@pytest.mark.parametrize(
    "source",
    [
        "sub total {\n    my $x = shift;\n    return $x;\n    }\n\nsub other {\n    2;\n    }\n",
        "sub total\n\t{\n\tmy $x = shift;\n\t}\n",
    ],
)
def test_braces_may_close_where_one_likes(source: str) -> None:
    lines = source.splitlines()
    last = next(number for number, line in enumerate(lines, 1) if line.strip() == "}")
    assert reasons(source, "perl", claim(source.encode(), 1, last))["total"] == ""
    assert reasons(source, "perl", claim(source.encode(), 1, last - 1))["total"] != ""


def test_a_file_that_is_not_understood_to_its_end_is_left_alone() -> None:
    file = prepare(b"my $x = q{;\n" + PERL, PACKS["perl"], "a.pl")
    assert file.refused == "line 1: a text begins here, and its end is not found"


def test_a_file_in_which_no_function_can_be_instrumented_is_asked_about_once(run: Run, server: ScriptedServer) -> None:
    run.write(a__pl="sub import {\n  return 1;\n}\n")
    assert "left alone" in run("--json").stdout
    assert len(calls(server)) == 1
    run("--json")
    assert len(calls(server)) == 1


def test_a_model_that_names_nothing_is_asked_twice_and_then_believed(run: Run, server: ScriptedServer) -> None:
    nothing = json.dumps({"reason": "only getters", "functions": []})
    server.default = good(
        "openai", lambda request: nothing if "BEGIN SOURCE" in str(request.body) else '{"advice": ""}'
    )
    run.write(a__pl="sub two {\n  return 2;\n}\n")
    assert "the model did not name it" in run("--json").stdout
    assert len(calls(server)) == 2
    run("--json")
    assert len(calls(server)) == 2


def test_a_level_that_a_language_does_not_know_is_told(run: Run, server: ScriptedServer) -> None:
    run.write(a__pl="sub two {\n  return 2;\n}\n", b__py="def f(x):\n    return len(x)\n")
    done = run("--level", "full")
    assert "Perl: level function only, not full" in done.stderr
    assert "level function only" not in run("-o", "other").stderr


def test_a_method_may_call_that_of_its_parent() -> None:
    needs("php")
    source = "<?php\nclass A extends B\n{\n    function go()\n    {\n        parent::go();\n    }\n}\n"
    assert reasons(source, "php", claim(source.encode(), 4, 7)) == {"go": ""}
