"""What the providers with an official SDK have in common: one way to send, and the connections below it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from telemetry_inject.llm.connections import CONNECT_SECONDS, Connections
from telemetry_inject.llm.failures import Place, raise_failure
from telemetry_inject.llm.json_body import json_object
from telemetry_inject.llm.types import ModelDescription, Request


class SdkProvider(ABC):
    """See Provider. The SDK's own retries are off, and answers are read from the raw JSON."""

    def __init__(self, place: Place, url: str) -> None:
        self.address = place.address
        self._place = place
        self._connections = Connections(url)

    def _sent(self, seconds: float, send: Callable[[], Any], request: Request | None = None) -> dict[str, Any]:
        """The JSON of a raw answer. Raises ModelError."""
        with self._connections.line(seconds) as line:
            try:
                body = send().http_response.content
            except Exception as error:
                raise_failure(error, self._place, line, request)
        return json_object(body, self._place)

    @abstractmethod
    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """See Provider."""

    def check(self, timeout: float) -> str:
        """See Provider."""
        return f"{self._place} answers and lists {len(self.list_models(timeout))} models"

    def abort(self) -> None:
        """See Provider."""
        self._connections.abort()

    def close(self) -> None:
        """See Provider."""
        self._connections.close()


def sdk_timeout(seconds: float) -> Any:
    """The SDKs' form of a time-out."""
    import httpx2

    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
