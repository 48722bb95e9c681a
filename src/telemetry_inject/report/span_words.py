"""How figures are written in the report of spans: times, counts, rows that fit a width."""

from __future__ import annotations

from telemetry_inject.report.call_paths import Stats

NARROWEST = 80
HEADINGS = ("calls", "errors", "total", "self", "p50", "p95", "p99")
_COLUMN = 8
_RED, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def format_time(nanoseconds: int) -> str:
    """Three digits and a unit: 950ns, 12.3us, 4.56ms, 78.9s."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size * 0.9995:
            return f"{_three_digits(nanoseconds / size)}{unit}"
    return f"{nanoseconds}ns"


def format_count(number: int) -> str:
    """All digits up to seven, then three and a letter: 12.3M, 4.56G."""
    if number < 10_000_000:
        return str(number)
    return f"{_three_digits(number / 1e9)}G" if number >= 999_500_000 else f"{_three_digits(number / 1e6)}M"


def _three_digits(value: float) -> str:
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


class Painter:
    """Lays out rows: a name that is cut to fit, and figures to its right."""

    def __init__(self, color: bool, width: int) -> None:
        self.color, self.width = color, max(width, NARROWEST)
        self.name_width = self.width - _COLUMN * len(HEADINGS)

    def bold(self, text: str) -> str:
        """Bold, when colours are wanted."""
        return self._style(_BOLD, text)

    def dim(self, text: str) -> str:
        """Dim, when colours are wanted."""
        return self._style(_DIM, text)

    def _style(self, code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if self.color else text

    def fit(self, text: str, width: int | None = None) -> str:
        """`text` without control characters, cut to a width."""
        width = self.width if width is None else width
        text = "".join(character if character.isprintable() else "?" for character in text[: 4 * width])
        return text if len(text) <= width else text[: width - 3] + "..."

    def headings(self, title: str) -> str:
        """The line above rows."""
        figures = "".join(f"{heading:>{_COLUMN}}" for heading in HEADINGS)
        return self.bold(f"{title:<{self.name_width}}{figures}")

    def row(self, name: str, stats: Stats) -> str:
        """A name with its figures."""
        errors = f"{format_count(stats.errors) if stats.errors else '':>{_COLUMN}}"
        times = (stats.percentile(share) for share in (0.5, 0.95, 0.99))
        return (
            f"{self.fit(name, self.name_width):<{self.name_width}}{format_count(stats.calls):>{_COLUMN}}"
            f"{self._style(_RED, errors) if stats.errors else errors}"
            f"{format_time(stats.total):>{_COLUMN}}{format_time(stats.own) if stats.own else '-':>{_COLUMN}}"
            f"{''.join(f'{format_time(time):>{_COLUMN}}' for time in times)}"
        )
