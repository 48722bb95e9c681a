"""Where prices come from, and that our sums are those of the catalogue."""

from __future__ import annotations

from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_inject.errors import UsageError
from telemetry_inject.llm.detection import DEFAULT_MODELS
from telemetry_inject.llm.prices import FREE, MILLION, find_prices, parse_price
from telemetry_inject.llm.token_estimate import estimated_tokens, strict_tokens
from telemetry_inject.llm.types import Message, TokenUsage

LOCAL, AWAY = "http://127.0.0.1:8000/v1", "https://gateway.example/v1"


@pytest.mark.parametrize(
    ("provider", "address", "model", "expected"),
    [
        ("openai", "https://api.openai.com/v1", "gpt-4o", ("2.5", "10")),
        ("anthropic", "https://api.anthropic.com", "claude-sonnet-4-6", ("3", "15")),
        ("openai", AWAY, "gpt-4o", ("2.5", "10")),
        ("openai", AWAY, "openai/gpt-4o", ("2.5", "10")),
        ("openai", LOCAL, "gpt-4o", ("2.5", "10")),
        ("openai", LOCAL, "my-own-model", ("0", "0")),
        ("ollama", "http://gpu.example:11434", "gpt-4o", ("0", "0")),
        ("openai", AWAY, "my-own-model", None),
        ("anthropic", "https://api.anthropic.com", "claude-sonnet-99", None),
        ("openai", "https://api.openai.com/v1", "whisper-1", None),
    ],
)
def test_prices_are_found_where_they_are_known(
    provider: str, address: str, model: str, expected: tuple[str, str] | None
) -> None:
    found = find_prices(provider, address, model)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.input.base * MILLION, found.output.base * MILLION) == tuple(map(Decimal, expected))


def test_a_stated_price_wins() -> None:
    stated = parse_price("0.5/2")
    assert find_prices("ollama", LOCAL, "m", stated) is stated
    assert stated.cost(TokenUsage(1_000_000, 500_000)) == Decimal("1.5")


@pytest.mark.parametrize("text", ["", "1", "1/2/3", "a/b", "-1/2", "1/inf", "1/nan"])
def test_prices_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_price(text)


def test_the_default_models_are_priced() -> None:
    for provider, model in DEFAULT_MODELS.items():
        assert find_prices(provider, f"https://api.{provider}.com", model) not in (None, FREE)


@given(
    model=st.sampled_from(
        ["gpt-4o", "gpt-5.4", "claude-sonnet-4-5", "claude-haiku-5-5", "gpt-6-sol", "claude-opus-4-1"]
    ),
    fresh=st.integers(0, 400_000),
    read=st.integers(0, 200_000),
    written=st.integers(0, 200_000),
    output=st.integers(0, 100_000),
)
def test_our_sums_are_those_of_the_catalogue(model: str, fresh: int, read: int, written: int, output: int) -> None:
    provider = "anthropic" if model.startswith("claude") else "openai"
    prices = find_prices(provider, f"https://api.{provider}.com", model)
    assert prices is not None
    usage = TokenUsage(fresh + read + written, output, read, written)
    theirs = genai_prices.calc_price(
        genai_prices.Usage(
            input_tokens=usage.input, output_tokens=output, cache_read_tokens=read, cache_write_tokens=written
        ),
        model,
        provider_id=provider,
    )
    assert prices.cost(usage) == theirs.total_price
    held = prices.worst_input(usage.input) + prices.worst_output_rate(usage.input) * output
    assert prices.cost(usage) <= held


@given(st.lists(st.text(max_size=200), max_size=4))
def test_the_strict_bound_is_at_least_a_token_a_byte(texts: list[str]) -> None:
    messages = [Message("user", text) for text in texts]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    assert strict_tokens(messages) >= size
    assert estimated_tokens(messages) * 2 >= size
