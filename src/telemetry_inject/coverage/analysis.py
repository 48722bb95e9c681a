"""Looks through a tree as a run would, with its cache, and writes nothing into any tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from telemetry_inject import pipeline
from telemetry_inject.config import Settings
from telemetry_inject.coverage.matching import Matches, match, plain
from telemetry_inject.coverage.recorded import Recording
from telemetry_inject.engine.packs import Pack, load_pack
from telemetry_inject.observer import Observer, ObserverGroup, SilentObserver
from telemetry_inject.run_scope import pack_folders
from telemetry_inject.types import FileReport, RunResult, ScanResult


class _Texts(SilentObserver):
    """Keeps the texts of files in which several functions have one name: lines tell these apart."""

    def __init__(self) -> None:
        self.root: Path | None = None
        self.texts: dict[str, tuple[bytes, ...]] = {}

    def scanned(self, scan: ScanResult) -> None:
        """See Observer."""
        self.root = scan.root

    def file_done(self, report: FileReport, before: bytes | None, after: bytes | None) -> None:
        """See Observer."""
        if any(plain(function.qualname) != function.qualname for function in report.functions):
            self.texts[report.path] = tuple(text for text in (after, before) if text is not None)


class Analysis:
    """What a run with these settings would do. `lines`: functions of one name will have to be told apart."""

    def __init__(self, settings: Settings, observer: Observer | None = None, *, lines: bool = False) -> None:
        self._settings = settings
        self._texts = _Texts()
        # No model is asked: what it would choose does not change which functions there are.
        plain_run = replace(settings, dry_run=True, diff=lines, check=False, provider="", use_scripts=True)
        group = ObserverGroup(self._texts, observer or SilentObserver())
        self.result: RunResult = pipeline.run(plain_run, group)
        self._folders = pack_folders(settings.packs)

    @property
    def root(self) -> Path:
        """The folder that the paths of files are relative to."""
        assert self._texts.root is not None
        return self._texts.root

    def match(self, recording: Recording) -> Matches:
        """Find the recorded functions in the tree."""
        return match(recording, self.result.files, self._pack, self._texts_of, self._homes())

    def _texts_of(self, path: str) -> Sequence[bytes]:
        return self._texts.texts.get(path, ())

    def _pack(self, language: str) -> Pack | None:
        return load_pack(language, self._folders[language]) if language in self._folders else None

    def _homes(self) -> list[Path]:
        """The folders that the tree itself and its instrumented copy are in."""
        here = [self.root, self._settings.output]
        return [*(folder.absolute() for folder in here), *(folder.resolve() for folder in here)]
