"""From a choice to what does the work: the provider or the pool, and the client around it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from telemetry_inject.llm.attempts import RetryPolicy
from telemetry_inject.llm.client import ModelClient
from telemetry_inject.llm.cost_tracker import CostTracker
from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.errors import NotThere
from telemetry_inject.llm.prices import Prices, find_prices
from telemetry_inject.llm.recommendation import recommended
from telemetry_inject.llm.token_detector import TokenDetector, limits_file
from telemetry_inject.llm.types import Provider

LIST_SECONDS = 20.0


def build_provider(choice: Choice) -> Provider:
    """The adapter for the choice, or a pool of them. Raises SdkMissing and KeyMissing."""
    key = choice.key.reveal() if choice.key is not None else ""
    if choice.provider == "openai":
        from telemetry_inject.llm.openai_provider import OpenAIProvider

        return OpenAIProvider(key, choice.base_url)
    if choice.provider == "anthropic":
        from telemetry_inject.llm.anthropic_provider import AnthropicProvider

        return AnthropicProvider(key, choice.base_url)
    from telemetry_inject.llm.ollama_provider import OllamaProvider

    urls, models = _parts(choice.base_url) or [""], _parts(choice.model)
    if len(urls) == 1 and len(models) <= 1:
        return OllamaProvider(urls[0], key)
    from telemetry_inject.llm.ollama_model_pool import OllamaModelPool

    providers = [OllamaProvider(url, key) for url in urls]
    if not models:
        models = [chosen_model(providers[0], choice, LIST_SECONDS)]
    return OllamaModelPool(providers, models)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def chosen_model(provider: Provider, choice: Choice, timeout: float = LIST_SECONDS) -> str:
    """The model that was named, else the best one that is there. Raises ModelError, NotThere when there is none."""
    if choice.model:
        return choice.model
    name = recommended(provider.name, provider.list_models(timeout))
    if not name:
        raise NotThere(f"ollama ({choice.address}): no model is installed", "Get one: `ollama pull qwen2.5-coder:7b`.")
    return name


def build_client(
    choice: Choice,
    budget: Decimal | None = None,
    price: Prices | None = None,
    context: int = 0,
    output: int = 0,
    trace: Callable[..., None] | None = None,
    note: Callable[[str], None] = lambda text: None,
    limits_cache: Path | None = None,
    policy: RetryPolicy | None = None,
    tracker: CostTracker | None = None,
) -> ModelClient:
    """The client for a run. `price` is the user's own, `context` and `output` are the user's limits in tokens
    (0: detected), `note` hears what a person should know.

    Raises UnpricedModel before anything is spent, and ModelError when the model's name must be asked for.
    """
    provider = build_provider(choice)
    model = chosen_model(provider, choice)
    prices = find_prices(provider.name, provider.address, model, price)
    tracker = tracker or CostTracker(budget)
    tracker.check_priced(model, prices)
    detector = TokenDetector(context, output, limits_cache or limits_file(), note=note)
    more: dict[str, Any] = {} if trace is None else {"trace": trace}
    return ModelClient(provider, model, tracker, detector, prices, choice.timeout, policy, **more)
