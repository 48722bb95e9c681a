"""What a span of an instrumented program says, and where it hangs."""

from __future__ import annotations

import json
import sys
import threading
from itertools import pairwise

from opentelemetry.proto.trace.v1 import trace_pb2

from runtime_support import Run, parse_request


def test_nested_calls_give_nested_spans_with_the_place_in_the_code(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm

        class Store:
            def fetch(self, key):
                with _tlm("Store.fetch"):
                    return self.load(key)

            def load(self, key):
                with _tlm("Store.load"):
                    return key.upper()

        print(Store().fetch("a"))
    """)
    assert done.out == "A\n" and done.err == ""
    fetch, load = done.one("Store.fetch"), done.one("Store.load")
    assert (load.parent_id, fetch.parent_id) == (fetch.span_id, "")
    assert fetch.attributes.pop("thread.id") > 0
    assert fetch.attributes == {
        "code.function.name": "__main__.Store.fetch",
        "code.file.path": str(done.folder / "program.py"),
        "code.line.number": 5,
    }
    assert not fetch.events and not fetch.failed and fetch.scope_name == "telemetry-inject"
    assert load.flags == 0x101 and fetch.flags & 0xFF == 1


def test_lines_are_the_official_message_and_ids_are_hexadecimal(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"):
                pass
        f()
    """)
    (line,) = done.files[0].read_text().splitlines()
    (span,) = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert isinstance(span["startTimeUnixNano"], str) and span["kind"] == 1
    assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16
    (parsed,) = parse_request(line).resource_spans[0].scope_spans[0].spans
    assert parsed.kind == trace_pb2.Span.SPAN_KIND_INTERNAL


def test_the_occurrence_number_of_a_site_is_no_part_of_the_name(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"):
                pass
        g = f
        def f():
            with _tlm("f#2"):
                pass
        f(), g()
    """)
    assert sorted(span.attributes["code.line.number"] for span in done.named("f")) == [3, 7]


def test_an_error_is_described_once_at_the_innermost_function(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm

        def plain(): raise LookupError("no such thing", 3)

        def inner():
            with _tlm("inner"):
                plain()

        def outer():
            with _tlm("outer"):
                inner()

        def caught():
            with _tlm("caught"):
                try:
                    outer()
                except LookupError as error:
                    raise ValueError("second") from error

        try:
            caught()
        except ValueError:
            pass
    """)
    inner, outer, caught = done.one("inner"), done.one("outer"), done.one("caught")
    assert inner.failed and outer.failed and caught.failed
    assert [s.attributes["error.type"] for s in (inner, outer, caught)] == ["LookupError", "LookupError", "ValueError"]
    assert outer.events == ()
    ((name, event),) = inner.events
    assert name == "exception" and event["exception.type"] == "LookupError"
    assert event["exception.message"] == "'no such thing', 3"
    stack = event["exception.stacktrace"].splitlines()
    assert stack[0] == "Traceback (most recent call last):"
    assert stack[1] == f'  File "{done.folder / "program.py"}", line 8, in inner'
    assert stack[2].endswith("line 4, in plain") and stack[3] == "LookupError: 'no such thing', 3"
    assert caught.events[0][1]["exception.message"] == "second"


def test_an_error_that_is_caught_and_raised_later_from_elsewhere_is_described_again(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def plain(): raise KeyError("later")
        def child():
            with _tlm("child"):
                raise KeyError("first")
        def parent():
            with _tlm("parent"):
                for _ in range(50):
                    try:
                        child()
                    except KeyError:
                        pass
                plain()
        try:
            parent()
        except KeyError:
            pass
    """)
    assert done.one("parent").events[0][1]["exception.message"] == "later"
    assert len(done.named("child")) == 50


def test_control_flow_is_no_error(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm

        def raises(error):
            with _tlm(type(error).__name__):
                raise error

        for error in (StopIteration(), StopAsyncIteration(), GeneratorExit(), SystemExit(3), KeyboardInterrupt(),
                      asyncio.CancelledError()):
            try:
                raises(error)
            except BaseException as got:
                assert got is error

        def numbers():
            with _tlm("closed"):
                yield 1
                yield 2
        it = numbers(); next(it); it.close()
    """)
    assert len(done.spans) == 7
    assert not any(span.failed or span.events or "error.type" in span.attributes for span in done.spans)


