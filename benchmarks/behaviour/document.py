"""Writes docs/behaviour.md from the results files: every figure in it was measured by this harness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from projects import Suite
from results import Result
from suites import LANGUAGES
from tables import markdown_table

LEVELS = {
    "function": "one span for each call",
    "flow": "and its branches, loops and handled exceptions",
    "full": "and its arguments, assignments and results",
}
INTRODUCTION = """\
# Do instrumented programs still behave the same?

<!-- Written by `benchmarks/behaviour/run.py --document`; change that, not this. -->

Real projects with good test suites answer that: of Python, of JavaScript and TypeScript, and of Go, with packages of
Go's standard library and programs of its own test directory. The source of each comes from its package index at a
pinned version. Its own tests run twice on the untouched source, so that tests which are unsteady without any change
are known, and once on a copy in which every function is instrumented and writes spans. All three runs have
the same path, environment and toolchain. Then these are compared or checked:

- the outcome of every test (passed, skipped, failed, error, absent), and the exit code;
- that the instrumented copy is what was imported;
- for TypeScript, the compiler's diagnostics: each is an outcome of its own, at its file and line;
- the spans: every parent exists, children lie inside their parents' time, nothing is left open;
- the processor time. The suites call small functions millions of times, and each call becomes a span that
  is written to a file: this is the worst case. For Go, compiling what was instrumented is in it.

`functions` were instrumented, those `left alone` cannot or should not be (the reasons are below each table).
`tests` are passed + skipped on the untouched source. `different` are the tests that ended otherwise on the
instrumented copy, and `explained` those of them that cannot but do so; each is named below its table. `spans`
with a `+` are more than were written."""
REPRODUCE = """\
## How to reproduce this

Python 3.11 or newer, `git`, Node.js 20 and Go for their projects, a connection to the package indexes (for some npm
projects, to a Debian mirror: the tests are only in its source packages), and some minutes:

```sh
python3 dev.py suites                                       # all projects, a span for each call
python3 dev.py suites npm go                                # those of a language: python, npm, go
python3 dev.py suites --level full attrs flask              # chosen ones, with arguments and values
python3 dev.py suites --baseline werkzeug                   # only the untouched source
python3 dev.py suites --list                                # the projects, and what is left out of them
python3 dev.py suites --document docs/behaviour.md          # this page, from the results so far
```

The projects, their versions and every exception are in `benchmarks/behaviour/suites*.toml`. Results are kept
below `.work/behaviour/results/`, one file for each level; a run adds to them."""


def document(results: dict[str, list[Result]], suites: Sequence[Suite]) -> str:
    """The page for the results of each level, as Markdown.

    Raises:
        ValueError: there is no result at all.
    """
    every = [result for level in results.values() for result in level]
    if not every:
        raise ValueError("no results to write about; run the suites first")
    parts = [INTRODUCTION, _settings(every)]
    for name, found in results.items():
        if found:
            parts.append(f"## Level `{name}`: {LEVELS[name]}")
            parts += [_language(each, found, suites) for each in LANGUAGES.values()]
    parts = [part for part in parts if part]
    return "\n\n".join([*parts, _left_out(suites, every), REPRODUCE]) + "\n"


def _settings(results: Iterable[Result]) -> str:
    settings = [result.setting for result in results]
    dates = sorted({setting.date for setting in settings})
    period = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    machines = sorted({f"{setting.system}, {setting.cores} cores" for setting in settings})
    toolchains = sorted({setting.toolchain for setting in settings})
    tools = sorted({setting.tool for setting in settings})
    return "\n".join(
        [
            f"- Date: {period}",
            f"- Run with: {', '.join(toolchains)}",
            f"- Machine: {'; '.join(machines)}",
            f"- telemetry-inject {', '.join(tools)}",
        ]
    )


def _language(language: str, every: Sequence[Result], suites: Sequence[Suite]) -> str:
    names = {suite.name for suite in suites if suite.language == language}
    results = [result for result in every if result.comparison.name in names]
    if not results:
        return ""
    found = [result.comparison for result in results]
    tests = sum(each.passed + each.skipped_tests for each in found)
    different = sum(len(each.different) + len(each.expected) for each in found)
    problems = sum(each.span_findings.total() for each in found)
    spans = sum(each.spans for each in found)
    summary = (
        f"{_count(len(found), 'project')}, {_count(sum(each.functions for each in found), 'function')}, "
        f"{_count(tests, 'test')}, {_count(spans, 'span')}: "
        f"{_count(different, 'test')} ended differently, {_count(problems, 'problem')} in the spans."
    )
    reasons: Counter[str] = Counter()
    for each in found:
        reasons.update(each.skipped)
    lines = [f"### {language}", "", summary, "", markdown_table(found), "", *_differences(results)]
    lines += ["", "Functions left alone, by reason:", ""]
    lines += [f"- {number}: {reason}" for reason, number in reasons.most_common()]
    return "\n".join(lines)


def _differences(results: Sequence[Result]) -> list[str]:
    lines = []
    for result in results:
        each = result.comparison
        lines += [f"- {each.name}, `{test}` differs: {reason}" for test, reason in each.expected.items()]
        for difference in each.different:
            message = next(iter(difference.reason.splitlines()), "no message")
            outcomes = f"{difference.before}, then {difference.after}"
            lines.append(f"- {each.name}, `{difference.test}`: {outcomes}, not expected: `{message}`")
        lines += [f"- {each.name}, `{test}` is unsteady on the untouched source" for test in each.unsteady]
        if each.exit_codes[0] != each.exit_codes[1] and not each.expected:
            lines.append(f"- {each.name}: exit code {each.exit_codes[0]}, then {each.exit_codes[1]}")
        lines += [f"- {each.name}: {_count(number, 'span')}: {kind}" for kind, number in each.span_findings.items()]
        lines += [f"- {each.name}: {problem}" for problem in each.other_problems]
        if each.more_spans:
            lines.append(f"- {each.name}: one process had more spans than its file may hold; those written are counted")
    return ["Every difference and everything else out of the ordinary:", "", *(lines or ["- none"])]


def _left_out(suites: Sequence[Suite], results: Sequence[Result]) -> str:
    names = {result.comparison.name for result in results}
    lines = []
    for suite in suites:
        if suite.name in names:
            lines += [f"- {suite.name}, `{test}`: {reason}" for test, reason in suite.deselect.items()]
            lines += [f"- {suite.name}: {suite.narrowed}"] * bool(suite.narrowed)
            lines += [f"- {suite.name}, spans are not checked for being closed: {suite.unfinished}"] * bool(
                suite.unfinished
            )
    block = ["<details>", f"<summary>{_count(len(lines), 'entry', 'entries')}</summary>", "", *lines, "", "</details>"]
    heading = "## What is left out, in every run, and why"
    return "\n".join([heading, "", *(block if lines else ["Nothing."])])


def _count(number: int, word: str, words: str = "") -> str:
    return f"{number:,} {word if number == 1 else words or word + 's'}"
