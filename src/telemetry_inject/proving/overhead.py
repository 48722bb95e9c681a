"""A budget for time: the hottest functions are left out until the suite takes little enough more processor time.

What one span costs is measured: the extra processor time of the suite, divided by the spans. Functions that are called
most go first, as each of them saves most.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from telemetry_inject.proving.span_counts import Calls
from telemetry_inject.proving.suite import Run
from telemetry_inject.proving.variants import Item

_MARGIN = 0.9  # aim a little below the budget: what is measured next is never quite the same
_SLOW = 100  # a function whose own work takes so many times what its span costs is none of the cheap ones

MORE, FEWER = (0.9, 0.99), (0.75, 0.5, 0.25)
"""Parts of all calls that are left out when a suite with telemetry does not end in time: more until it does, and as it
did without; then fewer as long as that holds."""


@dataclass(frozen=True)
class Hot:
    """A function to leave out, its calls in the run, and what they cost together, in seconds (estimated)."""

    item: Item
    calls: int
    cost: float


def busiest(calls: Calls, part: float, items: Mapping[str, Sequence[Item]], left: Collection[Item]) -> list[Hot]:
    """The fewest functions that make up this part of all calls; see `hottest` for `items`."""
    counted = sum(number for number, _ in calls.values())
    found: list[Hot] = []
    seen = 0.0
    for name, (number, seconds) in sorted(calls.items(), key=lambda entry: -entry[1][0]):
        if seen >= part * counted:
            break
        seen += number
        found += [Hot(item, int(number), seconds) for item in items.get(name, ()) if item not in left]
    return found


def enough_to_end(
    calls: Calls,
    items: Mapping[str, Sequence[Item]],
    left: Collection[Item],
    without: Callable[[Sequence[Hot]], tuple[bool, bool]],
) -> list[Hot]:
    """Of the functions that are called most, few that let a suite end when they are left out.

    See `hottest` for `items`. `without` runs the suite with these left out as well: whether it ends then, and as it
    does without telemetry.
    """
    enough: list[Hot] = []
    same = False
    for part in MORE:
        if same or not (hot := busiest(calls, part, items, left)):
            break
        ended, same = without(hot)
        enough = hot if ended else enough
    for part in FEWER if same else ():
        hot = busiest(calls, part, items, left)
        if len(hot) < len(enough):
            ended, same = without(hot)
            if not same:
                break
            enough = hot
    return enough


def share(clean: Sequence[Run], full: Sequence[Run]) -> float:
    """How much more processor time the fastest run with telemetry took than the fastest without, as a share."""
    before = fastest(clean)
    return fastest(full) / before - 1 if before > 0 else 0.0


def fastest(runs: Sequence[Run]) -> float:
    """The least processor time of the runs that came to their end; without one, more than anything."""
    return min((run.cpu for run in runs if not run.timed_out), default=float("inf"))


def noise(runs: Sequence[Run]) -> float:
    """How far apart runs of the same code are, as a share."""
    times = [run.cpu for run in runs if not run.timed_out]
    return max(times) / min(times) - 1 if times and min(times) > 0 else 0.0


def hottest(
    clean: Sequence[Run],
    full: Sequence[Run],
    budget: float,
    items: Mapping[str, Sequence[Item]],
    left: Collection[Item],
) -> list[Hot]:
    """The functions whose spans have to go, so that the rest is expected to stay inside of the budget.

    `items` are the instrumented functions by what calls are counted under (spans of one name are one). Empty when no
    span can be saved.
    """
    before = fastest(clean)
    best = min(full, key=lambda run: (run.timed_out, run.cpu))
    calls = best.calls
    counted = sum(entry[0] for entry in calls.values())
    extra = best.cpu - before
    if not counted or extra <= 0:
        return []
    cost = extra / counted
    excess = (extra - budget * _MARGIN * before) / cost
    found: list[Hot] = []
    out = set(left)
    for name, (number, seconds) in sorted(calls.items(), key=lambda entry: -entry[1][0]):
        if excess <= 0:
            break
        named = [item for item in items.get(name, ()) if item not in out]
        if not named or seconds / number > _SLOW * cost:
            continue
        found += [Hot(item, int(number), number * cost) for item in named]
        excess -= number
    return found
