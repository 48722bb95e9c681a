"""Exports hold what the spans say, as the tools that they are for read them with their own code."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_of
from prometheus_client.parser import text_string_to_metric_families as prometheus_of

from consumers_support import ask_perfetto, loaded_by, profiles_in_speedscope, speedscope_folder
from spans_support import START, TRACE, batch, key_values, random_spans, report, span, write
from telemetry_inject.report.call_tree import Spans
from telemetry_inject.report.exports import WRITERS, write_export

OTHER = TRACE[::-1]
EXCEPTION = {
    "events": [
        {
            "name": "exception",
            "timeUnixNano": str(START + 5_500),
            "attributes": key_values(exception_type="ValueError", exception_message='no "a" \\ b\nü\x07'),
        }
    ],
    "status": {"code": 2},
}
ODD = {"facts": {"telemetry_arg_n": 1 << 60, "telemetry_arg_share": float("nan"), "telemetry_arg_text": "\ud800 \x00"}}


def lines() -> list[str]:
    """Two services in one trace, coroutines that overlap, an exception, values that JSON can hardly say."""
    remote = {"flags": 0x301, "traceId": TRACE}
    return [
        batch(
            [
                span(2, "parse", 1_001, 3_333, parent=1),
                span(4, "fail", 5_000, 6_001, parent=1, **EXCEPTION),
                span(5, "wait", 10_001, 20_007, parent=1, facts={"telemetry_kind": "async"}),
                span(6, "wait", 11_003, 25_009, parent=1, facts={"telemetry_kind": "async"}),
                span(7, "inner \u00fc\"'<b>", 12_000, 13_000, parent=6, **ODD),
                span(1, "main", 0, 100_003),
                span(9, "open", 200, 0, traceId=OTHER) | {"endTimeUnixNano": "0"},
            ],
            pid=11,
        ),
        batch([span(8, "handle", 12_100, 12_900, parent=7, **remote, kind=2)], "bank", 12, "go"),
    ]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every format, each named by the format."""
    folder = tmp_path_factory.mktemp("exports")
    file = write(folder / "spans.jsonl", *lines())
    names = [word for name in WRITERS for word in ("--export", f"{name}={name}")]
    assert report(file, *names, cwd=folder) == ""
    return folder


def durations(spans: list[dict[str, Any]]) -> Counter[int]:
    return Counter(int(each["endTimeUnixNano"]) - int(each["startTimeUnixNano"]) for each in spans)


def test_perfetto_shows_every_call_to_the_nanosecond(exports: Path) -> None:
    slices, problems, flows, arguments = ask_perfetto(
        exports / "perfetto",
        "select slice.name, slice.ts, slice.dur, process.name, parent.name from slice left join slice parent on"
        " parent.id = slice.parent_id join thread_track on slice.track_id = thread_track.id join thread using (utid)"
        " join process using (upid) where slice.dur > 0 or slice.name = 'open' order by slice.name, slice.ts",
        "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
        "select a.name, b.name from flow join slice a on a.id = slice_out join slice b on b.id = slice_in",
        "select key, display_value from args join slice using (arg_set_id) where slice.name like 'inner%'"
        " and key like 'args.telemetry%' order by 1",
    )
    shop, bank = "shop (python) pid 11", "bank (go) pid 12"
    assert slices == [
        ["fail", "5000", "1001", shop, "main"],
        ["handle", "12100", "800", bank, None],
        ["inner ü\"'<b>", "12000", "1000", shop, "wait"],
        ["main", "0", "100003", shop, None],
        ["open", "200", "0", shop, None],
        ["parse", "1001", "2332", shop, "main"],
        ["wait", "10001", "10006", shop, "main"],
        ["wait", "11003", "14006", shop, None],
    ]
    assert problems == []
    assert flows == [["inner ü\"'<b>", "handle"]]
    assert ["args.telemetry.arg.n", str(1 << 60)] in arguments


def test_perfetto_takes_spans_whose_times_do_not_fit(tmp_path: Path) -> None:
    spans = random_spans(3, 400)
    file = write(tmp_path / "s.jsonl", batch(spans))
    report(file, "--export", "perfetto=out.json", cwd=tmp_path)
    found, problems = ask_perfetto(
        tmp_path / "out.json",
        "select dur, count(*) from slice group by 1",
        "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
    )
    assert {int(length): int(count) for length, count in found} == durations(spans)
    assert problems == []


def test_speedscope_files_are_valid_by_its_schema(exports: Path) -> None:
    schema = json.loads((speedscope_folder() / "file-format-schema.json").read_text())
    document = json.loads((exports / "speedscope").read_text())
    jsonschema.validate(document, schema)
    frames = document["shared"]["frames"]
    calls: Counter[tuple[str, int]] = Counter()
    for profile in document["profiles"]:
        opened: list[tuple[int, int]] = []
        now = profile["startValue"]
        for event in profile["events"]:
            assert now <= event["at"] <= profile["endValue"]
            now = event["at"]
            if event["type"] == "O":
                opened.append((event["frame"], now))
            else:
                frame, begun = opened.pop()
                assert frame == event["frame"]
                calls[frames[frame]["name"], now - begun] += 1
        assert not opened
    assert calls["app.main", 100_003] == calls["app.wait", 10_006] == calls["app.wait", 14_006] == 1
    assert calls.total() == 8


