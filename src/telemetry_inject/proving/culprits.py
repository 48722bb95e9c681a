"""Finds the fewest functions to leave out so that every test ends as it does without telemetry.

Group testing. First all tests are narrowed down together: a run instruments half of what each of them may be changed
by, and its result halves the suspects of every test at once. What one function alone does not explain (several
functions for one test, or functions that only together change it) is searched with growing prefixes left out: the
shortest prefix that helps ends with a function that is needed. That second search takes for granted only that leaving
out more functions never makes it worse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

Probe = Callable[[Sequence[frozenset[int]], frozenset[str]], list[frozenset[str]]]
"""Runs the suite once for each set of functions (nothing else is instrumented); gives which of the tests change."""

_NEAR = 20  # a cut may move by a twentieth to fall between two files
_SAMPLES, _WIDESPREAD = 5, 2  # so many functions are tried alone, and so many must change a test to call it widespread
_SEVERAL = 3  # so many culprits of one test in one file: the whole file is tried


@dataclass
class Found:
    """`blamed`: the functions to leave out, each with the tests that it changes. `unexplained`: tests that leaving
    out functions does not mend, and why. `coarse`: functions that were left out without proof that each is needed."""

    blamed: dict[int, set[str]] = field(default_factory=dict)
    unexplained: dict[str, str] = field(default_factory=dict)
    coarse: set[int] = field(default_factory=set)
    runs: int = 0


class CulpritSearch:
    """`files` gives the file of each function, in the order of the functions. At most `most_runs` runs are spent on
    narrowing down; `jobs` runs may go on at the same time. Of `names_helper`, the tests whose message names the
    helper's module, two functions in different files are enough to know that its import is what matters."""

    def __init__(
        self,
        files: Sequence[str],
        probe: Probe,
        most_runs: int = 200,
        jobs: int = 1,
        names_helper: Collection[str] = (),
    ) -> None:
        self._files = files
        self._probe = probe
        self._most = most_runs
        self._jobs = max(1, jobs)
        self._names_helper = frozenset(names_helper)
        self._found = Found()
        self._known: dict[frozenset[int], tuple[frozenset[str], frozenset[str]]] = {}

    def search(self, tests: Collection[str]) -> Found:
        """`tests` change when everything is instrumented, and do not when nothing is."""
        active = frozenset(tests)
        found = self._found
        doubtful: frozenset[str] = frozenset()
        while active - doubtful and not self._spent():
            blamed = self._narrow(active - doubtful)
            confirmed = self._confirmed(blamed)
            for test in confirmed:
                found.blamed.setdefault(blamed[test], set()).add(test)
            doubtful |= active - confirmed
            if not confirmed:
                break
            active = self._bad(self._others(), active)
            if len(active - doubtful) <= 1:
                break
        while active:
            active = self._one_by_one(min(active), active)
        return found

    # ---- all tests together -----------------------------------------------------------------------------------

    def _narrow(self, tests: frozenset[str]) -> dict[str, int]:
        """One suspect for each test, by halving."""
        suspects = {test: sorted(self._others()) for test in tests}
        while any(len(each) > 1 for each in suspects.values()) and not self._spent():
            parts = self._parts(suspects)
            sets = [part for part in parts if part]
            results = self._run(sets, tests)
            for test, own in suspects.items():
                if len(own) < 2:
                    continue
                inside = [set(own) & part for part, bad in zip(sets, results, strict=True) if test in bad]
                hit = next((found for found in inside if found), None)
                if hit is not None:
                    suspects[test] = sorted(hit)
                    continue
                outside = set(own).difference(*sets)
                if len(outside) < len(own):
                    suspects[test] = sorted(outside)  # all that was tried is innocent
        return {test: each[0] for test, each in suspects.items() if len(each) == 1}

    def _parts(self, suspects: dict[str, list[int]]) -> list[frozenset[int]]:
        """For each run of one round, what it instruments: a share of the suspects of each test, where they do not
        overlap with those of another."""
        parts: list[set[int]] = [set() for _ in range(self._jobs)]
        used: set[int] = set()
        groups = sorted(
            {tuple(each) for each in suspects.values() if len(each) > 1}, key=lambda each: (-len(each), each)
        )
        for group in groups:
            if used.isdisjoint(group):
                used.update(group)
                for part, share in zip(parts, self._shares(group), strict=False):
                    part.update(share)
        return [frozenset(part) for part in parts]

    def _shares(self, group: Sequence[int]) -> list[Sequence[int]]:
        cuts = self._cuts(group, min(self._jobs + 1, len(group)))
        return [group[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]

    def _cuts(self, group: Sequence[int], parts: int) -> list[int]:
        """Where to cut a list into so many parts, between two files if one ends nearby."""
        reach = len(group) // _NEAR
        cuts = []
        for number in range(1, parts):
            middle = len(group) * number // parts
            near = sorted(range(middle - reach, middle + reach + 1), key=lambda at: abs(at - middle))
            cuts.append(next((at for at in near if 0 < at < len(group) and self._ends_file(group, at)), middle))
        return cuts

    def _ends_file(self, group: Sequence[int], at: int) -> bool:
        return self._files[group[at - 1]] != self._files[group[at]]

    def _confirmed(self, blamed: dict[str, int]) -> frozenset[str]:
        """The tests that their suspect does change, with nothing else instrumented."""
        suspects = sorted(set(blamed.values()))
        results = self._run([frozenset((item,)) for item in suspects], frozenset(blamed))
        changed = dict(zip(suspects, results, strict=True))
        return frozenset(test for test, item in blamed.items() if test in changed[item])

    # ---- one test after the other -----------------------------------------------------------------------------

    def _one_by_one(self, test: str, active: frozenset[str]) -> frozenset[str]:
        """Leave out what has to be left out for `test`; gives the tests that still change."""
        found = self._found
        if test in self._bad(frozenset(), active):
            return self._unexplained(
                test, active, "it changes with the helper's files alone, while no function is instrumented"
            )
        items = sorted(self._others())
        low, high = 0, len(items)
        mine: list[int] = []
        while True:
            while high - low > 1 and not self._spent():
                low, high = self._closer(test, items, low, high, active)
            if self._spent() and high - low > 1:
                self._blame(items[:high], test, coarse=True)
            else:
                mine.append(items[high - 1])
                self._blame(mine[-1:], test)
            high -= 1
            active = self._bad(self._others(), active)
            if test not in active:
                return active
            if high <= 0 or (self._spent() and not self._others()):
                found.unexplained[test] = "it changes sometimes, whatever is instrumented"
                return active - {test}
            if self._is_widespread(test, mine, active):
                return self._unexplained(
                    test, active, "functions of several files change it, each by itself, so what matters is the "
                    "helper's import",
                )  # fmt: skip
            low = 0
            self._whole_file(mine, test, active)
            active = self._bad(self._others(), active)
            if test not in active:
                return active

    def _is_widespread(self, test: str, mine: Sequence[int], active: frozenset[str]) -> bool:
        """Whether it is the helper's import that changes a test: functions of other files, taken from all over the
        project, do so as well, each alone."""
        known = {self._files[item] for item, tests in self._found.blamed.items() if test in tests}
        if test in self._names_helper and len(known) > 1:
            return True
        if len(mine) != 2:
            return False
        firsts: dict[str, int] = {}
        for item in sorted(self._others()):
            if self._files[item] not in known:
                firsts.setdefault(self._files[item], item)
        places = list(firsts.values())
        count = min(_SAMPLES, len(places))
        changes = 0
        for number in range(count):
            sample = places[(2 * number + 1) * len(places) // (2 * count)]
            changes += test in self._bad(frozenset((sample,)), active)
            if changes == _WIDESPREAD or changes + count - number - 1 < _WIDESPREAD:
                break
        return changes >= _WIDESPREAD

    def _unexplained(self, test: str, active: frozenset[str], why: str) -> frozenset[str]:
        """Nothing is blamed for a test that leaving out functions does not mend."""
        self._found.unexplained[test] = why
        for item, tests in list(self._found.blamed.items()):
            tests.discard(test)
            if not tests:
                del self._found.blamed[item]
                self._found.coarse.discard(item)
        return active - {test}

    def _closer(self, test: str, items: Sequence[int], low: int, high: int, active: frozenset[str]) -> tuple[int, int]:
        """Leaving out `high` items helps and `low` does not: the same, closer together."""
        inner = items[low + 1 : high]
        cuts = self._cuts(inner, min(self._jobs + 1, len(inner))) if len(inner) > 1 else []
        places = [low + 1 + cut for cut in cuts] or [low + 1]
        out = set(self._found.blamed)
        results = self._run([frozenset(items[place:]) - out for place in places], active)
        for place, bad in zip(places, results, strict=True):
            if test in bad:
                low = max(low, place)
            else:
                high = min(high, place)
        return low, high

    def _whole_file(self, mine: Sequence[int], test: str, active: frozenset[str]) -> None:
        """When one file has brought culprit after culprit, its import of the helper may be what matters."""
        file, count = Counter(self._files[item] for item in mine).most_common(1)[0]
        if count < _SEVERAL or count < len(mine):
            return
        rest = {item for item in self._others() if self._files[item] == file}
        if rest and test not in self._bad(self._others() - rest, active):
            self._blame(rest, test, coarse=True)

    # ---- runs -------------------------------------------------------------------------------------------------

    def _blame(self, items: Iterable[int], test: str, coarse: bool = False) -> None:
        for item in items:
            if coarse and item not in self._found.blamed:
                self._found.coarse.add(item)
            self._found.blamed.setdefault(item, set()).add(test)

    def _others(self) -> frozenset[int]:
        """What is not left out."""
        return frozenset(range(len(self._files))) - set(self._found.blamed)

    def _bad(self, instrumented: frozenset[int], tests: frozenset[str]) -> frozenset[str]:
        return self._run([instrumented], tests)[0]

    def _run(self, sets: Sequence[frozenset[int]], tests: frozenset[str]) -> list[frozenset[str]]:
        new = [each for each in dict.fromkeys(sets) if not self._knows(each, tests)]
        if new:
            self._found.runs += len(new)
            for each, bad in zip(new, self._probe(new, tests), strict=True):
                self._known[each] = (tests, bad)
        return [self._known[each][1] & tests for each in sets]

    def _knows(self, instrumented: frozenset[int], tests: frozenset[str]) -> bool:
        known = self._known.get(instrumented)
        return known is not None and tests <= known[0]

    def _spent(self) -> bool:
        return self._found.runs >= self._most
