"""The table of all options: where each may come from, and what is allowed."""

from __future__ import annotations

from typing import NamedTuple

from telemetry_inject import option_kinds as kinds
from telemetry_inject.option_kinds import Kind


class Option(NamedTuple):
    """One option: its name in the project file (also `--show-settings`), kind, and where it may come from.

    `flag` is what to call it in an error when it is not just `--name`. `refused` says why it may not be
    in a project file; empty means that it may. `adds`: a list to which a flag adds, instead of taking its place.
    """

    name: str
    kind: Kind
    environment: str = ""
    flag: str = ""
    refused: str = ""
    adds: bool = False

    @property
    def attribute(self) -> str:
        """Its name in Settings and in parsed arguments."""
        return self.name.replace("-", "_")


_ACTION = "it says what one run does: give it on the command line"
_COMMAND = "it is a command that would be run: give it on the command line"
_KEY = "keys do not belong in a project file: use the environment or .env"
_WHERE = "it decides where sources and keys are sent: use a flag, the environment or .env"

OPTIONS = (
    Option("stdin-filename", kinds.TEXT, refused=_ACTION),
    Option("use-scripts", kinds.BOOLEAN),
    Option("max-parallel", kinds.whole(1, kinds.MOST_WORKERS), "MAX_PARALLEL"),
    Option("parallel", kinds.BOOLEAN, flag="--no-parallel"),
    Option("max-retries", kinds.whole(0)),
    Option("reflection-threshold", kinds.whole(1)),
    Option("validate", kinds.BOOLEAN),
    Option("packs", kinds.FOLDER, refused="a pack may hold code: give --packs on the command line"),
    Option("cache", kinds.BOOLEAN, flag="--no-cache"),
    Option("cache-dir", kinds.FOLDER),
    Option("level", kinds.LEVEL),
    Option("all-functions", kinds.BOOLEAN),
    Option("include", kinds.GLOBS),
    Option("exclude", kinds.GLOBS),
    Option("leave-out", kinds.FUNCTIONS, adds=True),
    Option("gitignore", kinds.BOOLEAN, flag="--no-gitignore"),
    Option("include-tests", kinds.BOOLEAN),
    Option("changed-since", kinds.TEXT, refused=_ACTION),
    Option("max-file-size", kinds.SIZE),
    Option("output", kinds.FOLDER),
    Option("overlay", kinds.FOLDER, refused=_ACTION),
    Option("in-place", kinds.BOOLEAN, refused=_ACTION),
    Option("remove", kinds.BOOLEAN, refused=_ACTION),
    Option("dry-run", kinds.BOOLEAN, refused=_ACTION),
    Option("diff", kinds.BOOLEAN, refused=_ACTION),
    Option("check", kinds.BOOLEAN, refused=_ACTION),
    Option("verify", kinds.TEXT, refused=_COMMAND),
    Option("verify-build", kinds.TEXT, refused=_COMMAND),
    Option("verify-timeout", kinds.SECONDS),
    Option("verify-allow", kinds.GLOBS, adds=True),
    Option("verify-save", kinds.BOOLEAN, refused=_ACTION),
    Option("max-overhead", kinds.PERCENT),
    Option("map", kinds.BOOLEAN, refused=_ACTION),
    Option("spans", kinds.FILES, refused=_ACTION),
    Option("html", kinds.FOLDER, refused=_ACTION),
    Option("prune-from", kinds.FILES, refused=_ACTION),
    Option("max-calls-per-s", kinds.RATE),
    Option("min-self-time", kinds.SHORT_TIME),
    Option("prune-save", kinds.BOOLEAN, refused=_ACTION),
    Option("json", kinds.BOOLEAN, refused=_ACTION),
    Option("verbose", kinds.BOOLEAN),
    Option("quiet", kinds.BOOLEAN),
    Option("color", kinds.COLOR),
    Option("debug", kinds.BOOLEAN, "DEBUG", refused="set DEBUG=true in the environment"),
    Option("debug-trace", kinds.BOOLEAN, "DEBUG_TRACE"),
    Option("trace-level", kinds.TRACE_LEVEL, "DEBUG_TRACE_LEVEL"),
    Option("trace-console", kinds.BOOLEAN, flag="--no-trace-console"),
    Option("provider", kinds.PROVIDER, "LLM_PROVIDER", refused=_WHERE),
    Option("model", kinds.TEXT, "LLM_MODEL"),
    Option("base-url", kinds.URL, "LLM_BASE_URL", refused=_WHERE),
    Option("api-key", kinds.SECRET, refused=_KEY),
    Option("openai-api-key", kinds.SECRET, "OPENAI_API_KEY", refused=_KEY),
    Option("anthropic-api-key", kinds.SECRET, "ANTHROPIC_API_KEY", refused=_KEY),
    Option("timeout", kinds.SECONDS, "LLM_TIMEOUT"),
    Option("budget", kinds.MONEY),
    Option("price", kinds.PRICE, "LLM_PRICE"),
    Option("context-window", kinds.whole(1, 100_000_000), "LLM_CONTEXT"),
    Option("max-output", kinds.whole(1, 100_000_000), "LLM_MAX_OUTPUT"),
    Option("prompts", kinds.FOLDER, refused="prompts say what a model is told: give --prompts on the command line"),
    Option("trace-prompts", kinds.BOOLEAN, refused=_ACTION),
)
