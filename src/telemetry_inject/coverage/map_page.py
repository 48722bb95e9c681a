"""The map as one self-contained page: no network, nothing that runs but its own few lines, readable without these.

Names come from other people's code, so all are escaped, and the policy of the page lets only its own style and script
count, which it knows by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.coverage.coverage_map import Counts, CoverageMap, Folder, MappedFile, State
from telemetry_inject.coverage.map_text import state_in_words
from telemetry_inject.coverage.map_words import headline, notes, percent
from telemetry_inject.report.terminal import counted, printable
from telemetry_inject.types import FileStatus

_TEMPLATE = Path(__file__).with_name("map_page.html")
_CLASS = {
    State.CALLED: "c", State.NEVER_CALLED: "n", State.IN_DOUBT: "d",
    State.INSTRUMENTED: "i", State.SKIPPED: "s", State.FAILED: "f",
}  # fmt: skip
_OPEN_FILES = 12


def write_map_page(found: CoverageMap, out: Path) -> None:
    """Write the page to `out`. Raises OutputError."""
    write_atomic(out, map_page(found).encode())


def map_page(found: CoverageMap) -> str:
    """The page."""
    template = _TEMPLATE.read_text("utf-8")
    parts = {
        "TITLE": f"Map of {_text(found.root)}",
        "HEAD": "\n".join(_head(found)),
        "STATES": "\n".join(_states(found)),
        "BODY": "\n".join(_body(found)),
        "STYLE-HASH": _hash(template, "style"),
        "SCRIPT-HASH": _hash(template, "script"),
    }
    return re.sub(r"@([A-Z-]+)@", lambda mark: parts[mark[1]], template)


def _hash(template: str, tag: str) -> str:
    """How a policy names the text between two tags (https://www.w3.org/TR/CSP3/#match-element-to-source-list)."""
    text = template.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    return escape(printable(text))


def _head(found: CoverageMap) -> Iterator[str]:
    for line in headline(found):
        yield f"<p>{_text(line)}</p>"
    for line in notes(found):
        yield f'<p class="note">{_text(line)}</p>'
    tables = (
        ("Functions left alone", found.reasons),
        ("Files not looked into", found.file_reasons),
        ("Paths left out", found.left_out),
    )
    if any(reasons for _, reasons in tables):
        yield '<div class="reasons">'
        for title, reasons in tables:
            if reasons:
                rows = "".join(f"<tr><td>{count:,}<td>{_text(reason)}" for reason, count in reasons)
                total = sum(count for _, count in reasons)
                yield f"<section><h2>{title}: {total:,}</h2><table>{rows}</table></section>"
        yield "</div>"


def _states(found: CoverageMap) -> Iterator[str]:
    """What can be chosen to be shown: the states that occur."""
    seen = {function.state for file in found.files for function in file.functions}
    for state, name in _CLASS.items():
        if state in seen:
            yield f'<label><input type="checkbox" value="{name}" checked> {state.value}</label>'


def _body(found: CoverageMap) -> Iterator[str]:
    """Folders in folders, files in them."""
    files: dict[str, list[MappedFile]] = {}
    for file in found.files:
        if file.functions or file.status in (FileStatus.SKIPPED, FileStatus.FAILED):
            files.setdefault(file.path.rpartition("/")[0], []).append(file)
    with_calls = found.matches is not None
    few = len(found.files) <= _OPEN_FILES
    depth = 0
    for folder in found.folders:
        level = folder.path.count("/") + 1 if folder.path else 0
        while depth > level:
            yield "</div></details>"
            depth -= 1
        yield _folder(folder, with_calls)
        depth = level + 1
        for file in files.get(folder.path, ()):
            yield from _file(file, with_calls, few)
    yield "</div></details>" * depth


def _folder(folder: Folder, with_calls: bool) -> str:
    name = f"{_text(folder.path.rpartition('/')[2])}/" if folder.path else "./"
    figures = _figures(folder.counts, with_calls)
    return f'<details class="folder" open><summary><span class="name">{name}</span>{figures}</summary><div class="in">'


def _file(file: MappedFile, with_calls: bool, few: bool) -> Iterator[str]:
    name = _text(file.path.rpartition("/")[2])
    figures = (
        _figures(file.counts, with_calls) if file.functions else f'<span class="figure">{_text(file.reason)}</span>'
    )
    is_open = " open" if few else ""
    yield (
        f'<details class="file" data-path="{_text(file.path)}"{is_open}>'
        f'<summary><span class="name">{name}</span>{figures}</summary>'
    )
    if file.functions:
        yield "<table><thead><tr><th>line<th>function<th>what becomes of it</thead><tbody>"
        for each in file.functions:
            yield (
                f'<tr class="{_CLASS[each.state]}"><td>{each.line}<td>{_text(each.name)}'
                f"<td>{escape(state_in_words(each))}"
            )
        yield "</tbody></table>"
    yield "</details>"


def _figures(counts: Counts, with_calls: bool) -> str:
    if not counts.functions:
        return ""
    share = counts.called_share if with_calls else counts.share
    words = f"{counts.instrumented:,} of {counted(counts.functions, 'function')}, {percent(counts.share)}"
    called = ""
    if with_calls:
        never = f', <span class="warn">{counts.never_called:,} never</span>' if counts.never_called else ""
        called = f'<span class="figure">{counts.called:,} called, {percent(counts.called_share)}{never}</span>'
    meter = "" if share is None else f'<meter value="{share:.3f}" title="{percent(share)}"></meter>'
    return f'<span class="figure">{words}</span>{called}{meter}'
