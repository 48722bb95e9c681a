"""`telemetry-inject report` as a process: files, options, the JSON document, exit codes, and input of every kind."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from spans_support import START, TRACE, batch, key_values, lines_of, random_spans, report, span, write
from telemetry_inject.errors import OutputError
from telemetry_inject.report import span_store
from telemetry_inject.report.call_tree import Spans

ORDERS = [
    span(2, "parse", 100, 200, parent=1),
    span(3, "save", 300, 800, parent=1, status={"code": 2}),
    span(4, "parse", 350, 400, parent=3),
    span(1, "order", 0, 1000),
]


def document(*arguments: str | Path, cwd: Path, **more: Any) -> dict[str, Any]:
    """The JSON document of a report."""
    found: dict[str, Any] = json.loads(report(*arguments, "--json", cwd=cwd, **more))
    return found


def paths(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Calls and total time of each path of a document."""
    names: dict[int | None, str] = {None: ""}
    rows = {}
    for node in found["tree"]:
        names[node["id"]] = f"{names[node['parent']]}/{node['name']}"
        rows[names[node["id"]]] = (node["calls"], node["total_ns"])
    return rows


def test_the_files_of_the_folder_telemetry_are_read_by_default(tmp_path: Path) -> None:
    (tmp_path / "telemetry").mkdir()
    write(tmp_path / "telemetry/a-1.jsonl", batch(ORDERS))
    write(tmp_path / "telemetry/b-2.jsonl", batch([span(9, "other", 0, 1, traceId=TRACE[::-1])]))
    write(tmp_path / "telemetry/notes.txt", "no spans")
    assert report(cwd=tmp_path).startswith("5 spans in 2 traces, 2 files; ")


def test_a_folder_without_span_files_is_said(tmp_path: Path) -> None:
    assert "there are no span files in telemetry/" in report(cwd=tmp_path, code=2)
    assert "there are no span files in ./" in report(".", cwd=tmp_path, code=2)


def test_the_document_has_the_tree_and_the_functions(tmp_path: Path) -> None:
    found = document(write(tmp_path / "s.jsonl", batch(ORDERS)), cwd=tmp_path)
    assert paths(found) == {
        "/order": (1, 1000),
        "/order/save": (1, 500),
        "/order/parse": (1, 100),
        "/order/save/parse": (1, 50),
    }
    assert (found["spans"], found["traces"], found["errors"]) == (4, 1, 1)
    assert (found["first_unix_nano"], found["last_unix_nano"]) == (str(START), str(START + 1000))
    parse = next(function for function in found["functions"] if function["name"] == "parse")
    assert {
        key: parse[key] for key in ("function", "file", "line", "service", "language", "kind", "calls", "self_ns")
    } == {
        "function": "app.parse",
        "file": "/app/app.py",
        "line": 7,
        "service": "shop",
        "language": "python",
        "kind": "function",
        "calls": 2,
        "self_ns": 150,
    }


def test_processes_and_languages_are_joined_by_their_trace(tmp_path: Path) -> None:
    called = span(7, "handle", 310, 700, parent=3, flags=0x301)
    called["attributes"][0] = key_values(code_function_name="bank.handle")[0]
    files = [
        write(tmp_path / "a.jsonl", batch([called], "bank", 2, "go")),
        write(tmp_path / "b.jsonl", batch(ORDERS)),
    ]
    text = report(*files, cwd=tmp_path)
    assert "\nshop (python): 4 spans of 1 process\nbank (go): 1 span of 1 process\n" in text
    assert "\n    handle [bank] " in text
    found = document(*files, cwd=tmp_path)
    assert paths(found)["/order/save/handle"] == (1, 390)
    assert [(service["name"], service["language"]) for service in found["services"]] == [
        ("bank", "go"),
        ("shop", "python"),
    ]


def test_gzip_is_unpacked_and_a_cut_off_one_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = gzip.compress("".join(lines_of(random_spans(1, 2000))).encode())
    (tmp_path / "whole.jsonl.gz").write_bytes(data)
    (tmp_path / "cut.jsonl.gz").write_bytes(data[:-20_000])
    assert document("whole.jsonl.gz", cwd=tmp_path)["spans"] == 2000
    cut = document("cut.jsonl.gz", cwd=tmp_path)
    assert 0 < cut["spans"] < 2000
    assert cut["ignored"]["cut_off_lines"] == 1


def test_a_hyphen_is_standard_input(tmp_path: Path) -> None:
    assert report("-", cwd=tmp_path, stdin=batch(ORDERS).encode()).startswith("4 spans in 1 trace, 1 file; ")


