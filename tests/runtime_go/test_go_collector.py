"""Spans sent to a real local server over OTLP/HTTP, and to servers that misbehave."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import pytest
from otlp_collector import REJECTIONS, Received, serving

from runtime_go_support import Program, build
from telemetry_inject.report.span_check import check_spans
from telemetry_inject.report.span_file import Span, load_spans

PROGRAM = """
package main

import (
	"fmt"
	"os"
	"strconv"

	§
)

func f() { defer _tlm.Enter(nil, "f").Exit(nil) }

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	n, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < n; i++ {
		f()
	}
	fmt.Println("done")
}
"""


@dataclass
class Collector(Received):
    folder: Path = Path()

    @property
    def spans(self) -> list[Span]:
        """The spans that came, whose tree must be right."""
        path = self.folder / "received.jsonl"
        path.write_bytes(b"".join(body + b"\n" for body in self.bodies))
        assert check_spans([path]) == []
        return list(load_spans([path]))


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    state = Collector(folder=tmp_path)

    with serving(state):
        yield state


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("http"), PROGRAM, flags=["-tags=telemetry_http"])


def test_spans_are_posted(program: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url + "/base/", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b"}
    outcome = program.run("600", env=env)
    assert (outcome.out, outcome.files) == ("done\n", [])
    assert len(collector.spans) == 601
    assert {path for path, _, _ in collector.requests} == {"/base/v1/traces"}
    headers = collector.requests[0][1]
    assert (headers["content-type"], headers["api-key"]) == ("application/json", "a b")
    assert headers["user-agent"].startswith("telemetry-inject-go/")


def test_the_endpoint_of_traces_is_exact_and_bodies_may_be_zipped(program: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.url + "/x", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
    program.run("3", env=env)
    assert len(collector.spans) == 4
    assert collector.requests[0][0] == "/x" and collector.requests[0][1]["content-encoding"] == "gzip"


def test_a_busy_collector_is_asked_again(tmp_path: Path, collector: Collector) -> None:
    waiting = PROGRAM.replace('fmt.Println("done")', 'time.Sleep(2 * time.Second)\n\tfmt.Println("done")')
    waiting = waiting.replace('"strconv"', '"strconv"\n\t"time"')
    program = build(tmp_path, waiting, flags=["-tags=telemetry_http"])
    collector.answers = [(503, {"Retry-After": "1"})]
    program.run("3", env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "10"})
    assert len(collector.spans) == 4


def test_what_is_refused_is_counted(program: Program, collector: Collector) -> None:
    collector.answers = [(400, {})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "2"}
    program.run("3", env=env)
    assert b'"telemetry.dropped_spans","value":{"intValue":"2"}' in collector.requests[-1][2]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://%%%", "nonsense", "https://127.0.0.1:9"])
def test_no_collector_is_no_trouble(program: Program, endpoint: str) -> None:
    outcome = program.run("3000", env={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint})
    assert (outcome.out, outcome.err, list(outcome.folder.iterdir())) == ("done\n", "", [])


def test_the_exit_waits_only_so_long(program: Program, collector: Collector) -> None:
    collector.delay = 3
    begin = time.monotonic()
    program.run("3", env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_EXPORT_TIMEOUT": "200"})
    assert time.monotonic() - begin < 2.5


@pytest.mark.parametrize(
    "env",
    [{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, {"TELEMETRY_INJECT_FILE": "telemetry/x.jsonl"}],
)
def test_a_file_is_written_instead(program: Program, collector: Collector, env: dict[str, str]) -> None:
    outcome = program.run("3", env=env | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    assert len(outcome.spans) == 4 and collector.requests == []


def test_without_http_a_file_is_written(tmp_path: Path, collector: Collector) -> None:
    outcome = build(tmp_path, PROGRAM).run("3", env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    assert len(outcome.spans) == 4 and collector.requests == []


WAITING = PROGRAM.replace(
    'fmt.Println("done")', "wait, _ := time.ParseDuration(os.Args[2])\n\ttime.Sleep(wait)\n\tf()"
).replace('"fmt"', '"time"')


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return build(tmp_path_factory.mktemp("waiting"), WAITING, flags=["-tags=telemetry_http"])


def losses(collector: Collector) -> list[int]:
    """What each request that was taken says of lost spans."""
    pattern = re.compile(rb'"telemetry.dropped_spans","value":{"intValue":"(\d+)"')
    return [int(found[1]) if (found := pattern.search(body)) else 0 for _, _, body in collector.requests]


@pytest.mark.parametrize(("body", "rejected"), REJECTIONS)
def test_what_a_collector_rejects_of_a_request_is_counted_and_not_sent_again(
    waiting: Program, collector: Collector, body: bytes, rejected: int
) -> None:
    collector.body = body
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    waiting.run("4", "500ms", env=env)
    assert losses(collector) == [0, rejected]
    assert sum(body.count(b'"traceId"') for _, _, body in collector.requests) == 6


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(waiting: Program, collector: Collector, status: int) -> None:
    collector.answers = [(status, {"Location": collector.url + "/elsewhere"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    waiting.run("2", "500ms", env=env)
    assert losses(collector) == [2]


def test_a_server_is_left_alone_for_as_long_as_it_wishes(waiting: Program, collector: Collector) -> None:
    date = formatdate(time.time() + 6, usegmt=True)
    collector.answers = [(429, {"Retry-After": "3"}), (503, {"Retry-After": date}), (503, {"Retry-After": "soon"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    waiting.run("1", "13s", env=env)
    first, second, third, fourth, *_ = collector.times
    assert second - first >= 3 and third - first >= 4.5 and fourth - third >= 3 and len(collector.spans) == 3
