"""OpenAI, and the many servers that speak its chat completions, through the official SDK.

The SDK's own retries are off: every attempt has to pass the budget. The answer is read from the raw JSON,
because the SDK takes any success for an answer.
"""

from __future__ import annotations

import re
from typing import Any

from telemetry_inject.llm import addresses
from telemetry_inject.llm.failures import Place, not_an_answer
from telemetry_inject.llm.json_body import count, items, mapping, text
from telemetry_inject.llm.schema_prompt import with_schema
from telemetry_inject.llm.sdk import missing_sdk
from telemetry_inject.llm.sdk_provider import SdkProvider, sdk_timeout
from telemetry_inject.llm.types import AnswerForm, Completion, Message, ModelDescription, Request, Stop, TokenUsage

_STOPS = {"stop": Stop.END, "length": Stop.LENGTH, "content_filter": Stop.REFUSAL}
_NOT_FOR_CHAT = re.compile(
    r"embed|audio|realtime|whisper|tts|transcri|translate|image|dall-e|moderation|davinci|babbage|sora|search|"
    r"instruct|computer-use|live|rerank"
)
_NO_KEY = "none"  # servers of one's own ask for none, but the SDK insists


class OpenAIProvider(SdkProvider):
    """See Provider. `base_url` is empty for OpenAI itself."""

    name = "openai"

    def __init__(self, key: str, base_url: str = "") -> None:
        try:
            import openai
        except ImportError as error:
            raise missing_sdk("openai", error) from None
        url = base_url or addresses.OPENAI
        self.compatible = addresses.shown(url) != addresses.OPENAI
        super().__init__(Place(self.name, addresses.shown(url), (key,) if key else (), self.compatible), url)
        self._client = openai.OpenAI(
            api_key=key or _NO_KEY,
            base_url=url,
            max_retries=0,
            http_client=self._connections.client,
        )

    def complete(self, request: Request) -> Completion:
        """See Provider."""
        create, arguments = self._client.chat.completions.with_raw_response.create, self._arguments(request)
        return self._completion(self._sent(request.timeout, lambda: create(**arguments), request))

    def _arguments(self, request: Request) -> dict[str, Any]:
        schema, form = request.schema, request.form
        messages = list(request.messages)
        if schema is not None and (self.compatible or form is not AnswerForm.SCHEMA):
            messages = with_schema(messages, schema)
        limit = "max_tokens" if self.compatible else "max_completion_tokens"
        arguments: dict[str, Any] = {
            "model": request.model,
            "messages": [_message(message) for message in messages],
            limit: request.max_output,
            "timeout": sdk_timeout(request.timeout),
        }
        if self.compatible:
            arguments["temperature"] = 0  # the provider's own newer models take none
        if schema is not None and form is AnswerForm.SCHEMA:
            from telemetry_inject.llm.answers import sendable

            named = {"name": "answer", "strict": True, "schema": sendable(schema)}
            arguments["response_format"] = {"type": "json_schema", "json_schema": named}
        elif schema is not None and form is AnswerForm.OBJECT:
            arguments["response_format"] = {"type": "json_object"}
        return arguments

    def _completion(self, value: dict[str, Any]) -> Completion:
        choices = items(value, "choices")
        if not choices:
            raise not_an_answer(self._place, "without a choice")
        message = mapping(choices[0], "message")
        finish = text(choices[0], "finish_reason")
        refusal = text(message, "refusal")
        stop = Stop.REFUSAL if refusal else _STOPS.get(finish, Stop.END if not finish else Stop.OTHER)
        return Completion(text(message, "content"), _usage(mapping(value, "usage")), stop, text(value, "model"), finish)

    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """See Provider; models that cannot chat are left out."""
        models = self._client.models.with_raw_response
        found = []
        for model in items(self._sent(timeout, lambda: models.list(timeout=sdk_timeout(timeout))), "data"):
            name, ends = text(model, "id"), text(model, "shutdown_date")
            if name and not (_NOT_FOR_CHAT.search(name) and not self.compatible):
                context = count(model, "context_length") or count(model, "max_model_len") or 0
                found.append(ModelDescription(name, context, note=f"ends {ends[:10]}" if ends else ""))
        return tuple(found)

    def describe(self, model: str, timeout: float) -> ModelDescription | None:
        """OpenAI tells no limits; some compatible servers do."""
        if not self.compatible:
            return None
        known = (each for each in self.list_models(timeout) if each.name == model and each.context)
        return next(known, None)


def _message(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.text}


def _usage(usage: dict[str, Any]) -> TokenUsage | None:
    prompt, completion = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    if prompt is None or completion is None:
        return None
    details = mapping(usage, "prompt_tokens_details")
    read, written = count(details, "cached_tokens") or 0, count(details, "cache_write_tokens") or 0
    return TokenUsage(prompt, completion, min(read, prompt), min(written, prompt - min(read, prompt)))
