"""Forks, multiprocessing, and every way in which a process may end."""

from __future__ import annotations

import signal

import pytest

from runtime_support import Run


def test_a_forked_child_reports_its_own_spans_once_under_the_parents(run: Run) -> None:
    done = run("""
        import os
        from _telemetry_inject import _tlm
        def leaf(tag):
            with _tlm(tag): pass
        def main():
            with _tlm("main"):
                leaf("before")
                if os.fork() == 0:
                    leaf("child"); leaf("child")
                    os._exit(0)
                os.wait()
                leaf("after")
        main()
    """)
    names = sorted(span.name for span in done.spans)
    assert names == ["after", "before", "child", "child", "main"] and len(done.files) == 2
    main = done.one("main")
    assert all(span.parent_id == main.span_id for span in done.named("child"))
    assert done.named("child")[0].resource["process.pid"] != main.resource["process.pid"]


def test_a_child_that_leaves_the_functions_it_was_forked_in_does_not_report_them(run: Run) -> None:
    done = run("""
        import os
        from _telemetry_inject import _tlm
        def leaf(tag):
            with _tlm(tag): pass
        def main():
            with _tlm("main"):
                child = os.fork() == 0
            if not child:
                os.wait()
            leaf("both")
        main()
    """)
    assert len(done.named("main")) == 1 and len(done.named("both")) == 2
    assert {span.trace_id for span in done.named("both")} & {done.one("main").trace_id} == set()


def test_identifiers_differ_between_children(run: Run) -> None:
    done = run("""
        import os
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        for _ in range(5):
            if os.fork() == 0:
                for _ in range(10): leaf()
                os._exit(0)
        for _ in range(5): os.wait()
    """)
    assert len({span.span_id for span in done.spans}) == len({span.trace_id for span in done.spans}) == 50


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(run: Run, method: str) -> None:
    done = run(
        """
        import multiprocessing, sys
        from _telemetry_inject import _tlm
        def square(n):
            with _tlm("square"):
                return n * n
        def single():
            with _tlm("single"): pass
        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[1])
            with context.Pool(2) as pool:
                print(sum(pool.map(square, range(40))))
                pool.close(); pool.join()
            process = context.Process(target=single)
            process.start(); process.join()
            print(process.exitcode)
        """,
        method,
    )
    assert done.out == "20540\n0\n" and done.err == ""
    assert len(done.named("square")) == 40 and len(done.named("single")) == 1


def test_process_pool_and_pickled_errors(run: Run) -> None:
    done = run("""
        from concurrent.futures import ProcessPoolExecutor
        from _telemetry_inject import _tlm
        def bad(n):
            with _tlm("bad"):
                raise ValueError(n)
        if __name__ == "__main__":
            with ProcessPoolExecutor(1) as pool:
                print(repr(pool.submit(bad, 3).exception()))
    """)
    assert done.out == "ValueError(3)\n" and done.one("bad").failed


