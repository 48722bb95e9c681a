"""What a scan leaves out besides the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from telemetry_inject.config import Settings
from telemetry_inject.scan_rules import CACHE_OF_OURS


@dataclass(frozen=True)
class ScanOptions:
    """What to leave out besides the defaults; `left_alone` are folders of ours and the words for them.

    Globs are tried relative to the scanned folder and to each of `glob_bases` above it, so that a path
    copied from the shell or written in a project file means what it says.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    gitignore: bool = True
    include_tests: bool = False
    changed_since: str = ""
    max_file_size: int = 5 * 1024**2
    left_alone: tuple[tuple[Path, str], ...] = ()
    glob_bases: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> ScanOptions:
        """The options of a run; globs count from the current directory and the project file as well."""
        return cls(
            include=settings.include,
            exclude=settings.exclude,
            gitignore=settings.gitignore,
            include_tests=settings.include_tests,
            changed_since=settings.changed_since,
            max_file_size=settings.max_file_size,
            left_alone=((settings.output, "our output"), (settings.cache_dir, CACHE_OF_OURS)),
            glob_bases=(Path.cwd(), *((settings.project_dir,) if settings.project_dir else ())),
        )
