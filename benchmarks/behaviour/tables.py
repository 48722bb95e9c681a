"""What the comparison of one project gave, and how it is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outcomes import Difference

MOST_SHOWN = 30
HEADINGS = (
    "project",
    "functions",
    "left alone",
    "tests",
    "unsteady",
    "different",
    "explained",
    "spans",
    "span problems",
    "CPU x",
)


@dataclass(frozen=True)
class Comparison:
    """One project before and after. `seconds` and `exit_codes` are (before, after)."""

    name: str
    version: str
    functions: int
    skipped: dict[str, int]
    passed: int
    skipped_tests: int
    unsteady: list[str]
    different: list[Difference]
    expected: dict[str, str]
    exit_codes: tuple[int, int]
    seconds: tuple[float, float]
    spans: int
    more_spans: bool
    span_problems: list[str]
    other_problems: list[str]
    output: str

    @property
    def same(self) -> bool:
        """Whether instrumenting changed nothing, and recorded something that makes sense."""
        problems = [*self.different, *self.span_problems, *self.other_problems]
        same_exit = self.exit_codes[0] == self.exit_codes[1] or bool(self.expected)
        return not problems and same_exit and self.spans > 0

    @property
    def span_findings(self) -> Counter[str]:
        """How many spans have each kind of problem; the last line of a kind may only count those not shown."""
        findings: Counter[str] = Counter()
        for line in self.span_problems:
            kind, _, detail = line.partition(": ")
            more = re.fullmatch(r"([\d,]+) more", detail)
            findings[kind] += int(more[1].replace(",", "")) if more else 1
        return findings

    @property
    def cells(self) -> tuple[str, ...]:
        """The figures below HEADINGS."""
        before, after = self.seconds
        return (
            f"{self.name} {self.version}",
            str(self.functions),
            str(sum(self.skipped.values())),
            f"{self.passed}+{self.skipped_tests}",
            str(len(self.unsteady)),
            str(len(self.different) + len(self.expected)),
            str(len(self.expected)),
            f"{self.spans}{'+' * self.more_spans}",
            str(self.span_findings.total()),
            f"{after / before:.2f}" if before else "",
        )


def describe(result: Comparison) -> str:
    """Everything about one project that is not as it should be."""
    lines = [f"{result.name}: {'same' if result.same else 'DIFFERENT'}"]
    lines += [f"    as expected: {test}: {reason}" for test, reason in result.expected.items()]
    if result.exit_codes[0] != result.exit_codes[1]:
        lines.append(f"    exit code {result.exit_codes[0]} became {result.exit_codes[1]}")
    for difference in result.different[:MOST_SHOWN]:
        lines.append(f"    {difference.test}: {difference.before} -> {difference.after}")
        lines += [f"        {line}" for line in difference.reason.splitlines()[:6]]
    if len(result.different) > MOST_SHOWN:
        lines.append(f"    and {len(result.different) - MOST_SHOWN} more tests")
    lines += [f"    unsteady on the untouched source: {test}" for test in result.unsteady]
    lines += [f"    spans: {problem}" for problem in result.span_problems]
    lines += [f"    {problem}" for problem in result.other_problems]
    if not result.spans:
        lines.append("    no spans were recorded")
    lines += [f"        {line}" for line in result.output.splitlines()[-30:]]
    return "\n".join(lines)


def text_table(results: Sequence[Comparison]) -> str:
    """Aligned columns for the terminal."""
    rows = [HEADINGS, *(result.cells for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def markdown_table(results: Sequence[Comparison]) -> str:
    """The same for the documentation."""
    return markdown_rows(HEADINGS, [result.cells for result in results])


def markdown_rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are figures."""
    lines = [headings, ("---", *["---:"] * (len(headings) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
