"""The files that settings come from: `.env` in the current directory, and the nearest project file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from telemetry_inject.errors import UsageError

OWN_FILE = "telemetry-inject.toml"
SHARED_FILE = "pyproject.toml"
TABLE = "telemetry-inject"


class ProjectFile(NamedTuple):
    """What a project file sets: `where` names the place inside of it, for messages."""

    path: Path
    where: str
    values: Mapping[str, Any]


def read_dotenv(path: Path) -> tuple[dict[str, str], list[str]]:
    """The variables of a `.env` file, and remarks about lines that are none. Sets nothing anywhere.

    Raises UsageError when the file is there but cannot be read.
    """
    if not path.is_file():
        return {}, []
    import io
    import logging

    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", "Make it a UTF-8 text file or move it.") from None
    wrong = [binding.original.line for binding in parse_stream(io.StringIO(text)) if binding.error]
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)  # would repeat these remarks
    variables = {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}
    return variables, [f"{path}: line {line} is not NAME=value and is ignored" for line in wrong]


def read_project_file(path: Path, explicit: str | None) -> ProjectFile | None:
    """The file given with --config, else the nearest one at or above `path` that has settings of ours.

    The search ends at the top of the repository (the folder with `.git`). Raises UsageError.
    """
    if explicit is not None:
        file = Path(explicit)
        if not file.is_file():
            raise UsageError(f"--config: {explicit} is not a file", "Give a TOML file.")
        found = _read(file)
        if found is None:
            raise UsageError(f"--config: {explicit} has no [tool.{TABLE}]", f"Add it, or use an {OWN_FILE}.")
        return found
    start = path.absolute()
    for folder in (start, *start.parents) if _is_folder(start) else start.parents:
        for name in (OWN_FILE, SHARED_FILE):
            if (folder / name).is_file() and (found := _read(folder / name)) is not None:
                return found
        if (folder / ".git").exists():
            break
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, for example; config_checks has the words for it
        return False


def _read(path: Path) -> ProjectFile | None:
    """The settings in one file; none for a shared file without a table of ours."""
    shared = path.name == SHARED_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", "Mend it, or use --isolated.") from None
    if shared and TABLE.encode() not in data:
        return None  # almost every project: tomllib costs as much as the rest of the start
    import tomllib

    try:
        values: Any = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: not valid TOML: {error}", "Mend it, or use --isolated.") from None
    where = f"[tool.{TABLE}]" if shared else "this file"
    if shared:
        tools = values.get("tool")
        values = tools.get(TABLE) if isinstance(tools, dict) else None
        if values is None:
            return None
        if not isinstance(values, dict):
            raise UsageError(f"{path}: tool.{TABLE} is not a table", f"Write [tool.{TABLE}].")
    return ProjectFile(path, where, values)
