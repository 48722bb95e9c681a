"""`--remove`: takes the telemetry out of a tree again, whether its files were edited since or not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from telemetry_inject.config import Settings
from telemetry_inject.engine.options import Placement
from telemetry_inject.engine.packs import Pack, load_pack
from telemetry_inject.engine.stripper import strip
from telemetry_inject.errors import OutputError, TelemetryInjectError
from telemetry_inject.languages import Languages
from telemetry_inject.observer import Observer
from telemetry_inject.scanner import CodeScanner, ScanOptions
from telemetry_inject.scripts.file_task import FileTask, write_result
from telemetry_inject.telemetry_utils_writer import MARK
from telemetry_inject.traditional.light_instrumenter import strip_light
from telemetry_inject.traditional.light_packs import LightPack
from telemetry_inject.tree_copy import copy_rest
from telemetry_inject.types import FileReport, FileStatus, RunResult, SourceFile


def remove_tree(
    settings: Settings, observer: Observer, folders: Mapping[str, Path | None], languages: Languages,
    light: Mapping[str, LightPack] = MappingProxyType({}),
) -> RunResult:  # fmt: skip
    """Strip every file below `settings.path`; helpers nobody needs any more go too. `light` are the light packs.

    Raises UsageError when the path does not exist.
    """
    start = time.perf_counter()
    scan = CodeScanner(languages, ScanOptions.of(settings)).scan(settings.path)
    observer.scanned(scan)
    observer.started(len(scan.files))
    output = scan.root if settings.in_place else settings.output
    written = 0
    reports: list[FileReport] = []
    for file in scan.files:
        known = file.language in folders
        pack = load_pack(file.language, folders[file.language]) if known else light[file.language]
        report, wrote = _strip(file, pack, settings, output, observer)
        reports.append(report)
        written += wrote
    problems: list[str] = []
    if settings.writes:
        if settings.in_place:
            packs: list[Pack | LightPack] = [*(load_pack(*item) for item in folders.items()), *light.values()]
            problems = _remove_helpers(scan.root, packs)
        else:
            failed = [report.path for report in reports if report.status is FileStatus.FAILED]
            copied, problems = copy_rest(scan, output, failed)
            written += copied
    for problem in problems:
        observer.warn(problem)
    return RunResult(
        files=tuple(reports), skipped=scan.skipped, written=written, seconds=time.perf_counter() - start,
        warnings=tuple(problems), output=output if settings.writes else None, details={"failures": len(problems)},
    )  # fmt: skip


def _strip(
    file: SourceFile, pack: Pack | LightPack, settings: Settings, output: Path, observer: Observer
) -> tuple[FileReport, bool]:
    try:
        source = file.path.read_bytes()
    except OSError as error:
        return FileReport(
            file.relative, file.language, FileStatus.FAILED, f"cannot be read: {error.strerror}"
        ), False
    clean = strip(source, pack) if isinstance(pack, Pack) else strip_light(source, pack)
    changed = clean != source
    report = FileReport(
        file.relative, file.language,
        FileStatus.INSTRUMENTED if changed else FileStatus.UNCHANGED,
        "telemetry removed" if changed else "no telemetry of ours",
    )  # fmt: skip
    written = False
    destination = file.path if settings.in_place else output / file.relative
    if settings.writes and (changed or not settings.in_place):
        try:
            written = write_result(
                FileTask(file.path, file.relative, file.language, len(source), Placement(), destination), source, clean
            )
        except (TelemetryInjectError, OSError) as error:
            title = error.title if isinstance(error, TelemetryInjectError) else str(error)
            report = FileReport(file.relative, file.language, FileStatus.FAILED, title)
    observer.file_done(report, source if settings.diff else None, clean if settings.diff else None)
    return report, written


def _remove_helpers(root: Path, packs: Sequence[Pack | LightPack]) -> list[str]:
    problems = []
    base = root if root.is_dir() else root.parent
    for pack in packs:
        for name in pack.helpers:
            folder = pack.config.get("helper_folder")
            found = sorted(base.rglob(f"{folder}/{name}" if folder else name))
            problems += _remove_all(found)
            for home in {helper.parent for helper in found if folder}:
                if not any(home.iterdir()):
                    home.rmdir()
                    if home.parent.name == "internal" and not any(home.parent.iterdir()):
                        home.parent.rmdir()
    return problems


def _remove_all(helpers: Iterable[Path]) -> list[str]:
    problems = []
    for helper in helpers:
        try:
            if MARK in helper.read_bytes()[:2000]:
                helper.unlink()
        except OSError as error:
            problems.append(str(OutputError(f"{helper}: the helper could not be removed: {error.strerror}")))
    return problems
