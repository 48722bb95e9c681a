"""Writes the part of docs/verify.md that tells what came of the pinned projects, from the rows that were kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from suites import LANGUAGES
from tables import markdown_rows

HEADING = "## On real projects"
HEADER = ("project", "functions", "tests", "changed at first", "left out", "changed", "allowed", "runs")


def with_projects(page: str, rows: Sequence[dict[str, Any]], date: str) -> str:
    """The page with that part written anew; it reaches to the next heading or to the end.

    Raises:
        ValueError: the page has no such heading.
    """
    if HEADING not in page:
        raise ValueError(f"no heading {HEADING!r}")
    before, _, rest = page.partition(HEADING)
    after = re.search(r"^## ", rest, re.MULTILINE)
    parts = [HEADING, _summary(rows, date)]
    for language in LANGUAGES.values():
        found = sorted((row for row in rows if row["language"] == language), key=lambda row: str(row["name"]))
        if found:
            parts += [f"### {language}", markdown_rows(HEADER, [_cells(row) for row in found])]
    parts += [_left_out(rows)] if any(row["left_out"] for row in rows) else []
    return before + "\n\n".join(parts) + "\n" + ("\n" + rest[after.start() :] if after else "")


def _summary(rows: Sequence[dict[str, Any]], date: str) -> str:
    def total(name: str) -> int:
        return sum(len(row[name]) if isinstance(row[name], list) else row[name] for row in rows)

    counts = Counter(row["language"] for row in rows)
    return "\n".join(
        (
            "`python3 dev.py proofs` does this with the pinned projects of [behaviour.md](behaviour.md), every",
            f"function instrumented. Until {date}, {len(rows)} projects went through it "
            f"({', '.join(f'{counts[language]} in {language}' for language in LANGUAGES.values())}):",
            "",
            f"- {total('functions'):,} functions, {total('tests'):,} tests;",
            f"- {total('changed') or 'no'} tests changed afterwards, {total('left_out') or 'no'} functions left out;",
            f"- {total('allowed')} tests were allowed to change: behaviour.md says of each why it cannot but end "
            "differently (a context that is",
            "  compared, an allocation, a limit of time, a list of what is imported).",
            "",
            "`--verify-timeout` was what the list of the projects gives: 300 seconds, more for a few. `runs` are of",
            "the whole command; suites of less than five seconds run twice on either side.",
        )
    )


def _cells(row: dict[str, Any]) -> list[str]:
    numbers = (
        row["functions"], row["tests"], row["changed_at_first"], len(row["left_out"]), row["changed"], row["allowed"],
        row["runs"],
    )  # fmt: skip
    return [f"{row['name']} {row['version']}", *(f"{number:,}" for number in numbers)]


def _left_out(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"- {row['name']}, `{item}`" for row in rows for item in row["left_out"]]
    return "\n".join(["Left out, with the likely cause:", "", *lines])
