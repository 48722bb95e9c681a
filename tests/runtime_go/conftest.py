"""Skips where there is no Go toolchain, but never in continuous integration."""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("go") is None and os.environ.get("CI") != "true":
        for item in items:
            if "runtime_go" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason="no Go toolchain"))
