"""--list-models: what the provider offers, with prices, context, and the one we would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from telemetry_inject.llm.detection import Choice
from telemetry_inject.llm.factory import LIST_SECONDS, build_provider
from telemetry_inject.llm.prices import FREE, MILLION, Prices, find_prices
from telemetry_inject.llm.recommendation import in_the_cloud, recommended
from telemetry_inject.llm.types import ModelDescription, Provider
from telemetry_inject.report.terminal import painted, printable


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model. Prices in dollars a million tokens, None when unknown; `context` in tokens, 0 when unknown."""

    name: str
    context: int
    input_price: Decimal | None
    output_price: Decimal | None
    note: str
    recommended: bool
    chosen: bool


def list_models(choice: Choice, price: Prices | None = None, timeout: float = LIST_SECONDS) -> list[ModelRow]:
    """The rows for the choice's provider, sorted by name. Raises ModelError."""
    provider = build_provider(choice)
    try:
        models = provider.list_models(timeout)
        return rows_for(provider, models, choice, price)
    finally:
        provider.close()


def rows_for(
    provider: Provider, models: Sequence[ModelDescription], choice: Choice, price: Prices | None = None
) -> list[ModelRow]:
    """The rows for what a provider has listed."""
    best = recommended(provider.name, models)
    named = {name.strip() for name in choice.model.split(",")}
    rows = []
    for model in sorted(models, key=lambda each: each.name):
        stated = price if model.name in named else None
        prices = find_prices(provider.name, provider.address, model.name, stated)
        context = model.context or (prices.context if prices is not None else 0)
        note = model.note
        if provider.name == "ollama" and in_the_cloud(model.name):
            note = f"{note}, runs on Ollama's own servers".removeprefix(", ")
        rows.append(
            ModelRow(
                model.name,
                context,
                None if prices is None else prices.input.base * MILLION,
                None if prices is None else prices.output.base * MILLION,
                "free" if prices is FREE and not note else note,
                model.name == best,
                model.name in named,
            )
        )
    return rows


def as_text(rows: Sequence[ModelRow], choice: Choice, color: bool = False) -> str:
    """A table for people; prices are dollars a million tokens."""
    title = f"{choice.provider} at {choice.address} ({choice.why})"
    if not rows:
        return f"{printable(title)}: no models"
    width = max(len(printable(row.name)) for row in rows)
    lines = [printable(title), f"  {'model':<{width}}  {'context':>10}  {'$ in/M':>8}  {'$ out/M':>8}"]
    for row in rows:
        mark = "*" if row.chosen else " "
        words = ["recommended"] if row.recommended else []
        words += [printable(row.note)] if row.note else []
        context = f"{row.context:,}" if row.context else "?"
        line = f"{mark} {printable(row.name):<{width}}  {context:>10}  {_price(row.input_price):>8}"
        line = f"{line}  {_price(row.output_price):>8}  {', '.join(words)}".rstrip()
        lines.append(painted(line, "green", color and row.recommended))
    chosen = any(row.chosen for row in rows)
    said = "* chosen now; take another one" if chosen else "The recommended one is taken; take another one"
    lines.append(f"{said} with --model NAME or LLM_MODEL.")
    return "\n".join(lines)


def _price(price: Decimal | None) -> str:
    if price is None:
        return "?"
    return "0" if not price else f"{price:.2f}" if price >= Decimal("0.01") else f"{price.normalize():f}"


def as_json(rows: Sequence[ModelRow], choice: Choice) -> dict[str, Any]:
    """For scripts: prices are null when unknown, so is the context."""
    return {
        "provider": choice.provider,
        "address": choice.address,
        "why": choice.why,
        "models": [
            {
                "name": row.name,
                "context": row.context or None,
                "input_usd_per_million": None if row.input_price is None else float(row.input_price),
                "output_usd_per_million": None if row.output_price is None else float(row.output_price),
                "note": row.note,
                "recommended": row.recommended,
                "chosen": row.chosen,
            }
            for row in rows
        ],
    }
