"""Where the file is, how it is named, how large it may get, and what happens when it can't be written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from runtime_support import Run, check_tree, spans_of

LOOP = """
    import sys
    from _telemetry_inject import _tlm
    def f():
        with _tlm("f"):
            pass
    for _ in range(int(sys.argv[1])):
        f()
"""


def test_resource_and_scope(run: Run) -> None:
    done = run(LOOP, "1", env={"OTEL_RESOURCE_ATTRIBUTES": "team=a%20b,host.name=h,service.name=other"})
    span = done.one("f")
    assert span.resource.pop("process.pid") > 0
    assert span.resource == {
        "service.name": "other",
        "telemetry.sdk.name": "telemetry-inject",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": "0.1.0",
        "team": "a b",
        "host.name": "h",
    }
    assert done.files[0].name.startswith("other-")


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, "unknown_service:" + Path(sys.executable).name),
        ({"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}, "shop"),
        ({"OTEL_SERVICE_NAME": "", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}, "other"),
        ({"OTEL_SERVICE_NAME": "../../é x"}, "../../é x"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,broken=%zz"}, "unknown_service:" + Path(sys.executable).name),
    ],
)
def test_service_name(run: Run, env: dict[str, str], name: str) -> None:
    done = run(LOOP, "1", env=env)
    assert done.one("f").resource["service.name"] == name
    assert done.files[0].parent == done.folder / "telemetry"


@pytest.mark.parametrize(
    "env",
    [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_SDK_DISABLED": "TRUE"}, {"OTEL_TRACES_EXPORTER": "none"},
     {"TELEMETRY_INJECT_DISABLED": "true"}],
)  # fmt: skip
def test_switched_off_the_program_runs_and_nothing_is_written(run: Run, env: dict[str, str]) -> None:
    done = run(
        """
        from _telemetry_inject import _tlm
        def f(n):
            with _tlm("f", n=n) as _tlm_s:
                for _ in range(n):
                    _tlm_s.loop("for+2")
                _tlm_s.branch("if+3"); _tlm_s.handled("except+4"); _tlm_s.assign(n=n)
                return _tlm_s.returns((n), _tlm_s)
        print(f(3))
        try:
            with _tlm("g"): raise ValueError("mine")
        except ValueError as error:
            print(error)
    """,
        env=env,
    )
    assert done.out == "3\nmine\n" and not (done.folder / "telemetry").exists()


def test_a_program_that_calls_nothing_leaves_no_folder(run: Run) -> None:
    assert not (run("from _telemetry_inject import _tlm").folder / "telemetry").exists()


def test_the_file_stays_where_the_program_was_started(run: Run) -> None:
    done = run("""
        import os
        from _telemetry_inject import _tlm
        os.mkdir("sub"); os.chdir("sub")
        def f():
            with _tlm("f"): pass
        f()
        print(os.getcwd())
    """)
    assert len(done.spans) == 1 and not (done.folder / "sub/telemetry").exists()
    assert done.one("f").attributes["code.file.path"] == str(done.folder / "program.py")


def test_another_file_is_named_by_a_variable(run: Run, tmp_path: Path) -> None:
    run(LOOP, "3", env={"TELEMETRY_INJECT_FILE": "deep/er/{service}.{pid}.log", "OTEL_SERVICE_NAME": "shop"})
    (file,) = (tmp_path / "deep/er").iterdir()
    assert file.name.startswith("shop.") and file.name.endswith(".log")
    assert file.stat().st_mode & 0o777 == 0o600
    assert sum(len(spans_of(line)) for line in file.read_text().splitlines()) == 3


def test_two_processes_may_share_one_file(run: Run, tmp_path: Path) -> None:
    run(
        """
        import subprocess, sys
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        children = []
        if len(sys.argv) < 2:
            children = [subprocess.Popen([sys.executable, "program.py", "child"]) for _ in range(3)]
        for _ in range(1200):
            f()
        for child in children: child.wait()
    """,
        env={"TELEMETRY_INJECT_FILE": "all.jsonl"},
    )
    spans = [span for line in (tmp_path / "all.jsonl").read_text().splitlines() for span in spans_of(line)]
    assert len(spans) == 4800 and len({span.resource["process.pid"] for span in spans}) == 4
    check_tree(spans)


def test_spans_are_written_in_batches_and_none_is_lost_or_doubled(run: Run) -> None:
    done = run(LOOP, "3000", env={"OTEL_BSP_SCHEDULE_DELAY": "3600000"})
    sizes = [len(spans_of(line)) for line in done.files[0].read_text().splitlines()]
    assert sum(sizes) == 3000 and max(sizes) == 512 and len(sizes) <= 8


def test_long_before_the_end_what_ended_is_in_the_file(run: Run) -> None:
    done = run("""
        import pathlib, time
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        def main():
            with _tlm("main"):
                leaf(); time.sleep(1.1); leaf()
                text = next(pathlib.Path("telemetry").iterdir()).read_text()
                print(text.count('"name":"leaf"'))
        main()
    """)
    assert done.out == "2\n"


def test_the_size_is_bounded_and_what_is_missing_counted(run: Run) -> None:
    done = run(LOOP, "5000", env={"TELEMETRY_INJECT_MAX_BYTES": "500000"})
    (file,) = done.files
    assert 250_000 < file.stat().st_size <= 500_000
    *_, last = file.read_text().splitlines()
    scope = json.loads(last)["resourceSpans"][0]["scopeSpans"][0]["scope"]
    (dropped,) = scope["attributes"]
    assert dropped["key"] == "telemetry.dropped_spans"
    assert int(dropped["value"]["intValue"]) + len(done.spans) == 5000


@pytest.mark.parametrize("place", ["/proc/nowhere/{pid}", "program.py/x", "/dev/full", ".", "a" + "/" * 5000, "fifo"])
def test_a_place_that_cannot_be_written_is_no_concern_of_the_program(run: Run, tmp_path: Path, place: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    done = run(LOOP + '    print("done")\n', "2000", env={"TELEMETRY_INJECT_FILE": place})
    assert (done.out, done.err) == ("done\n", "")


def test_an_audit_hook_that_forbids_files_is_obeyed_in_silence(run: Run) -> None:
    done = run("""
        import sys
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        def hook(event, arguments):
            if event in ("open", "os.mkdir"):
                raise RuntimeError("forbidden")
        sys.addaudithook(hook)
        for _ in range(2000): f()
        print("done")
    """)
    assert (done.out, done.err) == ("done\n", "") and done.files == []


def test_a_write_that_stops_half_way_leaves_only_whole_lines(run: Run) -> None:
    done = run(
        """
        import resource, signal
        from _telemetry_inject import _tlm
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        def f():
            with _tlm("f"): pass
        for _ in range(3000):
            f()
    """
    )
    assert done.err == "" and 0 < len(done.spans) < 3000


def test_closing_all_descriptors_does_not_turn_telemetry_into_another_file(run: Run) -> None:
    done = run("""
        import os
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        f()
        os.closerange(3, 100)
        mine = open("mine.txt", "w")
        for _ in range(600): f()
        mine.write("mine"); mine.close()
        os.rename("telemetry", "moved")
        for _ in range(600): f()
    """)
    assert (done.folder / "mine.txt").read_text() == "mine"
    assert list((done.folder / "moved").iterdir()) and done.files


def test_no_thread_and_no_descriptor_is_left_behind(run: Run) -> None:
    done = run("""
        import os, threading
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        before = sorted(os.listdir("/proc/self/fd")), os.listdir("/proc/self/task")
        for _ in range(2000): f()
        print(before == (sorted(os.listdir("/proc/self/fd")), os.listdir("/proc/self/task")), threading.active_count())
    """)
    assert done.out == "True 1\n"


@pytest.mark.parametrize(
    ("sampler", "argument", "kept"),
    [
        ("always_on", "", range(800, 801)),
        ("always_off", "", range(1)),
        ("parentbased_always_off", "", range(1)),
        ("traceidratio", "0.25", range(120, 281)),
        ("parentbased_traceidratio", "0.25", range(120, 281)),
        ("parentbased_traceidratio", "nonsense", range(800, 801)),
        ("nonsense", "", range(800, 801)),
    ],
)
def test_samplers_keep_or_drop_whole_traces(run: Run, sampler: str, argument: str, kept: range) -> None:
    program = """
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f") as _tlm_s:
                _tlm_s.branch("if+1")
                g()
        def g():
            with _tlm("g"): pass
        for _ in range(400): f()
    """
    done = run(program, env={"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument})
    assert len(done.spans) in kept
    assert len(done.named("f")) == len(done.named("g"))
    assert "?" not in done.parents().values()


TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01-what-the-future-brings", True),
        (f"00-{TRACE}-{PARENT}-01-extra", False),
        (f"ff-{TRACE}-{PARENT}-01", False),
        (f"00-{'0' * 32}-{PARENT}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE.upper()}-{PARENT}-01", False),
        (f"00-{TRACE}-{PARENT}", False),
        ("00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False),
        ("nonsense", False),
    ],
)
def test_traceparent_gives_the_parent_of_outermost_spans_when_valid(run: Run, value: str, valid: bool) -> None:
    span = run(LOOP, "1", env={"TRACEPARENT": value}).one("f")
    assert (span.trace_id == TRACE and span.parent_id == PARENT and span.flags == 0x301) == valid
    assert bool(span.parent_id) == valid


def test_an_unsampled_traceparent_is_followed_unless_the_sampler_does_not_look_at_it(run: Run) -> None:
    env = {"TRACEPARENT": f"00-{TRACE}-{PARENT}-00"}
    assert run(LOOP, "1", env=env).spans == []
    assert len(run(LOOP, "1", env=env | {"OTEL_TRACES_SAMPLER": "always_on"}).spans) == 1


def test_identifiers_are_random_and_the_programs_random_numbers_its_own(run: Run) -> None:
    done = run("""
        import random
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"): pass
        random.seed(7); a = [random.random() for _ in range(3)]
        random.seed(7); b = []
        for _ in range(3):
            f(); b.append(random.random())
        print(a == b)
    """)
    assert done.out == "True\n" and len({span.trace_id for span in done.spans}) == 3


def test_clocks_replaced_by_the_program_do_not_matter(run: Run) -> None:
    done = run("""
        import time, sys
        from _telemetry_inject import _tlm
        import _telemetry_inject as helper
        def f():
            with _tlm("f"): pass
        real = {time.time_ns, time.perf_counter_ns}
        for module in list(sys.modules.values()):  # as test tools do
            for name, value in list(vars(module).items()):
                if type(value) is type(len) and value in real:
                    setattr(module, name, lambda: 5)
        f()
    """)
    assert done.one("f").start > 1_600_000_000_000_000_000
