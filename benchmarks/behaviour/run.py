"""Runs real projects' own tests before and after every function is instrumented, and compares them.

    python benchmarks/behaviour/run.py [NAME | python | npm | go ...] [--level LEVEL] [--jobs N] [--baseline]
                                       [--keep] [--list] [--results FOLDER]
    python benchmarks/behaviour/run.py --document docs/behaviour.md

For each project of suites*.toml: the source comes from its package index, its tests run twice as they are (to
know which are unsteady) and once instrumented, all three at one path. What is compared: the outcome of every
test, the exit code, the diagnostics of the TypeScript compiler, the spans themselves (parents, nesting, order),
and the processor time. Everything lies below .work/behaviour/, or below $BEHAVIOUR_WORK; a baseline is run again
only when something it depends on changed. Several runs may go on at a time: a project belongs to one of them.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from document import LEVELS, document
from instrumented import helper_variables, instrument, read_spans
from outcomes import Run, clean_runs, differences, run_suite, stage
from projects import Suite
from results import FOLDER, Result, Setting, add_result, load_results
from suites import load_suites
from tables import Comparison, describe, text_table
from telemetry_inject.proving import reports


def main() -> int:
    """0 when nothing differs, 1 when something does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these projects, or those of a language")
    parser.add_argument("--level", choices=tuple(LEVELS), default="function")
    parser.add_argument("--jobs", type=int, default=1, help="projects at the same time")
    parser.add_argument("--baseline", action="store_true", help="only the tests of the untouched sources")
    parser.add_argument("--keep", action="store_true", help="keep the instrumented trees and the spans")
    parser.add_argument("--list", action="store_true", help="list the projects and what is left out of them")
    parser.add_argument("--results", type=Path, default=FOLDER, metavar="FOLDER", help="where results are kept")
    parser.add_argument("--document", type=Path, metavar="FILE", help="write a page from the results so far")
    options = parser.parse_args()
    suites = load_suites(options.names)
    toolchains = {suite.name: suite.toolchain for suite in suites}
    if options.document:
        results = {level: load_results(level, suites, options.results) for level in LEVELS}
        options.document.write_text(document(results, suites))
        return 0
    if options.list:
        for suite in suites:
            print(f"{suite.name} {suite.version}: {', '.join(suite.packages)}")
            for test, reason in suite.deselect.items():
                print(f"    without {test}: {reason}")
        return 0
    _default_signals()
    with ThreadPoolExecutor(options.jobs) as pool:
        if options.baseline:
            steady = [_report_baseline(suite, *runs) for suite, *runs in pool.map(baseline_alone, suites)]
            return 0 if all(steady) else 1
        work = [pool.submit(compare, suite, options.level, options.keep) for suite in suites]
        compared = []
        for done in as_completed(work):
            try:
                result = done.result()
            except subprocess.CalledProcessError as error:  # the other projects still have their turn
                print(f"NOT COMPARED: {error}", flush=True)
                continue
            compared.append(result)
            print(describe(result), flush=True)
            found = Result(Setting.now(toolchains[result.name]), result)
            add_result(found, options.level, load_suites([]), options.results)
    print(f"\n{text_table(compared)}")
    return 0 if len(compared) == len(suites) and all(result.same for result in compared) else 1


def _default_signals() -> None:
    """A shell's background jobs ignore these, and so would the suites: one that tests Ctrl-C would hang."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def baseline_alone(suite: Suite) -> tuple[Suite, Run, Run]:
    """The same as `baseline`, once no other run has the project."""
    with suite.alone():
        return baseline(suite)


def baseline(suite: Suite) -> tuple[Suite, Run, Run]:
    """The suite on the untouched source, twice; kept from call to call."""
    clean = suite.prepare()
    digest = suite.digest(*(path.read_bytes() for path in _harness_files()))
    return suite, *clean_runs(suite, clean, digest)


def _harness_files() -> list[Path]:
    here = Path(__file__).parent
    return [Path(reports.__file__), *(here / name for name in ("outcomes.py", "record_outcomes.py", "run_programs.py"))]


def _report_baseline(suite: Suite, first: Run, second: Run) -> bool:
    bad = [test for test, outcome in first.tests.items() if outcome in ("failed", "error")]
    unsteady = [difference.test for difference in differences(first, second)]
    print(
        f"{suite.name:<16}{first.count('passed'):>6} passed{first.count('skipped'):>5} skipped"
        f"{len(bad):>5} bad{len(unsteady):>5} unsteady   exit {first.exit_code}{first.seconds:>8.1f} s",
        flush=True,
    )
    for test in bad:
        print(f"    bad: {test}: {first.reasons.get(test, '')[:300]}")
    for test in unsteady:
        print(f"    unsteady: {test}")
    if not first.complete or not first.count("passed"):
        print(first.output)
    return not bad and not unsteady and first.complete


def compare(suite: Suite, level: str, keep: bool = False) -> Comparison:
    """The suite on the untouched source, and on one in which every function is instrumented."""
    with suite.alone():
        return _compare(suite, level, keep)


def _compare(suite: Suite, level: str, keep: bool) -> Comparison:
    _, first, second = baseline(suite)
    output, spans = suite.folder / "instrumented", suite.folder / "spans"
    made = instrument(suite, suite.prepare(), output, level)
    after = run_suite(suite, stage(suite, output), helper_variables(spans))
    recorded = read_spans(suite, spans, after.complete and not suite.unfinished)
    unsteady = [difference.test for difference in differences(first, second)]
    different = differences(first, after, unsteady)
    expected = {each.test: reason for each in different if (reason := suite.explained(each.test))}
    before = second if second.exit_code == after.exit_code else first  # unsteady tests change it
    if not keep:
        for folder in (output, spans, suite.folder / "stage"):
            shutil.rmtree(folder, ignore_errors=True)
    return Comparison(
        name=suite.name,
        version=suite.version,
        functions=made.functions,
        skipped=made.skipped,
        passed=first.count("passed"),
        skipped_tests=first.count("skipped"),
        unsteady=unsteady,
        different=[each for each in different if each.test not in expected],
        expected=expected,
        exit_codes=(before.exit_code, after.exit_code),
        seconds=(min(first.seconds, second.seconds), after.seconds),
        spans=recorded.spans,
        more_spans=recorded.full,
        span_problems=recorded.problems,
        other_problems=[*made.problems, *after.problems, *(["the run did not end"] if not after.complete else [])],
        output="" if after.complete else after.output,
    )


if __name__ == "__main__":
    sys.exit(main())