def test_own_methods_of_exceptions_and_values_are_never_called(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm

        class Meta(type):
            def __getattribute__(cls, name): print("metaclass asked", name); return type.__getattribute__(cls, name)
        class Touchy(Exception, metaclass=Meta):
            args = property(lambda self: print("args asked"))
            def __str__(self): print("str called"); return "x"
            __repr__ = __str__
            def __getattribute__(self, name): print("asked", name); return super().__getattribute__(name)
        class Word(str):
            def __str__(self): print("str called"); return "x"
            __repr__ = __len__ = __getitem__ = encode = __str__
        class Dict(dict):
            def items(self): print("items called"); return []
            __len__ = __iter__ = items

        def f(**values):
            with _tlm("f", **values) as _tlm_s:
                _tlm_s.assign(word=Word("b"))
                _tlm_s.returns(Dict(a=1), _tlm_s)
                raise error
        error = Touchy("secretive", Word("a"))
        try:
            f(word=Word("a"), items=Dict(), error=error, kind=Touchy)
        except Touchy:
            pass
    """)
    assert done.out == ""
    span = done.one("f")
    assert span.attributes["telemetry.arg.word"] == "<__main__.Word>"
    assert span.attributes["telemetry.arg.error"] == "<__main__.Touchy>"
    assert span.attributes["telemetry.arg.kind"] == "<__main__.Meta>"
    assert span.attributes["telemetry.return"] == "<__main__.Dict>"
    assert span.events[1][1]["exception.message"] == "'secretive', <__main__.Word>"


def test_a_deep_stack_is_cut_in_the_middle(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def plain(n):
            if n == 0: raise ValueError("deep")
            plain(n - 1)
        def f():
            with _tlm("f"):
                plain(300)
        try: f()
        except ValueError: pass
    """)
    stack = done.one("f").events[0][1]["exception.stacktrace"].splitlines()
    assert len(stack) < 50 and "in f" in stack[1] and stack[-2].endswith("line 4, in plain")
    assert sum("frames left out" in line for line in stack) == 1


def test_generators_are_recorded_and_never_current(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def leaf(name):
            with _tlm(name):
                pass
        def numbers(tag):
            with _tlm("numbers-" + tag):
                for n in range(3):
                    leaf("in-generator-" + tag)
                    yield n
        def consumer():
            with _tlm("consumer"):
                a, b = numbers("a"), numbers("b")
                next(a), next(b), next(a)
                leaf("in-consumer")
                list(b)
                a.close()
                leaf("after")
        consumer()
        leaf("outside")
    """)
    parents = done.parents()
    assert parents.pop("outside") == "" and parents.pop("consumer") == ""
    assert set(parents.values()) == {"consumer"}


def test_a_generator_has_the_parent_of_its_first_resume(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def numbers():
            with _tlm("numbers"):
                yield 1
        def make():
            with _tlm("make"):
                return numbers()
        def use(it):
            with _tlm("use"):
                list(it)
        use(make())
    """)
    assert done.parents()["numbers"] == "use"


def test_threads_have_traces_of_their_own_and_spans_of_all_arrive(run: Run) -> None:
    done = run("""
        import threading
        from _telemetry_inject import _tlm
        def work(n):
            with _tlm("work"):
                for _ in range(200):
                    leaf()
        def leaf():
            with _tlm("leaf"):
                pass
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for t in threads: t.start()
        for t in threads: t.join()
    """)
    assert len(done.named("work")) == 8 and len(done.named("leaf")) == 1600
    assert len({span.attributes["thread.id"] for span in done.named("work")}) >= 1
    for work in done.named("work"):
        assert sum(leaf.parent_id == work.span_id for leaf in done.named("leaf")) == 200


