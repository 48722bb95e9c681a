"""One Chromium and one set of builds for all tests that look at the app."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from browser_support import ANSWERS, HERE, Browser, Built, Server, browsing, instrument, run, serving, with_modules


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with browsing() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, ANSWERS) as running:
        yield running


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The app's folder as it is ("original") or instrumented ("function", "full"); "compiled ..." for a project
    that has the React Compiler."""
    root = tmp_path_factory.mktemp("shop")

    @cache
    def prepared(variant: str) -> Path:
        compiled, _, level = variant.rpartition(" ")
        folder = root / variant.replace(" ", "-")
        if level != "original":
            source = prepared(f"{compiled} original".strip())
            return with_modules(instrument(source, folder, "--level", level))
        shutil.copytree(HERE / "app", folder)
        if compiled:
            package = json.loads((folder / "package.json").read_text())
            package["devDependencies"]["babel-plugin-react-compiler"] = "1"
            (folder / "package.json").write_text(json.dumps(package))
        return with_modules(folder)

    return prepared


@pytest.fixture(scope="session")
def built(shop: Built) -> Built:
    """The app's folder with a production build in `dist`."""

    @cache
    def build(variant: str) -> Path:
        folder = shop(variant)
        options = ("--config", "vite.compiler.config.ts", "--minify", "false") if "compiled" in variant else ()
        run("vite", "build", *options, cwd=folder)
        return folder

    return build
