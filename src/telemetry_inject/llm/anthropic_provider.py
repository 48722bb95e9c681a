"""Anthropic's messages, and servers that speak them, through the official SDK.

Its retries are off, as for OpenAI. It takes no temperature; the schema goes into `output_config`.
"""

from __future__ import annotations

import warnings
from typing import Any

from telemetry_inject.llm import addresses
from telemetry_inject.llm.errors import KeyMissing
from telemetry_inject.llm.failures import Place, not_an_answer
from telemetry_inject.llm.json_body import count, items, mapping, text
from telemetry_inject.llm.schema_prompt import with_schema
from telemetry_inject.llm.sdk import missing_sdk
from telemetry_inject.llm.sdk_provider import SdkProvider, sdk_timeout
from telemetry_inject.llm.types import AnswerForm, Completion, ModelDescription, Request, Stop, TokenUsage

_STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "refusal": Stop.REFUSAL,
}
_PAGE = 1000


class AnthropicProvider(SdkProvider):
    """See Provider. `base_url` is empty for Anthropic itself."""

    name = "anthropic"

    def __init__(self, key: str, base_url: str = "") -> None:
        try:
            import anthropic
        except ImportError as error:
            raise missing_sdk("anthropic", error) from None
        url = (base_url or addresses.ANTHROPIC).rstrip("/").removesuffix("/v1")  # the SDK adds it
        self.compatible = addresses.shown(url) != addresses.ANTHROPIC
        if not key and not self.compatible:
            raise KeyMissing("anthropic: there is no key", "Set ANTHROPIC_API_KEY, or use --configure.")
        super().__init__(Place(self.name, addresses.shown(url), (key,) if key else (), self.compatible), url)
        self._client = anthropic.Anthropic(
            api_key=key or "none",
            base_url=url,
            max_retries=0,
            http_client=self._connections.client,
            open_telemetry=False,
        )

    def complete(self, request: Request) -> Completion:
        """See Provider."""
        create, arguments = self._client.messages.with_raw_response.create, self._arguments(request)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # --list-models says which models end
            return self._completion(self._sent(request.timeout, lambda: create(**arguments), request))

    def _arguments(self, request: Request) -> dict[str, Any]:
        messages = list(request.messages)
        enforced = request.schema is not None and request.form is AnswerForm.SCHEMA
        if request.schema is not None and (self.compatible or not enforced):
            messages = with_schema(messages, request.schema)
        system = "\n\n".join(message.text for message in messages if message.role == "system")
        arguments: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_output,
            "messages": [{"role": each.role, "content": each.text} for each in messages if each.role != "system"],
            "timeout": sdk_timeout(request.timeout),
        }
        if system:
            arguments["system"] = system
        if enforced:
            from telemetry_inject.llm.answers import sendable

            arguments["output_config"] = {"format": {"type": "json_schema", "schema": sendable(request.schema)}}
        return arguments

    def _completion(self, value: dict[str, Any]) -> Completion:
        if value.get("type") not in ("message", None) or not isinstance(value.get("content"), list):
            raise not_an_answer(self._place)
        written = "".join(text(block, "text") for block in items(value, "content") if text(block, "type") == "text")
        reason = text(value, "stop_reason")
        stop = _STOPS.get(reason, Stop.END if not reason else Stop.OTHER)
        return Completion(written, _usage(mapping(value, "usage")), stop, text(value, "model"), reason)

    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """See Provider."""
        models = self._client.models.with_raw_response
        listing = self._sent(timeout, lambda: models.list(limit=_PAGE, timeout=sdk_timeout(timeout)))
        return tuple(_description(model) for model in items(listing, "data") if text(model, "id"))

    def describe(self, model: str, timeout: float) -> ModelDescription | None:
        """See Provider."""
        models = self._client.models.with_raw_response
        found = _description(self._sent(timeout, lambda: models.retrieve(model, timeout=sdk_timeout(timeout))))
        return found if found.context else None


def _description(model: Any) -> ModelDescription:
    lifecycle, ends = text(model, "lifecycle"), text(model, "retires_at")
    note = f"ends {ends[:10]}" if ends else lifecycle if lifecycle not in ("", "active") else ""
    context, output = count(model, "max_input_tokens") or 0, count(model, "max_tokens") or 0
    return ModelDescription(text(model, "id"), context, output, note, retired=lifecycle == "retired")


def _usage(usage: dict[str, Any]) -> TokenUsage | None:
    """Its input tokens leave out those read from or written to the cache; ours count them all."""
    fresh, output = count(usage, "input_tokens"), count(usage, "output_tokens")
    if fresh is None or output is None:
        return None
    read, written = count(usage, "cache_read_input_tokens") or 0, count(usage, "cache_creation_input_tokens") or 0
    return TokenUsage(fresh + read + written, output, read, written)