def test_rows_and_levels_are_limited_on_request(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", batch(ORDERS))
    text = report(file, "--depth", "1", cwd=tmp_path)
    assert "\n... and 2 more paths\n" in text and "\n  save" not in text
    assert "\n... and 2 more paths\n" in report(file, "--limit", "2", cwd=tmp_path)
    assert len(document(file, "--limit", "1", cwd=tmp_path)["functions"]) == 1
    many = write(tmp_path / "m.jsonl", batch([span(n, f"f{n}", n, n + 1) for n in range(1, 101)]))
    assert "... and 40 more paths" in report(many, cwd=tmp_path)
    assert "more paths" not in report(many, "--limit", "0", cwd=tmp_path)


def test_one_function_is_shown_with_all_above_and_below_it(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", batch([*ORDERS, span(9, "other", 2000, 3000)]))
    text = report(file, "--function", "SAVE", cwd=tmp_path)
    assert "\norder" in text and "\n  save" in text and "\n    parse" in text
    assert "other" not in text and "\n  parse" not in text


def test_only_one_service_or_trace_is_read_on_request(tmp_path: Path) -> None:
    other = span(9, "other", 0, 9, traceId="ffff" + TRACE[4:])
    file = write(tmp_path / "s.jsonl", batch(ORDERS), batch([other], "bank", 2))
    assert document(file, "--service", "bank", cwd=tmp_path)["spans"] == 1
    assert document(file, "--trace", "FFFF", cwd=tmp_path)["functions"][0]["name"] == "other"
    assert document(file, "--trace", TRACE, cwd=tmp_path)["spans"] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nope=1"], "unknown option --nope\n"),
        (["--limit", "-1"], "--limit: a whole number from 0 on"),
        (["--limit", "many"], "--limit: a whole number from 0 on"),
        (["--trace", "xyz"], "not the id of a trace"),
        (["--interval", "0"], "seconds from 0.05"),
        (["--follow", "--export", "jaeger=x"], "--follow does not go with"),
        (["--source", "x"], "--source is for --html"),
        (["--html", "x", "--trace", "0a"], "--html is of all spans"),
        (["--json", "--export", "jaeger=-"], "cannot both go to standard output"),
        (["-", "--json", "--html", "x"], "standard input can be read once"),
        (["gone.jsonl"], "cannot read the span file gone.jsonl: No such file"),
    ],
)
def test_wrong_arguments_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    assert said in report(*arguments, cwd=tmp_path, code=2)


def test_help_names_every_export() -> None:
    text = report("--help", cwd=Path.cwd())
    assert "perfetto, speedscope, jaeger, prometheus, openmetrics" in " ".join(text.split())
    assert "Exit codes: 0 done, 1 " in text


def base64_ids(raw: dict[str, Any]) -> dict[str, Any]:
    encoded = {
        name: base64.b64encode(bytes.fromhex(raw[name])).decode()
        for name in ("traceId", "spanId", "parentSpanId")
        if name in raw
    }
    return raw | encoded


def snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(item) for name, item in value.items()
        }
    return [snake(item) for item in value] if isinstance(value, list) else value


def halves(raw: dict[str, Any]) -> dict[str, Any]:
    """Times as protobufjs writes them."""
    times = {name: int(raw[name]) for name in ("startTimeUnixNano", "endTimeUnixNano")}
    return raw | {
        name: {"low": (time & 0xFFFFFFFF) - ((time & 0x80000000) << 1), "high": time >> 32, "unsigned": True}
        for name, time in times.items()
    }


def numbers(raw: dict[str, Any]) -> dict[str, Any]:
    found = [
        {
            "key": item["key"],
            "value": {key: int(value) if key == "intValue" else value for key, value in item["value"].items()},
        }
        for item in raw["attributes"]
    ]
    return raw | {
        "startTimeUnixNano": int(raw["startTimeUnixNano"]),
        "endTimeUnixNano": int(raw["endTimeUnixNano"]),
        "attributes": found,
    }


def plain_attributes(raw: dict[str, Any]) -> dict[str, Any]:
    found = {item["key"]: next(iter(item["value"].values())) for item in raw["attributes"]}
    return raw | {"attributes": {key: int(value) if str(value).isdigit() else value for key, value in found.items()}}


def named_enumerations(raw: dict[str, Any]) -> dict[str, Any]:
    status = {"status": {"code": "STATUS_CODE_ERROR"}} if "status" in raw else {}
    return raw | status | {"kind": "SPAN_KIND_INTERNAL"}


