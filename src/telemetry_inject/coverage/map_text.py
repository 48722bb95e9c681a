"""The map as text: how much of each folder and file gets spans, why the rest does not, and what was never called."""

from __future__ import annotations

from collections.abc import Iterator

from telemetry_inject.coverage.coverage_map import Counts, CoverageMap, MappedFile, MappedFunction, State
from telemetry_inject.coverage.map_words import headline, notes, percent
from telemetry_inject.report.terminal import counted, painted, printable
from telemetry_inject.types import FileStatus

MOST_FILES, MOST_FUNCTIONS, MOST_REASONS = 40, 100, 15
_COLUMN = 9
_COLORS = {State.NEVER_CALLED: "yellow", State.IN_DOUBT: "yellow", State.FAILED: "red", State.CALLED: "green"}


def map_lines(found: CoverageMap, *, width: int = 100, color: bool = False, everything: bool = False) -> list[str]:
    """The map in lines of about `width` columns. `everything`: all files and functions, whatever their number."""
    lines = headline(found)
    lines[0] = painted(lines[0], "bold", color)
    lines += notes(found)
    lines += _reasons("left alone", found.reasons, color, everything)
    lines += _reasons("files not looked into", found.file_reasons, color, everything)
    lines += _reasons("paths left out", found.left_out, color, everything)
    if not found.counts.functions:
        return lines
    lines += ["", *_table(found, max(width, 80), color, everything)]
    return lines + list(_functions(found, color, everything))


def _reasons(title: str, reasons: tuple[tuple[str, int], ...], color: bool, everything: bool) -> list[str]:
    if not reasons:
        return []
    lines = ["", painted(f"{sum(count for _, count in reasons):>7,}  {title}", "bold", color)]
    shown = reasons if everything else reasons[:MOST_REASONS]
    lines += [f"{count:>7,}  {printable(reason)}" for reason, count in shown]
    if len(reasons) > len(shown):
        rest = sum(count for _, count in reasons[len(shown) :])
        lines.append(f"{rest:>7,}  for {len(reasons) - len(shown)} other reasons")
    return lines


def _table(found: CoverageMap, width: int, color: bool, everything: bool) -> Iterator[str]:
    with_calls = found.matches is not None
    headings = ("functions", "spans", "share", *(("called", "share", "never") if with_calls else ()))
    name_width = width - _COLUMN * len(headings)
    yield painted("folders and files".ljust(name_width) + "".join(f"{each:>{_COLUMN}}" for each in headings),
                  "bold", color)  # fmt: skip
    rows: list[tuple[list[str], str, Counts]] = [
        (folder.path.split("/") if folder.path else [], f"{folder.path.rpartition('/')[2]}/" if folder.path else "./",
         folder.counts)
        for folder in found.folders
    ]  # fmt: skip
    files = [file for file in found.files if file.functions]
    if everything or len(files) <= MOST_FILES:
        rows += [(file.path.split("/"), file.path.rpartition("/")[2], file.counts) for file in files]
        files = []
    rows.sort(key=lambda row: row[0])
    most = len(rows) if everything else 2 * MOST_FILES
    for parts, name, counts in rows[:most]:
        if counts.functions:
            yield _row("  " * len(parts) + printable(name), counts, name_width, with_calls)
    if len(rows) > most:
        yield f"... and {counted(len(rows) - most, 'more folder')}"
    if files:
        yield f"... and {counted(len(files), 'file')}; -v shows them, --json and --html hold them"


def _row(name: str, counts: Counts, width: int, with_calls: bool) -> str:
    name = name if len(name) < width else name[: width - 4] + "..."
    values = [f"{counts.functions:,}", f"{counts.instrumented:,}", percent(counts.share)]
    if with_calls:
        values += [f"{counts.called:,}", percent(counts.called_share), f"{counts.never_called:,}"]
    return name.ljust(width) + "".join(f"{value:>{_COLUMN}}" for value in values)


def _functions(found: CoverageMap, color: bool, everything: bool) -> Iterator[str]:
    """The functions that a reviewer has to think about, or all."""
    plain = State.CALLED if found.matches is not None else State.INSTRUMENTED
    rows = [
        (file, function)
        for file in found.files
        for function in file.functions
        if everything or function.state is not plain
    ]
    if not rows:
        return
    titles = "functions" if everything else "functions without spans"
    if found.matches is not None and not everything:
        titles = "functions without spans, or never called"
    yield from ("", painted(titles, "bold", color))
    most = len(rows) if everything else MOST_FUNCTIONS
    last: MappedFile | None = None
    for file, function in rows[:most]:
        if file is not last:
            yield f"{printable(file.path)}{_remark(file)}"
            last = file
        yield _function(function, color)
    if len(rows) > most:
        yield f"... and {len(rows) - most:,} more; -v shows all functions, --json and --html hold them"


def _remark(file: MappedFile) -> str:
    return f"  ({printable(file.reason)})" if file.reason and file.status is not FileStatus.INSTRUMENTED else ""


def _function(function: MappedFunction, color: bool) -> str:
    word = state_in_words(function)
    shown = painted(word, _COLORS[function.state], color) if function.state in _COLORS else word
    return f"{function.line:>7}  {printable(function.name):<40}  {shown}"


def state_in_words(function: MappedFunction) -> str:
    """What is known of a function, in one phrase."""
    called = f"called {_times(function.calls or 0)}"
    if function.state is State.CALLED:
        return called + (f", failed {_times(function.errors)}" if function.errors else "")
    if function.state in (State.SKIPPED, State.FAILED):
        calls = f" ({called} when it had spans)" if function.calls else ""
        return f"{function.state.value}: {printable(function.reason)}{calls}"
    return function.state.value


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
