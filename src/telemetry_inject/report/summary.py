"""The last lines of a run: what was done, what it cost, where it is, and the command to try next."""

from __future__ import annotations

import shlex
from pathlib import Path

from telemetry_inject.config import Settings
from telemetry_inject.report.terminal import counted, painted, printable
from telemetry_inject.report.totals import Totals, totals_of
from telemetry_inject.types import FileStatus, FunctionStatus, RunResult

_MOST_FAILURES = 20
_RUNNERS = {"python": "python", "javascript": "node"}
_SCRIPTS = ("index.js", "index.mjs", "main.js", "main.mjs", "server.js", "app.js", "src/index.js", "src/main.js")
_PROGRAMS = ("__main__.py", "main.py", "app.py", "cli.py", "run.py")


def summary(settings: Settings, result: RunResult, color: bool) -> list[str]:
    """The lines, for standard output or, when that carries results, for standard error."""
    totals = totals_of(result)
    proof = result.details.get("verify")
    writes = settings.writes and (proof is None or proof["status"] != "unproved")
    lines = [*failures(result, color), _done(settings, totals, color, writes)]
    if not result.files:
        lines += _unread(result)
        return [*lines, "There was nothing to do; -v says what was left out and why."]
    lines += [*_unread(result), *_cost(totals, result)]
    lines += result.details.get("verify_lines", [])
    lines += result.details.get("prune_lines", [])
    if not writes:
        lines.append("Nothing was written.")
        if settings.diff and totals.files_instrumented:
            lines.append(f"Next: telemetry-inject {_quoted(settings.path)} --diff | git apply")
    elif settings.in_place:
        lines.append(f"Changed in place: {counted(totals.written, 'file')}")
        if totals.written and not settings.remove:
            lines.append(f"Undo: telemetry-inject {_quoted(settings.path)} --in-place --remove")
    elif settings.overlay is not None:
        lines.append(f"Overlay: {printable(str(settings.overlay))} ({counted(totals.written, 'file')} written)")
        lines.append(f"Next: go build -overlay {_quoted(settings.overlay.absolute())} ./...")
    elif result.output is not None:
        lines.append(f"Output: {printable(str(result.output))} ({counted(totals.written, 'file')} written)")
        lines.append(f"Next: {next_command(settings, result)}")
    return lines


def would_change(result: RunResult) -> list[str]:
    """For --check: one line for each file that is not as it should be."""
    changed = [file for file in result.files if file.status is FileStatus.INSTRUMENTED]
    return [f"would change {printable(file.path)}" for file in changed]


def failures(result: RunResult, color: bool) -> list[str]:
    """One line for each file and function that failed, up to a screenful."""
    lines: list[str] = []
    for file in result.files:
        if file.status is FileStatus.FAILED:
            lines.append(f"{printable(file.path)}: {printable(file.reason)}")
        for function in file.functions:
            if function.status is FunctionStatus.FAILED:
                place = f"{printable(file.path)}:{function.line}"
                lines.append(f"{place}: {printable(function.qualname)}: {printable(function.reason)}")
    more = len(lines) - _MOST_FAILURES
    lines = [painted("failed ", "red", color) + line for line in lines[:_MOST_FAILURES]]
    if more > 0:
        lines.append(f"... and {more:,} more failures; --json lists them all")
    proof = result.details.get("verify") or {}
    problems = [problem for name in ("build", "tests") for problem in (proof.get(name) or {}).get("problems", ())]
    lines += [painted("not proved ", "red", color) + printable(problem) for problem in problems[:_MOST_FAILURES]]
    if len(problems) > _MOST_FAILURES:
        lines.append(f"... and {len(problems) - _MOST_FAILURES:,} more reasons; --json lists them all")
    return lines


def _done(settings: Settings, totals: Totals, color: bool, writes: bool) -> str:
    verb = "Cleaned" if settings.remove else "Instrumented"
    if not writes:
        verb = "Would clean" if settings.remove else "Would instrument"
    what = counted(totals.files_instrumented, "file")
    if not settings.remove:
        what = f"{counted(totals.functions_instrumented, 'function')} in {what}"
    aside = [
        f"{counted(number, noun)} {state}"
        for number, noun, state in (
            (totals.functions_skipped, "function", "left alone"),
            (totals.files_unchanged, "file", "unchanged"),
            (totals.files_skipped, "path", "skipped"),
            (totals.files_failed, "file", "failed"),
            (totals.functions_failed, "function", "failed"),
        )
        if number
    ]
    tail = f" ({', '.join(aside)})" if aside else ""
    return painted(f"{verb} {what}", "red" if totals.failed else "green", color) + f"{tail} in {_time(totals)}"


def _unread(result: RunResult) -> list[str]:
    found = result.details.get("unread")
    if not found:
        return []
    from telemetry_inject.unread_files import unread_lines

    return unread_lines(found)


def _time(totals: Totals) -> str:
    return f"{totals.seconds * 1000:.0f} ms" if totals.seconds < 1 else f"{totals.seconds:.1f} s"


def _cost(totals: Totals, result: RunResult) -> list[str]:
    share = f"{totals.functions_from_cache:,} of {counted(totals.functions_instrumented, 'function')}"
    first, *others = result.details.get("cost_lines") or [""]
    if not first:
        return [f"{share} from the cache; 0 model calls, $0.00"]
    failed = [
        f"The model failed for {counted(files, 'file')}: {printable(title)}"
        for title, files in result.details.get("model_failures", {}).items()
    ]
    if failed:
        failed.append("--check-api says what is wrong with the model; --use-scripts needs none.")
    return [*failed, f"{share} from the cache", first, *others]


def next_command(settings: Settings, result: RunResult) -> str:
    """A command that can be pasted: run what was made when it is a program, else look at what changed."""
    folder = settings.path if settings.path.is_dir() else settings.path.parent
    output = result.output or settings.output
    languages = {file.language for file in result.files if file.status is FileStatus.INSTRUMENTED}
    if not settings.path.is_dir():
        runner = _RUNNERS.get(next(iter(languages), ""))
        if runner:
            return f"{runner} {_quoted(output / settings.path.name)}; telemetry-inject report"
        return f"diff -u {_quoted(settings.path)} {_quoted(output / settings.path.name)} | less"
    if languages == {"go"} and (folder / "go.mod").exists():
        return f"cd {_quoted(output)} && go test ./..."
    scripts = {file.path for file in result.files if file.language == "javascript"}
    for program in _SCRIPTS if languages == {"javascript"} else ():
        if program in scripts:
            return f"node {_quoted(output / program)}; telemetry-inject report"
    names = {file.path for file in result.files if file.language == "python"}
    for program in _PROGRAMS:
        if program in names:
            target = output if program == "__main__.py" else output / program
            return f"python {_quoted(target)}; telemetry-inject report"
    packages = [name for name in names if name.count("/") == 1 and name.endswith("/__main__.py")]
    if len(packages) == 1:
        module = packages[0].partition("/")[0]
        return f"cd {_quoted(output)} && python -m {module}; telemetry-inject report"
    return f"diff -ru {_quoted(folder)} {_quoted(output)} | less"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
