"""Composes the JavaScript runtime helper, runs programs with it under Node, and reads back their spans."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from telemetry_inject.engine.packs import load_pack

sys.path.append(str(Path(__file__).parents[1] / "runtime"))
from runtime_support import Outcome, Span, spans_of

__all__ = ["CLEAN", "Outcome", "Run", "Span", "compose", "modules", "node", "spans_of", "write_helper"]

ROOT = Path(__file__).parents[2]
CLEAN = {
    k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TELEMETRY_", "TRACEPARENT", "NODE_", "npm_"))
}
Run = Callable[..., Outcome]


@cache
def compose() -> dict[str, bytes]:
    """File name -> text of each variant of the helper."""
    packs = [load_pack(language) for language in ("javascript", "typescript")]
    return {name: pack.helper_source(name) for pack in packs for name in pack.helpers}


def write_helper(folder: Path, *names: str) -> None:
    """Write the helper's variants (all of them by default) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or compose():
        (folder / name).write_bytes(compose()[name])


def _absent(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is needed here")
    pytest.skip(f"{what} is not installed")


@cache
def modules() -> Path:
    """The `node_modules` with what the tests need, installed once per lock file."""
    here, npm = Path(__file__).parent, shutil.which("npm")
    if npm is None:
        _absent("npm")
    lock = (here / "package-lock.json").read_bytes()
    folder = ROOT / ".work/npm" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "complete").exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, making / name)
        command = [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=making, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            shutil.rmtree(making)
            if os.environ.get("CI") == "true":
                pytest.fail(done.stderr)
            pytest.skip("npm ci failed: " + done.stderr[-300:])
        (making / "complete").touch()
        try:
            making.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(making)
    return folder / "node_modules"


@cache
def node(version: str = "") -> str:
    """The path of Node: that of the machine, or "22", "24" of the packages."""
    if version:
        return str(modules() / f"node-{version}/bin/node")
    found = shutil.which("node")
    if found is None:
        _absent("node")
    return str(found)


@dataclass
class Program:
    """Runs one program in a folder of its own."""

    folder: Path

    def __call__(
        self,
        program: str,
        *arguments: str,
        env: dict[str, str] | None = None,
        flags: tuple[str, ...] = (),
        code: int | None = 0,
        file: str = "program.cjs",
        version: str = "",
        timeout: float = 60,
        header: bool = True,
    ) -> Outcome:
        """Write `program` with the import of the helper in front of it, run it, and collect what it leaves."""
        write_helper(self.folder)
        if header and file.endswith("js"):
            program = (IMPORTS[file.rpartition(".")[2]] if header else "") + program
        (self.folder / file).write_text(program, encoding="utf-8")
        done = subprocess.run(
            [node(version), *flags, file, *arguments],
            cwd=self.folder,
            env=CLEAN | (env or {}),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, done.stderr
        return Outcome(self.folder, done.returncode, done.stdout, done.stderr)


IMPORTS = {
    "cjs": 'const {_tlm}=require("./_telemetry_inject.cjs");',
    "mjs": 'import{_tlm}from"./_telemetry_inject.mjs";',
}

FAIL = "}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}"


def function(name: str, body: str, *, parameters: str = "") -> str:
    """A plain function as it looks when it is instrumented."""
    return f"function {name}({parameters}){{const _tlm_s=_tlm`{name}`;try{{{body}{FAIL}}}\n"


def asynchronous(name: str, body: str, *, parameters: str = "") -> str:
    """An asynchronous one; each `await X` in `body` is written as `AWAIT(X)`, without parentheses too many in X."""
    return f"async function {name}({parameters}){{const _tlm_s=_tlm.async`{name}`;try{{{brackets(body)}{FAIL}}}\n"


def generator(name: str, body: str, *, parameters: str = "", kind: str = "function*") -> str:
    """A generator."""
    return f"{kind} {name}({parameters}){{const _tlm_s=_tlm.generator`{name}`;try{{{body}{FAIL}}}\n"


def brackets(body: str) -> str:
    """`AWAIT(X)` -> `_tlm_s.back(await _tlm_s.wait(X,_tlm_s),_tlm_s)`."""
    at = body.find("AWAIT(")
    if at < 0:
        return body
    depth, end = 1, at + 6
    while depth:
        depth += {"(": 1, ")": -1}.get(body[end], 0)
        end += 1
    inner = brackets(body[at + 6 : end - 1])
    return f"{body[:at]}_tlm_s.back(await _tlm_s.wait({inner},_tlm_s),_tlm_s){brackets(body[end:])}"
