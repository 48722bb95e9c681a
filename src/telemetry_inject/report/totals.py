"""The numbers of a run, counted once for the summary, the JSON document and the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from telemetry_inject.types import FileStatus, FunctionStatus, RunResult


@dataclass(frozen=True)
class Totals:
    """Counts over a whole run. `cost_usd` is None when nobody knows what the model's calls cost."""

    files_instrumented: int
    files_unchanged: int
    files_skipped: int
    files_failed: int
    functions_instrumented: int
    functions_skipped: int
    functions_failed: int
    functions_from_cache: int
    scripts_generated: int
    scripts_from_cache: int
    written: int
    model_calls: int
    cost_usd: float | None
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether any file or function failed."""
        return bool(self.files_failed or self.functions_failed)


def totals_of(result: RunResult) -> Totals:
    """Count what a run did; `files_skipped` includes what the scanner left out."""
    files = Counter(file.status for file in result.files)
    functions = [(function, file.cached) for file in result.files for function in file.functions]
    statuses = Counter(function.status for function, _ in functions)
    from_cache = sum(
        function.status is FunctionStatus.INSTRUMENTED and (cached or function.provenance == "cache")
        for function, cached in functions
    )
    cost = result.details.get("cost_usd", 0)
    return Totals(
        files_instrumented=files[FileStatus.INSTRUMENTED],
        files_unchanged=files[FileStatus.UNCHANGED],
        files_skipped=files[FileStatus.SKIPPED] + len(result.skipped),
        files_failed=files[FileStatus.FAILED],
        functions_instrumented=statuses[FunctionStatus.INSTRUMENTED],
        functions_skipped=statuses[FunctionStatus.SKIPPED],
        functions_failed=statuses[FunctionStatus.FAILED],
        functions_from_cache=from_cache,
        scripts_generated=result.scripts_generated,
        scripts_from_cache=result.scripts_from_cache,
        written=result.written,
        model_calls=int(result.details.get("model_calls", 0)),
        cost_usd=None if cost is None else float(cost),
        seconds=result.seconds,
    )
