"""Runs real projects' own tests before and after every function is instrumented, and compares them.

    python benchmarks/behaviour/run.py [NAME ...] [--level LEVEL] [--jobs N] [--baseline] [--keep] [--list]

For each project of suites.toml: the source comes from PyPI, its tests run twice as they are (to know which
are unsteady) and once instrumented, all three at one path. What is compared: the outcome of every test, the
exit code, the spans themselves (parents, nesting, order), and the processor time. Everything lies below
.work/; a baseline is run again only when something it depends on changed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from outcomes import Run, differences, run_suite, stage
from projects import WORK, Suite, load_suites, prepare
from tables import Comparison, describe, markdown_table, text_table

from instrumented import helper_variables, instrument, read_spans


def main() -> int:
    """0 when nothing differs, 1 when something does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these projects")
    parser.add_argument("--level", choices=("function", "flow", "full"), default="function")
    parser.add_argument("--jobs", type=int, default=1, help="projects at the same time")
    parser.add_argument("--baseline", action="store_true", help="only the tests of the untouched sources")
    parser.add_argument("--keep", action="store_true", help="keep the instrumented trees and the spans")
    parser.add_argument("--list", action="store_true", help="list the projects and what is left out of them")
    options = parser.parse_args()
    suites = load_suites(options.names)
    if options.list:
        for suite in suites:
            print(f"{suite.name} {suite.version}: {', '.join(suite.packages)}")
            for test, reason in suite.deselect.items():
                print(f"    without {test}: {reason}")
        return 0
    _default_signals()
    with ThreadPoolExecutor(options.jobs) as pool:
        if options.baseline:
            steady = [_report_baseline(suite, *runs) for suite, *runs in pool.map(_baseline, suites)]
            return 0 if all(steady) else 1
        work = pool.map(lambda suite: _compare(suite, options.level, options.keep), suites)
        results = []
        for result in work:
            print(describe(result), flush=True)
            results.append(result)
    print(f"\n{text_table(results)}")
    _write_results(results, options.level)
    return 0 if all(result.same for result in results) else 1


def _default_signals() -> None:
    """A shell's background jobs ignore these, and so would the suites: one that tests Ctrl-C would hang."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def _baseline(suite: Suite) -> tuple[Suite, Run, Run]:
    """The suite on the untouched source, twice; kept from call to call."""
    clean = prepare(suite)
    digest = suite.digest(sys.version, *(path.read_bytes() for path in _harness_files()))
    runs = []
    for number in (1, 2):
        path = suite.folder / f"clean-{number}.json"
        run = Run.saved(path, digest)
        if run is None:
            run = run_suite(suite, stage(suite, clean), {})
            run.save(path, digest)
        runs.append(run)
    return suite, runs[0], runs[1]


def _harness_files() -> list[Path]:
    here = Path(__file__).parent
    return [here / "outcomes.py", here / "record_outcomes.py"]


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


def _compare(suite: Suite, level: str, keep: bool) -> Comparison:
    _, first, second = _baseline(suite)
    output, spans = suite.folder / "instrumented", suite.folder / "spans"
    made = instrument(suite, prepare(suite), output, level)
    after = run_suite(suite, stage(suite, output), helper_variables(spans))
    recorded = read_spans(spans, after.complete and not suite.unfinished)
    unsteady = [difference.test for difference in differences(first, second)]
    different = differences(first, after, unsteady)
    before = second if second.exit_code == after.exit_code else first  # unsteady tests change it
    stage_path = str(suite.folder / "stage")
    elsewhere = [
        f"{module} was imported from {place}, not from the instrumented tree"
        for module, place in after.modules.items()
        if not (place or "").startswith(stage_path)
    ]
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
        different=[each for each in different if each.test not in suite.expected],
        expected={each.test: suite.expected[each.test] for each in different if each.test in suite.expected},
        exit_codes=(before.exit_code, after.exit_code),
        seconds=(min(first.seconds, second.seconds), after.seconds),
        spans=recorded.spans,
        more_spans=recorded.full,
        span_problems=recorded.problems,
        other_problems=[*made.problems, *elsewhere, *(["the run did not end"] if not after.complete else [])],
        output="" if after.complete else after.output,
    )


def _write_results(results: list[Comparison], level: str) -> None:
    folder = WORK / "results"
    folder.mkdir(parents=True, exist_ok=True)
    data = [asdict(result) for result in results]
    (folder / f"{level}.json").write_text(json.dumps(data, indent=1) + "\n")
    (folder / f"{level}.md").write_text(markdown_table(results) + "\n")
    print(f"\nwritten: {folder / level}.json and .md")


if __name__ == "__main__":
    sys.exit(main())
