"""What the cache stores for a unit, as bytes and back: why functions in it were skipped, and its edits as JSON."""

from __future__ import annotations

import json

from telemetry_inject.errors import InvariantError
from telemetry_inject.scripts.script_format import read_edits
from telemetry_inject.types import UnitEdits


def encode_unit(edits: UnitEdits, rendered: bytes) -> bytes:
    """A unit's edits as bytes; `rendered` is what `render_edits` gave for the insertions."""
    skips = json.dumps(edits.late_skips).encode() if edits.late_skips else b"[]"
    return b"%b\n%b" % (skips, rendered)


def decode_unit(data: bytes) -> UnitEdits:
    """The inverse of `encode_unit`. Raises InvariantError when `data` is not of that form."""
    skips, _, rendered = data.partition(b"\n")
    try:
        insertions = read_edits(rendered)
        late_skips = tuple((site, reason) for site, reason in json.loads(skips))
    except (ValueError, TypeError) as error:
        raise InvariantError(f"a stored unit is damaged: {error}") from None
    if insertions is None:
        raise InvariantError("a stored unit is damaged")
    return UnitEdits(insertions, late_skips)
