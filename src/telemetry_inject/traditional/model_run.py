"""What one run has to do with models: which languages they open, the cache's keys, the one client, what it cost.

Nothing of the model layer is loaded until a file is found that the cache does not know.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry_inject import __version__
from telemetry_inject.config import Settings
from telemetry_inject.engine.digest import engine_digest
from telemetry_inject.languages import Languages
from telemetry_inject.presence import is_stated
from telemetry_inject.scripts.cache_keys import KeyScope, canonical_options
from telemetry_inject.traditional.light_packs import LightPack, light_packs, with_light

if TYPE_CHECKING:
    from telemetry_inject.llm.client import ModelClient
    from telemetry_inject.llm.cost_tracker import CostTracker
    from telemetry_inject.llm.detection import Choice

_PROMPTS = Path(__file__).resolve().parent.parent / "llm" / "prompts"


def traditional_run(settings: Settings, note: Callable[[str], None]) -> ModelRun | None:
    """The run's models when it is to use some; None for the script pipeline. Raises UsageError."""
    if settings.use_scripts or settings.remove or settings.stdin:
        return None
    if is_stated(settings):
        return ModelRun(settings, note)
    from telemetry_inject.llm.detection import detect

    choice = detect(settings, os.environ)
    return None if choice is None else ModelRun(settings, note, choice)


class ModelRun:
    """One run with a model. `note` hears what a person should know; `ending` is why the run ended early."""

    def __init__(self, settings: Settings, note: Callable[[str], None], choice: Choice | None = None) -> None:
        self.settings = settings
        self.light: dict[str, LightPack] = light_packs(settings.packs)
        self.ending: BaseException | None = None
        self.failures: Counter[str] = Counter()  # what went wrong with the model -> files
        self._note = note
        self._choice = choice
        self._client: ModelClient | None = None
        self._lock = threading.Lock()

    def languages(self, known: Languages) -> Languages:
        """The languages of the packs, and those that only a model can read."""
        return with_light(known, self.light)

    def scopes(self, known: Mapping[str, KeyScope]) -> dict[str, KeyScope]:
        """The scopes of the keys of files: what a model chose is not what templates give."""
        signature = self._signature()
        scopes = {name: replace(scope, options=f"{scope.options}\n{signature}") for name, scope in known.items()}
        version = f"{__version__} {engine_digest()} {_digest(Path(__file__).parent, '*.py')}"
        for name, pack in self.light.items():
            scopes.setdefault(name, KeyScope(version, pack.digest, "", signature))
        return scopes

    def _signature(self) -> str:
        settings = self.settings
        provider = settings.provider or (self._choice.provider if self._choice else "")
        return canonical_options(
            {
                "provider": provider,
                "model": settings.model,
                "prompts": _digest(_PROMPTS, "*.md"),
                "own": _digest(settings.prompts, "*.md") if settings.prompts is not None else "",
            }
        )

    def client(self, trace: Callable[..., None]) -> ModelClient:
        """The one client of the run. Raises UsageError and ModelError when it cannot be made."""
        with self._lock:
            if self._client is None:
                self._client = self._made(trace)
            return self._client

    def _made(self, trace: Callable[..., None]) -> ModelClient:
        from telemetry_inject.llm.detection import remarks, require
        from telemetry_inject.llm.factory import build_client
        from telemetry_inject.llm.prices import parse_price
        from telemetry_inject.llm.prompts import check_folder

        settings = self.settings
        choice = self._choice or require(settings, os.environ)
        for remark in remarks(choice):
            self._note(remark)
        if settings.prompts is not None:
            check_folder(settings.prompts)
        return build_client(
            choice,
            settings.budget,
            parse_price(settings.price) if settings.price else None,
            settings.context_window,
            settings.max_output,
            trace,
            self._note,
        )

    @property
    def asked(self) -> bool:
        """Whether there is a client, so that something may have been spent."""
        return self._client is not None

    def tracker(self) -> CostTracker | None:
        """What was spent; None when no client was made."""
        return None if self._client is None else self._client.tracker

    def cancel(self) -> None:
        """End what is in flight, and ask nothing more."""
        if self._client is not None:
            self._client.cancel()

    def close(self) -> None:
        """Give connections back."""
        if self._client is not None:
            self._client.close()

    def details(self) -> dict[str, Any]:
        """What the reports need: calls and cost (None when it is not known), in sum and by job and model."""
        details: dict[str, Any] = {"model_calls": 0, "cost_usd": 0.0, "model_failures": dict(self.failures)}
        tracker = self.tracker()
        if tracker is not None:
            from telemetry_inject.llm.cost_report import as_json, summary_lines

            cost = as_json(tracker)
            details |= {"model_calls": cost["calls"], "cost_usd": cost["cost_usd"], "models": cost}
            details["cost_lines"] = summary_lines(tracker)
        return details


def _digest(folder: Path, pattern: str) -> str:
    """SHA-256 (hex, shortened) of the names and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(pattern)):
        try:
            data = path.read_bytes()
        except OSError:
            continue  # whoever needs it will say why it cannot be read
        digest.update(b"%d:%d:" % (len(path.name), len(data)) + path.name.encode() + data)
    return digest.hexdigest()[:16]
