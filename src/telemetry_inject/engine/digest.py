"""The identity of this engine: results of another one are not this one's."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def engine_digest() -> str:
    """SHA-256 (hex, shortened) of the engine's own sources, so that no version number can be forgotten."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
