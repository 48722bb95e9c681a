"""The instrumented files of a run, and the same files with some of their functions left as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from telemetry_inject.observer import SilentObserver
from telemetry_inject.scripts.file_task import ALREADY_INSTRUMENTED
from telemetry_inject.telemetry_utils_writer import HELPER, TelemetryUtilsWriter
from telemetry_inject.types import UNPROVED, FileReport, FileStatus, FunctionReport, FunctionStatus, ScanResult

if TYPE_CHECKING:
    from telemetry_inject.config import Settings
    from telemetry_inject.engine.options import Options, Placement
    from telemetry_inject.engine.packs import Pack


class Item(NamedTuple):
    """One instrumented function: its file (relative to the scanned folder), its name as in reports, its line."""

    path: str
    name: str
    line: int

    @property
    def text(self) -> str:
        """As it is written in `leave-out`."""
        return f"{self.path}:{self.name}"


class Collected(SilentObserver):
    """Keeps what a run of the pipeline with `diff` would have written."""

    def __init__(self) -> None:
        self.scan: ScanResult | None = None
        self.files: list[tuple[FileReport, bytes | None, bytes | None]] = []
        self.helpers: dict[str, bytes] = {}

    def scanned(self, scan: ScanResult) -> None:
        """See Observer."""
        self.scan = scan

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """See Observer."""
        if after is not None and (before is None or report.reason == HELPER):
            self.helpers[report.path] = after
        else:
            self.files.append((report, before, after))


@dataclass
class _File:
    report: FileReport
    source: bytes
    clean: bytes
    full: bytes
    items: tuple[Item, ...]
    pack: Pack | None
    placement: Placement | None
    base: frozenset[str]
    known: dict[frozenset[str], bytes] = field(default_factory=dict)
    coarse: bool | None = None


class Variants:
    """Every way to instrument some of the functions and not others. Paths are relative to the scanned folder."""

    def __init__(self, settings: Settings, collected: Collected) -> None:
        from telemetry_inject.engine.packs import load_pack
        from telemetry_inject.leave_out import LeaveOut
        from telemetry_inject.run_scope import engine_options, pack_folders

        assert collected.scan is not None
        self._options: Options = engine_options(settings)
        self.helpers: Mapping[str, bytes] = collected.helpers
        self._files: dict[str, _File] = {}
        folders = pack_folders(settings.packs)
        languages = folders.keys() & {report.language for report, _, _ in collected.files}
        packs = {name: load_pack(name, folders[name]) for name in languages}
        writers = {name: TelemetryUtilsWriter(collected.scan.root, pack) for name, pack in packs.items()}
        left_out = LeaveOut(settings.leave_out)
        for report, before, after in collected.files:
            if before is None or after is None:
                continue
            if report.status is not FileStatus.INSTRUMENTED and report.reason != ALREADY_INSTRUMENTED:
                continue
            pack = packs.get(report.language)
            placement = None
            if pack is not None:
                placement = left_out.placed(writers[report.language].place(report.path).placement, report.path)
            items = tuple(
                Item(report.path, each.qualname, each.line)
                for each in report.functions
                if each.status is FunctionStatus.INSTRUMENTED
            )
            base = frozenset(each.qualname for each in report.functions if _is_left(each))
            clean = _stripped(before, pack, report.language, settings)
            self._files[report.path] = _File(report, before, clean, after, items, pack, placement, base)

    @property
    def items(self) -> list[Item]:
        """Every instrumented function, by file and line."""
        return [item for file in self._files.values() for item in file.items]

    def clean(self) -> dict[str, bytes]:
        """The files that hold telemetry already, without it."""
        return {path: file.clean for path, file in self._files.items() if file.clean != file.source}

    def sources(self) -> dict[str, bytes]:
        """The files as the user has them."""
        return {path: file.source for path, file in self._files.items()}

    def contents(self, left: Collection[Item], helpers: bool = True) -> dict[str, bytes]:
        """The files as they are when `left` are left as they are and all others are instrumented."""
        names: dict[str, set[str]] = {}
        for item in left:
            names.setdefault(item.path, set()).add(item.name)
        found = dict(self.helpers) if helpers else {}
        for path, file in self._files.items():
            found[path] = self._file(file, frozenset(names.get(path, ())))
        return found

    def reports(self, left: Collection[Item]) -> dict[str, FileReport]:
        """The reports of the files that hold one of `left`, as they are without them."""
        from dataclasses import replace

        from telemetry_inject.engine.function_extractor import LEFT_OUT

        found: dict[str, FileReport] = {}
        for path in {item.path for item in left}:
            file = self._files[path]
            names = {item.name for item in left if item.path == path} | self._inside(file, left)
            functions = tuple(
                each
                if each.qualname not in names
                else replace(each, status=FunctionStatus.SKIPPED, reason=LEFT_OUT, sites=0)
                for each in file.report.functions
            )
            some = any(each.status is FunctionStatus.INSTRUMENTED for each in functions)
            status = file.report.status if some else FileStatus.UNCHANGED
            reason = file.report.reason if some else "no function to instrument"
            found[path] = replace(file.report, functions=functions, status=status, reason=reason, cached=False)
        return found

    def source_of(self, item: Item) -> str:
        """The text from the first line of a function to that of the next one (what is in it, mostly)."""
        file = self._files[item.path]
        lines = file.clean.decode("utf-8", "replace").splitlines()
        after = [each.line for each in file.report.functions if each.line > item.line]
        return "\n".join(lines[max(0, item.line - 1) : min(after, default=len(lines) + 1) - 1])

    def function_at(self, path: str, line: int, left: Collection[Item]) -> Item | None:
        """The instrumented function at a line of a file as it is without `left`; None when there is none."""
        from telemetry_inject.engine.instrumenter import function_at, instrument
        from telemetry_inject.engine.packs import parseable
        from telemetry_inject.engine.tree_sitter_analyzer import TreeSitterAnalyzer

        file = self._files.get(path)
        if file is None or file.pack is None or self._is_coarse(file):
            return None
        placement = self._placed(file, frozenset(item.name for item in left if item.path == path))
        result = instrument(file.clean, file.pack, self._options, placement)
        text = parseable(file.pack, file.clean)
        if text is None:
            return None
        options = self._options
        analyzer = TreeSitterAnalyzer(file.pack, options.level, options.everything, placement)
        found = function_at(result, line, analyzer.analyse(text).extraction)
        return None if found is None else next((item for item in file.items if item.name == found.site), None)

    def _inside(self, file: _File, left: Collection[Item]) -> set[str]:
        """The functions that were left as they are because they lie inside of one that is left out."""
        names = frozenset(item.name for item in left if item.path == file.report.path)
        if file.pack is None or self._is_coarse(file):
            return {item.name for item in file.items} if names else set()
        done = self._instrumented(file, names)
        still = {each.qualname for each in done if each.status is FunctionStatus.INSTRUMENTED}
        return {item.name for item in file.items} - still

    def _instrumented(self, file: _File, names: frozenset[str]) -> tuple[FunctionReport, ...]:
        from telemetry_inject.engine.instrumenter import instrument

        assert file.pack is not None and file.placement is not None
        return instrument(file.clean, file.pack, self._options, self._placed(file, names)).functions

    def _placed(self, file: _File, names: frozenset[str]) -> Placement:
        from dataclasses import replace

        assert file.placement is not None
        return replace(file.placement, leave_out=file.placement.leave_out | file.base | names)

    def _is_coarse(self, file: _File) -> bool:
        """Whether single functions cannot be left out: a file that a model has instrumented without a grammar."""
        if file.coarse is None:
            file.coarse = self._rendered(file, frozenset()) != file.full
        return file.coarse

    def _file(self, file: _File, names: frozenset[str]) -> bytes:
        if not names:
            return file.full
        if names >= {item.name for item in file.items} or self._is_coarse(file):
            return file.clean
        found = file.known.get(names)
        if found is None:
            found = file.known[names] = self._rendered(file, names) or file.clean
        return found

    def _rendered(self, file: _File, names: frozenset[str]) -> bytes | None:
        from telemetry_inject.engine.instrumenter import instrument

        if file.pack is None:
            return None
        return instrument(file.clean, file.pack, self._options, self._placed(file, names)).output


def _is_left(report: FunctionReport) -> bool:
    """Whether something besides the engine left a function out: a script that failed, or a model."""
    from telemetry_inject.traditional.code_injector import NOT_WORTH

    return report.reason == NOT_WORTH or report.reason.startswith(UNPROVED)


def _stripped(source: bytes, pack: Pack | None, language: str, settings: Settings) -> bytes:
    if pack is not None:
        from telemetry_inject.engine.stripper import strip

        return strip(source, pack)
    from telemetry_inject.traditional.light_instrumenter import strip_light
    from telemetry_inject.traditional.light_packs import light_packs

    return strip_light(source, light_packs(settings.packs)[language])


def below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files with paths that start at the project: `prefix` is the scanned folder in it."""
    return dict(files) if prefix in ("", ".") else {f"{prefix}/{path}": data for path, data in files.items()}


def write_over(place: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a copy of the project, where those that are there have other contents."""
    for relative, data in files.items():
        target = place / relative
        if target.is_file() and not target.is_symlink() and target.read_bytes() == data:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o7777 if target.exists() else None
        if target.is_symlink():
            target.unlink()
        target.write_bytes(data)
        if mode is not None:
            target.chmod(mode)


def texts(items: Iterable[Item]) -> list[str]:
    """As they are written in `leave-out`."""
    return [item.text for item in items]
