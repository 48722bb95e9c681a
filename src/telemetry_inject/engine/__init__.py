"""Bytes to insertions: pure, without I/O, without a model, naming no language.

Use it as a library::

    from telemetry_inject.engine import instrument, load_pack

    result = instrument(source, load_pack("python"))
    result.output          # the instrumented bytes
    result.insertions      # what was inserted, and where
"""

from telemetry_inject.engine.instrument import Options, Placement, Result, instrument
from telemetry_inject.engine.packs import Pack, load_pack
from telemetry_inject.engine.strip import strip

__all__ = ["Options", "Pack", "Placement", "Result", "instrument", "load_pack", "strip"]
