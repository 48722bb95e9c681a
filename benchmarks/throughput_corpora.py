"""The sources that the speed benchmark runs on, one corpus per language, copied into a scratch folder.

Python: the standard library of the running interpreter. JavaScript and TypeScript: pinned npm packages, fetched once
into `.work/bench`. Go: the toolchain's standard library. Tests, vendored and generated code are left out of all, as the
tool leaves them alone and its peers would not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

WORK = Path(__file__).resolve().parents[1] / ".work" / "bench"
_PYTHON_LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
_GO_LEFT_OUT = {"testdata", "vendor", "cmd"}
_GENERATED = re.compile(rb"(?m)^// Code generated .* DO NOT EDIT\.$")
_TESTS = re.compile(r"(?:^|/)(?:__tests__|tests?)/|\.(?:test|spec|stories|bench)\.[a-z]+$|\.min\.")

# package@version -> what of it: folders and files.
_JAVASCRIPT = {
    "typescript@5.9.3": ["lib/typescript.js"],
    "three@0.187.0": ["src"],
    "react-dom@19.3.1": ["cjs/react-dom-client.development.js", "cjs/react-dom-server.node.development.js"],
    "d3@7.9.2": ["dist/d3.js"],
    "vue@3.5.45": ["dist/vue.esm-browser.js"],
    "lodash@4.18.1": [""],
    "lodash-es@4.18.1": [""],
}
_TYPESCRIPT = {
    "rxjs@7.8.2": ["src"],
    "zod@4.6.7": ["src"],
    "effect@4.1.0": ["src/Effect.ts", "src/internal", "src/http", "src/cli", "src/rpc", "src/sql"],
    "viem@2.57.20": ["actions", "utils", "clients", "accounts"],
    "@tanstack/query-core@5.108.0": ["src"],
    "@tanstack/react-query@5.108.0": ["src"],
    "ra-ui-materialui@5.15.4": ["src"],
}


def copy_python(target: Path, limit: int | None = None) -> list[Path]:
    """Copy the standard library (or about `limit` files spread over it), and give the copied files."""
    library = Path(sysconfig.get_paths()["stdlib"])
    found = sorted(library.rglob("*.py"))
    pairs = [(path, path.relative_to(library)) for path in found]
    return _copy([pair for pair in pairs if not _PYTHON_LEFT_OUT & set(pair[1].parts)], target, limit)


def copy_javascript(target: Path, limit: int | None = None) -> list[Path]:
    """As `copy_python`, for the JavaScript that npm packages ship: big and small files."""
    return _copy(list(_shipped(_JAVASCRIPT, (".js", ".mjs", ".cjs"))), target, limit)


def copy_typescript(target: Path, limit: int | None = None) -> list[Path]:
    """As `copy_python`, for the TypeScript and TSX that npm packages ship beside what they compile to."""
    return _copy(list(_shipped(_TYPESCRIPT, (".ts", ".tsx", ".mts", ".cts"))), target, limit)


def copy_go(target: Path, limit: int | None = None) -> list[Path]:
    """As `copy_python`, for Go's standard library without the commands, as one module."""
    root = subprocess.run(["go", "env", "GOROOT"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    library = Path(root, "src")
    pairs = []
    for path in sorted(library.rglob("*.go")):
        relative = path.relative_to(library)
        if _GO_LEFT_OUT & set(relative.parts) or path.name.endswith("_test.go"):
            continue
        if not _GENERATED.search(path.read_bytes()):
            pairs.append((path, relative))
    copies = _copy(pairs, target, limit)
    (target / "go.mod").write_text("module corpus\n\ngo 1.24\n")
    return copies


def _shipped(packages: dict[str, list[str]], endings: tuple[str, ...]) -> Iterator[tuple[Path, Path]]:
    """The wanted files of npm packages, each with its place in the corpus: `dist` is no place for sources."""
    for package, wanted in packages.items():
        folder = _package(package)
        name = package.rpartition("@")[0].replace("/", "-").lstrip("@")
        for part in wanted:
            start = folder / part
            for path in [start] if start.is_file() else sorted(start.rglob("*")):
                relative = path.relative_to(folder)
                declares = path.name.endswith((".d.ts", ".d.mts", ".d.cts"))
                if path.suffix not in endings or declares or _TESTS.search(relative.as_posix()):
                    continue
                if not path.is_symlink():
                    yield path, Path(name, *(step for step in relative.parts if step not in ("dist", "build")))


def _package(package: str) -> Path:
    """The unpacked npm package `name@version`; nothing of it is run."""
    folder = WORK / "packages" / package.replace("/", "-")
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", scratch, package]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(scratch).glob("*.tgz")
            with tarfile.open(archive) as tar:
                tar.extractall(Path(scratch, "out"), filter="data")
            (top,) = Path(scratch, "out").iterdir()
            top.rename(folder)
    return folder


def _copy(pairs: list[tuple[Path, Path]], target: Path, limit: int | None) -> list[Path]:
    if limit:
        pairs = pairs[:: max(len(pairs) // limit, 1)]
    copies = []
    for path, relative in pairs:
        copy = target / relative
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        copies.append(copy)
    return copies
