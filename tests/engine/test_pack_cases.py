"""Every pack's cases: `NAME.before.EXT` becomes `NAME.LEVEL.EXT`; files in `noop/` say why they stay as they are.

After a change to the templates: `python dev.py gold`, then read the diff.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.engine.packs import BUILT_IN, hooks_of, pack_names
from telemetry_inject.engine.verify import native_check
from telemetry_inject.types import FileStatus, FunctionStatus, Level

AFTER = sorted(path for level in Level for path in BUILT_IN.glob(f"*/cases/*.{level.value}.*"))
NOOP = sorted(path for path in BUILT_IN.glob("*/cases/noop/*") if path.is_file())


def named(path: Path) -> str:
    return f"{path.relative_to(BUILT_IN).parts[0]}-{path.name}"


def before_of(after: Path) -> tuple[Path, Level]:
    name, level, extension = after.name.split(".")
    return after.with_name(f"{name}.before.{extension}"), Level(level)


def test_every_pack_has_cases_and_noops() -> None:
    for name in pack_names():
        assert list((BUILT_IN / name / "cases").glob("*.before.*"))
        assert list((BUILT_IN / name / "cases" / "noop").glob("*"))
    for before in BUILT_IN.glob("*/cases/*.before.*"):
        assert before.with_name(before.name.replace(".before.", ".function.")).exists()


@pytest.mark.parametrize("after", AFTER, ids=named)
def test_before_becomes_after_and_comes_back(after: Path) -> None:
    before, level = before_of(after)
    pack = load_pack(after.relative_to(BUILT_IN).parts[0])
    source = before.read_bytes()
    result = instrument(source, pack, Options(level))
    assert result.output == after.read_bytes()
    assert strip(result.output, pack) == source
    assert instrument(result.output, pack, Options(level)).output == result.output


@pytest.mark.parametrize("after", AFTER, ids=named)
def test_after_is_the_same_program_without_our_nodes(after: Path) -> None:
    before, _ = before_of(after)
    pack = load_pack(after.relative_to(BUILT_IN).parts[0])
    hooks = hooks_of(pack)
    assert hooks is not None
    if not hasattr(hooks, "same_program"):  # its toolchain says only whether it accepts a file
        assert native_check(after.read_bytes(), pack, before.read_bytes()) is None
        return
    if hooks.check(before.read_bytes()) is not None:
        reason = instrument(before.read_bytes(), pack, Options()).reason
        assert reason.startswith("checked by the grammar only")
        return
    alias = "_tlm_3" if "names_taken" in after.name else "_tlm"
    assert hooks.same_program(before.read_bytes(), after.read_bytes(), alias)


@pytest.mark.parametrize("path", NOOP, ids=named)
def test_left_alone_for_the_reason_given(path: Path) -> None:
    pack = load_pack(path.relative_to(BUILT_IN).parts[0])
    source = path.read_bytes()
    why = source.splitlines()[0].decode().partition("why: ")[2]
    result = instrument(source, pack, Options())
    assert result.output == source
    if why.startswith("file: "):
        assert result.reason == why.removeprefix("file: ")
        assert result.status is not FileStatus.INSTRUMENTED
    else:
        assert {function.reason for function in result.functions} == {why}
        assert all(function.status is FunctionStatus.SKIPPED for function in result.functions)


def test_newer_interpreters_compile_what_only_the_grammar_could_check() -> None:
    candidates = {shutil.which(f"python3.{minor}") for minor in (12, 13, 14, 15)}
    candidates |= {str(path) for path in Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python")}
    for interpreter in sorted(filter(None, candidates)):
        if subprocess.run([interpreter, "-c", ""], capture_output=True).returncode:
            continue
        for after in AFTER:
            if after.suffix == ".py":
                code = f"compile(open({str(after)!r}, 'rb').read(), 'case', 'exec')"
                subprocess.run([interpreter, "-c", code], check=True)
