"""Spans sent to a real local server over OTLP/HTTP, and to servers that misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest
from otlp_collector import REJECTIONS, Received, serving

from runtime_support import Run, Span, check_tree, spans_of

LOOP = """
    import sys, time
    from _telemetry_inject import _tlm
    def f():
        with _tlm("f"): pass
    for _ in range(int(sys.argv[1])):
        f()
    print("done")
"""


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
        (lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/"}, "/v1/traces"),
        (lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": url + "/base"}, "/base/v1/traces"),
        (lambda url: {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}, "/"),
        (lambda url: {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/exact"}, "/exact"),
        (
            lambda url: {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/e"},
            "/e",
        ),
    ],
)
def test_the_path_follows_the_specification(run: Run, collector: Collector, env: Environment, path: str) -> None:
    done = run(LOOP, "3", env=env(collector.url))
    assert (done.out, done.err, done.files) == ("done\n", "", [])
    assert [request[0] for request in collector.requests] == [path] and len(collector.spans) == 3
    check_tree(collector.spans)


def test_headers_and_compression(run: Run, collector: Collector) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b, authorization=Basic%20eA%3D%3D",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    run(LOOP, "5000", env=env)
    assert 0 < len(collector.spans) <= 5000
    for _, headers, _body in collector.requests:
        assert headers["content-type"] == "application/json" and headers["content-encoding"] == "gzip"
        assert headers["x-team"] == "a b" and headers["authorization"] == "Basic eA=="


def test_many_spans_arrive_in_batches_while_the_program_runs(run: Run, collector: Collector) -> None:
    run(
        """
        import time
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        for n in range(4000):
            f()
            if n % 100 == 0: time.sleep(0.01)
    """,
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    )
    assert len(collector.spans) == 4000 and len(collector.requests) >= 4
    assert len({span.span_id for span in collector.spans}) == 4000


def test_an_idle_program_sends_after_the_delay(run: Run, collector: Collector) -> None:
    started: list[int] = []

    def later() -> None:
        time.sleep(1.5)
        started.append(len(collector.spans))

    thread = threading.Thread(target=later)
    thread.start()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    run(LOOP + "    time.sleep(3)\n", "1", env=env)
    thread.join()
    assert started == [1]


def test_refusals_that_may_pass_are_tried_again_and_others_are_not(run: Run, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    collector.answers = [(503, {"Retry-After": "0"}), (429, {"Retry-After": "1"}), (502, {}), (200, {})]
    run(LOOP + "    time.sleep(8)\n", "2", env=env)
    assert len(collector.spans) == 2 and collector.answers == []
    collector.requests.clear()
    collector.answers = [(400, {}), (200, {})]
    run(LOOP + "    time.sleep(1.6); f(); time.sleep(0.3)\n", "2", env=env)
    assert [span.scope for span in collector.spans] == [{"telemetry.dropped_spans": 2}]


def test_the_queue_is_bounded_and_the_program_never_waits(run: Run, collector: Collector) -> None:
    collector.delay = 0.3
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_MAX_QUEUE_SIZE": "1000"}
    began = time.monotonic()
    done = run(LOOP, "20000", env=env)
    assert time.monotonic() - began < 20 and done.out == "done\n"
    received = collector.spans
    assert len(received) < 20_000
    assert max(span.scope.get("telemetry.dropped_spans", 0) for span in received) + len(received) == 20_000


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1", "http://nowhere.invalid:4318", "nonsense", "http://[", "ftp://x/"]
)
def test_nobody_there_is_no_concern_of_the_program(run: Run, target: str) -> None:
    done = run(LOOP, "3000", env={"OTEL_EXPORTER_OTLP_ENDPOINT": target}, timeout=30)
    assert (done.out, done.err) == ("done\n", "")


def test_a_server_that_never_answers_delays_the_exit_by_a_bounded_time(run: Run, collector: Collector) -> None:
    collector.delay = 8
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_EXPORT_TIMEOUT": "300",
        "OTEL_BSP_SCHEDULE_DELAY": "1",
    }
    began = time.monotonic()
    done = run(LOOP + "    time.sleep(0.5)\n", "5", env=env)
    assert (done.out, done.err) == ("done\n", "") and time.monotonic() - began < 6


def test_the_sender_is_not_recorded_even_if_what_it_calls_is_instrumented(run: Run, collector: Collector) -> None:
    run(
        """
        import http.client, time
        from _telemetry_inject import _tlm
        original = http.client.HTTPConnection.request
        def request(self, *args, **options):
            with _tlm("request"):
                print("asked")
                return original(self, *args, **options)
        http.client.HTTPConnection.request = request
        def f():
            with _tlm("f"): pass
        f(); time.sleep(1); f()
    """,
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"},
    )
    assert {span.name for span in collector.spans} == {"f"} and len(collector.spans) == 2


def test_threads_are_not_counted_among_the_programs(run: Run, collector: Collector) -> None:
    done = run(
        LOOP + "    import threading; time.sleep(0.3); print(threading.active_count(), threading.enumerate()[1:])\n",
        "1",
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "10"},
    )
    assert done.out == "done\n1 []\n"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_multiprocessing_send_theirs(run: Run, collector: Collector, method: str) -> None:
    done = run(
        """
        import multiprocessing, sys
        from _telemetry_inject import _tlm
        def square(n):
            with _tlm("square"): return n * n
        def single():
            with _tlm("single"): pass
        if __name__ == "__main__":
            square(3)
            context = multiprocessing.get_context(sys.argv[1])
            processes = [context.Process(target=single) for _ in range(3)]
            for process in processes: process.start()
            for process in processes: process.join()
            with context.Pool(2) as pool:
                print(sum(pool.map(square, range(40))))
                pool.close(); pool.join()
        """,
        method,
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    )
    assert done.out == "20540\n" and done.err == ""
    names = [span.name for span in collector.spans]
    assert names.count("single") == 3 and names.count("square") == 41


def test_forks_while_sending_neither_hang_nor_warn(run: Run, collector: Collector) -> None:
    done = run(
        """
        import os, time
        from _telemetry_inject import _tlm
        def f(tag):
            with _tlm(tag): pass
        f("parent"); time.sleep(0.3)
        for _ in range(5):
            if os.fork() == 0:
                f("child"); time.sleep(0.5)
                os._exit(0)
            f("parent")
        for _ in range(5): os.wait()
    """,
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"},
    )
    names = [span.name for span in collector.spans]
    assert done.err == "" and names.count("parent") == 6 and names.count("child") == 5


def test_another_protocol_or_an_explicit_file_mean_the_file(run: Run, collector: Collector) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    assert len(run(LOOP, "1", env=env | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).spans) == 1
    done = run(LOOP, "1", env=env | {"TELEMETRY_INJECT_FILE": "mine.jsonl"})
    assert (done.folder / "mine.jsonl").exists() and collector.requests == []


@pytest.mark.parametrize(("body", "rejected"), REJECTIONS)
def test_what_a_collector_rejects_of_a_request_is_counted_and_not_sent_again(
    run: Run, collector: Collector, body: bytes, rejected: int
) -> None:
    collector.body = body
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "    time.sleep(0.5); f()\n", "4", env=env)
    assert [span.scope for span in collector.spans] == [{}] * 4 + (
        [{"telemetry.dropped_spans": rejected}] if rejected else [{}]
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(run: Run, collector: Collector, status: int) -> None:
    collector.answers = [(status, {"Location": collector.url + "/elsewhere"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "    time.sleep(0.5); f()\n", "2", env=env)
    assert [span.scope for span in collector.spans] == [{"telemetry.dropped_spans": 2}]


def test_a_server_is_left_alone_for_as_long_as_it_wishes(run: Run, collector: Collector) -> None:
    date = formatdate(time.time() + 6, usegmt=True)
    collector.answers = [(429, {"Retry-After": "3"}), (503, {"Retry-After": date}), (503, {"Retry-After": "soon"})]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "20"}
    run(LOOP + "    time.sleep(12)\n", "1", env=env)
    first, second, third, last = collector.times
    assert second - first >= 3 and third - first >= 4.5 and last - third >= 3 and len(collector.spans) == 1
