"""The files that git says have changed since a revision, and those it does not know yet."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from telemetry_inject.errors import UsageError

# A hook may run us with these set for its own purposes; they would bend what git answers here.
_UNSET = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


def changed_files(folder: Path, revision: str) -> frozenset[str]:
    """Paths relative to `folder`, with forward slashes.

    Raises UsageError when there is no git, no repository, or no such revision.
    """
    git = shutil.which("git")
    if git is None:
        raise UsageError("--changed-since: git was not found", "Install git, or leave --changed-since out.")
    inside = _run(git, folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0:
        raise UsageError(f"--changed-since: {folder} is not in a git repository", _last_line(inside.stderr))
    diff = ("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", "--diff-filter=d")
    changed = _run(git, folder, *diff, revision, "--", ".")
    if changed.returncode != 0:
        raise UsageError(f"--changed-since: git does not know the revision {revision!r}", _last_line(changed.stderr))
    untracked = _run(git, folder, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
    if untracked.returncode != 0:
        raise UsageError("--changed-since: git cannot list new files", _last_line(untracked.stderr))
    names = (changed.stdout + untracked.stdout).split(b"\0")
    return frozenset(os.fsdecode(name) for name in names if name)


def _run(git: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _UNSET}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    command = [git, "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL)


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return f"git says: {lines[-1]}" if lines else "git gave no reason."
