"""Nothing unproved is written: broken templates, failing scripts, refactorers good and bad, poisoned caches."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from telemetry_inject.cli import main
from telemetry_inject.engine import load_pack
from telemetry_inject.engine.instrumenter import instrument
from telemetry_inject.engine.packs import BUILT_IN
from telemetry_inject.scripts.cache_keys import KeyScope
from telemetry_inject.scripts.cache_rows import Touches
from telemetry_inject.scripts.export_writer import ExportWriter
from telemetry_inject.scripts.repair import Repair
from telemetry_inject.scripts.script_cache import ScriptCache
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.scripts.unit_gate import ScriptGate
from telemetry_inject.types import FunctionStatus, Problem, Script, Unit, UnitEdits

from .conftest import FILES, Command, tree

PYTHON = load_pack("python")
SOURCE = b"def first(a):\n    return print(a)\n\n\ndef second(a):\n    return print(a, 2)\n"


def test_templates_that_do_not_compile_leave_every_function_as_it_was(
    command: Command, project: Path, tmp_path: Path
) -> None:
    shutil.copytree(
        BUILT_IN / "python", tmp_path / "packs/python", ignore=shutil.ignore_patterns("cases", "__pycache__")
    )
    snippets = tmp_path / "packs/python/snippets.toml"
    snippets.write_text(
        snippets.read_text().replace("""with {alias}("{name}"):'""", """with {alias}("{name}") oops:'""")
    )
    done = command(project, "--use-scripts", "-o", tmp_path / "out", "--packs", tmp_path / "packs", "--json", check=1)
    report = json.loads(done.stdout)
    reasons = {function["reason"] for file in report["files"] for function in file["functions"]}
    assert reasons == {"would not compile: invalid syntax"}
    assert tree(tmp_path / "out") == {name: text.encode() for name, text in FILES.items()}


class BreaksFirst(ScriptValidator):
    """Finds fault with one function's script."""

    def check(self, script: Script, source: bytes, output: bytes | None = None) -> list[Problem]:
        if script.meta["function"] == "first":
            return [Problem("tests", "made to fail")]
        return super().check(script, source, output)


class Proposes:
    """A refactorer with fixed answers."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def refactor(self, script: bytes, problems: Sequence[Problem], unit: Unit) -> bytes | None:
        self.asked.append(problems[0].message)
        return self.answers.pop(0) if self.answers else None


def gate(refactorer: Proposes) -> ScriptGate:
    generator = ScriptGenerator(PYTHON.digest)
    return ScriptGate(
        KeyScope("test", PYTHON.digest, "test", ""), lambda keys: {}, generator, BreaksFirst(),
        Repair(PYTHON, refactorer, generator), "../../../source.py",
    )  # fmt: skip


GOOD = b"""def transform(source):
    return source.replace("    return", '    with _tlm("first"):\\n        return')