def test_branches_and_loops_are_counted_and_handled_errors_named(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def f(n):
            with _tlm("f") as _tlm_s:
                for i in range(n):
                    _tlm_s.loop("for+2")
                    if i % 2:
                        _tlm_s.branch("if+3")
                try:
                    {}["x"]
                except KeyError:
                    _tlm_s.handled("except+7")
                for i in range(150):
                    _tlm_s.branch("many+%d" % i)
        f(5000)
    """)
    attributes = done.one("f").attributes
    assert attributes["telemetry.loop.for+2"] == 5000 and attributes["telemetry.branch.if+3"] == 2500
    assert attributes["telemetry.handled.except+7"] == 1
    assert attributes["telemetry.handled.except+7.type"] == "KeyError"
    assert sum(key.startswith("telemetry.branch.many") for key in attributes) <= 100


def test_assignments_are_events_up_to_a_bound(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f") as _tlm_s:
                for i in range(200):
                    x = i; _tlm_s.assign(x=x)
        f()
    """)
    span = done.one("f")
    assert len(span.events) == 128 and span.lost_events == 72
    assert span.events[5] == ("assign", {"telemetry.assign.x": 5})


def test_spans_at_the_limit_of_recursion_do_not_change_what_the_program_sees(run: Run) -> None:
    program = """
        import sys
        from _telemetry_inject import _tlm
        def down(n):
            with _tlm("down"):
                return down(n + 1)
        def depth(n=0):
            with _tlm("depth"):
                try:
                    return depth(n + 1)
                except RecursionError:
                    return n
        try:
            down(0)
        except RecursionError as error:
            print("RecursionError", type(error.__context__).__name__)
        print(depth() > sys.getrecursionlimit() * 0.9)
        with_error = down
        def after():
            with _tlm("after"):
                pass
        after()
    """
    done = run(program)
    assert done.out == "RecursionError NoneType\nTrue\n" and done.err == ""
    assert done.parents()["after"] == ""
    assert len(done.named("down")) > sys.getrecursionlimit() * 0.9
    assert {span.attributes.get("error.type") for span in done.named("down")} == {"RecursionError"}


def test_two_copies_of_the_helper_share_the_current_span_and_the_file(run: Run, tmp_path: object) -> None:
    done = run("""
        import pathlib, shutil, sys
        for name in ("one", "two"):
            pathlib.Path(name).mkdir()
            shutil.copy("_telemetry_inject.py", name)
            pathlib.Path(name, "__init__.py").write_text(
                "from ._telemetry_inject import _tlm\\n"
                "def call(f=None):\\n"
                "    with _tlm('%s'):\\n"
                "        f and f()\\n" % name)
        import one, two
        one.call(two.call)
        import _telemetry_inject
        assert _telemetry_inject is sys.modules["one._telemetry_inject"]
    """)
    assert done.parents() == {"one": "", "two": "one"} and len(done.files) == 1
    assert done.one("two").attributes["code.function.name"] == "two.two"


def test_each_thread_id_is_that_of_the_thread(run: Run) -> None:
    done = run("""
        import threading
        from _telemetry_inject import _tlm
        def f():
            with _tlm("f"):
                pass
        f(); print(threading.get_ident())
    """)
    assert done.one("f").attributes["thread.id"] == int(done.out)
    assert threading.get_ident() > 0


def test_a_built_in_replaced_by_an_instrumented_function_does_not_come_back_to_the_helper(run: Run) -> None:
    done = run("""
        import builtins
        from _telemetry_inject import _tlm

        def instrumented(function):
            def wrapper(*values, **named):
                with _tlm("wrapper"):
                    return function(*values, **named)
            return wrapper

        names = "len isinstance type getattr str int id list tuple dict set min max repr map iter next print hasattr " \\
                "issubclass bytes any all range abs round bool filter float globals".split()
        for name in names:
            original = getattr(builtins, name)
            setattr(builtins, name, instrumented(original))
            try:
                with _tlm("outer", x=1, y=[1, "a"]) as span:
                    span.assign(z=(1, {"k": 2}))
                    span.branch("if+1")
                    span.returns(1, span)
                    raise ValueError("x", 1)
            except ValueError:
                pass
            finally:
                setattr(builtins, name, original)
        print("done", len(names))
    """)
    assert done.out == "done 30\n" and done.err == ""
    assert len(done.named("outer")) == 30 and done.named("wrapper") == []


