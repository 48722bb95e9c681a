"""FileReconstructor: the whole file again, from its source and the insertions of its functions."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry_inject.engine.edits import apply_columns, columns, revert_columns
from telemetry_inject.errors import InvariantError
from telemetry_inject.types import Insertion


class FileReconstructor:
    """Rebuilds files; refuses to give out one that does not go back to its source."""

    @staticmethod
    def rebuild(source: bytes, insertions: Sequence[Insertion]) -> bytes:
        """`source` with the insertions. Raises InvariantError unless taking them out gives `source` again."""
        return FileReconstructor.rebuild_columns(source, *columns(insertions))

    @staticmethod
    def rebuild_columns(source: bytes, offsets: Sequence[int], texts: Sequence[bytes]) -> bytes:
        """As `rebuild`, for offsets and texts apart."""
        if not offsets:
            return source
        output = apply_columns(source, offsets, texts)
        if revert_columns(output, offsets, texts) != source:
            raise InvariantError("removing the insertions does not give the original")
        return output
