"""The file format of speedscope (https://www.speedscope.app/file-format-schema.json): one profile a track.

A track is a thread, or one of several at a time where calls overlap in it. Times are nanoseconds from the start of the
first span.
"""

from __future__ import annotations

from typing import IO

from telemetry_inject import __version__
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.exports.lanes import on_lanes
from telemetry_inject.report.exports.output import as_json
from telemetry_inject.report.exports.spool import Spool
from telemetry_inject.report.span_catalogue import Label

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


class _Track:
    """What is open on one track; calls come in the order of their start and lie one inside the other."""

    __slots__ = ("first", "last", "name", "number", "open")

    def __init__(self, number: int, name: str) -> None:
        self.number, self.name = number, name
        self.open: list[tuple[int, int]] = []
        self.first = self.last = -1

    def call(self, start: int, end: int, frame: int) -> str:
        """The events of a call's start, and of all that ended before it."""
        text = self.ended(start) + f',{{"type":"O","frame":{frame},"at":{start}}}'
        self.open.append((end, frame))
        self.first = start if self.first < 0 else self.first
        self.last = max(self.last, end)
        return text

    def ended(self, now: int | None = None) -> str:
        """The events of the ends until now, or of all."""
        text = ""
        while self.open and (now is None or self.open[-1][0] <= now):
            end, frame = self.open.pop()
            text += f',{{"type":"C","frame":{frame},"at":{end}}}'
        return text


def write(spans: Spans, out: IO[str]) -> None:
    """Write all spans."""
    origin = min((process.first for process in spans.processes if process.spans), default=0)
    spool = Spool()
    try:
        tracks = _spooled(spans, origin, spool)
        out.write(f'{{"$schema":"{_SCHEMA}","exporter":"telemetry-inject {__version__}",')
        out.write('"name":"spans","activeProfileIndex":0,"shared":{"frames":[')
        out.write(",\n".join(as_json(_frame(label)) for label in spans.labels))
        out.write(']},"profiles":[')
        current = -1
        for number, text in spool.pieces():
            if number != current:
                track = tracks[number]
                out.write("]}" + ",\n" if current >= 0 else "\n")
                out.write(
                    f'{{"type":"evented","name":{as_json(track.name)},"unit":"nanoseconds",'
                    f'"startValue":{track.first},"endValue":{track.last},"events":['
                )
                out.write(text[1:])  # without the first comma
                current = number
            else:
                out.write(text)
        out.write("]}\n" if current >= 0 else "")
        out.write("]}\n")
    finally:
        spool.close()


def _spooled(spans: Spans, origin: int, spool: Spool) -> list[_Track]:
    tracks: list[_Track] = []
    current: tuple[int, int] | None = None
    of_thread: dict[int, _Track] = {}
    for row, lane in on_lanes(spans.store.by_thread()):
        if (row[6], row[7]) != current:
            for track in of_thread.values():
                spool.add(track.number, track.ended())
            current, of_thread = (row[6], row[7]), {}
        if lane not in of_thread:
            process = spans.processes[row[6]]
            name = f"{process.service or '(no name)'} pid {process.pid or '?'} thread {row[7]}"
            of_thread[lane] = _Track(len(tracks), name + (f", {lane + 1}" if lane else ""))
            tracks.append(of_thread[lane])
        track = of_thread[lane]
        spool.add(track.number, track.call(row[0] - origin, row[1] - origin, row[4]))
    for track in of_thread.values():
        spool.add(track.number, track.ended())
    return tracks


def _frame(label: Label) -> dict[str, str | int]:
    frame: dict[str, str | int] = {"name": label.function or label.name or "?"}
    if label.file:
        frame["file"] = label.file
        if label.line:
            frame["line"] = label.line
    return frame
