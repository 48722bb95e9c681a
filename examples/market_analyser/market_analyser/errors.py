"""What can go wrong, by name."""


class MarketError(Exception):
    """Base of every error that the analyser raises itself."""


class MalformedData(MarketError):
    """A line of a price file cannot be understood."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class NotEnoughData(MarketError):
    """An indicator needs more days than there are."""


class OrderRefused(MarketError):
    """A buy or a sell that the portfolio cannot carry out."""


class InsufficientFunds(OrderRefused):
    """There is not enough cash for a purchase."""


class UnknownHolding(OrderRefused):
    """More shares were to be sold than are held."""
