"""TelemetryUtilsWriter: puts the runtime helper where instrumented files can import it.

A helper lies in the topmost package folder above a file (the folders up to the first one without the pack's
package marker), or in the file's own folder when that is no package: there it is found by a relative import,
by a plain one when the file runs as a script, and it travels with the package when that is installed.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.engine.packs import Pack
from telemetry_inject.errors import OutputError

MARK = b"telemetry-inject"


class TelemetryUtilsWriter:
    """Knows, for one tree, which folder holds the helper of each file, and writes the helpers."""

    def __init__(self, root: Path, pack: Pack) -> None:
        self._root = root
        self._pack = pack
        self._is_package: dict[PurePosixPath, bool] = {}
        self._homes: dict[PurePosixPath, tuple[PurePosixPath, int]] = {}

    def home(self, relative: str) -> tuple[PurePosixPath, int]:
        """The helper's folder for a file (both relative to the root), and how many folders above it lies."""
        folder = PurePosixPath(relative).parent
        found = self._homes.get(folder)
        if found is None:
            ups, home = 0, folder
            while self._packaged(home) and home.parts and self._packaged(home.parent):
                home, ups = home.parent, ups + 1
            found = self._homes[folder] = (home, ups)
        return found

    def _packaged(self, folder: PurePosixPath) -> bool:
        marker = self._pack.config.get("package_marker")
        known = self._is_package.get(folder)
        if known is None:
            known = self._is_package[folder] = bool(marker) and (self._root / folder / str(marker)).exists()
        return known

    def write(self, output: Path, home: PurePosixPath) -> bool:
        """Write the helper into its folder below `output`; False when it was there already.

        Raises OutputError when a file of that name is there that is not ours.
        """
        target = output / home / self._pack.helper
        if target.exists() and MARK not in target.read_bytes()[:2000]:
            raise OutputError(
                f"{target}: a file of this name is already there and is not the telemetry helper",
                "rename it, or leave that folder out with --exclude",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        return write_atomic(target, self._pack.helper_source())
