"""Every hostile script, in every backend: nothing outside is touched, nothing gets out, nothing is accepted.

What counts are effects on real files, sockets and processes. A script may end in an error or give a result;
it may not reach anything, and its result may not pass for instrumentation.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry_inject.scripts.acceptance import ForeignRefused, accept_foreign, accept_output
from telemetry_inject.scripts.sandbox_backend import MEMORY_BYTES, Backend, SandboxError
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_sandbox import ScriptSandbox
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.types import Unit

from .hostile import CORPUS, REACHED, TOKEN, Bait
from .samples import KEY, WITHDRAW, WRAPPED

SCRIPTS = sorted(CORPUS.glob("*.py"))
ATTACKS_ON_OUTPUT = [path for path in SCRIPTS if path.stem.startswith("output_")]
SECONDS = 1.0


@pytest.fixture
def bait() -> Iterator[Bait]:
    with Bait() as made:
        yield made


def test_the_corpus_is_there() -> None:
    assert len(SCRIPTS) >= 100
    assert len(ATTACKS_ON_OUTPUT) >= 20


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_hostile_script_reaches_nothing(
    path: Path,
    backend: Backend,
    bait: Bait,
    unit: Unit,
    generator: ScriptGenerator,
    validator: ScriptValidator,
) -> None:
    sandbox = ScriptSandbox([lambda: backend])
    sandbox.backends()
    start = time.monotonic()
    try:
        output = sandbox.run(bait.script(path), unit.source, timeout=SECONDS)
    except SandboxError as error:
        assert "\n" not in error.title
        output = b""
    assert time.monotonic() - start < SECONDS + 10, "the sandbox does not keep its deadline"
    assert bait.damage() == []
    assert TOKEN.encode() not in output
    assert REACHED.encode() not in output or path.stem == "machine_forged_result"
    with pytest.raises(ForeignRefused):
        accept_output(output, unit, KEY, generator=generator, validator=validator)
    # The next script finds everything as it was.
    assert sandbox.run(GOOD, unit.source) == WRAPPED


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss has another unit elsewhere")
def test_the_bombs_stay_small() -> None:
    # In a process of its own, whose largest child (in KiB) can only be one of these.
    wanted = "test_a_hostile_script_reaches_nothing and (memory or bomb or flood or power)"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", wanted, __file__]
    code = (
        f"import pytest, resource, sys; code = pytest.main({options!r});"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) * 1024 < 2 * MEMORY_BYTES


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_no_hostile_script_is_accepted(
    path: Path,
    bait: Bait,
    unit: Unit,
    generator: ScriptGenerator,
    validator: ScriptValidator,
    sandbox: ScriptSandbox,
) -> None:
    with pytest.raises(ForeignRefused):
        accept_foreign(
            bait.script(path),
            unit,
            KEY,
            sandbox=sandbox,
            generator=generator,
            validator=validator,
            timeout=SECONDS,
        )
    assert bait.damage() == []


GOOD = b"""
def transform(source):
    lines = source.splitlines(True)
    start = [number for number, line in enumerate(lines) if "if amount" in line][0]
    body = ["    " + line for line in lines[start:]]
    return "".join(lines[:start] + ["        with _tlm(\\"Bank.withdraw\\"):\\n"] + body)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ScriptSandbox]:
    with ScriptSandbox() as made:
        yield made


def test_a_good_script_is_accepted_and_becomes_data(
    backend: Backend, unit: Unit, generator: ScriptGenerator, validator: ScriptValidator
) -> None:
    script = accept_foreign(
        GOOD, unit, KEY, sandbox=ScriptSandbox([lambda: backend]), generator=generator, validator=validator
    )
    assert validator.check(script, WITHDRAW) == []
    assert script.edits[0].text == b'with _tlm("Bank.withdraw"):\n            '


@pytest.mark.parametrize("path", ATTACKS_ON_OUTPUT, ids=lambda path: path.stem)
def test_attacks_on_the_output_do_what_they_say(path: Path, backend: Backend, bait: Bait) -> None:
    # A typo in the corpus would make an attack that attacks nothing.
    output = backend.run(bait.script(path).decode(), WITHDRAW.decode(), 5.0).encode()
    assert (output == WITHDRAW) == (path.stem == "output_nothing")
