"""`report --follow`: a report that is drawn again while programs run, or one line for each root that has ended.

On a terminal the report is drawn again when spans have come. Elsewhere a line is printed for each root: a call that
nobody in its process called. Both end with ^C, which prints the whole report (not with --json), or when standard
input is read and ends.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any, NamedTuple

from telemetry_inject.errors import ExitCode
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.exports.output import as_json
from telemetry_inject.report.follow_files import Followed
from telemetry_inject.report.report_arguments import ReportRequest, span_files
from telemetry_inject.report.report_command import colored, columns
from telemetry_inject.report.span_catalogue import Label
from telemetry_inject.report.span_file import read_document
from telemetry_inject.report.span_report import Report, View, report_on, text_of
from telemetry_inject.report.span_rows import TracedRow
from telemetry_inject.report.span_store import ERROR, REMOTE
from telemetry_inject.report.span_words import format_time
from telemetry_inject.report.terminal import counted, printable

MOST_SPANS = 500_000
"""The call tree is of at least so many of the latest spans, and of at most twice as many."""

_MOST_TRACES = 100_000
_RUNNING = Label("(caller still running)", "(caller still running)")


class Root(NamedTuple):
    """A root that has ended, with what is known of its trace so far."""

    start: int
    end: int
    label: Label
    failed: bool
    trace_id: str
    spans: int
    errors: int


def follow(request: ReportRequest) -> int:
    """Follow the files until ^C (130) or the end of standard input (0).

    Raises:
        UsageError: a file cannot be read.
        OutputError: there is no room for the temporary database.
    """
    followed = Followed(lambda: span_files(request.paths))
    session = _Session(request, followed)
    drawing = sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and not request.json
    try:
        with _ended_by_sigterm(), _second_screen(drawing):
            code = _watch(session, drawing, request.interval)
        if not request.json and len(session.spans):
            print(session.text(columns(), request.view), end="")
        return code
    finally:
        followed.close()
        session.spans.close()


def _watch(session: _Session, drawing: bool, interval: float) -> int:
    drawn = took = 0.0
    changed = True
    try:
        while True:
            for root in session.look():
                changed = True
                if not drawing:
                    print(session.line(root))
            sys.stdout.flush()
            now = time.monotonic()
            if drawing and (changed or session.grew) and now - drawn >= max(interval, 4 * took):
                session.draw()
                changed, session.grew = False, False
                drawn = time.monotonic()
                took = drawn - now
            if session.followed.ended:
                return ExitCode.DONE
            time.sleep(interval if not drawing else min(interval, 1.0))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


class _Session:
    """What was read so far."""

    def __init__(self, request: ReportRequest, followed: Followed) -> None:
        self.request, self.followed = request, followed
        self.spans = Spans(wanted=request.wanted)
        self.spans.labels[0] = _RUNNING
        self.grew = False
        self._stored = 0
        self._traces: dict[str, list[int]] = {}

    def look(self) -> Iterator[Root]:
        """Take in what came; the roots in it."""
        for line in self.followed.new_lines():
            document = read_document(line, self.spans.ignored)
            if document is None:
                continue
            traced = list(self.spans.reader.traced_rows_of(document))
            self.spans.store.add([each.row for each in traced])
            self.grew = self.grew or bool(traced)
            self._stored += len(traced)
            if self._stored > 2 * MOST_SPANS:
                self.spans.store.keep_latest(MOST_SPANS)
                self._stored = MOST_SPANS
            for each in traced:
                root = self._root(each)
                if root is not None:
                    yield root

    def _root(self, each: TracedRow) -> Root | None:
        start, end, _, parent, label, flags = each.row
        counts = self._traces.setdefault(each.trace_id, [0, 0])
        counts[0] += 1
        counts[1] += flags & ERROR
        if parent and not flags & REMOTE:
            if len(self._traces) > _MOST_TRACES:
                del self._traces[next(iter(self._traces))]
            return None
        del self._traces[each.trace_id]
        return Root(start, end, self.spans.labels[label], bool(flags & ERROR), each.trace_id, *counts)

    def line(self, root: Root) -> str:
        """How a root is printed where nothing can be drawn."""
        begun = datetime.fromtimestamp(root.start // 1_000_000_000, UTC).astimezone()
        if self.request.json:
            return as_json(
                {
                    "start_unix_nano": str(root.start),
                    "duration_ns": root.end - root.start,
                    "name": root.label.name,
                    "function": root.label.function,
                    "service": root.label.service,
                    "error": root.failed,
                    "trace_id": root.trace_id,
                    "spans": root.spans,
                    "errors": root.errors,
                }
            )
        errors = f"  {counted(root.errors, 'error')}" if root.errors else ""
        name = printable(f"{root.label.name} [{root.label.service}]" if root.label.service else root.label.name)
        when = f"{begun:%H:%M:%S}.{root.start // 1_000_000 % 1000:03}"
        return f"{when} {format_time(root.end - root.start):>8}  {name}  {counted(root.spans, 'span')}{errors}"

    def text(self, width: int, view: View) -> str:
        """The report on what was read."""
        report: Report = report_on(self.spans, list(self.followed.sources))
        shown = f"the call tree is of the latest {self._stored} spans\n" if self._stored < len(self.spans) else ""
        return shown + text_of(report, width=width, color=colored(self.request), view=view)

    def draw(self) -> None:
        """Draw the report over what is on the screen."""
        width, height = shutil.get_terminal_size((100, 40))
        view = self.request.view
        if view.limit is None:  # the tree takes what three lists of a few rows leave
            view = replace(view, limit=max((height - 12) // 3, 3))
        if len(self.spans):
            lines = self.text(width, view).splitlines()
        else:
            names = ", ".join(map(str, self.request.paths)) or "telemetry/*.jsonl"
            lines = [f"waiting for spans in {names}"]
        lines = [*lines[: height - 2], f"following; {datetime.now():%H:%M:%S}; ^C ends"]
        print("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines[:-1]) + lines[-1] + "\x1b[J", end="", flush=True)


@contextmanager
def _second_screen(wanted: bool) -> Iterator[None]:
    """Draw on the terminal's other screen, so that what was there comes back."""
    if not wanted:
        yield
        return
    print("\x1b[?1049h\x1b[?25l", end="", flush=True)
    try:
        yield
    finally:
        print("\x1b[?25h\x1b[?1049l", end="", flush=True)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let `kill` end the process by way of `finally`, so that the terminal is left as it was."""

    def end(number: int, _: FrameType | None) -> Any:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
