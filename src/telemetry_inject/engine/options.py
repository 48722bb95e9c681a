"""What the engine's output depends on besides the source."""

from __future__ import annotations

from dataclasses import dataclass

from telemetry_inject.types import Level


@dataclass(frozen=True, slots=True)
class Options:
    """What the output depends on besides the source. `everything` also takes trivial and implicit functions.

    `same_line`: no statement gets a line of its own, even where the language's formatter would want that.
    """

    level: Level = Level.FUNCTION
    everything: bool = False
    validate: bool = True
    same_line: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """What the import of the helper says in one file: values for the placeholders of the pack's snippet.

    What is not given is as in the pack's `[import.defaults]`: the helper lies beside the file. `leave_out` are the
    names of the file's functions, as in reports, that someone wants left as they are.
    """

    values: tuple[tuple[str, str], ...] = ()
    leave_out: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """One text for equal placements."""
        text = "\0".join(f"{name}={value}" for name, value in self.values)
        return "\0-".join((text, *sorted(self.leave_out)))
