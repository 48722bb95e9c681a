"""Single functions left out by name: what stays as it is, what is cached, what is said, and how it is written down."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from telemetry_inject.cli import main
from telemetry_inject.config import load_settings
from telemetry_inject.engine.options import Placement
from telemetry_inject.errors import UsageError
from telemetry_inject.leave_out import LeaveOut
from telemetry_inject.project_file_edit import add_to_list, project_file_for
from telemetry_inject.traditional.light_instrumenter import prepare, prove, render
from telemetry_inject.traditional.light_packs import light_packs
from telemetry_inject.traditional.line_claims import Claim

PYTHON = """\
class Store:
    def fetch(self, key):
        def inner():
            return self.table[key].strip()
        return inner().lower()

    def fetch(self, key):
        value = self.table[key]
        return value


def other(value):
    value += 1
    return value
"""
SCRIPT = "function first(a) { const b = a + 1; return b }\nclass Box { open(a) { const b = a + 1; return b } }\n"
GO = """package shop

func Total(values []int) int {
	sum := 0
	for _, value := range values {
		sum += value
	}
	return sum
}

func (s *Shop) Open(name string) error {
	s.name = name
	return s.check()
}
"""
RUBY = (("total", 1), ("total", 5), ("other", 9))


def run(folder: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, tuple[str, str]]]:
    """What became of each function: path -> name -> status and reason."""
    main([str(folder), "--use-scripts", "--json", "-o", str(folder.parent / "out"), *arguments])
    said = json.loads(capsys.readouterr().out)
    return {
        file["path"]: {each["qualname"]: (each["status"], each["reason"]) for each in file["functions"]}
        | ({"": ("cached", "")} if file["cached"] else {})
        for file in said["files"]
    }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "store.py").write_text(PYTHON)
    (folder / "app.js").write_text(SCRIPT)
    (folder / "app.ts").write_text(SCRIPT)
    (folder / "shop.go").write_text(GO)
    (folder / "go.mod").write_text("module example.com/shop\n\ngo 1.21\n")
    return folder


def test_a_function_left_out_stays_as_it_is_in_every_language(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("store.py:Store.fetch", "app.js:first", "app.ts:Box.open", "shop.go:Total")
    found = run(project, *(f"--leave-out={name}" for name in names), capsys=capsys)
    left = {
        f"{path}:{name}"
        for path, functions in found.items()
        for name, (status, reason) in functions.items()
        if status == "skipped" and "leave-out" in reason
    }
    assert left == {*names, "store.py:Store.fetch.<locals>.inner"}
    done = {name for functions in found.values() for name, (status, _) in functions.items() if status == "instrumented"}
    assert {"Store.fetch#2", "other", "first", "Box.open"} <= done
    out = project.parent / "out"
    assert PYTHON[: PYTHON.index("    def fetch", 20)] in (out / "store.py").read_text()
    assert SCRIPT.split("\n")[0] in (out / "app.js").read_text()
    assert SCRIPT.split("\n")[1] in (out / "app.ts").read_text()
    assert GO[GO.index("func Total") : GO.index("func (s")] in (out / "shop.go").read_text()


def test_the_second_function_of_a_name_has_a_number(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(project, "--leave-out", "store.py:Store.fetch#2", capsys=capsys)["store.py"]
    assert found["Store.fetch#2"][0] == "skipped"
    assert found["Store.fetch"][0] == "instrumented"


def test_other_files_stay_cached(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, capsys=capsys)
    found = run(project, "--leave-out", "store.py:other", capsys=capsys)
    assert {path for path, functions in found.items() if "" in functions} == {"app.js", "app.ts", "shop.go"}
    assert "" in run(project, "--leave-out", "store.py:other", capsys=capsys)["store.py"]
    assert run(project, capsys=capsys)["store.py"]["other"][0] == "instrumented"


def test_a_name_that_matches_nothing_is_a_warning(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--leave-out", "store.py:nobody", "--leave-out", "gone.py:other", "--leave-out", "store.py:other")
    assert main([str(project), "--use-scripts", "--dry-run", *arguments]) == 0
    said = capsys.readouterr().err
    assert "store.py has no function of this name" in said and "gone.py:other: there is no such file" in said
    assert "store.py:other" not in said


def test_what_was_not_looked_at_is_no_warning(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(project), "--use-scripts", "--dry-run", "--exclude", "store.py", "--leave-out", "store.py:other"])
    assert "leave-out" not in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("ruby") is None and not os.environ.get("CI"), reason="there is no ruby")
def test_a_language_that_only_a_model_reads() -> None:
    source = b"def total\n  1\nend\n\ndef total\n  2\nend\n\ndef other\n  3\nend\n"
    pack = light_packs()["ruby"]
    file = prepare(source, pack, "a.rb")
    proof = prove(file, pack, [Claim(name, at, f"def {name}", at + 2, "end") for name, at in RUBY])
    result = render(file, pack, proof, frozenset({"total#2"}))
    told = {each.qualname: (each.status.value, each.reason) for each in result.functions}
    assert told["total"] == told["other"] == ("instrumented", "")
    assert told["total#2"][0] == "skipped" and "leave-out" in told["total#2"][1]
    assert b"def total\n  2\nend\n" in result.output


def test_paths_and_names_may_hold_colons() -> None:
    left = LeaveOut(["lib/a.rb:Shop::total", "odd:name.py:f"])
    assert left.of("lib/a.rb") == {"Shop::total"}
    assert left.of("odd:name.py") == {"f"}
    assert left.placed(Placement(), "b.rb") == Placement()
    assert left.placed(Placement(), "lib/a.rb").key != Placement().key


def test_a_flag_adds_to_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "telemetry-inject.toml").write_text('leave-out = ["a.py:f"]\n')
    settings = load_settings({"path": str(tmp_path), "leave_out": ["a.py:g", "a.py:f"]}, {}, tmp_path)
    assert settings.leave_out == ("a.py:f", "a.py:g")
    assert settings.project_file == tmp_path / "telemetry-inject.toml"


@pytest.mark.parametrize("value", ["fetch", ":fetch", "a.py:", "a.py: "])
def test_what_names_no_function_of_a_file_is_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--leave-out"):
        load_settings({"path": str(tmp_path), "leave_out": [value]}, {}, tmp_path)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("telemetry-inject.toml", None, 'leave-out = [\n    "a.py:f",\n    "b.py:g",\n]\n'),
        (
            "telemetry-inject.toml",
            'level = "flow"\n',
            'leave-out = [\n    "a.py:f",\n    "b.py:g",\n]\nlevel = "flow"\n',
        ),
        ("telemetry-inject.toml", 'leave-out = ["b.py:g"]\n', 'leave-out = ["b.py:g",\n    "a.py:f",\n]\n'),
        ("telemetry-inject.toml", "leave-out = []\n", 'leave-out = [\n    "a.py:f",\n    "b.py:g",\n]\n'),
        (
            "telemetry-inject.toml",
            'leave-out = [\n  "b.py:g" # reads ] itself\n]\nlevel = "full"\n',
            'leave-out = [\n  "b.py:g", # reads ] itself\n    "a.py:f",\n]\nlevel = "full"\n',
        ),
        (
            "pyproject.toml",
            '[project]\nname = "x"',
            '[project]\nname = "x"\n\n[tool.telemetry-inject]\nleave-out = [\n    "a.py:f",\n    "b.py:g",\n]\n',
        ),
        (
            "pyproject.toml",
            "[tool.telemetry-inject]\r\nlevel = 'flow'\r\n[tool.x]\r\nleave-out = [1]\r\n",
            '[tool.telemetry-inject]\r\nleave-out = [\r\n    "a.py:f",\r\n    "b.py:g",\r\n]\r\n'
            "level = 'flow'\r\n[tool.x]\r\nleave-out = [1]\r\n",
        ),
    ],
)
def test_exclusions_are_written_and_nothing_else_changes(
    name: str, before: str | None, after: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    if before is not None:
        file.write_bytes(before.encode())
    add_to_list(file, "leave-out", ["a.py:f", "b.py:g"])
    assert file.read_bytes().decode() == after
    assert add_to_list(file, "leave-out", ["a.py:f"]) == ()


def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    text = '[tool]\ntelemetry-inject = { level = "flow" }\n'
    file.write_text(text)
    with pytest.raises(UsageError, match="cannot be changed safely") as raised:
        add_to_list(file, "leave-out", ["a.py:f"])
    assert '"a.py:f"' in raised.value.help_text
    assert file.read_text() == text


def test_odd_names_survive_the_file(tmp_path: Path) -> None:
    file = project_file_for(tmp_path, None)
    names = ['a"b\\c.py:f', "ünï.py:<anonymous>", "tab\t.py:g"]
    add_to_list(file, "leave-out", names)
    assert tomllib.loads(file.read_text())["leave-out"] == names
