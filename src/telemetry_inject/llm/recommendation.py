"""Which of the models that are there suits this work: naming anchors in code, in JSON."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry_inject.llm.types import ModelDescription

# The first that is there wins. Local names are beginnings: of those that match, the largest is taken.
_HOSTED = {
    "openai": ("gpt-6-sol", "gpt-6.1-terra", "gpt-5.4-mini", "gpt-5.1", "gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini"),
    "anthropic": ("claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6", "claude-haiku-4-5"),
}
_LOCAL = (
    "qwen3-coder",
    "qwen2.5-coder",
    "devstral",
    "codestral",
    "deepseek-coder",
    "granite-code",
    "starcoder2",
    "codellama",
    "gpt-oss",
    "qwen3",
    "llama3",
    "mistral",
    "gemma",
)


def recommended(provider: str, models: Sequence[ModelDescription]) -> str:
    """The name of the best of `models`; empty when there is none."""
    usable = [model for model in models if not model.retired]
    if provider == "ollama":
        own = [model for model in usable if not in_the_cloud(model.name)]
        for family in _LOCAL:
            matching = [model for model in own if model.name.rpartition("/")[2].startswith(family)]
            if matching:
                return max(matching, key=lambda model: model.size).name
        return max(own, key=lambda model: model.size).name if own else ""
    names = [model.name for model in usable]
    return next((name for name in _HOSTED[provider] if name in names), names[0] if names else "")


def in_the_cloud(name: str) -> bool:
    """Whether an Ollama server would pass sources on to somebody else's machine."""
    return name.endswith(("-cloud", ":cloud"))
