"""Builds the collector once; without Go there is none, but never in continuous integration."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from collector_support import ROOT, Collector


@pytest.fixture(scope="session")
def program() -> Path:
    """The collector's program."""
    specification = spec_from_file_location("collector_run", ROOT / "collector/run.py")
    assert specification and specification.loader
    collector = module_from_spec(specification)
    specification.loader.exec_module(collector)
    if shutil.which("go") is None and os.environ.get("CI") != "true":
        pytest.skip("no Go toolchain")
    collector.CACHE.mkdir(parents=True, exist_ok=True)
    with (collector.CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return collector.build()
        except subprocess.CalledProcessError:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip("the collector cannot be built here")


@pytest.fixture
def collector(program: Path, tmp_path: Path) -> Callable[..., Collector]:
    """Makes collectors of this test; they start in a `with`."""
    return lambda **options: Collector(program, tmp_path, **options)