SPELLINGS = {
    "base64": base64_ids,
    "numbers": numbers,
    "halves": halves,
    "objects": plain_attributes,
    "enumerations": named_enumerations,
    "zero parent": lambda raw: {"parentSpanId": "0" * 16, **raw},
    "upper case": lambda raw: raw | {"traceId": raw["traceId"].upper()},
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_other_spellings_say_the_same(tmp_path: Path, spelling: str) -> None:
    expected = document(write(tmp_path / "a.jsonl", batch(ORDERS)), cwd=tmp_path)
    mixed = [SPELLINGS[spelling](raw) if number != 1 else raw for number, raw in enumerate(ORDERS)]
    found = document(write(tmp_path / "b.jsonl", batch(mixed)), cwd=tmp_path)
    assert found | {"files": expected["files"]} == expected


def test_old_and_foreign_envelopes_are_opened(tmp_path: Path) -> None:
    expected = paths(document(write(tmp_path / "a.jsonl", batch(ORDERS)), cwd=tmp_path))
    text = batch(ORDERS)
    for number, line in enumerate(
        (
            text.replace("scopeSpans", "instrumentationLibrarySpans"),
            text.replace("resourceSpans", "batches"),
            json.dumps(snake(json.loads(text))) + "\n",
        )
    ):
        assert paths(document(write(tmp_path / f"{number}.jsonl", line), cwd=tmp_path)) == expected


def test_lines_of_other_signals_are_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "s.jsonl", '{"resourceMetrics":[]}\n', batch(ORDERS), '{"resourceLogs":[]}\n')
    assert document(file, cwd=tmp_path)["ignored"]["lines_of_other_signals"] == 2
    assert "ignored: 2 metrics or logs lines" in report(file, cwd=tmp_path)


def test_spans_that_do_not_fit_together_are_marked(tmp_path: Path) -> None:
    spans = [
        span(1, "orphan", 0, 10, parent=99),
        span(2, "twice", 20, 30),
        span(2, "twice", 20, 30),
        span(3, "backwards", 50, 40),
        span(4, "late_caller", 100, 200),
        span(5, "early", 90, 120, parent=4),
        span(6, "snake", 300, 310, parent=7),
        span(7, "tail", 301, 309, parent=6),
        span(8, "self", 400, 500, parent=8),
    ]
    file = write(tmp_path / "s.jsonl", batch(spans))
    assert document(file, cwd=tmp_path)["gaps"] == {
        "never_ended": 0,
        "ended_before_start": 1,
        "missing_caller": 1,
        "duplicated": 1,
        "before_caller": 1,
        "circles": 2,
        "other_paths": 0,
        "other_functions": 0,
    }
    text = report(file, cwd=tmp_path)
    assert "\ngaps, in spans: 1 with a caller that is not in the files; 1 there twice, counted once; " in text
    assert "\n(caller not in the files)\n  orphan " in text
    assert paths(document(file, cwd=tmp_path))["/late_caller/early"] == (1, 30)


def test_self_time_leaves_out_what_a_caller_with_a_slow_clock_called_before(tmp_path: Path) -> None:
    spans = [span(1, "caller", 100, 200), span(2, "early", 90, 120, parent=1), span(3, "then", 110, 150, parent=1)]
    found = document(write(tmp_path / "s.jsonl", batch(spans)), cwd=tmp_path)
    assert next(node["self_ns"] for node in found["tree"] if node["name"] == "caller") == 50


def junk() -> dict[str, bytes]:
    dice = random.Random(7)
    good = "".join(lines_of(random_spans(1, 50))).encode()
    huge = batch([span(1, "f" * 1_000_000, 0, 1, facts={"text": "x" * 5_000_000})]).encode()
    deep = b'{"resourceSpans":' + b"[" * 200_000
    return {
        "empty": b"",
        "line ends": b"\n\r\n\n",
        "random": dice.randbytes(300_000),
        "zeros": bytes(3_000_000),
        "deep": deep + b"\n" + good,
        "huge": huge,
        "no line ends": good.replace(b"\n", b" "),
        "not UTF-8": good.replace(b"app.", b"\xff\xfe."),
        "surrogates": good.replace(b"app.f", b"\\ud800.f"),
        "pretty": b"\n".join(json.dumps(json.loads(line), indent=2).encode() for line in good.splitlines()[:2]),
        "elf": b"\x7fELF" + dice.randbytes(5000),
        "gzip of junk": gzip.compress(dice.randbytes(5000)),
        "gzip header only": b"\x1f\x8b",
        "zstd": b"\x28\xb5\x2f\xfd" + dice.randbytes(500),
        "byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": good.decode().encode("utf-16"),
        "other JSON": b'{"a": 1}\n[]\n"x"\n5\nnull\n',
        "no ids": good.replace(b"spanId", b"spunId"),
    }


