"""What was spent, in words for the summary and as JSON for scripts. An unknown cost is never shown as $0."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from telemetry_inject.llm.cost_tracker import CostTracker, Totals


def money(amount: Decimal) -> str:
    """Dollars for people: two digits, four below one dollar, and never $0.0000 for something."""
    if not amount:
        return "$0.00"
    digits = Decimal("0.01") if amount >= 1 else Decimal("0.0001")
    rounded = amount.quantize(digits, ROUND_HALF_UP)
    return f"${rounded}" if rounded else "less than $0.0001"


def cost_words(totals: Totals) -> str:
    """`$0.0123`, `$0.0123 (of which $0.0100 assumed: the provider did not say)`, `unknown`."""
    if not totals.known:
        priced = f"{money(totals.cost)} and " if totals.cost else ""
        return f"{priced}an unknown amount: the price of {totals.unpriced} calls is not known"
    assumed = f" (of which {money(totals.estimated)} assumed: the provider did not say)" if totals.estimated else ""
    return money(totals.cost) + assumed


def summary_lines(tracker: CostTracker) -> list[str]:
    """The end of a run: one line, and one for each job and model when there are several."""
    total = tracker.total()
    if not total.attempts:
        return []
    limit = f" of ${tracker.budget}" if tracker.budget is not None else ""
    lines = [f"Model calls: {total.attempts:,}, cost: {cost_words(total)}{limit}"]
    for rows in (tracker.by_job(), tracker.by_model()):
        if len(rows) > 1:
            lines += [
                f"  {name}: {row.attempts:,} calls, {row.input:,} tokens in, {row.output:,} out, {cost_words(row)}"
                for name, row in rows.items()
            ]
    return lines


def as_json(tracker: CostTracker) -> dict[str, Any]:
    """For `--json` and the trace: `cost_usd` is null when it is not known."""

    def row(totals: Totals) -> dict[str, Any]:
        return {
            "calls": totals.attempts,
            "input_tokens": totals.input,
            "output_tokens": totals.output,
            "cost_usd": float(totals.cost) if totals.known else None,
            "assumed_usd": float(totals.estimated),
        }

    return {
        **row(tracker.total()),
        "budget_usd": None if tracker.budget is None else float(tracker.budget),
        "jobs": {name: row(totals) for name, totals in tracker.by_job().items()},
        "models": {name: row(totals) for name, totals in tracker.by_model().items()},
    }
