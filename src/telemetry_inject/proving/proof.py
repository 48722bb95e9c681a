"""What came of a verification: whether the tree is proved, and what was left out of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetry_inject.proving.comparison import Change, Comparison
from telemetry_inject.proving.overhead import fastest, share
from telemetry_inject.proving.suite import Run
from telemetry_inject.proving.variants import Item


@dataclass(frozen=True)
class Left:
    """A function that was left out, the tests that it changes, and why, most likely. `coarse`: it was left out
    together with others, without a proof that it is needed."""

    item: Item
    changes: tuple[Change, ...]
    cause: str
    coarse: bool = False


@dataclass
class Proof:
    """What came of it. `proved`: the tree without the functions in `left` behaves as the clean one.

    `spans`: the most that a run has written.
    """

    command: str
    clean: list[Run] = field(default_factory=list)
    full: list[Run] = field(default_factory=list)
    first: Comparison | None = None
    last: Comparison | None = None
    left: list[Left] = field(default_factory=list)
    unexplained: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    functions: int = 0
    runs: int = 0
    search_runs: int = 0
    spans: int = 0
    proved: bool = False
    within_budget: bool | None = None

    @property
    def overhead(self) -> float | None:
        """How much more processor time the suite took, as a share; None when nothing was measured."""
        ended = all(any(not run.timed_out for run in runs) for runs in (self.clean, self.full))
        return share(self.clean, self.full) if ended and fastest(self.clean) > 0 else None
