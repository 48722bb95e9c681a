"""Turns what span files hold into rows of numbers: the common spelling directly, any other by way of a Span."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from telemetry_inject.report.span_catalogue import Catalogue, Label, Process
from telemetry_inject.report.span_file import (
    GENERATORS,
    STATUS_ERROR,
    Ignored,
    Span,
    exceptions_of,
    note_dropped,
    process_of,
    read_documents,
    span_of,
)  # fmt: skip
from telemetry_inject.report.span_format import MALFORMED, scopes_of
from telemetry_inject.report.span_store import BACKWARDS, ERROR, GENERATOR, REMOTE, UNFINISHED, FullRow, Row

_MASK, _LARGEST = (1 << 64) - 1, (1 << 63) - 1
_ODD = 0x9E37_79B9_7F4A_7C15  # 2**64 / golden ratio: spreads ids that were counted up
_NONE = "0" * 16
_REMOTE_BITS = 0x300
_MOST_SITES = 50_000
_NO_TEXT, _NO_NUMBER = {"stringValue": ""}, {"intValue": ""}
_four_numbers = struct.Struct(">QQQQ").unpack
_UNCOMMON = (*MALFORMED, struct.error)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which spans are looked at: those of a service, those of a trace (its id or how it begins); empty for any."""

    service: str = ""
    trace: str = ""


class TracedRow(NamedTuple):
    """A row with the id of its trace."""

    row: Row
    trace_id: str