READABLE = {
    "empty": 0,
    "line ends": 0,
    "no ids": 0,
    "deep": 50,
    "huge": 1,
    "not UTF-8": 50,
    "surrogates": 50,
    "pretty": 14,
    "byte order mark": 50,
    "UTF-16": 43,
}


@pytest.mark.parametrize("kind", junk())
def test_no_input_ends_in_a_traceback(tmp_path: Path, kind: str) -> None:
    data = junk()[kind]
    (tmp_path / "s.jsonl").write_bytes(data)
    for options in ([], ["--json"], ["--export", "perfetto=p", "--export", "speedscope=s", "--export", "jaeger=j"]):
        said = report("s.jsonl", *options, cwd=tmp_path, code=0 if kind in READABLE else 2)
        if kind not in READABLE:
            assert "s.jsonl: not a span file (" in said or "compressed with zstd" in said
    if kind in READABLE:
        assert document("s.jsonl", cwd=tmp_path)["spans"] == READABLE[kind]


def test_spans_of_every_broken_kind_are_survived(tmp_path: Path) -> None:
    """One field after the other is replaced by values of every other kind."""
    values: list[Any] = [
        None,
        True,
        0,
        -1,
        1 << 70,
        1.5,
        float("inf"),
        "",
        "x",
        "\u0000",
        [],
        [1],
        {},
        {"a": []},
        "9" * 5000,
    ]
    spans = []
    whole = span(
        1,
        "f",
        0,
        10,
        parent=2,
        status={"code": 2},
        events=[{"name": "exception", "timeUnixNano": "1", "attributes": []}],
    )
    for field in whole:
        for value in values:
            spans += [whole | {field: value}, {name: item for name, item in whole.items() if name != field}]
    for number in range(4):
        for value in values:
            broken = json.loads(json.dumps(whole))
            broken["attributes"][number]["value"] = value
            broken["attributes"][number - 1]["key"] = value
            broken["events"][0]["attributes"] = value
            spans.append(broken)
    envelope = json.loads(batch([]))["resourceSpans"][0]
    lines = lines_of([*spans, *ORDERS])
    for value in values:
        lines.append(
            json.dumps({"resourceSpans": [envelope | {"resource": value}, envelope | {"scopeSpans": value}]}) + "\n"
        )
        lines.append(json.dumps({"resourceSpans": value}) + "\n")
        resource = {"attributes": [{"key": "service.name", "value": value}, {"key": "process.pid", "value": value}]}
        lines.append(
            json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": envelope["scopeSpans"]}]}) + "\n"
        )
    write(tmp_path / "s.jsonl", *lines)
    found = document("s.jsonl", cwd=tmp_path)
    assert {"/order", "/order/save"} <= set(paths(found))
    assert found["ignored"]["malformed_spans"] > 50
    exports = [f"--export={name}={name}" for name in ("perfetto", "speedscope", "jaeger", "prometheus", "openmetrics")]
    report("s.jsonl", *exports, cwd=tmp_path)
    for name in ("perfetto", "speedscope", "jaeger"):
        json.loads((tmp_path / name).read_text())


def test_a_sparse_file_of_fifty_gigabytes_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    with file.open("wb") as out:
        out.write(batch(ORDERS).encode())
        os.truncate(file, 50 << 30)
    with file.open("ab") as out:
        out.write(b"\n" + batch([span(9, "after", 0, 1)]).encode())
    try:
        found = document(file, cwd=tmp_path)
    finally:
        file.unlink()
    assert found["spans"] == 5
    assert found["ignored"]["unreadable_lines"] == 1


@pytest.mark.parametrize("full", [False, True])
def test_no_room_for_temporary_files_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool) -> None:
    resource = pytest.importorskip("resource", reason="no limits of files on this system")
    file = write(tmp_path / "s.jsonl", *lines_of(random_spans(1, 3000)))
    monkeypatch.setattr(span_store, "_CACHE_KIB", 16)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OutputError, match="the spans cannot be kept in a temporary file"):
            Spans(full=full).read([file])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
