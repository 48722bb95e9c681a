"""Spans sent to a real local server over OTLP/HTTP, and to servers that misbehave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest
from otlp_collector import REJECTIONS, Received, serving

from runtime_js_support import Program, Span, function, spans_of

LOOP = function("f", "") + "for(let i=0;i<+process.argv[2];i++)f();console.log('done');\n"


class Collector(Received):
    @property
    def spans(self) -> list[Span]:
        return [span for body in self.bodies for span in spans_of(body)]


@pytest.fixture
def collector() -> Iterator[Collector]:
    state = Collector()

    with serving(state):
        yield state


Environment = Callable[[str], dict[str, str]]


@pytest.mark.parametrize(
    ("env", "path"),
    [
        (lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": url}, "/v1/traces"),
        (lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/base/"}, "/base/v1/traces"),
        (lambda url: {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}, "/"),
        (
            lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/e"},
            "/e",
        ),
    ],
)
def test_the_path_follows_the_specification(run: Program, collector: Collector, env: Environment, path: str) -> None:
    done = run(LOOP, "3", env=env(collector.url))
    assert (done.out, done.err, done.files) == ("done\n", "", [])
    assert [request[0] for request in collector.requests] == [path] and len(collector.spans) == 3


def test_headers_and_compression(run: Program, collector: Collector) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b, authorization=Basic%20eA%3D%3D",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    run(LOOP, "1500", env=env)
    assert len(collector.spans) == 1500
    for _, headers, _body in collector.requests:
        assert headers["content-type"] == "application/json" and headers["content-encoding"] == "gzip"
        assert headers["x-team"] == "a b" and headers["authorization"] == "Basic eA=="
        assert headers["user-agent"] == "telemetry-inject-js/0.1.0"


@pytest.mark.parametrize("how", ["process.exit(3)", "throw new Error('x')", "setTimeout(()=>process.exit(3),50)"])
@pytest.mark.parametrize("version", ["", "24"])
def test_nothing_is_lost_at_the_end(run: Program, collector: Collector, how: str, version: str) -> None:
    done = run(LOOP + how, "1000", env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}, code=None, version=version)
    assert done.code in (1, 3) and len({span.span_id for span in collector.spans}) == 1000


def test_many_spans_arrive_in_batches_while_the_program_runs(run: Program, collector: Collector) -> None:
    run(
        function("f", "")
        + "let n=0;const go=()=>{for(let i=0;i<100;i++)f();if(++n<40)setTimeout(go,10);else setTimeout(()=>{},300)};go();",
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    )
    assert len(collector.spans) == 4000 and len(collector.requests) >= 7
    assert len({span.span_id for span in collector.spans}) == 4000


def test_an_idle_program_sends_after_the_delay_and_is_not_kept_alive(run: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    run(LOOP + "setTimeout(()=>process.kill(process.pid,'SIGKILL'),1500)", "1", env=env, code=-9)
    assert len(collector.spans) == 1
    began = time.monotonic()
    run(LOOP, "1", env=env | {"OTEL_BSP_SCHEDULE_DELAY": "60000"})
    assert time.monotonic() - began < 20 and len(collector.spans) == 2


def test_refusals_that_may_pass_are_tried_again_and_others_are_not(run: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    collector.answers = [(503, {"Retry-After": "0"}), (429, {"Retry-After": "1"}), (502, {}), (200, {})]
    run(LOOP + "setTimeout(()=>{},7000)", "2", env=env)
    assert len(collector.spans) == 2 and collector.answers == []
    collector.requests.clear()
    collector.answers = [(400, {}), (200, {})]
    run(LOOP + "setTimeout(f,800);setTimeout(()=>{},1500)", "2", env=env)
    assert [span.scope for span in collector.spans] == [{"telemetry.dropped_spans": 2}]


def test_the_queue_is_bounded_and_what_is_missing_counted(run: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_MAX_QUEUE_SIZE": "1000"}
    assert run(LOOP, "20000", env=env).out == "done\n"
    assert len(collector.spans) == 1000
    assert {span.scope["telemetry.dropped_spans"] for span in collector.spans} == {19_000}


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1", "http://nowhere.invalid:4318", "nonsense", "http://[", "ftp://x/", "https://127.0.0.1:1"],
)
def test_nobody_there_is_no_concern_of_the_program(run: Program, target: str) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": target, "OTEL_BSP_SCHEDULE_DELAY": "1"}
    done = run(LOOP + "setTimeout(()=>{f()},100)", "3000", env=env)
    assert (done.out, done.err) == ("done\n", "")


def test_a_server_that_never_answers_delays_the_exit_by_a_bounded_time(run: Program, collector: Collector) -> None:
    collector.delay = 20
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_EXPORT_TIMEOUT": "300",
        "OTEL_BSP_SCHEDULE_DELAY": "1",
    }
    began = time.monotonic()
    done = run(LOOP + "setTimeout(f,300)", "5", env=env)
    assert (done.out, done.err) == ("done\n", "") and time.monotonic() - began < 15


def test_the_sender_is_not_recorded_even_if_what_it_calls_is_instrumented(run: Program, collector: Collector) -> None:
    done = run(
        "const http=require('http'),original=http.request;"
        + function("request", "console.log('asked');return original.apply(this,a)", parameters="...a")
        + "http.request=request;"
        + function("f", "")
        + "f();setTimeout(f,500);setTimeout(()=>{},1000);",
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"},
    )
    assert done.out.startswith("asked\n")
    assert [span.name for span in collector.spans] == ["f", "f"]


def test_another_protocol_or_an_explicit_file_mean_the_file(run: Program, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    assert len(run(LOOP, "1", env=env | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).spans) == 1
    done = run(LOOP, "1", env=env | {"TELEMETRY_INJECT_FILE": "mine.jsonl"})
    assert (done.folder / "mine.jsonl").exists() and collector.requests == []


def test_worker_threads_send_theirs(run: Program, collector: Collector) -> None:
    done = run(
        "const {Worker,isMainThread}=require('worker_threads');"
        + function("f", "")
        + "f();if(isMainThread){new Worker(__filename);new Worker(__filename)}",
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    )
    assert done.err == "" and len(collector.spans) == 3
    assert len({span.attributes["thread.id"] for span in collector.spans}) == 3


@pytest.mark.parametrize(("body", "rejected"), REJECTIONS)
def test_what_a_collector_rejects_of_a_request_is_counted_and_not_sent_again(
    run: Program, collector: Collector, body: bytes, rejected: int
) -> None:
    collector.body = body
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "setTimeout(f,500)", "4", env=env)
    assert [span.scope for span in collector.spans] == [{}] * 4 + (
        [{"telemetry.dropped_spans": rejected}] if rejected else [{}]
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(run: Program, collector: Collector, status: int) -> None:
    collector.answers = [(status, {"Location": collector.url + "/elsewhere"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "setTimeout(f,500)", "2", env=env)
    assert [span.scope for span in collector.spans] == [{"telemetry.dropped_spans": 2}]


def test_a_server_is_left_alone_for_as_long_as_it_wishes(run: Program, collector: Collector) -> None:
    date = formatdate(time.time() + 6, usegmt=True)
    collector.answers = [(429, {"Retry-After": "3"}), (503, {"Retry-After": date}), (503, {"Retry-After": "soon"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "setTimeout(()=>{},12000)", "1", env=env)
    first, second, third, last = collector.times
    assert second - first >= 3 and third - first >= 4.5 and last - third >= 3 and len(collector.spans) == 1
