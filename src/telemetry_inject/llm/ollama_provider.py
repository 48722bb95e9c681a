"""Ollama through its own protocol (`/api`): the one that can set the context and forbid cutting the prompt.

The context is what the prompt and the answer need, rounded up so that the model is not loaded anew for each
size. Older servers ignore `truncate`, so a prompt that filled the context is taken for one that was cut.
"""

from __future__ import annotations

from typing import Any

from telemetry_inject.llm import addresses
from telemetry_inject.llm.connections import CONNECT_SECONDS, Connections
from telemetry_inject.llm.errors import PromptCut
from telemetry_inject.llm.failures import Place, not_an_answer, raise_failure
from telemetry_inject.llm.json_body import count, items, json_object, mapping, text
from telemetry_inject.llm.schema_prompt import with_schema
from telemetry_inject.llm.sdk import missing_sdk
from telemetry_inject.llm.token_estimate import estimated_tokens
from telemetry_inject.llm.types import AnswerForm, Completion, ModelDescription, Request, Stop, TokenUsage

KEEP_ALIVE = "15m"
LEAST_CONTEXT = 4096
SEED = 7
_STOPS = {"stop": Stop.END, "length": Stop.LENGTH}


class OllamaProvider:
    """See Provider. A key is only for servers behind a gateway that asks for one."""

    name = "ollama"

    def __init__(self, base_url: str = "", key: str = "") -> None:
        url = addresses.ollama_root(base_url or addresses.OLLAMA)
        self.address = addresses.shown(url)
        self._root = url
        self._place = Place(self.name, self.address, (key,) if key else (), compatible=True)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._connections = Connections(url)
        except ImportError as error:
            raise missing_sdk(self.name, error) from None

    def complete(self, request: Request) -> Completion:
        """See Provider. Raises PromptCut when the server did not read all of the prompt."""
        messages = list(request.messages)
        if request.schema is not None:
            messages = with_schema(messages, request.schema)  # Ollama does not show it to the model
        context = _context(estimated_tokens(messages), request)
        payload: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            "stream": False,
            "truncate": False,
            "shift": False,
            "keep_alive": KEEP_ALIVE,
            "options": {"num_ctx": context, "num_predict": request.max_output, "temperature": 0, "seed": SEED},
        }
        if request.schema is not None and request.form is not AnswerForm.TEXT:
            from telemetry_inject.llm.answers import sendable

            payload["format"] = sendable(request.schema) if request.form is AnswerForm.SCHEMA else "json"
        value = self._exchange("POST", "/api/chat", request.timeout, payload, request)
        if not isinstance(value.get("message"), dict):
            raise not_an_answer(self._place)
        usage = _usage(value)
        if usage is not None and usage.input >= context:
            raise PromptCut(
                f"{self._place}: the prompt was cut to the context of {context:,} tokens", "Use a larger context."
            )
        written, reason = text(mapping(value, "message"), "content"), text(value, "done_reason")
        stop = _STOPS.get(reason, Stop.END if not reason else Stop.OTHER)
        return Completion(written, usage, stop, text(value, "model"), reason)

    def list_models(self, timeout: float) -> tuple[ModelDescription, ...]:
        """See Provider: what is installed there."""
        found = []
        for model in items(self._exchange("GET", "/api/tags", timeout), "models"):
            name, details = text(model, "name"), mapping(model, "details")
            words = (text(details, "parameter_size"), text(details, "quantization_level"))
            if name and "embed" not in name:
                note = " ".join(word for word in words if word)
                found.append(ModelDescription(name, note=note, size=count(model, "size") or 0))
        return tuple(found)

    def describe(self, model: str, timeout: float) -> ModelDescription | None:
        """See Provider."""
        about = Request(model, (), 0, timeout)
        info = mapping(self._exchange("POST", "/api/show", timeout, {"model": model}, about), "model_info")
        for name in info:
            if name.endswith(".context_length") and count(info, name):
                return ModelDescription(model, count(info, name) or 0)
        return None

    def check(self, timeout: float) -> str:
        """See Provider."""
        version = text(self._exchange("GET", "/api/version", timeout), "version")
        if not version:
            raise not_an_answer(self._place)
        return f"{self._place} answers, version {version}"

    def abort(self) -> None:
        """See Provider."""
        self._connections.abort()

    def close(self) -> None:
        """See Provider."""
        self._connections.close()

    def _exchange(
        self, method: str, path: str, timeout: float, payload: Any = None, request: Request | None = None
    ) -> dict[str, Any]:
        import httpx2

        limit = httpx2.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
        with self._connections.line(timeout) as line:
            try:
                response = self._connections.client.request(
                    method, self._root + path, json=payload, headers=self._headers, timeout=limit
                )
                response.raise_for_status()
            except Exception as error:
                raise_failure(error, self._place, line, request)
        return json_object(response.content, self._place)


def _context(prompt: int, request: Request) -> int:
    needed = LEAST_CONTEXT
    while needed < prompt + request.max_output:
        needed *= 2
    return min(needed, request.context) if request.context else needed


def _usage(value: dict[str, Any]) -> TokenUsage | None:
    prompt, output = count(value, "prompt_eval_count"), count(value, "eval_count")
    return TokenUsage(prompt, output) if prompt is not None and output is not None else None
