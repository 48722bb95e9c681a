"""Names results by everything that reaches them: SHA-256 keys for files and for functions.

A key holds no path, no time stamp and nothing normalised: two places with the same bytes and the same
options share their result, and one byte of difference makes another key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from telemetry_inject.types import Unit

KEY_BYTES = 32
_FORMAT = b"telemetry-inject key 1\n"


def _framed(parts: tuple[bytes | str, ...]) -> bytes:
    """Each part with its type and its length before it, so that no two lists are written alike: ("ab", "c") is not
    ("a", "bc"). Text is taken as UTF-8; lone surrogates (file names, broken encodings) are kept as they are."""
    framed = []
    for part in parts:
        if isinstance(part, str):
            data = part.encode("utf-8", "surrogatepass")
            framed.append(b"s%d:" % len(data))
        else:
            data = part
            framed.append(b"b%d:" % len(data))
        framed.append(data)
    return b"".join(framed)


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What all keys of one language in one run have in common.

    `engine_version` and `pack_digest` change whenever the code or the templates that write insertions do;
    `options` is the canonical text of the options that reach the output (see `canonical_options`).
    """

    engine_version: str
    pack_digest: str
    grammar_version: str
    options: str
    _prefix: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.engine_version, self.pack_digest, self.grammar_version, self.options)
        object.__setattr__(self, "_prefix", _FORMAT + _framed(parts))


def canonical_options(options: Mapping[str, Any]) -> str:
    """One text for equal options, in whatever order they are. Raises TypeError for values JSON lacks."""
    return json.dumps(options, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def file_key(scope: KeyScope, language: str, source: bytes, *context: bytes | str) -> bytes:
    """The key of a whole file: its exact bytes, and whatever of its surroundings reaches the output.

    `context` is for what does not follow from the bytes, such as the number of dots of a relative import.
    """
    return sha256(scope._prefix + _framed(("file", language, *context, source))).digest()


def unit_key(scope: KeyScope, unit: Unit, *context: bytes | str) -> bytes:
    """The key of one outermost function: its bytes, its names and its context, but not where it stands."""
    # `ascii` writes different tuples of texts differently, and much faster than `_framed` does.
    names = ascii((unit.language, unit.name, unit.qualname, unit.context, context)).encode("ascii")
    return sha256(b"%bunit%d:%b%b" % (scope._prefix, len(names), names, unit.source)).digest()
