"""--configure: choose a provider step by step, try it, and write what was chosen to `.env`.

A key is typed unseen and never shown; the file can be read by its owner only. Nothing is written before the
end, and nothing at all when the questions are left with ^C.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from telemetry_inject import option_kinds as kinds
from telemetry_inject.config import CLOUD_TIMEOUT, LOCAL_TIMEOUT
from telemetry_inject.config_sources import read_dotenv
from telemetry_inject.errors import TelemetryInjectError, UsageError
from telemetry_inject.llm import addresses
from telemetry_inject.llm.detection import DEFAULT_MODELS, Choice, remarks
from telemetry_inject.llm.env_file import write_env_file
from telemetry_inject.llm.factory import LIST_SECONDS, build_provider
from telemetry_inject.llm.model_manager import ModelRow, rows_for
from telemetry_inject.option_kinds import Secret
from telemetry_inject.report.terminal import printable

NAME = ".env"
MOST_MODELS = 20
_PROVIDERS = (
    ("openai", "OpenAI", "a key from platform.openai.com"),
    ("anthropic", "Anthropic", "a key from console.anthropic.com"),
    ("ollama", "Ollama", "models on your own machine, free"),
    ("compatible", "another server that speaks like OpenAI", "its address, perhaps a key"),
)
_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


class Terminal(Protocol):
    """Where the questions go."""

    def say(self, text: str) -> None:
        """Show a line."""
        ...

    def ask(self, question: str, default: str = "") -> str:
        """What the person types; `default` for an empty line."""
        ...

    def ask_unseen(self, question: str) -> str:
        """As `ask`, without showing what is typed."""
        ...


class RealTerminal:
    """The terminal that the process runs in. Raises UsageError when there is none."""

    def __init__(self) -> None:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(
                "--configure asks questions and needs a terminal",
                "Write LLM_PROVIDER, LLM_MODEL and OPENAI_API_KEY or ANTHROPIC_API_KEY to .env or the environment.",
            )

    def say(self, text: str) -> None:
        """See Terminal."""
        print(text)

    def ask(self, question: str, default: str = "") -> str:
        """See Terminal."""
        shown = f"{question} [{default}]: " if default else f"{question}: "
        return input(shown).strip() or default

    def ask_unseen(self, question: str) -> str:
        """See Terminal."""
        import getpass

        return getpass.getpass(f"{question}: ").strip()


def run_config_menu(folder: Path, environment: Mapping[str, str], terminal: Terminal | None = None) -> int:
    """Ask, try, write `folder/.env`; the exit code. Raises UsageError, OutputError."""
    terminal = terminal or RealTerminal()
    path = folder / NAME
    known, notes = read_dotenv(path)
    for note in notes:
        terminal.say(f"note: {printable(note)}")
    try:
        changes = _asked(terminal, known)
    except EOFError:
        raise UsageError("the questions ended early: nothing was written", "Run --configure again.") from None
    if changes is None:
        terminal.say("Nothing was written.")
        return 1
    write_env_file(path, changes)
    terminal.say(f"Written to {printable(str(path))}, which only you may read.")
    for name, value in changes.items():
        if environment.get(name) and environment[name] != (value or ""):
            terminal.say(f"note: the environment variable {name} is set too, and wins over {NAME}")
    if (folder / ".git").exists() and not _is_ignored(folder):
        terminal.say(f"note: {NAME} may hold a key: add it to .gitignore")
    terminal.say("Next: telemetry-inject --check-api")
    return 0


def _is_ignored(folder: Path) -> bool:
    ignore = folder / ".gitignore"
    lines = ignore.read_text("utf-8", "replace").splitlines() if ignore.is_file() else []
    return any(line.strip().lstrip("/") in (NAME, ".env*", "*.env") for line in lines)


def _asked(terminal: Terminal, known: Mapping[str, str]) -> dict[str, str | None] | None:
    """The variables to write; None when the person gives up."""
    while True:
        kind = _kind(terminal, known)
        provider = "openai" if kind == "compatible" else kind
        key_name = _KEYS.get(provider, "")
        base_url = _base_url(terminal, kind, known)
        key = _key(terminal, key_name, known, optional=kind == "compatible") if key_name else ""
        timeout = LOCAL_TIMEOUT if kind == "ollama" else CLOUD_TIMEOUT
        secret = Secret(key) if key else None
        choice = Choice(provider, "", base_url, secret, timeout, "chosen here")
        for remark in remarks(choice):
            terminal.say(f"note: {remark}")
        rows = _tried(terminal, choice)
        if rows is None:
            answer = terminal.ask("Again, save anyway, or quit? (a/s/q)", "a").lower()[:1]
            if answer == "q":
                return None
            if answer != "s":
                continue
        model = _model(terminal, provider, rows or [], known)
        changes: dict[str, str | None] = {"LLM_PROVIDER": provider, "LLM_MODEL": model or None}
        changes["LLM_BASE_URL"] = base_url or None
        if key:
            changes[key_name] = key
        return changes


def _kind(terminal: Terminal, known: Mapping[str, str]) -> str:
    terminal.say("Which provider?")
    for number, (_, title, needs) in enumerate(_PROVIDERS, 1):
        terminal.say(f"  {number}  {title} ({needs})")
    names = [name for name, _, _ in _PROVIDERS]
    before = known.get("LLM_PROVIDER", "").lower()
    default = str(names.index(before) + 1) if before in names else "1"
    while True:
        answer = terminal.ask("Number", default).lower()
        if answer in names:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        terminal.say(f"Give a number from 1 to {len(names)}.")


def _base_url(terminal: Terminal, kind: str, known: Mapping[str, str]) -> str:
    if kind in _KEYS:
        return ""
    default = known.get("LLM_BASE_URL") or (addresses.OLLAMA if kind == "ollama" else "http://127.0.0.1:8000/v1")
    while True:
        try:
            return str(kinds.URL.parse(terminal.ask("Address", default)))
        except ValueError:
            terminal.say(f"Give {kinds.URL.allowed}.")


def _key(terminal: Terminal, name: str, known: Mapping[str, str], optional: bool) -> str:
    """The key: the one that is there when nothing is typed, empty when none is needed."""
    before = known.get(name, "")
    hint = "; empty keeps the one in .env" if before else "; empty for none" if optional else ""
    while True:
        typed = terminal.ask_unseen(f"{name} (it is not shown{hint})")
        if not typed and (before or optional):
            return before
        try:
            return str(kinds.SECRET.parse(typed).reveal())
        except ValueError:
            terminal.say(f"That cannot be one: {kinds.SECRET.allowed}.")


def _tried(terminal: Terminal, choice: Choice) -> Sequence[ModelRow] | None:
    """The models that the provider lists; None, after saying why, when it does not work."""
    terminal.say(f"Trying {choice.address} ...")
    try:
        provider = build_provider(choice)
        try:
            rows = rows_for(provider, provider.list_models(LIST_SECONDS), choice)
        finally:
            provider.close()
    except TelemetryInjectError as error:
        terminal.say(f"It does not work: {printable(error.title)}")
        terminal.say(f"help: {printable(error.help_text)}")
        return None
    terminal.say(f"It works, and lists {len(rows)} models.")
    return rows


def _model(terminal: Terminal, provider: str, rows: Sequence[ModelRow], known: Mapping[str, str]) -> str:
    shown = sorted(rows, key=lambda row: not row.recommended)[:MOST_MODELS]
    for number, row in enumerate(shown, 1):
        terminal.say(f"  {number:>2}  {printable(row.name)}{'  (recommended)' if row.recommended else ''}")
    if len(rows) > len(shown):
        terminal.say(f"      ... and {len(rows) - len(shown)} more: --list-models shows all with prices")
    before = known.get("LLM_MODEL", "")
    names = [row.name for row in rows]
    default = before if before in names else shown[0].name if shown else DEFAULT_MODELS.get(provider, before)
    answer = terminal.ask("Model (number or name)", default)
    if answer.isdecimal() and 1 <= int(answer) <= len(shown):
        return shown[int(answer) - 1].name
    return answer
