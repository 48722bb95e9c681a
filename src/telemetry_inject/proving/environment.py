"""The environment of a suite that is proved: the user's own, with home and temporary files in a folder of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_OURS = ("TELEMETRY_INJECT_", "OTEL_", "TRACEPARENT", "TRACESTATE")
_HOMES = {
    "CARGO_HOME": ".cargo",
    "RUSTUP_HOME": ".rustup",
    "PYENV_ROOT": ".pyenv",
    "RBENV_ROOT": ".rbenv",
    "NVM_DIR": ".nvm",
    "VOLTA_HOME": ".volta",
    "FNM_DIR": ".fnm",
    "ASDF_DATA_DIR": ".asdf",
    "MISE_DATA_DIR": ".local/share/mise",
    "PNPM_HOME": ".local/share/pnpm",
    "GRADLE_USER_HOME": ".gradle",
    "PYTHONUSERBASE": ".local",
    "GOPATH": "go",
    "GOCACHE": ".cache/go-build",
    "npm_config_cache": ".npm",
    "COREPACK_HOME": ".cache/node/corepack",
    "UV_CACHE_DIR": ".cache/uv",
}
"""Where tools keep what they have installed or fetched, below the home folder: those stay where they are."""

_PATHS = ("PYTHONPATH", "NODE_PATH", "CLASSPATH", "RUBYLIB", "PERL5LIB")
MOST_SPAN_BYTES = 32 * 1024 * 1024


def suite_environment(
    base: Mapping[str, str], scratch: Path, project: Path, place: Path, folder: Path
) -> dict[str, str]:
    """The variables for a command that runs in `folder` of `place`, the copy of `project`. `scratch` is removed later.

    Telemetry goes to a file in `scratch`; settings of the user's for telemetry are not passed on.
    """
    environment = {name: value for name, value in base.items() if not name.startswith(_OURS)}
    real = Path(base.get("HOME") or Path.home())
    for name, below in _HOMES.items():
        if name not in environment and (real / below).exists():
            environment[name] = str(real / below)
    for name in _PATHS:
        if environment.get(name):
            parts = environment[name].split(os.pathsep)
            environment[name] = os.pathsep.join(moved(part, project, place) for part in parts)
    for name in ("home", "tmp", "spans"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment.pop(name, None)
    temporary = str(scratch / "tmp")
    return {
        **environment,
        "HOME": str(scratch / "home"),
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "PWD": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",  # two versions of a file may have one size and one second
        "TELEMETRY_INJECT_FILE": str(scratch / "spans" / "spans-{pid}.jsonl"),
        "TELEMETRY_INJECT_MAX_BYTES": str(MOST_SPAN_BYTES),
    }


def moved(path: str, project: Path, place: Path) -> str:
    """A path in the project as one in its copy; others as they are."""
    if path == str(project) or path.startswith(f"{project}{os.sep}"):
        return str(place) + path[len(str(project)) :]
    return path