def test_speedscope_itself_loads_the_file(exports: Path, tmp_path: Path) -> None:
    assert profiles_in_speedscope(exports / "speedscope", tmp_path) == {
        "shop pid 11 thread 1": "100.00µs",
        "shop pid 11 thread 1, 2": "14.01µs",
        "bank pid 12 thread 1": "800.00ns",
    }


def test_jaeger_reads_every_span_of_every_trace(exports: Path) -> None:
    traces = {trace["traceID"]: trace for trace in loaded_by("jaeger", exports / "jaeger")}
    assert set(traces) == {TRACE, OTHER}
    found = {each["spanID"]: each for each in traces[TRACE]["spans"]}
    assert len(found) == 7
    failed, handled = found[f"{4:016x}"], found[f"{8:016x}"]
    assert failed["operationName"] == "fail"
    assert (failed["startTime"], failed["duration"]) == ((START + 5_000) // 1000, 1)
    assert {tag["key"]: tag["value"] for tag in failed["tags"]}["error"] is True
    (log,) = failed["logs"]
    assert {"key": "exception.message", "type": "string", "value": 'no "a" \\ b\nü\x07'} in log["fields"]
    assert handled["references"] == [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{7:016x}"}]
    processes = traces[TRACE]["processes"]
    assert processes[handled["processID"]]["serviceName"] == "bank"
    assert processes[failed["processID"]]["serviceName"] == "shop"
    assert traces[OTHER]["spans"][0]["warnings"] == ["the span never ended"]


def test_prometheus_reads_the_metrics(exports: Path) -> None:
    rows = loaded_by("prometheus", exports / "prometheus")
    calls = {
        (row["Labels"]["span_name"], row["Labels"]["status_code"]): row for row in rows if row["Kind"] == "COUNTER"
    }
    assert calls["wait", "STATUS_CODE_UNSET"]["Value"] == 2
    assert calls["fail", "STATUS_CODE_ERROR"]["Value"] == 1
    assert calls["main", "STATUS_CODE_UNSET"]["Labels"]["code_file_path"] == "/app/app.py"
    (waits,) = (row for row in rows if row["Kind"] == "HISTOGRAM" and row["Labels"]["span_name"] == "wait")
    assert (waits["Value"], waits["Buckets"]["1e-05"], waits["Buckets"]["2e-05"]) == (2, 0, 2)


def test_both_texts_of_metrics_say_the_same(exports: Path) -> None:
    texts = [(exports / name).read_text() for name in ("prometheus", "openmetrics")]
    found = [
        {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }
        for families in (prometheus_of(texts[0]), openmetrics_of(texts[1]))
    ]
    assert found[0] == found[1]
    assert sum(value for key, value in found[0].items() if key[0].endswith("calls_total")) == 8


@pytest.mark.parametrize("name", WRITERS)
def test_there_is_an_export_of_nothing(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / "s.jsonl", batch([]))
    report(file, "--export", f"{name}=out", cwd=tmp_path)
    text = (tmp_path / "out").read_text()
    if name in ("perfetto", "speedscope", "jaeger"):
        json.loads(text)
    assert text.endswith("\n")


@pytest.mark.parametrize("name", WRITERS)
def test_an_export_of_many_spans_has_all_of_them(tmp_path: Path, name: str) -> None:
    spans = Spans(full=True)
    spans.read([write(tmp_path / "s.jsonl", batch(random_spans(5, 300, circles=True)))])
    write_export(name, tmp_path / "out", spans)
    text = (tmp_path / "out").read_text()
    counted = {
        "perfetto": lambda: text.count('"ph":"X"'),
        "speedscope": lambda: text.count('"type":"O"'),
        "jaeger": lambda: text.count('"operationName"'),
        "prometheus": lambda: sum(int(line.rsplit(" ")[-1]) for line in text.splitlines() if "calls_total{" in line),
        "openmetrics": lambda: sum(int(line.rsplit(" ")[-1]) for line in text.splitlines() if "calls_total{" in line),
    }
    assert counted[name]() == 300


def test_a_hyphen_is_standard_output(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", *lines())
    assert report(file, "--export", "openmetrics=-", cwd=tmp_path).endswith("# EOF\n")


def test_an_export_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", *lines())
    said = report(file, "--export", "jaeger=gone/out.json", cwd=tmp_path, code=1)
    assert said.startswith("error: cannot write gone/out.json: No such file or directory\n")
    (tmp_path / "out.json").mkdir()
    assert "Is a directory" in report(file, "--export", "jaeger=out.json", cwd=tmp_path, code=1)
    assert sorted(os.listdir(tmp_path)) == ["out.json", "s.jsonl"]


def test_an_old_export_is_kept_until_the_new_one_is_complete(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    report("gone.jsonl", "--export", "jaeger=out", cwd=tmp_path, code=2)
    assert (tmp_path / "out").read_text() == "old"


@pytest.mark.parametrize("wrong", ["pdf=x", "perfetto", "perfetto=", "=x", "Perfetto=x"])
def test_an_unknown_format_is_a_usage_error(tmp_path: Path, wrong: str) -> None:
    assert "not FORMAT=FILE" in report("s.jsonl", "--export", wrong, cwd=tmp_path, code=2)
