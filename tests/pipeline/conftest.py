"""A small project of every shape that imports can take, and the command run as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]

FILES = {
    "app/__init__.py": "",
    "app/core.py": '''"""Core."""
from __future__ import annotations

from app.sub import deep


def total(values):
    """Doc."""
    return sum(deep.square(value) for value in values)


class Failing:
    def fail(self):
        raise ValueError("on purpose")
''',
    "app/sub/__init__.py": "def name():\n    return __name__.upper()\n",
    "app/sub/deep.py": "def square(value):\n    return int(value) ** 2\n",
    "app/data.txt": "1 2 3\n",
    "plain/script.py": """#!/usr/bin/env python3
import sys

import beside


def main():
    print(beside.twice(sys.argv[1]))


if __name__ == "__main__":
    main()
""",
    "plain/beside.py": "def twice(text):\n    return str(text) * 2\n",
    "main.py": """from pathlib import Path

from app.core import Failing, total


def main():
    values = Path(__file__).with_name("app").joinpath("data.txt").read_text().split()
    print(total(values))
    try:
        Failing().fail()
    except ValueError as error:
        print(error)


if __name__ == "__main__":
    main()
""",
    "tests/test_core.py": "from app.core import total\n\n\ndef test_total():\n    assert total([2]) == 4\n",
    "README.md": "A project.\n",
}


def write_files(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    write_files(root, FILES)
    (root / "plain/script.py").chmod(0o755)
    return root


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `telemetry-inject` in an empty folder with a clean environment."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*arguments: str | Path, check: int | None = 0, **options: object) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "telemetry_inject", *map(str, arguments)],
            cwd=home, env=clean_environment(home), capture_output=True, text=True, timeout=120, **options,  # type: ignore[call-overload]
        )  # fmt: skip
        if check is not None:
            assert done.returncode == check, done.stderr + done.stdout
        return done

    return run


def clean_environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "SYSTEMROOT", "VIRTUAL_ENV")}
    return {**kept, "HOME": str(home), "TELEMETRY_INJECT_KEY_DIR": str(home / "key"), "LANG": "C.UTF-8"}


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".telemetry-inject-output"
    }


def spans_of(path: Path) -> list[dict[str, object]]:
    spans = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                spans += scope["spans"]
    return spans
