"""Tasks, cancellation, interleaving: who is whose parent when many things run at once."""

from __future__ import annotations

from runtime_support import Run


def test_tasks_hang_under_the_span_that_started_them(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm
        async def leaf(tag):
            with _tlm("leaf-" + tag):
                await asyncio.sleep(0.001)
        async def job(tag):
            with _tlm("job-" + tag):
                for _ in range(3):
                    await leaf(tag)
        async def main():
            with _tlm("main"):
                await asyncio.gather(*(job(str(n)) for n in range(20)))
        asyncio.run(main())
    """)
    parents = done.parents()
    assert all(parents[f"job-{n}"] == "main" and parents[f"leaf-{n}"] == f"job-{n}" for n in range(20))
    assert len(done.spans) == 1 + 20 + 60


def test_a_task_that_outlives_its_starter_goes_to_the_nearest_that_still_lives(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm
        async def late():
            with _tlm("late"):
                await asyncio.sleep(0)
                tick()
        def tick():
            with _tlm("tick"): pass
        def start():
            with _tlm("start"):
                return asyncio.ensure_future(late())
        async def main():
            with _tlm("main"):
                await start()
        asyncio.run(main())
    """)
    assert done.parents() == {"main": "", "start": "main", "late": "main", "tick": "late"}


def test_executors_and_callbacks_keep_the_span(run: Run) -> None:
    done = run("""
        import asyncio, contextvars
        from _telemetry_inject import _tlm
        def work(tag):
            with _tlm(tag): pass
        async def main():
            with _tlm("main"):
                await asyncio.to_thread(work, "thread")
                asyncio.get_running_loop().call_soon(work, "callback")
                await asyncio.sleep(0.01)
        asyncio.run(main())
    """)
    assert done.parents() == {"main": "", "thread": "main", "callback": "main"}


def test_cancelled_tasks_and_time_outs_end_their_spans_and_only_time_outs_are_errors(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm
        async def forever():
            with _tlm("forever"):
                await asyncio.sleep(60)
        async def limited():
            with _tlm("limited"):
                await asyncio.wait_for(forever(), 0.01)
        async def main():
            with _tlm("main"):
                task = asyncio.create_task(forever())
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                try:
                    await limited()
                except asyncio.TimeoutError:
                    print("late")
        asyncio.run(main())
    """)
    assert done.out == "late\n"
    assert not any(span.failed for span in done.named("forever")) and len(done.named("forever")) == 2
    assert done.one("limited").attributes["error.type"] == "TimeoutError" and not done.one("main").failed


def test_asynchronous_generators_are_never_current(run: Run) -> None:
    done = run(
        """
        import asyncio
        from _telemetry_inject import _tlm
        def leaf(tag):
            with _tlm(tag): pass
        async def numbers():
            with _tlm("numbers"):
                try:
                    for n in range(5):
                        await asyncio.sleep(0)
                        leaf("inside")
                        got = yield n
                finally:
                    leaf("closing")
        async def main():
            with _tlm("main"):
                async for n in numbers():
                    leaf("consumer")
                    if n == 2:
                        break
                it = numbers()
                await it.asend(None)
                try:
                    await it.athrow(ValueError("thrown"))
                except ValueError:
                    pass
                leaf("after")
        asyncio.run(main())
        leaf("outside")
    """,
        tree=False,
    )
    parents = done.parents()
    assert parents.pop("outside") == "" and parents.pop("main") == ""
    assert parents.pop("closing") in ("main", "")
    assert set(parents.values()) == {"main"} and len(done.named("numbers")) == 2
    assert sum(span.failed for span in done.named("numbers")) == 1


def test_coroutines_driven_by_hand_and_interleaved_leave_no_ended_span_current(run: Run) -> None:
    done = run(
        """
        from _telemetry_inject import _tlm
        class Pause:
            def __await__(self): yield
        def leaf(tag):
            with _tlm(tag): pass
        async def job(tag, n):
            with _tlm(tag):
                for _ in range(n):
                    await Pause()
        def driver():
            with _tlm("driver"):
                jobs = [job("a", 1), job("b", 3), job("c", 2)]
                for coroutine in jobs: coroutine.send(None)
                while jobs:
                    for coroutine in list(jobs):
                        try:
                            coroutine.send(None)
                        except StopIteration:
                            jobs.remove(coroutine)
                leaf("at-the-end")
        driver()
        leaf("outside")
        def careless():
            with _tlm("careless"):
                left.append(job("left", 5)); left[0].send(None)
        left = []
        careless()
        leaf("later")
        left.clear()
        leaf("last")
    """,
        tree=False,
    )
    parents = done.parents()
    assert parents["at-the-end"] == "driver"
    assert parents["outside"] == parents["later"] == parents["last"] == ""


def test_an_error_crosses_a_task_and_is_described_where_it_arose(run: Run) -> None:
    done = run("""
        import asyncio
        from _telemetry_inject import _tlm
        async def inner():
            with _tlm("inner"):
                raise OSError(2, "gone")
        async def main():
            with _tlm("main"):
                await asyncio.create_task(inner())
        try:
            asyncio.run(main())
        except OSError:
            pass
    """)
    assert [event[1]["exception.message"] for event in done.one("inner").events] == ["2, 'gone'"]
    assert done.one("main").events == () and done.one("main").failed


def test_an_endless_relay_of_tasks_does_not_pile_up_memory(run: Run) -> None:
    done = run(
        """
        import asyncio, gc, sys
        from _telemetry_inject import _tlm
        import _telemetry_inject
        async def step(n):
            with _tlm("step"):
                await asyncio.sleep(0)
                if n:
                    tasks.append(asyncio.ensure_future(step(n - 1)))
                await asyncio.sleep(0); await asyncio.sleep(0)
        tasks = []
        async def main():
            tasks.append(asyncio.ensure_future(step(3000)))
            while tasks:
                await tasks.pop()
            _telemetry_inject._deliver()
            gc.collect()
            print(sum(type(x) is _telemetry_inject._Span for x in gc.get_objects()) < 10)
        asyncio.run(main())
    """,
        tree=False,
    )
    assert done.out == "True\n" and len(done.named("step")) == 3001
