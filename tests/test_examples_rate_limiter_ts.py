"""The TypeScript example compiles and behaves the same when instrumented, and its spans tell what happened."""

from __future__ import annotations

import re

import pytest
from examples_support import LEVELS, Copy, Example, check_it_can_be_taken_back, instrumented, original

pytestmark = pytest.mark.xdist_group("rate_limiter_ts")

EXAMPLE = Example(
    folder="rate_limiter_ts",
    needs=("node", "npm"),
    suites=(("", ("node", "--test", "--test-reporter=tap")),),
    programs={
        "replay": ("node", "bin/replay.mjs"),
        "broken": ("node", "bin/replay.mjs", "data/broken.txt"),
    },
    build=("node", "node_modules/typescript/bin/tsc"),
    packages=True,
)

CALLS = {
    ("", "main"),
    ("main", "LIMITERS.token_bucket"),
    ("main", "LIMITERS.sliding_window"),
    ("LIMITERS.token_bucket", "TokenBucket.constructor"),
    ("LIMITERS.sliding_window", "SlidingWindow.constructor"),
    ("TokenBucket.constructor", "assertPositive"),
    ("SlidingWindow.constructor", "assertPositive"),
    ("main", "replay"),
    ("replay", "parseRequests"),
    ("replay", "ManualClock.advanceTo"),
    ("replay", "Limiter.check"),
    ("Limiter.check", "assertPositive"),
    ("Limiter.check", "TokenBucket.fresh"),
    ("Limiter.check", "SlidingWindow.fresh"),
    ("Limiter.check", "TokenBucket.decide"),
    ("Limiter.check", "SlidingWindow.decide"),
    ("TokenBucket.decide", "TokenBucket.#refill"),
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return original(EXAMPLE, tmp_path_factory.mktemp("rate_limiter_ts"))


@pytest.fixture(scope="module", params=LEVELS)
def copy(source: Copy, request: pytest.FixtureRequest) -> Copy:
    return instrumented(source, request.param)


def test_its_own_tests_pass_before_and_after(source: Copy, copy: Copy) -> None:
    before = source.test()
    assert set(before.values()) == {"ok"}
    assert copy.test() == before


@pytest.mark.parametrize("program", EXAMPLE.programs)
def test_the_program_prints_the_same(source: Copy, copy: Copy, program: str) -> None:
    assert copy.run(program) == source.results[program]


def test_the_declarations_for_others_stay_the_same(source: Copy, copy: Copy) -> None:
    names = {path.name for path in (source.folder / "dist").glob("*.d.ts")}
    assert len(names) == 5
    for name in names:
        before, after = ((each.folder / "dist" / name).read_text() for each in (source, copy))
        assert re.sub(r"(?m)^import ?\{ ?_tlm ?\} ?from.*\n", "", after) == before


def test_every_span_lies_below_the_call_that_made_it(copy: Copy) -> None:
    copy.run("replay")
    assert copy.spans("replay").edges == CALLS


def test_errors_are_recorded_once_where_they_were_thrown(copy: Copy) -> None:
    copy.run("broken")
    spans = copy.spans("broken")
    assert spans.errors == {("parseRequests", "line 2: soon browser")}
    assert spans.failed == {"parseRequests", "replay", "main"}


def test_what_each_level_adds(copy: Copy) -> None:
    copy.run("replay")
    spans, level = copy.spans("replay"), copy.folder.name
    denied = spans.values("TokenBucket.decide", "telemetry.branch.if+2")
    assert sum(map(int, denied)) == (0 if level == "function" else 4)
    clients = set(spans.values("Limiter.check", "telemetry.arg.client"))
    assert clients == ({"crawler", "browser", "batch"} if level == "full" else set())
    assert bool(spans.values("Limiter.check", "telemetry.return")) is (level == "full")


def test_it_can_be_taken_back_and_done_again(source: Copy, copy: Copy) -> None:
    check_it_can_be_taken_back(source, copy, copy.folder.name)
