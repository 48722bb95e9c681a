"""What runs report by the Test Anything Protocol on their standard output."""

from __future__ import annotations

from telemetry_inject.proving.reports import read_tap


def test_a_comment_that_repeats_the_test_s_name_is_no_group() -> None:
    ava = "TAP version 13\n# kill › ends\nok 1 - kill › ends\n# args › `$`\nnot ok 2 - args › `$`\n1..2\n"
    outcomes = read_tap(ava).tests
    assert outcomes == {"kill › ends": "passed", "args › `$`": "failed"}


def test_a_comment_groups_the_assertions_below_it() -> None:
    tape = "TAP version 13\n# adding\nok 1 two and two\nok 2 two and two\n# taking\nok 3 all # SKIP later\n1..3\n"
    outcomes = read_tap(tape).tests
    assert list(outcomes) == ["adding > two and two", "adding > two and two #2", "taking > all"]
    assert outcomes["taking > all"] == "skipped"
