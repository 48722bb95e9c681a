"""Which provider, at which address, with which key and model, and why: from flags, the environment and `.env`,
else from a server that answers on this machine. Nothing is imported and nothing is sent but to look for Ollama.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from telemetry_inject.config import CLOUD_TIMEOUT, LOCAL_TIMEOUT, Settings
from telemetry_inject.errors import UsageError
from telemetry_inject.llm import addresses
from telemetry_inject.llm.errors import KeyMissing, NoProvider
from telemetry_inject.option_kinds import Secret
from telemetry_inject.presence import PROBE_SECONDS, may_listen, ollama_address

DEFAULT_MODELS = {"openai": "gpt-6-sol", "anthropic": "claude-sonnet-5-5"}
_PROTECTED = ("openai", "anthropic")


@dataclass(frozen=True, slots=True)
class Choice:
    """Who will be asked. `model` is empty when the server's own list has to say; several are divided by commas,
    and so are addresses (a pool, Ollama only). `why` says what decided, in words."""

    provider: str
    model: str
    base_url: str = field(repr=False)  # empty for the provider's own address; may hold a login
    key: Secret | None
    timeout: float
    why: str

    @property
    def address(self) -> str:
        """The address without a login."""
        urls = (self.base_url or addresses.OFFICIAL[self.provider]).split(",")
        return ", ".join(addresses.shown(url.strip()) for url in urls if url.strip())


def ollama_answers(address: str) -> bool:
    """Whether an Ollama server is there; it is asked for its version only."""
    root = addresses.ollama_root(address)
    if not may_listen(root):
        return False
    import http.client

    parts = urlsplit(root)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + "/api/version")
        answer = connection.getresponse()
        return answer.status == 200 and b'"version"' in answer.read(1000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def detect(
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    probe: Callable[[str], bool] = ollama_answers,
) -> Choice | None:
    """The choice that the settings imply; None when nothing says which provider, and no Ollama answers.

    Raises KeyMissing and UsageError when what is said does not go together.
    """
    provider, why = _provider(settings, environment, probe)
    if not provider:
        return None
    base_url = settings.base_url
    if provider == "ollama" and not base_url:
        base_url = ollama_address(environment)
    key = settings.api_key or {"openai": settings.openai_api_key, "anthropic": settings.anthropic_api_key}.get(provider)
    if key is None and provider in _PROTECTED and not base_url:
        variable = f"{provider.upper()}_API_KEY"
        raise KeyMissing(f"{provider}: there is no key", f"Set {variable}, or set everything up with --configure.")
    _check_key_and_address(settings, provider, key)
    if ("," in base_url or "," in settings.model) and provider != "ollama":
        raise UsageError(f"{provider}: several models or addresses are for Ollama only", "Give one of each.")
    timeout = settings.timeout
    if "timeout" not in settings.sources:
        timeout = LOCAL_TIMEOUT if provider == "ollama" else CLOUD_TIMEOUT
    return Choice(provider, settings.model or DEFAULT_MODELS.get(provider, ""), base_url, key, timeout, why)


def require(
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    probe: Callable[[str], bool] = ollama_answers,
) -> Choice:
    """As `detect`, for what needs a model. Raises NoProvider."""
    choice = detect(settings, environment, probe)
    if choice is None:
        raise NoProvider(
            "no model is set up",
            "Set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama, or use --configure; --use-scripts needs none.",
        )
    return choice


def _provider(settings: Settings, environment: Mapping[str, str], probe: Callable[[str], bool]) -> tuple[str, str]:
    if "provider" in settings.sources:
        return settings.provider, settings.sources["provider"]
    if settings.base_url and _looks_like_ollama(settings.base_url):
        return "ollama", settings.sources.get("base-url", "the address")
    if settings.api_key is not None:
        return settings.provider, settings.sources.get("api-key", "the key")
    for name, key in (("openai", settings.openai_api_key), ("anthropic", settings.anthropic_api_key)):
        if key is not None:
            return name, settings.sources.get(f"{name}-api-key", "the key")
    if settings.base_url:
        source = settings.sources.get("base-url", "the address")
        if probe(settings.base_url.split(",")[0].strip()):
            return "ollama", f"{source}: Ollama answers there"
        return "openai", f"{source}: not Ollama, so taken for a server that speaks like OpenAI"
    address = ollama_address(environment)
    if probe(address):
        return "ollama", f"Ollama answers at {addresses.shown(address)}"
    return "", ""


def _looks_like_ollama(base_url: str) -> bool:
    try:
        return urlsplit(base_url.split(",")[0].strip()).port == addresses.OLLAMA_PORT
    except ValueError:
        return False


def _check_key_and_address(settings: Settings, provider: str, key: Secret | None) -> None:
    """A `.env` file may come with a stranger's repository: it must not send a key of the user elsewhere."""
    source = settings.sources.get("base-url", "")
    if key is None or not source.startswith(".env") or addresses.is_loopback(settings.base_url):
        return
    name = "api-key" if settings.api_key is not None else f"{provider}-api-key"
    if not settings.sources.get(name, "").startswith(".env"):
        raise UsageError(
            f".env sends your key for {provider} to {addresses.shown(settings.base_url)}",
            "If that is what you want, put the key into .env too, or give the address with --base-url.",
        )


def remarks(choice: Choice) -> list[str]:
    """What a careful person would want to know about the choice."""
    plain = choice.base_url.lower().startswith("http://") and not addresses.is_loopback(choice.base_url)
    if plain and choice.key is not None:
        return [f"the key goes to {choice.address} unencrypted: use https://"]
    return []
