"""Runs small instrumented programs under Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_js_support import Program


@pytest.fixture
def run(tmp_path: Path) -> Program:
    """Run a program that may use `_tlm`."""
    return Program(tmp_path)
