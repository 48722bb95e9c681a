"""TelemetryUtilsWriter: puts the runtime helper where instrumented files can import it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

from telemetry_inject.atomic_write import write_atomic
from telemetry_inject.engine.packs import RuntimePack
from telemetry_inject.errors import OutputError
from telemetry_inject.helper_places import HelperPlaces, Place, places_for

MARK = b"telemetry-inject"
HELPER = "the runtime helper"
"""What the report of a helper's file says, for those who watch a run."""


def check_place(target: Path) -> None:
    """Raise OutputError when another file lies where a file of the helper is to be written."""
    if target.exists() and MARK not in target.read_bytes()[:2000]:
        raise OutputError(
            f"{target}: a file of this name is already there and is not the telemetry helper",
            "rename it, or leave that folder out with --exclude",
        )


class TelemetryUtilsWriter:
    """Knows, for one tree, which folder holds the helper of each file, and writes the helpers."""

    def __init__(self, root: Path, pack: RuntimePack, overlay: bool = False) -> None:
        self._overlay = overlay
        self._root = root
        self._pack = pack
        self._places: HelperPlaces | None = None

    @property
    def places(self) -> HelperPlaces:
        """Where the helpers of this tree go."""
        if self._places is None:
            self._places = places_for(self._root, self._pack, self._overlay)
        return self._places

    def place(self, relative: str) -> Place:
        """Where the helper of a file goes (relative to the root), and how the file imports it."""
        return self.places.place(relative)

    def files(self, home: PurePosixPath, imports: Collection[bytes]) -> dict[str, bytes]:
        """The helper's files in one folder, by name: those that `imports` (the inserted texts) ask for.

        Where a file had its import already (an empty text), those that lie there are taken, else all.
        """
        names = {name for text in imports if text for name in self.places.imported(text)}
        if b"" in imports:
            there = {name for name in self._pack.helpers if (self._root / home / name).exists()}
            names |= there or set(self._pack.helpers)
        return self.places.files(home, sorted(names))

    def write(self, output: Path, home: PurePosixPath, imports: Collection[bytes]) -> int:
        """Write the helper into its folder below `output`; the number of files that were written.

        Raises OutputError when a file of that name is there that is not ours.
        """
        written = 0
        for name, data in self.files(home, imports).items():
            target = output / home / name
            check_place(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            written += write_atomic(target, data)
        return written
