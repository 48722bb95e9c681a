"""How the outcomes of tests in light languages are read, and what a scripted model that is unreliable says."""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "behaviour"))

from light_suite import read_minitest, read_tap_files
from scripted_model import spoiled

TAP = """t/a.t ..
ok 1 - adds
not ok 2 - removes
# got: 1
ok 3 - later # SKIP no network
1..3
t/b.t ..
1..2
ok 1 - adds
    ok 1 - inner
ok 2 - wrote /tmp/tib-x1/tmp/abc
"""
MINITEST = """TestShop#test_total = 0.00 s = .
[ 2/3] TestShop#test_load = 0.01 s
TestShop#test_size = 0.00 s = F

  1) Failure:
TestShop#test_size [/x/test_shop.rb:9]:
Expected: 1

3 runs, 3 assertions, 1 failures, 0 errors, 0 skips
"""


def test_tap_of_several_files() -> None:
    found = read_tap_files(TAP)
    assert found.complete
    assert found.tests == {
        "t/a.t > adds": "passed",
        "t/a.t > removes": "failed",
        "t/a.t > later": "skipped",
        "t/b.t > adds": "passed",
        "t/b.t > inner": "passed",
        "t/b.t > wrote SCRATCH": "passed",
    }
    assert not read_tap_files("t/a.t ..\nok 1\n").complete


def test_minitest() -> None:
    found = read_minitest(MINITEST)
    assert found.complete
    assert found.tests == {
        "TestShop#test_total": "passed",
        "TestShop#test_load": "passed",
        "TestShop#test_size": "failed",
    }
    assert not read_minitest("TestShop#test_total = 0.00 s = .\n").complete


def test_an_unreliable_answer_is_another_one() -> None:
    shown = {number: f"line {number}" for number in range(1, 101)}
    rows = [
        {
            "name": f"f{first}",
            "first": first,
            "first_text": shown[first],
            "last": first + 5,
            "last_text": shown[first + 5],
        }
        for first in range(1, 91, 6)
    ]
    one, other = (spoiled([dict(row) for row in rows], shown, random.Random(seed)) for seed in (1, 2))
    assert one != other and one != rows
    assert one == spoiled([dict(row) for row in rows], shown, random.Random(1))
