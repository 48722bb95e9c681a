"""What the speed benchmark needs to know of each language: its corpus, an edit, and who else does the same work.

A peer is a command of its own that takes a folder of sources and a folder for results, and prints its figures as one
JSON object. The npm and Go peers are pinned in `peers`, and fetched and built once in `.work/bench`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import throughput_corpora as corpora

PEERS = Path(__file__).resolve().with_name("peers")


@dataclass(frozen=True)
class Peer:
    """Another tool: what the table calls it, and the command, made ready when it is asked for."""

    title: str
    command: Callable[[], list[str]]


@dataclass(frozen=True)
class Language:
    """One language of the benchmark. `edit` is a function to add at the end of a file."""

    title: str
    toolchain: list[str]
    corpus: str
    copy: Callable[[Path, int | None], list[Path]]
    edit: bytes
    peers: tuple[Peer, ...]
    flags: tuple[str, ...] = ()

    def version(self) -> str:
        """The toolchain's name and version."""
        if not self.toolchain:
            return sys.version.split()[0]
        return subprocess.run(self.toolchain, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def own_task(name: str) -> list[str]:
    """A task of throughput_peers.py."""
    return [sys.executable, os.fspath(PEERS.with_name("throughput_peers.py")), name]


def npm_packages() -> Path:
    """The folder with the npm peers and their dependencies, installed as locked; nothing is run on the way.

    Not `npm ci`: it refuses a lock that knows the native parts for this kind of machine alone.
    """
    source, place = PEERS / "npm", corpora.WORK / "npm"
    locked = b"".join((source / name).read_bytes() for name in ("package.json", "package-lock.json"))
    marker, digest = place / "installed", hashlib.sha256(locked).hexdigest()
    if not marker.exists() or marker.read_text() != digest:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place)
        command = ["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, check=True, cwd=place, stdout=subprocess.DEVNULL)
        marker.write_text(digest)
    for script in source.glob("*.mjs"):  # beside the packages, where it finds them
        shutil.copyfile(script, place / script.name)
    return place


def _npm(name: str) -> Callable[[], list[str]]:
    return lambda: ["node", os.fspath(npm_packages() / "instrument.mjs"), name]


def _go(name: str) -> Callable[[], list[str]]:
    def command() -> list[str]:
        binary = corpora.WORK / "go-peers"
        subprocess.run(["go", "build", "-o", os.fspath(binary), "."], check=True, cwd=PEERS / "go")
        return [os.fspath(binary), name]

    return command


_COVERAGE = (
    Peer("istanbul-lib-instrument", _npm("istanbul")),
    Peer("swc-plugin-coverage-instrument, native", _npm("swc")),
    Peer("oxc-coverage-instrument, native", _npm("oxc")),
)
LANGUAGES = {
    "python": Language(
        "Python", [], "the running interpreter's own standard library", corpora.copy_python,
        b"\n\ndef added_by_the_benchmark(x):\n    y = x + 1\n    return y * 2\n",
        (
            Peer("LibCST codemod", lambda: own_task("libcst")),
            Peer("ast-grep rewrite", lambda: own_task("ast-grep")),
        ),
    ),
    "javascript": Language(
        "Node", ["node", "--version"], "TypeScript's compiler, three, React DOM, D3, Vue, Lodash",
        corpora.copy_javascript,
        b"\n;(function addedByTheBenchmark(x) {\n  const y = x + 1;\n  return y * 2;\n})(1);\n",
        _COVERAGE,
        # TypeScript's compiler is large, and holds a very long line.
        ("--max-file-size", "20M", "--include", "*.js", "--include", "*.mjs", "--include", "*.cjs"),
    ),
    "typescript": Language(
        "Node", ["node", "--version"], "RxJS, Zod, Effect (a part), Viem (a part), TanStack Query, React Admin",
        corpora.copy_typescript,
        b"\nexport function addedByTheBenchmark(x: number): number {\n  const y = x + 1;\n  return y * 2;\n}\n",
        _COVERAGE,
    ),
    "go": Language(
        "Go", ["go", "env", "GOVERSION"], "the toolchain's own standard library", corpora.copy_go,
        b"\nfunc addedByTheBenchmark(x int) int {\n\ty := x + 1\n\treturn y * 2\n}\n",
        (
            Peer("codemod on dave/dst, native", _go("dst")),
            Peer("codemod on go/ast, native", _go("ast")),
            Peer("go tool cover, native", _go("cover")),
            Peer("gofmt, native (formats only)", _go("gofmt")),
        ),
    ),
}  # fmt: skip
