"""The spans of a run, added up by path and by function in bounded memory."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from telemetry_inject.report.call_paths import Node, Stats
from telemetry_inject.report.call_sweep import Gaps, Sweep
from telemetry_inject.report.span_catalogue import Catalogue
from telemetry_inject.report.span_file import Ignored, Span
from telemetry_inject.report.span_rows import RowReader, Wanted
from telemetry_inject.report.span_store import SpanStore

__all__ = ["Node", "Spans", "Stats"]


class Spans(Catalogue):
    """Takes spans, from an iterable or from files, and adds them up when `tree` is called."""

    def __init__(self, spans: Iterable[Span] = (), *, wanted: Wanted | None = None, full: bool = False) -> None:
        super().__init__()
        self.ignored = Ignored()
        self.gaps = Gaps()
        self.store = SpanStore(full=full)
        self.reader = RowReader(self, self.ignored, wanted)
        self.store.add(row for span in spans if (row := self.reader.row_of_span(span)) is not None)

    def __len__(self) -> int:
        return self.spans

    def read(self, paths: Sequence[Path]) -> None:
        """Add the spans of files.

        Raises:
            UsageError: a file cannot be read.
            OutputError: there is no room for the temporary database.
        """
        with no_garbage_collection():
            self.store.add(self.reader.full_rows(paths) if self.store.full else self.reader.rows(paths))

    def tree(self) -> tuple[Node, dict[int, Stats]]:
        """All calls added up by path, and by function; labels are numbers in `labels`."""
        sweep = Sweep(self.store.find)
        with no_garbage_collection():
            sweep.add(self.store.by_start())
            root, functions = sweep.result(self.generators)
        self.gaps = sweep.gaps
        return root, functions

    def close(self) -> None:
        """Give the room of the temporary database back."""
        self.store.close()


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """What is decoded holds no cycles, and looking for them in it takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