def test_a_time_of_day_that_jumps_moves_no_span_out_of_its_parent(run: Run) -> None:
    done = run("""
        import os
        import _telemetry_inject as helper
        from _telemetry_inject import _tlm

        real = helper._native.fstat
        jumps = iter(range(1, 10**6))

        class Jumping:
            def __init__(self, descriptor):
                self.real = real(descriptor)
                self.st_mtime_ns = self.real.st_mtime_ns + next(jumps) * 10**12

            def __getattr__(self, name):
                return getattr(self.real, name)

        helper._native.fstat = Jumping
        with _tlm("outer"):
            for number in range(1200):
                with _tlm("inner"):
                    pass
        helper._native.fstat = real
        with _tlm("later"):
            pass
    """)
    outer, later = done.one("outer"), done.one("later")
    assert len(done.named("inner")) == 1200
    assert all(outer.start <= span.start <= span.end <= outer.end for span in done.named("inner"))
    assert later.start > outer.end + 10**12


def test_the_program_s_time_is_never_asked_after_the_import(run: Run) -> None:
    """Tools that travel in time begin to count with the first call."""
    done = run("""
        import time
        import _telemetry_inject as helper
        from _telemetry_inject import _tlm

        def asked(*_):
            raise AssertionError("asked")

        helper._native.wall = time.time_ns = time.time = time.clock_gettime_ns = asked
        for number in range(2000):
            with _tlm("outer", number=number) as span:
                span.assign(number=number)
    """)
    assert len(done.named("outer")) == 2000


def test_the_kind_is_told_of_functions_that_are_suspended(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm

        def rows():
            with _tlm("rows"):
                yield 1

        async def stream():
            with _tlm("stream"):
                yield 1

        async def main():
            with _tlm("main"):
                return [row async for row in stream()] + list(rows())

        def plain():
            with _tlm("plain"):
                asyncio.run(main())

        plain()
    """)
    kinds = {span.name: span.attributes.get("telemetry.kind") for span in done.spans}
    assert kinds == {"rows": "generator", "stream": "async_generator", "main": "async", "plain": None}


def test_a_variable_called_self_can_be_assigned(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        with _tlm("a", site=1) as span:
            self = 1; span.assign(self=self, values=2, span=3)
    """)
    assert done.err == "" and len(done.one("a").events) == 1


def test_in_a_garbage_collection_spans_are_recorded_but_nothing_becomes_current(run: Run) -> None:
    """Where collections run inside of ContextVar.set (up to 3.11), setting one in a finalizer crashes CPython."""
    done = run("""
        import gc, sys
        import _telemetry_inject as helper
        from _telemetry_inject import _tlm

        def close():
            with _tlm("close"):
                return helper._current.get()

        class Cyclic:
            def __init__(self):
                self.me = self

            def __del__(self):
                seen.append(close())

        seen = []
        with _tlm("outer") as outer:
            Cyclic()
            gc.collect()
            assert len(seen) == 1
            assert (seen[0] is outer) == (sys.version_info < (3, 12)), seen
            assert close() is not outer
        assert close().up is None
    """)
    outer, finalizer, called, last = done.one("outer"), *done.named("close")
    assert finalizer.parent_id == called.parent_id == outer.span_id and last.parent_id == ""


def test_traces_that_follow_each_other_do_not_overlap(run: Run) -> None:
    done = run("""
        from _telemetry_inject import _tlm
        for number in range(3000):
            with _tlm("root"):
                pass
    """)
    spans = sorted(done.named("root"), key=lambda span: span.start)
    assert len(spans) == 3000
    assert all(one.end <= two.start for one, two in pairwise(spans))
