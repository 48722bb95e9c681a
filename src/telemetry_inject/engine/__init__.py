"""Bytes to insertions: pure, without I/O, without a model, naming no language.

Use it as a library::

    from telemetry_inject.engine import instrument, load_pack

    result = instrument(source, load_pack("python"))
    result.output          # the instrumented bytes
    result.insertions      # what was inserted, and where
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telemetry_inject.engine.instrumenter import Result, instrument
    from telemetry_inject.engine.options import Options, Placement
    from telemetry_inject.engine.packs import Pack, load_pack
    from telemetry_inject.engine.stripper import strip

__all__ = ["Options", "Pack", "Placement", "Result", "instrument", "load_pack", "strip"]

# Loaded when asked for: a run that finds everything in the cache needs only a part.
_HOMES = {
    "instrument": "instrumenter",
    "Result": "instrumenter",
    "Options": "options",
    "Placement": "options",
    "Pack": "packs",
    "load_pack": "packs",
    "strip": "stripper",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
