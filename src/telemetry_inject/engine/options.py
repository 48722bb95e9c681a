"""What the engine's output depends on besides the source."""

from __future__ import annotations

from dataclasses import dataclass

from telemetry_inject.types import Level


@dataclass(frozen=True, slots=True)
class Options:
    """What the output depends on besides the source. `everything` also takes trivial and implicit functions."""

    level: Level = Level.FUNCTION
    everything: bool = False
    validate: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the helper is: `ups` folders above the file."""

    ups: int = 0
