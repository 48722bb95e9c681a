"""Whether a provider is named, or something listens where Ollama would: asked in every run, so it loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from telemetry_inject.config import Settings

PROBE_SECONDS = 0.5
_STATED = ("provider", "base-url", "api-key", "openai-api-key", "anthropic-api-key")


def is_stated(settings: Settings) -> bool:
    """Whether flags, environment or `.env` name a provider, so that nobody has to look for one."""
    return any(name in settings.sources for name in _STATED)


def ollama_address(environment: Mapping[str, str]) -> str:
    """Where Ollama is looked for: what OLLAMA_HOST says, else its usual place on this machine."""
    from telemetry_inject.llm import addresses

    return addresses.ollama_host(environment.get("OLLAMA_HOST", "")) or addresses.OLLAMA


def may_listen(address: str) -> bool:
    """False when the address is a number of this machine and nobody listens there, which is the usual case."""
    import _socket  # socket itself takes longer to load than the answer takes

    from telemetry_inject.llm import addresses

    parts = urlsplit(address)
    if parts.scheme != "http" or not addresses.is_loopback(address) or parts.hostname != "127.0.0.1":
        return True  # to be asked properly
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.settimeout(PROBE_SECONDS)
        connection.connect((parts.hostname, parts.port or 80))
    except OSError:
        return False
    finally:
        connection.close()
    return True
