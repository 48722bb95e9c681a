"""Addresses of providers: what may be shown of one, and whether it is this machine."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"
OLLAMA = "http://127.0.0.1:11434"
OFFICIAL = {"openai": OPENAI, "anthropic": ANTHROPIC, "ollama": OLLAMA}
OLLAMA_PORT = 11434


def shown(address: str) -> str:
    """The address without a login, a query or a fragment."""
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", address)[0]).rstrip("/")


def is_loopback(address: str) -> bool:
    """Whether the address is on this machine, by its words alone: nothing is looked up."""
    host = (urlsplit(address).hostname or "").lower()
    return (
        host in ("localhost", "::1") or host.endswith(".localhost") or re.fullmatch(r"127(\.\d+){3}", host) is not None
    )


def ollama_root(address: str) -> str:
    """Where `/api` is found: addresses written for the OpenAI protocol end in /v1."""
    return re.sub(r"/(v1|api)/*$", "", address.rstrip("/"))


def ollama_host(text: str) -> str:
    """The address that OLLAMA_HOST means, which may lack the scheme or the port; empty for none."""
    text = text.strip().strip("\"'").rstrip("/")
    if not text:
        return ""
    scheme, separator, rest = text.rpartition("://")
    scheme = scheme if separator else "http"
    host, _, path = rest.partition("/")
    if not re.search(r":\d+$", host):
        ports = {"http": 80, "https": 443} if separator else {}
        host = f"{host}:{ports.get(scheme, OLLAMA_PORT)}"
    host = re.sub(r"^(0\.0\.0\.0|\[::\])?:", "127.0.0.1:", host)  # where a server listens is not where one calls
    return f"{scheme}://{host}" + (f"/{path}" if path else "")
