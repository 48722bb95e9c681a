"""--debug-trace: what happened inside, one JSON object a line, in `logs/debug_trace_<time>.jsonl`.

Each line is {timestamp, level, component, event, run, data}. Files of earlier runs are moved to
`logs/archive/` first, so that `logs/debug_trace_*.jsonl` is always the newest run; each run has exactly one
line with `cost_usd` in its data. Neither source text nor keys are ever written: bytes become their length,
what is called source or key is left out, and known keys are struck from every text.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from telemetry_inject.observer import SilentObserver
from telemetry_inject.option_kinds import TRACE_LEVELS
from telemetry_inject.types import FileReport, ScanResult

FOLDER = Path("logs")
LONGEST_TEXT = 500
LONGEST_LIST = 50
_CONVERSATION = ("prompt", "answer")  # with --trace-prompts; who traces them has starred what looks like a secret
_WITHHELD = ("source", "code", "text", "before", "after", "content", "payload", *_CONVERSATION)
_SECRET = ("api_key", "api-key", "token", "password", "secret", "authorization", "credential")


class DebugTraceLogger(SilentObserver):
    """Writes the trace of one run; a trace that cannot be written ends with one warning, the run goes on."""

    def __init__(
        self,
        folder: Path,
        level: str = "DEBUG",
        console: bool = True,
        secrets: Iterable[str] = (),
        prompts: bool = False,
    ) -> None:
        self._least = TRACE_LEVELS.index(level)
        self._prompts = prompts
        self._lock = threading.RLock()  # models are asked in threads
        self._console = console
        self._secrets = tuple(secrets)
        self._run = uuid.uuid4().hex
        self._cost_told = False
        self._file: TextIO | None = None
        try:
            self._file = self._open(folder)
        except OSError as error:
            self._give_up(error)

    @staticmethod
    def _open(folder: Path) -> TextIO:
        """A new file in `folder`; those of earlier runs go to the archive."""
        folder.mkdir(parents=True, exist_ok=True)
        for earlier in sorted(folder.glob("debug_trace_*.jsonl")):
            (folder / "archive").mkdir(exist_ok=True)
            try:
                earlier.replace(folder / "archive" / earlier.name)
            except FileNotFoundError:
                continue  # another run has just moved it
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S_%f")
        return (folder / f"debug_trace_{now}_{os.getpid()}.jsonl").open("x", encoding="utf-8")

    def scanned(self, scan: ScanResult) -> None:
        """See Observer."""
        counts = {"files": len(scan.files), "copied": len(scan.copied), "skipped": len(scan.skipped)}
        self.trace("CodeScanner", "scanned", "INFO", **counts)
        for skipped in scan.skipped:
            self.trace("CodeScanner", "skipped", "TRACE", path=skipped.relative, reason=skipped.reason)

    def started(self, total_files: int) -> None:
        """See Observer."""
        self.trace("Pipeline", "started", "INFO", files=total_files)

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """Each function of the file; the file itself is traced by the pipeline."""
        for function in report.functions:
            self.trace(
                "FunctionExtractor",
                "function",
                "TRACE",
                file=report.path,
                function=function.qualname,
                line=function.line,
                status=function.status,
                reason=function.reason,
                provenance=function.provenance,
            )

    def warn(self, message: str) -> None:
        """See Observer."""
        self.trace("Pipeline", "warning", "WARNING", message=message)

    def trace(self, component: str, event: str, level: str = "DEBUG", **data: Any) -> None:
        """Write one line; below the chosen level only the line that tells the cost, and prompts where asked for."""
        with self._lock:
            self._trace(component, event, level, data)

    def _trace(self, component: str, event: str, level: str, data: dict[str, Any]) -> None:
        tells_cost = "cost_usd" in data and not self._cost_told
        if not tells_cost:
            data.pop("cost_usd", None)
            wanted = self._prompts and event in _CONVERSATION
            if TRACE_LEVELS.index(level) < self._least and not wanted:
                return
        self._cost_told |= tells_cost
        shown = {name: self._shown(name, value) for name, value in data.items()}
        record = {
            "timestamp": datetime.now(UTC).isoformat(timespec="microseconds"),
            "level": level,
            "component": component,
            "event": self._text(event),
            "run": self._run,
            "data": shown,
        }
        if self._file is not None:
            try:
                self._file.write(json.dumps(record) + "\n")
                self._file.flush()
            except OSError as error:
                self._give_up(error)
        if self._console:
            pairs = " ".join(f"{name}={json.dumps(value)}" for name, value in shown.items())
            print(f"[{level}] {component}: {record['event']} {pairs}".rstrip(), file=sys.stderr)

    def close(self, exit_code: int, cost_usd: float = 0) -> None:
        """The run's last lines, its cost among them if nobody has told it; then close the file."""
        if not self._cost_told:
            self.trace("CostTracker", "cost", "INFO", cost_usd=cost_usd)
        self.trace("Cli", "ended", "INFO", exit_code=exit_code)
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            except OSError as error:
                self._give_up(error)

    def _shown(self, name: str, value: Any) -> Any:
        lowered = name.lower()
        if any(word in lowered for word in _SECRET) and not isinstance(value, int | float | None):
            return "***"
        if isinstance(value, bytes | bytearray):
            return f"<{len(value)} bytes>"
        if self._prompts and name in _CONVERSATION:
            return self._scrubbed(str(value))
        if isinstance(value, str | Path):
            return f"<{len(str(value))} characters>" if lowered in _WITHHELD else self._text(str(value))
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._shown(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._shown(name, inner) for inner in list(value)[:LONGEST_LIST]]
        return self._text(str(value))

    def _scrubbed(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _text(self, text: str) -> str:
        text = self._scrubbed(text)
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}... ({len(text)} characters)"

    def _give_up(self, error: OSError) -> None:
        self._file = None
        where = f" {error.filename}" if error.filename else ""
        print(f"warning: the debug trace{where} cannot be written: {error.strerror}", file=sys.stderr)
