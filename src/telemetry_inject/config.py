"""Settings of one run: flags > environment > `.env` > project file > defaults, each value checked once.

Where each value comes from is kept for `--show-settings` and for the words of errors. A project file may
belong to a stranger's repository, so it can tune a run but neither make one write in place or outside of
the project, nor choose where sources and keys are sent, nor name packs (which may hold code).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry_inject import option_kinds as kinds
from telemetry_inject.config_sources import ProjectFile, read_dotenv, read_project_file
from telemetry_inject.errors import UsageError
from telemetry_inject.option_kinds import Secret
from telemetry_inject.options import OPTIONS, Option
from telemetry_inject.types import Level

if TYPE_CHECKING:
    from decimal import Decimal

CLOUD_TIMEOUT = 120.0
LOCAL_TIMEOUT = 600.0


@dataclass(frozen=True)
class Settings:
    """Every option of a run. Paths are as given (relative to the current directory), sizes in bytes."""

    path: Path
    stdin: bool = False
    stdin_filename: str = "stdin.py"
    # the pipeline
    use_scripts: bool = False
    max_parallel: int = 12
    parallel: bool = True
    max_retries: int = 3
    reflection_threshold: int = 2
    validate: bool = True
    packs: Path | None = None
    cache: bool = True
    cache_dir: Path = Path(".telemetry_cache")
    # what is instrumented
    level: Level = Level.FUNCTION
    all_functions: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    gitignore: bool = True
    include_tests: bool = False
    changed_since: str = ""
    max_file_size: int = 5 * 1024**2
    project_dir: Path | None = None
    project_file: Path | None = None
    # what is written where
    output: Path = Path("instrumented")
    overlay: Path | None = None
    in_place: bool = False
    remove: bool = False
    dry_run: bool = False
    diff: bool = False
    check: bool = False
    # what is proved
    verify: str = ""
    verify_build: str = ""
    verify_timeout: float | None = None
    verify_save: bool = False
    verify_allow: tuple[str, ...] = ()
    max_overhead: float | None = None
    # what spans say of the code; files as text
    map: bool = False
    spans: tuple[str, ...] = ()
    html: Path | None = None
    prune_from: tuple[str, ...] = ()
    max_calls_per_s: float | None = None
    min_self_time: int | None = None  # nanoseconds
    prune_save: bool = False
    # what is said
    json: bool = False
    verbose: bool = False
    quiet: bool = False
    color: str = "auto"
    debug: bool = False
    debug_trace: bool = False
    trace_level: str = "DEBUG"
    trace_console: bool = True
    # models
    provider: str = ""
    model: str = ""
    base_url: str = field(default="", repr=False)  # may hold a login
    api_key: Secret | None = None
    openai_api_key: Secret | None = None
    anthropic_api_key: Secret | None = None
    timeout: float = CLOUD_TIMEOUT
    budget: Decimal | None = None
    price: str = ""
    context_window: int = 0
    max_output: int = 0
    prompts: Path | None = None
    trace_prompts: bool = False
    # for people, not for the pipeline
    notes: tuple[str, ...] = field(default=(), compare=False)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def writes(self) -> bool:
        """Whether the run may write results at all: not with --dry-run, --diff or --check."""
        return not (self.dry_run or self.diff or self.check or self.stdin or self.map)

    @property
    def proves(self) -> bool:
        """Whether the user's own commands are to prove the result."""
        return bool(self.verify or self.verify_build)

    @property
    def workers(self) -> int:
        """How many workers may run at once."""
        return self.max_parallel if self.parallel else 1

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that must never be seen, for those who scrub messages."""
        keys = (self.api_key, self.openai_api_key, self.anthropic_api_key)
        logins = re.findall(r"https?://([^/@,\s]+)@", self.base_url, re.IGNORECASE)
        return tuple(key.reveal() for key in keys if key) + tuple(logins)

    def public(self) -> dict[str, Any]:
        """All options under the names of the project file, as JSON values, secrets and logins starred."""
        shown: dict[str, Any] = {"path": "-" if self.stdin else str(self.path)}
        for option in OPTIONS:
            value = getattr(self, option.attribute)
            if isinstance(value, tuple):
                value = list(value)
            elif value is not None and not isinstance(value, bool | int | float | str):
                value = str(value)  # a path, an amount, a secret
            shown[option.name] = value
        shown["base-url"] = re.sub(r"//[^/@]*@", "//***@", self.base_url)
        return shown


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Settings:
    """Settings from parsed arguments (only those given), the environment, and the files that apply.

    `folder` is the current directory. Raises UsageError for the first value that is not allowed.
    """
    stdin = flags.get("path") == "-"
    path = folder if stdin or not flags.get("path") else Path(flags["path"])
    isolated = bool(flags.get("isolated"))
    dotenv, notes = ({}, []) if isolated else read_dotenv(folder / ".env")
    project = None if isolated else read_project_file(path, flags.get("config"))
    file_values = _allowed_in_file(project) if project else {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in OPTIONS:
        found = _find(option, flags, environment, dotenv, file_values)
        if found is None:
            continue
        text, source = found
        if source == "file":
            assert project is not None
            source = f"{project.path}: {option.name}"
            values[option.attribute] = _from_file(option, text, source, project.path.parent)
        elif option.name == "debug":
            values["debug"], note = _debug(text, source)
            notes += note
        else:
            values[option.attribute] = _checked(option, text, source)
            if option.adds and project is not None and option.name in file_values:
                place = f"{project.path}: {option.name}"
                first = _from_file(option, file_values[option.name], place, project.path.parent)
                values[option.attribute] = tuple(dict.fromkeys((*first, *values[option.attribute])))
                source = f"{place}, {source}"
        sources[option.name] = source
    _color_from_environment(values, sources, environment)
    values.setdefault("provider", _provider(values))
    if values["provider"] == "ollama":
        values.setdefault("timeout", LOCAL_TIMEOUT)
    return Settings(
        path=path,
        stdin=stdin,
        project_dir=project.path.parent if project else None,
        project_file=project.path if project else None,
        notes=tuple(notes),
        sources=sources,
        **values,
    )


def _find(
    option: Option,
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    dotenv: Mapping[str, str],
    file_values: Mapping[str, Any],
) -> tuple[Any, str] | None:
    """The value that wins and its source; an empty variable counts as not set, as in `.env` templates."""
    if flags.get(option.attribute) is not None:
        return flags[option.attribute], option.flag or f"--{option.name}"
    if option.environment:
        for place, variables in (("environment variable ", environment), (".env: ", dotenv)):
            if variables.get(option.environment):
                return variables[option.environment], place + option.environment
    if option.name in file_values:
        return file_values[option.name], "file"
    return None


def _checked(option: Option, value: Any, source: str) -> Any:
    try:
        return option.kind.parse(value)
    except ValueError:
        hidden = option.kind is kinds.SECRET or (option.kind is kinds.URL and "@" in str(value))
        shown = "the value" if hidden else repr(value)
        raise UsageError(f"{source}: {shown} is not allowed", f"Allowed: {option.kind.allowed}.") from None


def _from_file(option: Option, value: Any, source: str, folder: Path) -> Any:
    right_type = isinstance(value, option.kind.toml) and (not isinstance(value, bool) or bool in option.kind.toml)
    if not right_type:
        raise UsageError(f"{source}: {value!r} is not allowed", f"Allowed: {option.kind.allowed}.")
    parsed = _checked(option, value, source)
    if isinstance(parsed, Path):
        inside = (folder / parsed).resolve()
        if not inside.is_relative_to(folder.resolve()) or inside == folder.resolve():
            raise UsageError(
                f"{source}: {value!r} leads outside of the project",
                "A project file may only name folders below its own; use the flag for another place.",
            )
        return folder / parsed
    return parsed


def _allowed_in_file(project: ProjectFile) -> Mapping[str, Any]:
    options = {option.name: option for option in OPTIONS}
    for name in project.values:
        option = options.get(name)
        if option is None:
            import difflib

            known = [each.name for each in OPTIONS if not each.refused]
            close = difflib.get_close_matches(name.replace("_", "-").removeprefix("no-"), known, 1)
            hint = f"Did you mean {close[0]}?" if close else "Allowed: " + ", ".join(known) + "."
            raise UsageError(f"{project.path}: unknown key {name!r} in {project.where}", hint)
        if option.refused:
            raise UsageError(f"{project.path}: {name} is not allowed in {project.where}", option.refused + ".")
    return project.values


def _debug(text: str, source: str) -> tuple[bool, list[str]]:
    """DEBUG is a name that other programs use with other values: those are told, not refused."""
    try:
        return bool(kinds.BOOLEAN.parse(text)), []
    except ValueError:
        return False, [f"{source}: {text!r} is neither true nor false and is ignored"]


def _color_from_environment(values: dict[str, Any], sources: dict[str, str], environment: Mapping[str, str]) -> None:
    if sources.get("color") == "--color":
        return
    for name, color in (("NO_COLOR", "never"), ("FORCE_COLOR", "always")):
        if environment.get(name):
            values["color"], sources["color"] = color, f"environment variable {name}"
            return
    if environment.get("TERM") == "dumb":
        values["color"], sources["color"] = "never", "environment variable TERM"


def _provider(values: Mapping[str, Any]) -> str:
    """The provider that the keys and the address imply; empty when there is none."""
    key = values.get("api_key")
    if key is not None:
        return "anthropic" if key.reveal().startswith("sk-ant-") else "openai"
    for name in ("openai", "anthropic"):
        if values.get(f"{name}_api_key"):
            return name
    return "ollama" if values.get("base_url") else ""
