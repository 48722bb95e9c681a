"""-v: what a person wants to follow, phase by phase: what was found, what was done, what was left and why."""

from __future__ import annotations

import sys
from collections import Counter

from telemetry_inject.observer import SilentObserver
from telemetry_inject.report.terminal import counted, painted, printable
from telemetry_inject.types import FileReport, FileStatus, FunctionStatus, RunResult, ScanResult

_COLORS = {FileStatus.INSTRUMENTED: "green", FileStatus.FAILED: "red"}


class VerboseLogger(SilentObserver):
    """Writes lines to standard error as the run goes on."""

    def __init__(self, color: bool = False) -> None:
        self._color = color

    def scanned(self, scan: ScanResult) -> None:
        """The scan's counts, and each path left out with the reason."""
        languages = Counter(file.language for file in scan.files)
        shares = ", ".join(f"{language} {number:,}" for language, number in sorted(languages.items()))
        found = counted(len(scan.files), "file") + (f" ({shares})" if shares else "")
        self._phase("scan", f"{found} to look at, {len(scan.copied):,} only copied")
        for skipped in scan.skipped:
            self._line(f"  skip {printable(skipped.relative)}: {printable(skipped.reason)}")

    def started(self, total_files: int) -> None:
        """The heading of the files."""
        self._phase("instrument", counted(total_files, "file"))

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """One line a file, and one for each function that was left alone or failed."""
        status = painted(report.status, _COLORS.get(report.status, "yellow"), self._color)
        done = [each for each in report.functions if each.status is FunctionStatus.INSTRUMENTED]
        parts = [counted(len(done), "function")] if report.functions else []
        if report.insertions:
            parts.append(counted(report.insertions, "insertion"))
        if report.cached:
            parts.append("from the cache")
        if report.reason:
            parts.append(printable(report.reason))
        self._line(f"  {status} {printable(report.path)}" + (f": {', '.join(parts)}" if parts else ""))
        for function in report.functions:
            if function.status is not FunctionStatus.INSTRUMENTED:
                word = "skip" if function.status is FunctionStatus.SKIPPED else painted("failed", "red", self._color)
                place = f"{printable(function.qualname)} (line {function.line})"
                self._line(f"    {word} {place}: {printable(function.reason)}")

    def finished(self, result: RunResult) -> None:
        """What was generated and written, and the time of each phase where the run measured it."""
        files = counted(sum(file.cached for file in result.files), "whole file")
        scripts = f"{counted(result.scripts_generated, 'script')} generated"
        recalled = counted(result.scripts_from_cache, "script")
        self._phase("generate", f"{scripts}; from the cache {recalled} and {files}")
        self._phase("write", counted(result.written, "file"))
        for phase, seconds in dict(result.details.get("phases", {})).items():
            self._line(f"  {phase}: {seconds * 1000:.0f} ms")

    def _phase(self, name: str, text: str) -> None:
        self._line(f"{painted(name, 'bold', self._color)}: {text}")

    def _line(self, text: str) -> None:
        print(text, file=sys.stderr)