"""


def test_a_script_that_fails_leaves_its_function_and_the_others_are_done() -> None:
    proposals = Proposes()
    result = instrument(SOURCE, PYTHON, gate=gate(proposals))
    assert [function.status for function in result.functions] == [FunctionStatus.FAILED, FunctionStatus.INSTRUMENTED]
    assert result.functions[0].reason == "its script failed: made to fail"
    assert b"def first(a):\n    return print(a)\n" in result.output
    assert b'with _tlm("second"):' in result.output
    assert proposals.asked == ["made to fail"]


def test_a_repaired_script_is_proved_frozen_and_used() -> None:
    used = gate(Proposes(b"def transform(source):\n    return source[1:]\n", GOOD))
    result = instrument(SOURCE, PYTHON, gate=used)
    assert [function.status for function in result.functions] == [FunctionStatus.INSTRUMENTED] * 2
    assert b'def first(a):\n    with _tlm("first"):\n        return print(a)\n' in result.output
    assert {export.name for export in used.exports} == {"first", "second"}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"def transform(source):\n    return source + 'import os\\n'\n", id="adds-code"),
        pytest.param(b"def transform(source):\n    return source.replace('print', 'exec')\n", id="changes-code"),
        pytest.param(b"import os\nos.system('touch /tmp/owned')\n", id="runs-a-command"),
        pytest.param(b"while True: pass\n", id="never-ends"),
        pytest.param(b"\xff\xfe", id="not-a-script"),
        pytest.param(b"", id="empty"),
        pytest.param(GOOD.replace(b'"first"', b'"first" + str(a)'), id="another-text"),
    ],
)
def test_a_bad_proposal_reaches_no_file(answer: bytes) -> None:
    proposals = Proposes(answer)
    result = instrument(SOURCE, PYTHON, gate=gate(proposals))
    assert result.functions[0].status is FunctionStatus.FAILED
    assert b"def first(a):\n    return print(a)\n" in result.output
    assert len(proposals.asked) == 2


def test_a_poisoned_cache_is_not_believed(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "one")
    database = sqlite3.connect(tmp_path / "home/.telemetry_cache/v1/cache.sqlite3")
    poisoned = 0
    for table in ("files", "functions"):
        for rowid, payload in database.execute(f"SELECT rowid, payload FROM {table}").fetchall():
            evil = bytes(payload).replace(b'with _tlm("main"):', b"import os; os.a(1):"[:18].ljust(18))
            poisoned += evil != payload
            database.execute(f"UPDATE {table} SET payload = ? WHERE rowid = ?", (evil, rowid))
    database.commit()
    database.close()
    assert poisoned >= 2
    command(project, "--use-scripts", "-o", tmp_path / "two")
    assert tree(tmp_path / "two") == tree(tmp_path / "one")


def test_a_cache_made_by_another_user_is_not_believed(command: Command, project: Path, tmp_path: Path) -> None:
    command(project, "--use-scripts", "-o", tmp_path / "one")
    shutil.rmtree(tmp_path / "home/key")
    done = command(project, "--use-scripts", "-o", tmp_path / "two", "--json")
    report = json.loads(done.stdout)
    assert not any(file["cached"] for file in report["files"])
    assert tree(tmp_path / "two") == tree(tmp_path / "one")


def test_edits_that_the_gate_gives_are_still_checked_against_the_file() -> None:
    class Lies(ScriptGate):
        def known(self, units: Sequence[Unit]) -> Sequence[UnitEdits | None]:
            return [None] * len(units)

        def prove(self, unit: Unit, edits: UnitEdits) -> UnitEdits | str:
            return UnitEdits(tuple((offset, text + b"(") for offset, text in edits.insertions))  # type: ignore[misc]

    honest = gate(Proposes())
    lies = Lies(honest.scope, honest.recall, honest.generator, honest.validator, honest.refactor, honest.origin)
    result = instrument(SOURCE, PYTHON, gate=lies)
    assert result.functions[0].status is FunctionStatus.FAILED
    compile(result.output, "output", "exec")
    assert b":(" not in result.output and b"((" not in result.output


def test_packs_of_the_users_own_stand_beside_the_built_in_ones(command: Command, project: Path, tmp_path: Path) -> None:
    mine = tmp_path / "packs/mine"
    shutil.copytree(BUILT_IN / "python", mine, ignore=shutil.ignore_patterns("cases", "__pycache__"))
    config = (mine / "pack.toml").read_text()
    config = config.replace('name = "python"', 'name = "mine"').replace('["py", "pyw"]', '["mine"]')
    (mine / "pack.toml").write_text(
        config.replace("filenames = [", "filenames = [] #").replace("interpreters = [", "interpreters = [] #")
    )
    (project / "app/other.mine").write_text("def f():\n    print(1)\n")
    command(project, "--use-scripts", "-o", tmp_path / "out", "--packs", tmp_path / "packs")
    assert 'with _tlm("f"):' in (tmp_path / "out/app/other.mine").read_text()
    assert 'with _tlm("total"):' in (tmp_path / "out/app/core.py").read_text()


def test_scripts_that_a_worker_could_not_stage_are_told_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(self: ExportWriter, *_: object) -> str:
        self.problem = "no room"
        return "stem"

    monkeypatch.setattr(ExportWriter, "write", no_room)
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "key"))
    cache = str(tmp_path / "cache")
    assert (
        main([str(project), "--use-scripts", "--no-parallel", "-o", str(tmp_path / "out"), "--cache-dir", cache]) == 0
    )
    assert capsys.readouterr().err.count("could not be written to the cache: no room") == 1


def test_functions_that_only_workers_read_do_not_age_out(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: set[object] = set()
    original = ScriptCache.add_touches

    def note(self: ScriptCache, touches: Touches) -> None:
        noted.update(touches.functions)
        original(self, touches)

    monkeypatch.setattr(ScriptCache, "add_touches", note)
    # Rows are touched once a day: the worker's view has to see that a day has passed.
    monkeypatch.setattr(ScriptCache, "_today", lambda self: 10**6 if self.readonly else 10**6 - 1)
    monkeypatch.setenv("TELEMETRY_INJECT_KEY_DIR", str(tmp_path / "key"))
    command = [str(project), "--use-scripts", "--no-parallel", "-q", "-o", str(tmp_path / "out"),
               "--cache-dir", str(tmp_path / "cache")]  # fmt: skip
    assert main(command) == 0
    assert not noted
    core = project / "app/core.py"
    core.write_text(core.read_text() + "\n\ndef added():\n    return print(1)\n")
    assert main(command) == 0
    assert len(noted) == 2  # total and Failing.fail, known from the first run