class RowReader:
    """Reads spans into rows, and notes in the catalogue and in `ignored` what is not in them."""

    def __init__(self, catalogue: Catalogue, ignored: Ignored, wanted: Wanted | None = None) -> None:
        self.catalogue, self.ignored = catalogue, ignored
        self._wanted = wanted or Wanted()
        self._sites: dict[tuple[Any, ...], int] = {}
        self._process = Process(0, "", "", "", "")
        self._trace_text, self._trace, self._trace_wanted = "", 0, True

    def rows(self, paths: Iterable[Path]) -> Iterator[Row]:
        """The rows of files."""
        for path in paths:
            for document in read_documents(path, self.ignored):
                yield from self.rows_of(document)

    def rows_of(self, document: list[dict[str, Any]]) -> Iterator[Row]:
        """The rows of one line."""
        for spans in self._batches(document):
            yield from self._rows(spans)

    def full_rows(self, paths: Iterable[Path]) -> Iterator[FullRow]:
        """The rows of files, with the spans themselves."""
        for path in paths:
            for document in read_documents(path, self.ignored):
                for raw, row in self._one_by_one(document):
                    text = json.dumps(raw, separators=(",", ":"))
                    yield (*row, self._process.number, _thread(raw), self._trace & _LARGEST, text)

    def traced_rows_of(self, document: list[dict[str, Any]]) -> Iterator[TracedRow]:
        """The rows of one line, with the ids of their traces."""
        for _, row in self._one_by_one(document):
            yield TracedRow(row, self._trace_text.lower())

    def _one_by_one(self, document: list[dict[str, Any]]) -> Iterator[tuple[Any, Row]]:
        """Each span with its row; meanwhile its process and its trace are the current ones."""
        for spans in self._batches(document):
            for raw in spans:
                for row in self._rows([raw]):
                    yield raw, row

    def row_of_span(self, span: Span) -> Row | None:
        """The row of a span that was read elsewhere."""
        self._process = self.catalogue.process(span.resource)
        return self._row_of(span)

    def _batches(self, document: list[dict[str, Any]]) -> Iterator[list[Any]]:
        """The lists of spans that are wanted; meanwhile their process is the current one."""
        for resource_spans in document:
            name, _, attributes = process_of(resource_spans.get("resource"))
            if self._wanted.service and str(attributes.get("service.name", "")) != self._wanted.service:
                continue
            self._process = self.catalogue.process(attributes)
            for scope_spans in scopes_of(resource_spans):
                note_dropped(scope_spans.get("scope"), name, self.ignored)
                yield scope_spans["spans"]

    def _rows(self, spans: list[Any]) -> list[Row]:
        """The rows of spans of one process: here every microsecond counts.

        What is not as our own helpers write it raises something, or is no known site, and takes the long way.
        """
        rows: list[Row] = []
        process, sites, fromhex = self._process, self._sites, bytes.fromhex
        service, language, first, last = process.service, process.language, process.first, process.last
        common = errors = 0
        for raw in spans:
            try:
                trace_text, span_text = raw["traceId"], raw["spanId"]
                if trace_text != self._trace_text:
                    self._enter_trace(trace_text)
                if not self._trace_wanted:
                    continue
                _, _, span, parent = _four_numbers(
                    fromhex(trace_text + span_text + (raw.get("parentSpanId") or _NONE))
                )
                start, end = int(raw["startTimeUnixNano"]), int(raw["endTimeUnixNano"])
                if not (0 < start <= end <= _LARGEST and len(span_text) == 16):
                    raise ValueError("not a common span")
                found = {item["key"]: item["value"] for item in raw["attributes"]}
                kind = found["telemetry.kind"]["stringValue"] if "telemetry.kind" in found else "function"
                if "code.filepath" in found:
                    raise ValueError("not a common span")
                function = found.get("code.function.name", _NO_TEXT)["stringValue"]
                label = sites[
                    service, language, raw["name"], function, found.get("code.file.path", _NO_TEXT)["stringValue"],
                    found.get("code.line.number", _NO_NUMBER)["intValue"], kind,
                ]  # fmt: skip
                flags = GENERATOR if kind in GENERATORS else 0
                if parent and raw["flags"] & _REMOTE_BITS == _REMOTE_BITS:
                    flags |= REMOTE
                if "status" in raw and raw["status"].get("code") == STATUS_ERROR:
                    flags |= ERROR
                exceptions = list(exceptions_of(raw["events"])) if "events" in raw else ()
            except _UNCOMMON:
                rows += self._uncommon_rows(raw)
                continue
            for what, message in exceptions:
                self.catalogue.exception(what, message, function or str(raw["name"]))
            common += 1
            errors += flags & ERROR
            if start < first:
                first = start
            if end > last:
                last = end
            # A span's id is unique in its trace; crossed with the trace it is unique among traces as well.
            trace = self._trace
            key = (span ^ trace) & _LARGEST or 1
            rows.append((start, end, key, ((parent ^ trace) & _LARGEST or 1) if parent else 0, label, flags))
        self.catalogue.spans += common
        self.catalogue.errors += errors
        process.spans += common
        process.first, process.last = min(first, process.first), max(last, process.last)
        return rows

    def _uncommon_rows(self, raw: Any) -> list[Row]:
        """The row of a span in any spelling; none when it cannot be understood, which is counted."""
        span = span_of(raw, "", self._process.language, self._process.resource)
        row = self._row_of(span) if span is not None else None
        if row is None:
            self.ignored.spans += span is None
            return []
        if len(self._sites) < _MOST_SITES and (site := self._site(raw)) is not None:
            self._sites[site] = row[4]
        return [row]

    def _site(self, raw: Any) -> tuple[Any, ...] | None:
        """What `_rows` knows a function by, where a span says all of it."""
        try:
            found = {item["key"]: item["value"] for item in raw["attributes"]}
            site = (
                self._process.service,
                self._process.language,
                raw["name"],
                found.get("code.function.name", _NO_TEXT)["stringValue"],
                found.get("code.file.path", _NO_TEXT)["stringValue"],
                found.get("code.line.number", _NO_NUMBER)["intValue"],
                found["telemetry.kind"]["stringValue"] if "telemetry.kind" in found else "function",
            )
            known = all(isinstance(part, str) for part in site) and "code.filepath" not in found
            return site if known else None
        except MALFORMED:
            return None

    def _row_of(self, span: Span) -> Row | None:
        if span.trace_id != self._trace_text:
            self._enter_trace(span.trace_id)
        if not self._trace_wanted:
            return None
        catalogue, process = self.catalogue, self._process
        line = span.attributes.get("code.line.number", span.attributes.get("code.lineno"))
        label = catalogue.label(
            Label(
                span.function,
                span.name,
                str(span.attributes.get("code.file.path") or span.attributes.get("code.filepath") or ""),
                line if isinstance(line, int) and 0 < line < 1 << 31 else 0,
                process.service,
                process.language,
                span.kind,
            )
        )
        for kind, message in span.exceptions:
            catalogue.exception(kind, message, span.function)
        flags = (ERROR if span.error else 0) | (GENERATOR if span.is_generator else 0)
        flags |= (REMOTE if span.parent_is_remote else 0) | (0 if span.end else UNFINISHED)
        if 0 < span.end < span.start:
            flags |= BACKWARDS
        start, end = span.start, max(span.start, span.end)
        catalogue.spans += 1
        catalogue.errors += span.error
        catalogue.unfinished += not span.end
        catalogue.backwards += bool(flags & BACKWARDS)
        process.spans += 1
        process.first, process.last = min(process.first, start), max(process.last, end)
        parent = int(span.parent_id or "0", 16)
        key = (int(span.span_id, 16) ^ self._trace) & _LARGEST or 1
        return start, end, key, ((parent ^ self._trace) & _LARGEST or 1) if parent else 0, label, flags

    def _enter_trace(self, text: str) -> None:
        """The following spans are of this trace."""
        if len(text) != 32:
            raise ValueError("not the id of a trace")
        number = int.from_bytes(bytes.fromhex(text), "big")
        self._trace_text = text
        self._trace = ((number >> 64) ^ number) * _ODD & _MASK
        self._trace_wanted = text.lower().startswith(self._wanted.trace)
        if self._trace_wanted:
            self.catalogue.traces.add(self._trace >> 8)


def _thread(raw: Any) -> int:
    """The thread's number as far as a span says it, else 0."""
    try:
        for item in raw["attributes"]:
            if item["key"] == "thread.id":
                return int(item["value"]["intValue"]) & _LARGEST
    except MALFORMED:
        pass
    return 0
