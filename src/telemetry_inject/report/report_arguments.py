"""What can be said to `telemetry-inject report`, and how it is explained."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from telemetry_inject.errors import UsageError
from telemetry_inject.report.span_lines import STDIN
from telemetry_inject.report.span_report import View
from telemetry_inject.report.span_rows import Wanted

FORMATS = ("perfetto", "speedscope", "jaeger", "prometheus", "openmetrics")
PROGRAM = "telemetry-inject report"
_ENDINGS = (".jsonl", ".jsonl.gz")
_HELP = f"See `{PROGRAM} --help`."
DESCRIPTION = """\
Show the spans that instrumented programs have written: a call tree with counts, total and self time, errors and
percentiles, the hottest and the failing functions, the exceptions. Files of several processes and languages are
joined by trace. A file may be OTLP/JSON lines of any origin, gzipped or not, and larger than the memory."""
EPILOG = """\
examples:
  telemetry-inject report                               telemetry/*.jsonl
  telemetry-inject report a.jsonl b.jsonl.gz            several files, one report
  program | telemetry-inject report -                   standard input
  telemetry-inject report --follow                      while the program runs
  telemetry-inject report --json | jq '.functions[0]'   for a script
  telemetry-inject report --export perfetto=run.json    for https://ui.perfetto.dev

Exit codes: 0 done, 1 a result could not be written, 2 wrong arguments or nothing to read, 3 our bug, 130 interrupted.
What cannot be read in a file is counted in the report and is no failure. A folder of this name is ./report."""


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What was asked for."""

    paths: tuple[Path, ...]
    """Files; a folder stands for the span files in it; empty for those of `telemetry`."""
    view: View
    wanted: Wanted
    json: bool = False
    html: Path | None = None
    source: Path | None = None
    map: bool = False
    exports: tuple[tuple[str, Path], ...] = ()
    follow: bool = False
    interval: float = 1.0
    """Seconds."""
    color: str = "auto"
    help: str = field(default="", repr=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        unknown = message.partition("unrecognized arguments: ")[2].partition(" ")[0].partition("=")[0]
        said = f"unknown option {unknown}" if unknown else message.removeprefix("argument ")
        raise UsageError(f"report: {said}", _HELP)


def parse_report(argv: Sequence[str]) -> ReportRequest:
    """What these arguments ask for.

    Raises:
        UsageError: they are wrong.
    """
    parser = _parser()
    said = parser.parse_args(argv)
    if said.help:
        return ReportRequest((), View(), Wanted(), help=parser.format_help())
    if said.follow and (said.html or said.export):
        raise UsageError("report: --follow does not go with --html or --export", "Follow first, then write files.")
    if said.source and not (said.html or said.map):
        raise UsageError("report: --source is for --html and --map", _HELP)
    if said.map and not said.source:
        raise UsageError("report: --map is of the source", "Say with --source which folder was instrumented.")
    if said.map and (said.follow or said.export or said.function or said.limit or said.depth):
        raise UsageError("report: --map goes with --html, --json, --service and --trace", _HELP)
    if said.html and not said.map and (said.service or said.trace or said.function):
        raise UsageError("report: --html is of all spans", "The page itself has a search.")
    paths = tuple(Path(word) for word in said.files)
    exports = tuple(_export(word) for word in said.export)
    if STDIN in paths and said.html and (exports or said.json):
        raise UsageError("report: standard input can be read once", "With --html, ask for nothing else.")
    if said.json and any(path == STDIN for _, path in exports):
        raise UsageError("report: --json and an export cannot both go to standard output", "Name a file.")
    return ReportRequest(
        paths=paths,
        view=View(said.limit, said.depth, said.function),
        wanted=Wanted(said.service, _trace(said.trace)),
        json=said.json,
        html=Path(said.html) if said.html else None,
        source=Path(said.source) if said.source else None,
        map=said.map,
        exports=exports,
        follow=said.follow,
        interval=said.interval,
        color=said.color,
    )


def span_files(paths: Sequence[Path]) -> list[Path]:
    """The files of what was named; a folder stands for the span files in it, nothing for the folder `telemetry`."""
    found: list[Path] = []
    for path in paths or (Path("telemetry"),):
        if path != STDIN and path.is_dir():
            found += sorted(file for file in path.iterdir() if file.name.endswith(_ENDINGS))
        elif paths:
            found.append(path)
    return list(dict.fromkeys(found))


def _parser() -> _Parser:
    parser = _Parser(
        PROGRAM,
        usage=f"{PROGRAM} [FILE ...] [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    add = parser.add_argument
    add("files", nargs="*", metavar="FILE", help="span files, folders of them, or - (default: telemetry/*.jsonl)")
    add("-h", "--help", action="store_true", help="show this and end")
    add("--limit", type=_count, metavar="N", help="rows of each list, 0 for all (default: 60 paths, 10 others)")
    add("--depth", type=_count, default=0, metavar="N", help="levels of the call tree (default: all)")
    add("--function", default="", metavar="TEXT", help="only functions with this in their name, and what they call")
    add("--service", default="", metavar="NAME", help="only spans of this service")
    add("--trace", default="", metavar="ID", help="only spans of this trace; the first digits of its id will do")
    add("--json", action="store_true", help="one JSON document on standard output; with --follow a line for each root")
    add("--html", metavar="OUT", help="write one self-contained page instead")
    add("--source", metavar="DIR", help="with --html: the source, to be shown beside its spans; with --map: its map")
    add("--map", action="store_true", help="show which functions of --source were called, as `PATH --map --spans`")
    add(
        "--export",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help=f"write the spans for another tool instead, one of {', '.join(FORMATS)} (repeatable)",
    )
    add("-f", "--follow", action="store_true", help="go on while the files grow, until ^C")
    add("--interval", type=_seconds, default=1.0, metavar="S", help="with --follow: seconds between looks (default: 1)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="auto (default), always or never")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"a whole number from 0 on, not {text!r}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"seconds from 0.05 to 3600, not {text!r}")
    return seconds


def _trace(text: str) -> str:
    text = text.lower()
    if len(text) > 32 or set(text) - set("0123456789abcdef"):
        raise UsageError(f"report: --trace: not the id of a trace: {text}", "It has 32 hexadecimal digits.")
    return text


def _export(text: str) -> tuple[str, Path]:
    name, found, file = text.partition("=")
    if not found or not file or name not in FORMATS:
        raise UsageError(f"report: --export: not FORMAT=FILE: {text}", f"The formats are {', '.join(FORMATS)}.")
    return name, Path(file)
