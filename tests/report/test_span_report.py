"""Reading span files and printing them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from telemetry_inject.errors import UsageError
from telemetry_inject.report.span_file import Ignored
from telemetry_inject.report.span_report import format_time, load_spans, render_report

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_700_000_000_000_000_000  # nanoseconds since 1970: more than a JSON number keeps exactly


def span(number: int, name: str, start: int, end: int, parent: int = 0, **other: Any) -> dict[str, Any]:
    """One span as the runtime helper writes it; times in microseconds after START."""
    raw: dict[str, Any] = {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(START + start * 1000),
        "endTimeUnixNano": str(START + end * 1000),
    }
    if parent:
        raw["parentSpanId"] = f"{parent:016x}"
    return raw | other


def attributes(**values: str) -> list[dict[str, Any]]:
    return [{"key": key.replace("_", "."), "value": {"stringValue": value}} for key, value in values.items()]


def failed(kind: str, message: str) -> dict[str, Any]:
    found = attributes(exception_type=f"builtins.{kind}", exception_message=message)
    return {
        "status": {"code": 2, "message": message},
        "events": [{"name": "exception", "timeUnixNano": str(START), "attributes": found}],
    }


def write(path: Path, *spans: dict[str, Any], end: str = "\n") -> Path:
    """A span file with one line a span, as a program writes it that flushes after each call."""
    lines = (
        json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [one]}]}]})
        for one in spans
    )
    path.write_text("".join(line + end for line in lines))
    return path


def rows(report: str) -> dict[str, list[str]]:
    """The rows of figures, by name with its indentation; the first of a name is that of the tree."""
    found: dict[str, list[str]] = {}
    for line in report.splitlines()[1:]:
        if figures := re.search(r"(?<=\S) +\d.*[a-z]s$", line):
            found.setdefault(line[: figures.start()], figures.group().split())
    return found


def test_calls_are_added_up_by_path(tmp_path: Path) -> None:
    file = write(
        tmp_path / "spans.jsonl",
        span(2, "parse", 1, 3, parent=1),
        span(3, "parse", 4, 8, parent=1),
        span(1, "load", 0, 10),
        span(4, "parse", 20, 21),
    )
    tree = rows(render_report([file]))
    assert tree["load"][:3] == ["1", "10.0us", "4.00us"]
    assert tree["  parse"][:3] == ["2", "6.00us", "6.00us"]
    assert tree["parse"][:3] == ["1", "1.00us", "1.00us"]


def test_self_time_counts_calls_that_run_at_the_same_time_once(tmp_path: Path) -> None:
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "gather", 0, 10),
        span(2, "fetch", 1, 6, parent=1),
        span(3, "fetch", 2, 8, parent=1),
        span(4, "fetch", 9, 90, parent=1),
    )
    assert rows(render_report([file]))["gather"][2] == "2.00us"


def test_the_work_of_a_generator_counts_for_who_iterates_over_it(tmp_path: Path) -> None:
    generator = {"attributes": attributes(telemetry_kind="generator")}
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "total", 0, 10),
        span(2, "rows", 1, 9, parent=1, **generator),
        span(3, "parse", 2, 4, parent=1),
    )
    tree = rows(render_report([file]))
    assert tree["total"][2] == "8.00us"
    assert tree["  rows"][1:3] == ["8.00us", "-"]


def test_recursion_is_one_row_whose_total_counts_the_outermost_call(tmp_path: Path) -> None:
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "even", 0, 10),
        span(2, "odd", 1, 9, parent=1),
        span(3, "even", 2, 8, parent=2),
        span(4, "odd", 3, 7, parent=3),
    )
    tree = rows(render_report([file]))
    assert tree["even"][:2] == ["2", "10.0us"]
    assert tree["  odd"][:2] == ["2", "8.00us"]
    assert tree["odd"][:3] == ["2", "8.00us", "6.00us"]
    assert list(tree) == ["even", "  odd", "odd"]  # the last one is in the list of hot functions


def test_deep_recursion_is_no_problem(tmp_path: Path) -> None:
    depth = 20_000
    spans = [span(n, f"f{n % 3}", n, 2 * depth - n, parent=n - 1) for n in range(1, depth)]
    tree = rows(render_report([write(tmp_path / "spans.jsonl", *reversed(spans))]))
    assert [tree[name][0] for name in ("f1", "  f2", "    f0")] == ["6667", "6666", "6666"]


def test_percentiles_are_right_to_a_hundredth(tmp_path: Path) -> None:
    calls = [span(n, "work", 1000 * n, 1000 * n + n) for n in range(1, 101)]
    figures = rows(render_report([write(tmp_path / "spans.jsonl", *calls)]))["work"]
    p50, p95, p99 = (float(figure.removesuffix("us")) for figure in figures[3:])
    assert p50 == pytest.approx(50, rel=0.011)
    assert p95 == pytest.approx(95, rel=0.011)
    assert p99 == pytest.approx(99, rel=0.011)


def test_errors_are_counted_and_exceptions_listed(tmp_path: Path) -> None:
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "load", 0, 10, status={"code": 2}),
        span(2, "parse", 1, 3, parent=1, **failed("ValueError", "line 9: not a number")),
        span(3, "parse", 4, 5, parent=1, **failed("ValueError", "line 9: not a number")),
    )
    report = render_report([file])
    assert "; 3 errors" in report.splitlines()[0]
    assert rows(report)["  parse"][:2] == ["2", "2"]
    assert report.splitlines()[-1] == "      2  ValueError: line 9: not a number  in parse"


def test_functions_of_one_name_in_two_modules_are_kept_apart(tmp_path: Path) -> None:
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "main", 0, 10, attributes=attributes(code_function_name="one.main")),
        span(2, "main", 20, 50, attributes=attributes(code_function_name="two.main")),
    )
    report = render_report([file])
    assert [line.split()[:2] for line in report.splitlines() if line.startswith("main")] == [["main", "1"]] * 2
    assert list(rows(report))[-2:] == ["two.main", "one.main"]


def test_a_span_whose_parent_is_not_there_is_a_root(tmp_path: Path) -> None:
    assert "orphan" in rows(render_report([write(tmp_path / "spans.jsonl", span(1, "orphan", 0, 1, parent=7))]))


def test_equal_span_ids_in_two_traces_do_not_mix(tmp_path: Path) -> None:
    other = {"traceId": TRACE[::-1]}
    file = write(
        tmp_path / "spans.jsonl",
        span(1, "a", 0, 9),
        span(2, "b", 1, 2, parent=1),
        span(1, "c", 0, 9) | other,
        span(2, "d", 1, 2, parent=1) | other,
    )
    assert {"a", "  b", "c", "  d"} <= set(rows(render_report([file])))


def test_parents_are_found_in_other_files(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "child.jsonl", span(2, "child", 1, 2, parent=1)),
        write(tmp_path / "parent.jsonl", span(1, "parent", 0, 9)),
    ]
    assert "  child" in rows(render_report(files))


def test_spans_are_parents_in_a_circle(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "a", 0, 9, parent=2), span(2, "b", 0, 9, parent=1))
    assert "2 spans in 1 trace" in render_report([file])


def test_a_cut_off_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    file = write(tmp_path / "spans.jsonl", span(1, "kept", 0, 1), span(2, "lost", 0, 1))
    os.truncate(file, file.stat().st_size - 20)
    report = render_report([file])
    assert report.splitlines()[0].endswith("; ignored: 1 cut-off last line")
    assert "kept" in rows(report)


@pytest.mark.parametrize(
    ("line", "ignored"),
    [
        ("not json", Ignored(lines=1)),
        ("[1, 2]", Ignored(lines=1)),
        ('{"resourceSpans": 5}', Ignored(lines=1)),
        ("[" * 100_000, Ignored(lines=1)),
        ("\\udcff\x00", Ignored(lines=1)),
        ("", Ignored()),
        ('{"resourceSpans": []}', Ignored()),
        ('{"resourceSpans": [{"resource": 3, "scopeSpans": [{"spans": 4}, 5]}]}', Ignored()),
        ('{"resourceSpans": [{"scopeSpans": [{"spans": [5, {}, {"traceId": 1}]}]}]}', Ignored(spans=3)),
    ],
)
def test_junk_is_counted_and_the_rest_is_read(tmp_path: Path, line: str, ignored: Ignored) -> None:
    file = write(tmp_path / "spans.jsonl", span(1, "kept", 0, 1))
    file.write_text(f"{line}\n{file.read_text()}")
    counted = Ignored()
    assert [one.name for one in load_spans([file], counted)] == ["kept"]
    assert counted == ignored


@pytest.mark.parametrize(
    "wrong",
    [
        {"spanId": "12"},
        {"spanId": "z" * 16},
        {"traceId": TRACE[1:]},
        {"parentSpanId": 7},
        {"startTimeUnixNano": "soon"},
        {"startTimeUnixNano": "-1"},
        {"endTimeUnixNano": str(1 << 63)},
        {"endTimeUnixNano": 1e400},
        {"attributes": [{"key": [], "value": {}}]},
        {"attributes": [{"key": "n", "value": {"intValue": "many"}}]},
    ],
    ids=str,
)
def test_a_malformed_span_is_counted(tmp_path: Path, wrong: dict[str, Any]) -> None:
    file = write(tmp_path / "spans.jsonl", span(1, "wrong", 0, 1) | wrong, span(2, "kept", 0, 1))
    ignored = Ignored()
    assert [one.name for one in load_spans([file], ignored)] == ["kept"]
    assert str(ignored) == "1 malformed span"


def test_what_the_program_dropped_is_said_once_for_each_process(tmp_path: Path) -> None:
    def batch(process: int, dropped: int) -> str:
        resource = {"attributes": [{"key": "process.pid", "value": {"intValue": str(process)}}]}
        counted = [{"key": "telemetry.dropped_spans", "value": {"intValue": str(dropped)}}]
        scopes = [{"scope": {"attributes": counted}, "spans": []}]
        return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]})

    file = tmp_path / "s.jsonl"
    file.write_text("\n".join([batch(1, 5), batch(1, 7), batch(2, 3)]) + "\n")
    assert "; 10 dropped by the program" in render_report([file])


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    values = {
        "text": {"stringValue": "x"},
        "number": {"intValue": "9007199254740993"},
        "flag": {"boolValue": True},
        "share": {"doubleValue": 0.5},
        "list": {"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "y"}]}},
        "map": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": False}}]}},
        "nothing": {},
    }
    raw = [{"key": key, "value": value} for key, value in values.items()]
    (loaded,) = load_spans([write(tmp_path / "s.jsonl", span(1, "f", 0, 1, attributes=raw))])
    assert loaded.attributes == {
        "text": "x",
        "number": 9007199254740993,
        "flag": True,
        "share": 0.5,
        "list": [1, "y"],
        "map": {"k": False},
        "nothing": None,
    }
    assert (loaded.start, loaded.end) == (START, START + 1000)


def test_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "f", 0, 1), span(2, "g", 0, 1), end="\r\n")
    assert [one.name for one in load_spans([file])] == ["f", "g"]


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the span file .*gone\.jsonl: No such file"):
        render_report([tmp_path / "gone.jsonl"])


def test_no_spans_is_no_error(tmp_path: Path) -> None:
    assert render_report([write(tmp_path / "s.jsonl")]) == "0 spans in 0 traces, 1 file\n"


def test_a_span_that_never_ended_is_said(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "f", 0, 1) | {"endTimeUnixNano": "0"})
    assert "; 1 never ended" in render_report([file])


def test_lines_fit_the_width_and_names_are_cut(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "n" * 200, 0, 1, **failed("E" * 200, "m" * 200)))
    lines = render_report([file], width=80).splitlines()[1:]
    assert max(map(len, lines)) == 80
    assert lines[2].startswith("n" * 21 + "...   ")


def test_a_tree_that_does_not_fit_is_cut_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", *(span(n, f"f{n}", n, n + 1) for n in range(1, 101)))
    assert "... and 40 more paths" in render_report([file]).splitlines()


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "f\x1b]0;x\x07", 0, 1, **failed("E", "a\nb\x1b[2J")))
    report = render_report([file])
    assert "\x1b" not in report
    assert "E: a?b?[2J  in f?]0;x?" in report


def test_color_is_only_added_never_needed(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", span(1, "f", 0, 1, **failed("E", "m")))
    colored = render_report([file], color=True)
    assert "\x1b[31m" in colored
    assert re.sub(r"\x1b\[\d*m", "", colored) == render_report([file])


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1000, "1.00us"),
        (99_960, "100us"),
        (999_400, "999us"),
        (999_600, "1.00ms"),
        (12_345_678, "12.3ms"),
        (60_000_000_000, "60.0s"),
        (7_200_000_000_000, "7200s"),
    ],
)
def test_times_have_three_digits_and_a_unit(nanoseconds: int, text: str) -> None:
    assert format_time(nanoseconds) == text


def test_a_file_that_holds_no_spans_at_all_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "a.py"
    other.write_text("import os\nprint(os)\n")
    with pytest.raises(UsageError, match="not a span file"):
        render_report([other])
