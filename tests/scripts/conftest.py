"""The sample function as a unit and as a script, and the sandbox backends of this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from telemetry_inject.scripts.sandbox_backend import Backend
from telemetry_inject.scripts.script_generator import ScriptGenerator
from telemetry_inject.scripts.script_sandbox import linux_backend, monty_backend
from telemetry_inject.scripts.script_validator import ScriptValidator
from telemetry_inject.types import Script, Unit

from .samples import KEY, WITHDRAW, allowed_fragment, checks_output, wrap


@pytest.fixture
def unit() -> Unit:
    return Unit("python", "withdraw", "Bank.withdraw", 100, 7, WITHDRAW)


@pytest.fixture
def generator() -> ScriptGenerator:
    return ScriptGenerator("ab" * 32)


@pytest.fixture
def script(unit: Unit, generator: ScriptGenerator) -> Script:
    return generator.generate(unit, wrap(unit.source), KEY)


@pytest.fixture
def validator() -> ScriptValidator:
    return ScriptValidator(allowed_fragment, checks_output)


def backend_factories() -> list[object]:
    """The backends that this machine must have: Monty is a test dependency, the other needs Linux."""
    return [monty_backend, linux_backend] if sys.platform.startswith("linux") else [monty_backend]


@pytest.fixture(scope="session", params=backend_factories(), ids=lambda factory: factory.__name__)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = request.param()
    yield made
    made.close()
