"""A portfolio that buys and sells, and refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping

from market_analyser.errors import InsufficientFunds, UnknownHolding

FEE = 1.50  # per order, in the currency of the prices


class Portfolio:
    """Cash, and shares by symbol."""

    def __init__(self, cash: float) -> None:
        self.cash = cash
        self.holdings: dict[str, int] = {}

    def buy(self, symbol: str, shares: int, price: float) -> None:
        """Pay for `shares`, and the fee."""
        self._check_order(shares)
        cost = shares * price + FEE
        if cost > self.cash:
            raise InsufficientFunds(f"{shares} {symbol} cost {cost:.2f}, the cash is {self.cash:.2f}")
        self.cash -= cost
        self.holdings[symbol] = self.holdings.get(symbol, 0) + shares

    def sell(self, symbol: str, shares: int, price: float) -> None:
        """Give up `shares`, and take their price less the fee."""
        self._check_order(shares)
        held = self.holdings.get(symbol, 0)
        if shares > held:
            raise UnknownHolding(f"cannot sell {shares} {symbol}: {held} held")
        self.cash += shares * price - FEE
        self.holdings[symbol] = held - shares

    def value(self, prices: Mapping[str, float]) -> float:
        """Cash and shares at the given prices."""
        return self.cash + sum(shares * prices[symbol] for symbol, shares in self.holdings.items())

    @staticmethod
    def _check_order(shares: int) -> None:
        if shares <= 0:
            raise ValueError(f"an order needs at least one share, not {shares}")
