"""What a model costs: the user's own price, else a catalogue that is part of an installed package. Never a guess.

Prices are US dollars a token, as exact decimals. Some models cost more from a number of input tokens on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from telemetry_inject.errors import UsageError
from telemetry_inject.llm.addresses import is_loopback
from telemetry_inject.llm.types import TokenUsage

MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars for one token; `steps` are (more input tokens than this, dollars for each token of the call)."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The rate of a call with so many input tokens."""
        rate = self.base
        for start, price in self.steps:
            if input_tokens > start:
                rate = price
        return rate

    def worst(self, input_tokens: int) -> Decimal:
        """The highest rate of a call with at most so many input tokens."""
        return max(self.base, *(price for start, price in self.steps if input_tokens > start), Decimal(0))


@dataclass(frozen=True, slots=True)
class Prices:
    """The rates of one model, and its context in tokens where the catalogue knows it (else 0)."""

    input: Rate
    output: Rate
    cache_read: Rate
    cache_write: Rate
    source: str
    context: int = 0

    @property
    def free(self) -> bool:
        """Whether nothing of it costs anything."""
        return not any(rate.base or rate.steps for rate in (self.input, self.output, self.cache_read, self.cache_write))

    def cost(self, usage: TokenUsage) -> Decimal:
        """What a call with this usage cost, in dollars."""
        fresh = max(0, usage.input - usage.cache_read - usage.cache_written)
        return (
            fresh * self.input.at(usage.input)
            + usage.cache_read * self.cache_read.at(usage.input)
            + usage.cache_written * self.cache_write.at(usage.input)
            + usage.output * self.output.at(usage.input)
        )

    def worst_input(self, tokens: int) -> Decimal:
        """The most that so many input tokens can cost, however they are cached."""
        return tokens * max(rate.worst(tokens) for rate in (self.input, self.cache_read, self.cache_write))

    def worst_output_rate(self, input_tokens: int) -> Decimal:
        """The most that one token of output can cost beside at most so many of input."""
        return self.output.worst(input_tokens)


def flat(input_price: Decimal, output_price: Decimal, source: str) -> Prices:
    """Prices in dollars a million tokens, the same at every length."""
    read = Rate(input_price / MILLION)
    return Prices(read, Rate(output_price / MILLION), read, read, source)


FREE = flat(Decimal(0), Decimal(0), "free")


def parse_price(text: str) -> Prices:
    """The user's `INPUT/OUTPUT`, dollars a million tokens, such as 2.50/10. Raises UsageError."""
    parts = text.split("/")
    try:
        amounts = [Decimal(part.strip()) for part in parts]
    except InvalidOperation:
        amounts = []
    if len(amounts) != 2 or any(not amount.is_finite() or amount < 0 for amount in amounts):
        raise UsageError(
            f"the price {text!r} is not allowed", "Give dollars a million tokens as INPUT/OUTPUT: 2.50/10."
        )
    return flat(amounts[0], amounts[1], "stated")


def find_prices(provider: str, address: str, model: str, stated: Prices | None = None) -> Prices | None:
    """What `model` costs at `address`; None when nobody knows.

    Ollama is free, and so is a model without a known price on this machine. A model with a known price is
    priced wherever it is served: the server may be a gateway to it.
    """
    if stated is not None:
        return stated
    if provider == "ollama":
        return FREE
    for name, where in _places(provider, address, model):
        found = _catalogued(name, where)
        if found is not None:
            return found
    return FREE if is_loopback(address) else None


def _places(provider: str, address: str, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where to look a model up, the likeliest first."""
    yield model, {"provider_api_url": address}
    yield model, {"provider_id": provider}
    yield model, {}
    prefix, separator, rest = model.partition("/")
    if separator:
        yield rest, {"provider_id": prefix}


def _catalogued(model: str, where: dict[str, Any]) -> Prices | None:
    import genai_prices

    usage = genai_prices.Usage(input_tokens=1, output_tokens=1)
    try:
        found = genai_prices.calc_price(usage, model, **where)
    except (LookupError, re.error):
        return None
    price = found.model_price
    fresh, written = _rate(price.input_mtok), _rate(price.output_mtok)
    if fresh is None or written is None:
        return None  # priced by the hour, the picture, or not at all
    read, kept = _rate(price.cache_read_mtok) or fresh, _rate(price.cache_write_mtok) or fresh
    return Prices(fresh, written, read, kept, "genai-prices", found.model.context_window or 0)


def _rate(price: Any) -> Rate | None:
    if price is None:
        return None
    if isinstance(price, Decimal):
        return Rate(price / MILLION)
    return Rate(price.base / MILLION, tuple((tier.start, tier.price / MILLION) for tier in price.tiers))
