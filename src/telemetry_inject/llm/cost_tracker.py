"""CostTracker: what the calls cost, and a budget that cannot be exceeded however many run at once.

Before each attempt the most it can cost is held back, so that what is spent and what is held never exceed
the budget together. Afterwards the hold is settled: what the provider reports is charged, the whole hold when
nobody knows, nothing when no model saw the request. An attempt that cannot be afforded now, but may be once
others are settled, waits for them; then the answer is made shorter if that helps; then BudgetExceeded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal

from telemetry_inject.llm.errors import BudgetExceeded, Cancelled, Charge, ModelError, UnpricedModel
from telemetry_inject.llm.prices import Prices
from telemetry_inject.llm.types import TokenUsage

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of some attempts. `cost` in dollars, of which `estimated` was charged without a report; `unpriced`
    attempts are those whose cost nobody knows."""

    attempts: int = 0
    input: int = 0
    output: int = 0
    cost: Decimal = ZERO
    estimated: Decimal = ZERO
    unpriced: int = 0

    @property
    def known(self) -> bool:
        """Whether `cost` is all of the cost."""
        return self.unpriced == 0


@dataclass(slots=True)
class Hold:
    """Money held for one attempt, and how long its answer may be (tokens)."""

    job: str
    model: str
    prices: Prices | None
    amount: Decimal
    max_output: int
    cost: Decimal | None = None  # what was charged; None while it is open, and for a cost that nobody knows
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """What an attempt may use: at most `input` tokens, and an answer of `most` tokens, at the least `least`."""

    job: str
    model: str
    input: int
    most: int
    least: int = 1


@dataclass
class CostTracker:
    """Thread-safe. `budget` is in dollars; None means no limit."""

    budget: Decimal | None = None
    _spent: Decimal = field(default=ZERO, init=False)
    _held: Decimal = field(default=ZERO, init=False)
    _totals: dict[tuple[str, str], Totals] = field(default_factory=dict, init=False)
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False, repr=False)
    _cancelled: bool = field(default=False, init=False)
    _exhausted: bool = field(default=False, init=False)

    @property
    def spent(self) -> Decimal:
        """Dollars charged so far."""
        with self._changed:
            return self._spent

    @contextmanager
    def attempt(self, need: Need, prices: Prices | None) -> Iterator[Hold]:
        """Hold the money for one attempt; inside, `settle` it with what the provider reports.

        Whatever leaves the block unsettled is charged by the error's own word, or wholly. Raises
        BudgetExceeded, UnpricedModel or Cancelled before anything is done.
        """
        hold = self._reserve(need, prices)
        try:
            yield hold
        except ModelError as error:
            self._finish(hold, error.charge, None)
            raise
        finally:
            self._finish(hold, Charge.UNKNOWN, None)

    def settle(self, hold: Hold, usage: TokenUsage | None) -> None:
        """Charge what the provider reported; the whole hold when it reported nothing."""
        self._finish(hold, Charge.UNKNOWN if usage is None else Charge.REPORTED, usage)

    def check_priced(self, model: str, prices: Prices | None) -> None:
        """Raise UnpricedModel when there is a budget and no price."""
        if prices is None and self.budget is not None:
            raise UnpricedModel(
                f"a budget is set, and the price of {model} is not known",
                "State it with --price INPUT/OUTPUT (dollars a million tokens), or leave --budget out.",
            )

    def cancel(self) -> None:
        """Nothing more is admitted; those who wait get Cancelled."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def _reserve(self, need: Need, prices: Prices | None) -> Hold:
        if prices is None:
            self.check_priced(need.model, prices)
            return Hold(need.job, need.model, None, ZERO, need.most)
        base = prices.worst_input(need.input)
        rate = prices.worst_output_rate(need.input)
        with self._changed:
            while True:
                if self._cancelled:
                    raise _not_started()
                if self.budget is None or base + rate * need.most == 0:
                    return self._held_back(need, prices, base + rate * need.most, need.most)
                left = self.budget - self._spent
                free = left - self._held
                if not self._exhausted and base + rate * need.most <= free:
                    return self._held_back(need, prices, base + rate * need.most, need.most)
                if self._exhausted or base + rate * need.least > left:
                    self._exhausted = True
                    self._changed.notify_all()
                    raise self._exceeded(need, base + rate * need.least, left)
                if self._held > 0:
                    self._changed.wait()
                    continue
                affordable = int(((free - base) / rate).to_integral_value(ROUND_FLOOR)) if rate else need.most
                most = max(need.least, min(need.most, affordable))
                return self._held_back(need, prices, base + rate * most, most)

    def _held_back(self, need: Need, prices: Prices, amount: Decimal, most: int) -> Hold:
        self._held += amount
        return Hold(need.job, need.model, prices, amount, most)

    def _exceeded(self, need: Need, least: Decimal, left: Decimal) -> BudgetExceeded:
        return BudgetExceeded(
            f"the budget of ${self.budget} is reached: ${_money(self._spent)} spent, and the next call "
            f"({need.job}, {need.model}) could cost ${_money(least)} or more",
            "What was finished is written, the rest is untouched. Raise --budget, or use --use-scripts.",
        )

    def _finish(self, hold: Hold, charge: Charge, usage: TokenUsage | None) -> None:
        with self._changed:
            if hold.settled:
                return
            hold.settled = True
            self._held -= hold.amount
            estimated = ZERO
            if hold.prices is None:
                unknown = charge is not Charge.NOTHING
            else:
                unknown = False
                if usage is not None:
                    hold.cost = hold.prices.cost(usage)
                elif charge is Charge.NOTHING:
                    hold.cost = ZERO
                else:
                    hold.cost = estimated = hold.amount
                self._spent += hold.cost
            key = (hold.job, hold.model)
            total = self._totals.get(key, Totals())
            self._totals[key] = replace(
                total,
                attempts=total.attempts + 1,
                input=total.input + (usage.input if usage else 0),
                output=total.output + (usage.output if usage else 0),
                cost=total.cost + (hold.cost or ZERO),
                estimated=total.estimated + estimated,
                unpriced=total.unpriced + unknown,
            )
            self._changed.notify_all()

    def total(self) -> Totals:
        """All of it."""
        return _sum(self._rows().values())

    def by_job(self) -> dict[str, Totals]:
        """Sums for each job (analysis, injection, ...), in the order of their first attempt."""
        rows = self._rows()
        return {job: _sum(row for key, row in rows.items() if key[0] == job) for job, _ in rows}

    def by_model(self) -> dict[str, Totals]:
        """Sums for each model."""
        rows = self._rows()
        return {model: _sum(row for key, row in rows.items() if key[1] == model) for _, model in rows}

    def _rows(self) -> dict[tuple[str, str], Totals]:
        with self._changed:
            return dict(self._totals)


def _sum(rows: Iterable[Totals]) -> Totals:
    result = Totals()
    for row in rows:
        result = Totals(
            result.attempts + row.attempts,
            result.input + row.input,
            result.output + row.output,
            result.cost + row.cost,
            result.estimated + row.estimated,
            result.unpriced + row.unpriced,
        )
    return result


def _not_started() -> Cancelled:
    error = Cancelled("the call was cancelled before it began")
    error.charge = Charge.NOTHING
    return error


def _money(amount: Decimal) -> str:
    """Dollars with as many digits as are needed to see them: 0.0042, 1.23."""
    return f"{amount:.2f}" if amount >= 1 or not amount else f"{amount:.4f}"
