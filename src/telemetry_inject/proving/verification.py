"""The order of a proof: clean, instrumented, compare, repeat what is unsure, find the culprits, prove the rest.

What is said at the end to be proved is exactly the tree of the last full run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from telemetry_inject.proving.builds import Suspects
from telemetry_inject.proving.causes import likely_cause, names_helper
from telemetry_inject.proving.comparison import Change, compare, ends_differently, outcome, unusable
from telemetry_inject.proving.culprits import CulpritSearch, Found
from telemetry_inject.proving.overhead import Hot, enough_to_end, fastest, hottest, share
from telemetry_inject.proving.proof import Left, Proof
from telemetry_inject.proving.span_counts import Calls
from telemetry_inject.proving.suite import COMMAND, Run, Suite, can_select
from telemetry_inject.proving.variants import Item, Variants, below

SHORTEST_LIMIT = 60.0
LIMIT_FACTOR = 10.0
FIRST_LIMIT = 3600.0
MOST_ROUNDS = 5
MOST_CLEAN, MOST_FULL = 4, 3
TIMED_RUNS = 3
AT_WORK = 2.0  # times the processor time of a run without telemetry
QUICK = 5.0
"""Seconds; a faster suite runs twice on either side, so that caches which were cold do not count as overhead."""


Say = Callable[[str], None]


class Verifier:
    """Proves one command. `left` are functions that are left out already."""

    def __init__(
        self,
        suite: Suite,
        variants: Variants,
        timeout: float | None,
        jobs: int,
        say: Say,
        most_runs: int = 200,
        suspects: Suspects | None = None,
        allow: Sequence[str] = (),
    ) -> None:
        """`allow` names tests that may change. `suspects` may know which functions to try first from what was said:
        a compiler names lines."""
        self._suspects, self._allow = suspects, allow
        self._what = "the tests" if suspects is None else "the build"
        self._suite, self._variants, self._say = suite, variants, say
        self._timeout, self._jobs, self._most_runs = timeout, jobs, most_runs
        self._items = variants.items
        self._prefix = suite.project.scanned

    def verify(self, left: Collection[Item] = (), count: bool = False) -> Proof:
        """Run, compare and repair. `count`: also which functions are called how often."""
        proof = Proof(self._suite.command, functions=len(self._items))
        changes: dict[Item, dict[str, Change]] = {}
        coarse: set[Item] = set()
        out = set(left)
        self._say(f"running {self._what} without telemetry")
        proof.clean.append(self._run(None, FIRST_LIMIT if self._timeout is None else self._timeout))
        problem = unusable(proof.clean[0])
        if problem:
            proof.problems.append(problem)
            return self._ended(proof, changes, coarse)
        quick = self._suspects is None and proof.clean[0].wall < QUICK
        if quick:
            proof.clean.append(self._run(None, self._limit(proof), repeat=1))
        for number in range(MOST_ROUNDS):
            self._say(f"running {self._what} with telemetry" if not number else "proving what is left")
            proof.full = [self._run(out, self._limit(proof), count=count)]
            if slow := self._slow(proof, out):
                proof.first = proof.first or compare(proof.clean, proof.full, self._allow)
                why = f"the suite did not end in {self._limit(proof):.0f} s"
                proof.left += [Left(each.item, (), f"{each.calls:,} spans when {why}", coarse=True) for each in slow]
                out |= {each.item for each in slow}
                proof.full = [self._run(out, self._limit(proof), count=count)]
            if quick:
                proof.full.append(self._run(out, self._limit(proof), repeat=1, count=count))
            proof.spans = max(proof.spans, *(run.spans for run in proof.full))
            self._steady(proof, out)
            assert proof.last is not None
            proof.first = proof.first or proof.last
            if not proof.last.changed:
                proof.proved = True
                break
            todo = [change for change in proof.last.changed if change.test not in proof.unexplained]
            if not todo:
                break
            if self._suspects is not None and (tried := self._suspects(todo, out)):
                for item in tried:
                    mine = [each for each in todo if item in self._suspects([each], out)]
                    changes[item] = {change.test: change for change in mine}
                out.update(tried)
                continue
            found, mapping = self._search(proof, todo, out)
            proof.search_runs += found.runs
            new = {mapping[index]: tests for index, tests in found.blamed.items()}
            by_test = {change.test: change for change in todo}
            for item, tests in new.items():
                changes.setdefault(item, {}).update({test: by_test[test] for test in tests})
            coarse |= {mapping[index] for index in found.coarse}
            out |= new.keys()
            proof.unexplained |= found.unexplained
            if not new:
                break
        return self._ended(proof, changes, coarse)

    def within(self, proof: Proof, budget: float) -> None:
        """Leave out the hottest functions until the suite is inside of the budget. Processor time is never the same
        twice, so both sides run at least three times, and their fastest runs are compared."""
        names = self._by_span()
        out = {left.item for left in proof.left}
        for _ in range(MOST_ROUNDS):
            self._say("measuring the overhead")
            while len(proof.clean) < TIMED_RUNS:
                proof.clean.append(self._run(None, self._limit(proof), repeat=len(proof.clean)))
            while len(proof.full) < TIMED_RUNS:
                proof.full.append(self._run(out, self._limit(proof), repeat=len(proof.full), count=True))
            proof.last = compare(proof.clean, proof.full, self._allow)
            if share(proof.clean, proof.full) <= budget:
                break
            hot = hottest(proof.clean, proof.full, budget, names, out)
            if not hot:
                break
            proof.left += [Left(each.item, (), f"{each.calls:,} spans in the tests") for each in hot]
            out |= {each.item for each in hot}
            proof.full = []
        proof.within_budget = share(proof.clean, proof.full) <= budget
        if proof.last is not None and proof.last.changed:
            proof.proved = False
        self._ended(proof, {}, set())
        proof.runs = self._suite.runs

    def _slow(self, proof: Proof, out: Collection[Item]) -> list[Hot]:
        """The functions to leave out so that a suite ends that was at work, and did not hang, in the time it had."""
        (run,) = proof.full
        if not run.timed_out or run.cpu < AT_WORK * fastest(proof.clean):
            return []
        calls = self._calls_of_unfinished(proof, out) or run.calls

        def without(hot: Sequence[Hot]) -> tuple[bool, bool]:
            self._say(f"not done in time; trying without the {len(hot)} functions that are called most")
            tried = self._run({*out, *(each.item for each in hot)}, self._limit(proof))
            return not tried.timed_out, not compare(proof.clean, [tried], self._allow).changed

        return enough_to_end(calls, self._by_span(), out, without)

    def _calls_of_unfinished(self, proof: Proof, out: Collection[Item]) -> Calls:
        """How often functions are called in the tests that were not done: spans are kept from a run's beginning, and
        what takes long often comes later."""
        clean, full = proof.clean[0], proof.full[0]
        late = [test for test in clean.tests if test not in full.tests]
        if not late or len(late) == len(clean.tests) or not can_select(clean.runners):
            return {}
        return self._run(out, self._limit(proof), late, count=True).calls

    def _by_span(self) -> dict[str, list[Item]]:
        """The functions by what their calls are counted under: several may share a span's name."""
        names: dict[str, list[Item]] = {}
        for item in self._items:
            names.setdefault(f"{item.path}:{re.sub(r'#[0-9]+$', '', item.name)}", []).append(item)
        return names

    def _ended(self, proof: Proof, changes: Mapping[Item, Mapping[str, Change]], coarse: set[Item]) -> Proof:
        if proof.proved and any(run.timed_out for run in proof.full):
            proof.proved = False
            proof.problems.append(
                "a run with telemetry did not come to its end in the time that it had: --verify-timeout gives it more"
            )
        ran = self._suspects is not None or proof.spans > 0
        if proof.proved and not ran and len(self._items) > len(changes):
            proof.proved = False
            proof.problems.append(
                "the command ran no instrumented function (no span was written), so it proves nothing: it may test "
                "an installed copy instead of these files"
            )
        if proof.last is not None and not proof.proved:
            for change in proof.last.changed:
                why = proof.unexplained.get(change.test, "leaving functions out did not help")
                proof.problems.append(
                    f"{change.test} still changes ({change.before}, then {change.after}): {why}; "
                    "--verify-allow accepts it"
                )
        for item in sorted(changes):
            mine = tuple(changes[item].values())
            cause = likely_cause(self._variants.source_of(item), [change.reason for change in mine])
            proof.left.append(Left(item, mine, cause, item in coarse))
        proof.runs = self._suite.runs
        return proof

    # ---- runs -------------------------------------------------------------------------------------------------

    def _run(
        self, left: Collection[Item] | None, limit: float, selected: Collection[str] | None = None, repeat: int = 0,
        count: bool = False,
    ) -> Run:  # fmt: skip
        """One run; `left` None is the tree without telemetry."""
        files = self._variants.clean() if left is None else self._variants.contents(left)
        return self._suite.run(below(self._prefix, files), limit, selected, repeat, count)

    def _limit(self, proof: Proof) -> float:
        if self._timeout is not None:
            return self._timeout
        return max(SHORTEST_LIMIT, LIMIT_FACTOR * max(run.wall for run in proof.clean))

    def _steady(self, proof: Proof, out: Collection[Item]) -> None:
        """Compare, and repeat both sides while anything differs and may be chance."""
        proof.last = compare(proof.clean, proof.full, self._allow)
        while not proof.last.steady and (len(proof.clean) < 2 or len(proof.full) < 2 or self._unsure(proof)):
            self._say("repeating, to tell flaky tests apart")
            if len(proof.full) < MOST_FULL:
                proof.full.append(self._run(out, self._limit(proof), repeat=len(proof.full)))
            if len(proof.clean) < MOST_CLEAN:
                proof.clean.append(self._run(None, self._limit(proof), repeat=len(proof.clean)))
            proof.last = compare(proof.clean, proof.full, self._allow)

    def _unsure(self, proof: Proof) -> bool:
        assert proof.last is not None
        more = len(proof.full) < MOST_FULL or len(proof.clean) < MOST_CLEAN
        return more and bool(proof.last.unsteady)

    # ---- culprits ---------------------------------------------------------------------------------------------

    def _search(self, proof: Proof, changed: Sequence[Change], out: Collection[Item]) -> tuple[Found, list[Item]]:
        expected = {change.test: change.before for change in changed}
        tests, selecting = self._selection(proof, changed, out)
        limit = self._timeout or max(15.0, 5 * max(run.wall for run in proof.clean))
        items = [item for item in self._items if item not in set(out)]
        everything = set(self._items)
        done = 0

        def probe(sets: Sequence[frozenset[int]], asked: frozenset[str]) -> list[frozenset[str]]:
            def one(chosen: frozenset[int]) -> frozenset[str]:
                left = everything - {items[index] for index in chosen}
                run = self._run(left, limit, asked if selecting else None)
                return ends_differently(run, expected, asked)

            nonlocal done
            done += len(sets)
            self._say(f"looking for what changes {_tests(len(asked))}: run {done}")
            if len(sets) == 1:
                return [one(sets[0])]
            with ThreadPoolExecutor(self._jobs) as pool:
                return list(pool.map(one, sets))

        naming = {change.test for change in changed if names_helper(change.reason)}
        search = CulpritSearch([item.path for item in items], probe, self._most_runs, self._jobs, naming)
        return search.search(tests), items

    def _selection(self, proof: Proof, changed: Sequence[Change], out: Collection[Item]) -> tuple[list[str], bool]:
        """The tests to look at now, and whether they change just so when they run alone, which is faster."""
        tests = [change.test for change in changed]
        clean = proof.clean[0]
        alone = can_select(clean.runners) and COMMAND not in tests and len(tests) < len(clean.tests)
        if not alone or clean.wall < 2.0:
            return tests, False
        self._say("trying the changed tests alone")
        before = self._run(None, self._limit(proof), tests)
        after = self._run(out, self._limit(proof), tests)
        kept = [
            change.test
            for change in changed
            if outcome(before, change.test) == change.before and outcome(after, change.test) == change.after
        ]
        return (kept, True) if kept else (tests, False)


def _tests(number: int) -> str:
    return "1 test" if number == 1 else f"{number:,} tests"