def test_a_fork_from_a_thread_while_others_write(run: Run) -> None:
    done = run(
        """
        import os, threading, time, warnings
        warnings.simplefilter("ignore")
        from _telemetry_inject import _tlm
        def leaf(tag):
            with _tlm(tag): pass
        stop = []
        def busy():
            while not stop:
                for _ in range(20): leaf("busy")
                time.sleep(0.002)
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for t in threads: t.start()
        for _ in range(20):
            if os.fork() == 0:
                leaf("child")
                os._exit(0)
            os.wait()
        stop.append(1)
        for t in threads: t.join()
    """,
        env={"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "64"},
    )
    assert len(done.named("child")) == 20


ENDINGS = {
    "return": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "error": ("raise ValueError('x')", 1),
    "interrupt": ("signal.raise_signal(signal.SIGINT)", -signal.SIGINT),
    "handled SIGTERM": (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)",
        5,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_however_the_interpreter_ends_in_order_all_spans_are_written(run: Run, ending: str) -> None:
    code, expected = ENDINGS[ending]
    done = run(
        f"""
        import os, signal, sys, time
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        def main():
            with _tlm("main"):
                leaf(); leaf()
                {code}
        main()
    """,
        code=expected,
    )
    assert done.one("main").failed == (ending == "error") and len(done.named("leaf")) == 2


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGTERM)", "os.abort()"])
def test_a_sudden_end_loses_at_most_what_was_not_yet_written_and_leaves_whole_lines(run: Run, ending: str) -> None:
    done = run(
        f"""
        import os, signal
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        for _ in range(1300): leaf()
        {ending}
    """,
        code=None,
    )
    assert 1024 <= len(done.spans) < 1300


def test_spans_of_exit_callbacks_and_finalizers_are_written_too(run: Run) -> None:
    done = run("""
        import atexit, builtins, threading, time
        atexit.register(lambda: leaf("registered-before"))
        from _telemetry_inject import _tlm
        def leaf(tag, *rest):
            with _tlm(tag): pass
        atexit.register(leaf, "registered-after")
        class Last:
            def __init__(self, tag): self.tag = tag
            def __del__(self, leaf=leaf): leaf(self.tag)
        last = Last("global")
        builtins.last_of_all = Last("builtins")
        cycle = [Last("cycle")]; cycle.append(cycle)
        threading.Thread(target=lambda: (time.sleep(0.1), leaf("thread"))).start()
    """)
    assert done.err == ""
    assert {"registered-before", "registered-after", "thread"} <= {span.name for span in done.spans}


def test_daemon_threads_at_the_end_print_nothing(run: Run) -> None:
    done = run("""
        import threading, time
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        def forever():
            while True:
                for _ in range(200): leaf()
                time.sleep(0.01)
        for _ in range(3): threading.Thread(target=forever, daemon=True).start()
        time.sleep(0.1)
    """)
    assert done.err == "" and done.named("leaf")


def test_signal_handlers_may_call_instrumented_functions_and_raise_at_any_point(run: Run) -> None:
    done = run(
        """
        import signal, sys, time
        from _telemetry_inject import _tlm
        class Late(Exception): pass
        hits, raised = [0], []
        def handler(*_):
            with _tlm("handler"):
                hits[0] += 1
                leaf()
                if hits[0] % 2:
                    raised.append(1)
                    raise Late
                signal.setitimer(signal.ITIMER_REAL, 0.0007)
        def leaf():
            with _tlm("leaf", n=1) as _tlm_s:
                _tlm_s.branch("if+1")
                return _tlm_s.returns((1), _tlm_s)
        def main():
            with _tlm("main"):
                while True:
                    leaf()
        signal.signal(signal.SIGALRM, handler)
        signal.signal(signal.SIGPROF, lambda *_: sys.exit("an exception was swallowed"))
        signal.setitimer(signal.ITIMER_PROF, 20)
        seen = 0
        end = time.monotonic() + 3
        while time.monotonic() < end and len(raised) < 200:
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + (hits[0] % 7) * 0.0003)
                    main()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Late:
                seen += 1
        print(len(raised) - seen, seen >= 50)
        def outside():
            with _tlm("outside"): pass
        outside()
    """,
        tree=False,
    )
    assert done.err == ""
    assert done.out == "0 True\n"


def test_interrupts_inside_the_helper_are_never_swallowed(run: Run) -> None:
    done = run(
        """
        import signal
        from _telemetry_inject import _tlm
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        def leaf():
            with _tlm("leaf"): pass
        def main():
            with _tlm("main"):
                while True: leaf()
        seen = 0
        for n in range(300):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + n % 10 * 0.0001)
                main()
            except KeyboardInterrupt:
                seen += 1
        print(seen)
    """,
        tree=False,
    )
    assert done.out == "300\n" and done.err == ""


def test_no_warning_about_threads_at_forks(run: Run) -> None:
    done = run(
        """
        import os
        from _telemetry_inject import _tlm
        def leaf():
            with _tlm("leaf"): pass
        leaf()
        if os.fork() == 0: os._exit(0)
        os.wait()
    """,
        flags=("-W", "error"),
    )
    assert done.err == ""
