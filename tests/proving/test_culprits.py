"""The search for culprits, on simulated suites whose culprits are known: what it finds, and in how many runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest

from telemetry_inject.proving.causes import names_helper
from telemetry_inject.proving.culprits import CulpritSearch, Found

Suite = Mapping[str, Callable[[frozenset[int]], bool]]


def any_of(*culprits: int) -> Callable[[frozenset[int]], bool]:
    return lambda instrumented: not instrumented.isdisjoint(culprits)


def all_of(*culprits: int) -> Callable[[frozenset[int]], bool]:
    return lambda instrumented: instrumented.issuperset(culprits)


def search(
    suite: Suite, functions: int = 1000, in_file: int = 20, jobs: int = 1, most: int = 200, names_helper: Collection[str] = ()
) -> Found:
    """Search, and prove that the result helps: no test that is not explained changes any more."""

    def probe(sets: Sequence[frozenset[int]], tests: frozenset[str]) -> list[frozenset[str]]:
        assert len(sets) <= jobs or len(sets) <= len(suite)
        return [frozenset(test for test in tests if suite[test](each)) for each in sets]

    files = [str(index // in_file) for index in range(functions)]
    found = CulpritSearch(files, probe, most, jobs, names_helper).search(list(suite))
    rest = frozenset(range(functions)) - set(found.blamed)
    assert not [test for test, changes in suite.items() if test not in found.unexplained and changes(rest)]
    return found


def culprits(seed: int) -> Collection[int]:
    special = {0: (0, 1, 2), 1: (997, 998, 999), 2: (0, 500, 999), 3: (499, 500, 501)}
    return special.get(seed) or random.Random(seed).sample(range(1000), 3)


@pytest.mark.parametrize("in_file", [5, 20, 333, 1000])
def test_three_culprits_of_a_thousand_take_at_most_forty_runs(in_file: int) -> None:
    for seed in range(60):
        found = search({"test": any_of(*culprits(seed))}, in_file=in_file)
        assert set(found.blamed) == set(culprits(seed)), seed
        assert found.runs <= 40, seed


def test_culprits_of_different_tests_share_their_runs() -> None:
    for seed in range(60):
        one, two, three = culprits(seed)
        found = search({"a": any_of(one), "b": any_of(two), "c": any_of(three)})
        assert found.blamed == {one: {"a"}, two: {"b"}, three: {"c"}}
        assert found.runs <= 20, seed


def test_tests_with_some_culprits_in_common() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        known = {str(number): chance.sample(culprits(seed), chance.randint(1, 3)) for number in range(8)}
        found = search({test: any_of(*each) for test, each in known.items()})
        assert set(found.blamed) == {item for each in known.values() for item in each}
        assert found.runs <= 40, seed
        for item, tests in found.blamed.items():
            assert all(item in known[test] for test in tests)


def test_functions_that_only_together_change_a_test() -> None:
    for seed in range(60):
        one, two, three = culprits(seed)
        found = search({"pair": all_of(one, two), "single": any_of(three)})
        assert len(set(found.blamed) & {one, two}) == 1
        assert set(found.blamed) <= {one, two, three}
        assert found.runs <= 40


@pytest.mark.parametrize("jobs", [2, 3])
def test_more_jobs_find_the_same_in_fewer_rounds(jobs: int) -> None:
    for seed in range(20):
        found = search({"test": any_of(*culprits(seed))}, jobs=jobs)
        assert set(found.blamed) == set(culprits(seed))
        assert found.runs <= 60


def test_a_file_whose_import_alone_matters_is_left_out_as_a_whole() -> None:
    found = search({"test": any_of(*range(200, 220))})
    assert set(found.blamed) == set(range(200, 220))
    assert len(found.coarse) >= 16
    assert found.runs <= 45


def test_too_much_time_together_is_brought_down_without_an_end_of_runs() -> None:
    found = search({"slow": lambda instrumented: len(instrumented) > 600}, most=60)
    assert found.runs <= 70
    assert len(found.blamed) >= 400


def test_what_the_helper_alone_changes_is_blamed_on_no_function() -> None:
    found = search({"lists files": lambda instrumented: True, "other": any_of(7)})
    assert set(found.unexplained) == {"lists files"}
    assert set(found.blamed) == {7}


def test_a_test_that_every_function_changes_is_blamed_on_none() -> None:
    found = search({"lists imports": lambda instrumented: bool(instrumented), "other": any_of(7)})
    assert set(found.unexplained) == {"lists imports"}
    assert set(found.blamed) == {7}
    assert found.runs <= 40


def test_a_test_that_names_the_helper_is_given_up_after_two_files() -> None:
    some = range(100, 500, 7)
    suite = {"lists what it imports": any_of(*some), "other": any_of(7)}
    found = search(suite, names_helper=["lists what it imports"])
    assert set(found.unexplained) == {"lists what it imports"}
    assert set(found.blamed) == {7}
    assert found.runs <= 40
    within_one_file = {"names": any_of(203, 207)}
    assert set(search(within_one_file, names_helper=["names"]).blamed) == {203, 207}


def test_only_the_name_of_a_module_names_the_helper() -> None:
    assert names_helper("""assert "['_telemetry_inject']" == '[]'""")
    assert names_helper("unexpected import: _telemetry_inject")
    assert not names_helper('File "/p/_telemetry_inject.py", line 3, in __enter__')
    assert not names_helper("import of my_telemetry_inject or _telemetry_inject.Span failed")


def test_one_function_of_one() -> None:
    found = search({"test": any_of(0)}, functions=1)
    assert set(found.blamed) == {0}


def test_chance_comes_to_an_end() -> None:
    chance = random.Random(1)

    def probe(sets: Sequence[frozenset[int]], tests: frozenset[str]) -> list[frozenset[str]]:
        return [frozenset(test for test in sorted(tests) if chance.random() < 0.5) for _ in sets]

    for _ in range(50):
        found = CulpritSearch(["a"] * 100, probe, 50).search(["x", "y"])
        assert found.runs <= 60
