"""`--verify`, `--verify-build` and `--max-overhead`: instrument, prove, and write what was proved."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from telemetry_inject import pipeline
from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.config import Settings
from telemetry_inject.errors import TelemetryInjectError, UsageError
from telemetry_inject.observer import Observer, ObserverGroup
from telemetry_inject.project_file_edit import add_to_list, project_file_for
from telemetry_inject.proving.builds import read_diagnostics, suspects_of
from telemetry_inject.proving.project_copy import ProjectCopier, find_project
from telemetry_inject.proving.proof import Proof
from telemetry_inject.proving.suite import RunCache, Suite
from telemetry_inject.proving.tree import write_tree
from telemetry_inject.proving.variants import Collected, Item, Variants
from telemetry_inject.proving.verification import Say, Verifier
from telemetry_inject.proving.verification_report import as_json, lines_of
from telemetry_inject.proving.workplace import Signals, workplace
from telemetry_inject.types import RunResult

if TYPE_CHECKING:
    from telemetry_inject.traditional.model_run import ModelRun

FOLDER = "verify"
REPORT = "report.json"


def run_proved(settings: Settings, observer: Observer, say: Say, models: ModelRun | None = None) -> RunResult:
    """Instrument the tree, prove it with the user's commands, and write it when it is proved.

    `details["verify"]` of the result tells the outcome. Raises UsageError, OutputError.
    """
    started = time.perf_counter()
    collected = Collected()
    group = ObserverGroup(observer, collected)
    plain = replace(settings, diff=True)
    result = pipeline.run(plain, group, models) if models is not None else pipeline.run(plain, group)
    variants = Variants(settings, collected)
    assert collected.scan is not None
    project = find_project(settings.path, Path.cwd())
    stop = threading.Event()
    with Signals(stop.set) as signals, workplace() as work:
        base = work / "base" / project.folder.name
        say("copying the project")
        try:
            ProjectCopier(project.folder, (settings.output, settings.cache_dir)).sync(base)
        except OSError as error:
            title = f"{error.filename or project.folder}: cannot be copied to run the tests: {error.strerror}"
            raise UsageError(title, "Mend it, or verify a smaller folder.") from None
        copier = ProjectCopier(base)
        runs = RunCache(settings.cache_dir / FOLDER / "runs" if settings.cache else None)
        digest = _digest(base)

        def verifier(command: str, build: bool) -> Verifier:
            place = work / ("build" if build else "tests")
            place.mkdir()
            read = read_diagnostics if build else None
            suite = Suite(project, copier, command, place, os.environ, runs, stop, read)
            suite.seed(digest)
            suspects = suspects_of(variants, project.scanned, project.command_folder) if build else None
            return Verifier(
                suite, variants, settings.verify_timeout, _jobs(settings), say, suspects=suspects,
                allow=settings.verify_allow,
            )  # fmt: skip

        proofs = _proofs(settings, verifier)
        with signals.held():
            result = _finished(settings, collected, variants, result, proofs)
        runs.clear()  # they are for a call that was interrupted: the next one runs everything anew
    return replace(result, seconds=time.perf_counter() - started)


def _proofs(settings: Settings, verifier: Callable[[str, bool], Verifier]) -> dict[str, Proof]:
    """The build first, then the tests, and the build again when the tests have left out more."""
    proofs: dict[str, Proof] = {}
    left: list[Item] = []
    build = verifier(settings.verify_build, True) if settings.verify_build else None
    if build is not None:
        proofs["build"] = build.verify()
        left += [each.item for each in proofs["build"].left]
        if not proofs["build"].proved:
            return proofs
    if settings.verify:
        tests = verifier(settings.verify, False)
        proof = proofs["tests"] = tests.verify(left, count=settings.max_overhead is not None)
        if proof.proved and settings.max_overhead is not None:
            tests.within(proof, settings.max_overhead)
        if build is not None and proof.proved and proof.left:
            again = build.verify([*left, *(each.item for each in proof.left)])
            proofs["build"].proved = again.proved
            proofs["build"].problems += again.problems
            proofs["build"].left += again.left
    return proofs


def _finished(
    settings: Settings, collected: Collected, variants: Variants, result: RunResult, proofs: Mapping[str, Proof]
) -> RunResult:
    """Write the tree, the exclusions and the report."""
    assert collected.scan is not None
    left = list(dict.fromkeys(each.item for proof in proofs.values() for each in proof.left))
    changed = variants.reports(left)
    result = replace(result, files=tuple(changed.get(file.path, file) for file in result.files), output=None, written=0)
    saved = ""
    warnings = list(result.warnings)
    if all(proof.proved for proof in proofs.values()) and not settings.dry_run:
        files = variants.contents(left)
        output, written, problems = write_tree(settings, collected.scan, files, variants.sources())
        warnings += problems
        result = replace(result, output=output, written=written)
        if settings.verify_save and left:
            file = project_file_for(settings.path, settings.project_file)
            try:
                add_to_list(file, "leave-out", [item.text for item in left])
                saved = str(file)
            except TelemetryInjectError as error:
                warnings.append(f"{error.title}: {error.help_text}")
    told = as_json(proofs, settings.max_overhead, saved)
    if settings.cache:
        _keep(settings.cache_dir / FOLDER, told)
    lines = lines_of(proofs, settings.max_overhead, saved)
    details: Mapping[str, Any] = {**result.details, "verify": told, "verify_lines": lines}
    return replace(result, details=details, warnings=tuple(warnings))


def _keep(folder: Path, told: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / REPORT, json.dumps(told, indent=2).encode() + b"\n")


def _jobs(settings: Settings) -> int:
    """Runs of the suite at a time: suites that use several processors, ports or clocks disturb each other."""
    return max(1, min(settings.workers, (os.cpu_count() or 1) // 2, 4))


def _digest(folder: Path) -> bytes:
    """The contents of a tree, links as links."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        if path.is_symlink():
            digest.update(b"l" + name + b"\0" + str(path.readlink()).encode("utf-8", "surrogateescape"))
        elif path.is_file():
            digest.update(b"f" + name + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()
