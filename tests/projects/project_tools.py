"""Makes project trees, and asks node, tsc and go what they make of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NPM = ROOT / ".work" / "npm"
HELPER_TS = "export const _tlm: (site: string) => string = (site) => site;\n"
HELPER_GO = "package telemetryinject\n\nfunc Flush[T any](v T) T { return v }\n"
USES_TS = "\nconst here: string = _tlm('f');\nexport { here };\n"


def tree(root: Path, files: dict[str, object]) -> Path:
    """Write files below `root`: text, bytes, or what becomes JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def need(program: str) -> str:
    """The program's path; skips the test without it, but never in CI."""
    found = shutil.which(program)
    if found is None:
        assert os.environ.get("CI") != "true", f"CI has to have {program}"
        pytest.skip(f"no {program} on this machine")
    return found


def call(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def typescript(version: str) -> Path:
    """The compiler's command file of this version, from the registry the first time."""
    folder = NPM / f"typescript-{version}"
    command = folder / "node_modules" / "typescript" / "bin" / "tsc"
    need("node")
    if not command.exists():
        staging = NPM / f"staging-{os.getpid()}"
        staging.mkdir(parents=True)
        done = call(need("npm"), "install", "--prefix", staging, f"typescript@{version}", cwd=staging)
        if done.returncode:
            shutil.rmtree(staging)
            assert os.environ.get("CI") != "true", done.stderr
            pytest.skip(f"typescript {version} cannot be installed here")
        try:
            staging.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(staging)
    return command


def tsc(version: str, cwd: Path, *arguments: str) -> str:
    """What the compiler has to say; nothing when it is content."""
    done = call(need("node"), typescript(version), *arguments, cwd=cwd)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def go(cwd: Path, *arguments: str, **environment: str) -> str:
    """What the go command has to say on its error output; nothing when it is content."""
    settings = {"GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "", "GO111MODULE": ""}
    done = call(need("go"), *arguments, cwd=cwd, **{**settings, **environment})
    return "" if done.returncode == 0 else done.stdout + done.stderr or f"exit code {done.returncode}"
