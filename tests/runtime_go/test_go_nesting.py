"""Which span is the parent of which: stack of the goroutine, contexts, goroutines, closures, requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_go_support import Outcome, Program, build

PROGRAM = """
package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	§
)

type Store struct{ ctx context.Context }

func (s *Store) Fetch(ctx context.Context) (_tlm_err error) {
	defer _tlm.Enter(&ctx, "Store.Fetch").Exit(&_tlm_err)
	leaf()
	return nil
}

func leaf() { defer _tlm.Enter(nil, "leaf").Exit(nil) }

func stack() {
	defer _tlm.Enter(nil, "stack").Exit(nil)
	middle := func() {
		defer _tlm.Enter(nil, "stack.func1").Exit(nil)
		leaf()
	}
	middle()
}

func under(ctx context.Context) {
	defer _tlm.Enter(&ctx, "under").Exit(nil)
	_ = new(Store).Fetch(ctx)
}

// The context passes a function that takes none.
func captured(ctx context.Context) {
	defer _tlm.Enter(&ctx, "captured").Exit(nil)
	each(func() { _ = new(Store).Fetch(ctx) })
}

func each(f func()) {
	defer _tlm.Enter(nil, "each").Exit(nil)
	f()
}

func spawn(ctx context.Context) {
	defer _tlm.Enter(&ctx, "spawn").Exit(nil)
	var wait sync.WaitGroup
	for i := 0; i < 3; i++ {
		wait.Add(1)
		go func() {
			ctx := ctx
			defer wait.Done()
			defer _tlm.Enter(&ctx, "spawn.func1").Exit(nil)
			each(func() { inner(ctx) })
		}()
	}
	wait.Wait()
}

func inner(ctx context.Context) { defer _tlm.Enter(&ctx, "inner").Exit(nil) }

// A goroutine calls a function with the context of the goroutine that started it.
func outerContext(ctx context.Context) {
	defer _tlm.Enter(&ctx, "outerContext").Exit(nil)
	done := make(chan bool)
	go func() {
		defer close(done)
		inner := ctx
		defer _tlm.Enter(&inner, "worker").Exit(nil)
		each(func() { inner2(ctx) })
	}()
	<-done
}

func inner2(ctx context.Context) { defer _tlm.Enter(&ctx, "inner2").Exit(nil) }

func apart() {
	defer _tlm.Enter(nil, "apart").Exit(nil)
	done := make(chan bool)
	go func() { defer close(done); leaf() }()
	<-done
}

// The starter has ended when the goroutine begins.
func late(ctx context.Context, wait *sync.WaitGroup) {
	defer _tlm.Enter(&ctx, "late").Exit(nil)
	wait.Add(1)
	go func() {
		defer wait.Done()
		time.Sleep(20 * time.Millisecond)
		under(ctx)
	}()
}

// A context that a function made and gave back carries that function's span, which has ended.
func prepare(ctx context.Context) context.Context {
	defer _tlm.Enter(&ctx, "prepare").Exit(nil)
	return context.WithValue(ctx, "key", 1)
}

func stale(ctx context.Context) {
	defer _tlm.Enter(&ctx, "stale").Exit(nil)
	under(prepare(ctx))
}

func derived(ctx context.Context) {
	defer _tlm.Enter(&ctx, "derived").Exit(nil)
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, "key", 1), time.Hour)
	defer cancel()
	done := make(chan bool)
	go func() { defer close(done); under(ctx) }()
	<-done
}

func goexit() {
	defer _tlm.Enter(nil, "goexit").Exit(nil)
	done := make(chan bool)
	go func() {
		defer close(done)
		defer _tlm.Enter(nil, "exits").Exit(nil)
		each(runtime.Goexit)
	}()
	<-done
	for i := 0; i < 20; i++ { // goroutines' memory is used again
		done := make(chan bool)
		go func() { defer close(done); stack() }()
		<-done
	}
}

func pulled() {
	defer _tlm.Enter(nil, "pulled").Exit(nil)
	next, stop := iter.Pull(func(yield func(int) bool) {
		defer _tlm.Enter(nil, "sequence").Exit(nil)
		for i := 0; i < 3 && yield(i); i++ {
			leaf()
		}
	})
	next()
	under(context.Background())
	next()
	stop()
}

func recovered() {
	defer _tlm.Enter(nil, "recovered").Exit(nil)
	func() {
		defer func() { _ = recover() }()
		each(func() { panic("x") })
	}()
	leaf()
}

func recursive(ctx context.Context, n int) {
	defer _tlm.Enter(&ctx, "recursive").Exit(nil)
	if n > 0 {
		recursive(ctx, n-1)
	}
}

// A span outlives its caller's and ends first, as nothing that is deferred does.
func disorderly() {
	a := _tlm.Enter(nil, "a")
	b := _tlm.Enter(nil, "b")
	a.Exit(nil)
	leaf()
	b.Exit(nil)
	b.Exit(nil)
	inner(nil)
}

type broken struct{ context.Context }

func stacked(ctx context.Context) {
	defer _tlm.Enter(&ctx, "stacked").Exit(nil)
	leaf()
}

func own(ctx context.Context) {
	defer _tlm.Enter(&ctx, "own").Exit(nil)
	derived, cancel := context.WithCancelCause(ctx)
	cancel(fmt.Errorf("cause"))
	_, late := ctx.Deadline()
	fmt.Println(ctx, ctx.Err(), late, ctx.Value("key"), derived, derived.Err(), context.Cause(derived))
}

func (b *broken) String() string { return "broken" }

func main() {
	defer _tlm.Enter(nil, "main").Exit(nil)
	ctx := context.Background()
	switch os.Args[1] {
	case "stack":
		stack()
	case "under":
		under(ctx)
	case "nil context":
		under(nil)
	case "broken context":
		var broken *broken
		stacked(broken)
	case "own context":
		own(&broken{ctx})
	case "captured":
		captured(ctx)
	case "spawn":
		spawn(ctx)
	case "outer context":
		outerContext(ctx)
	case "apart":
		apart()
	case "late":
		var wait sync.WaitGroup
		late(ctx, &wait)
		wait.Wait()
	case "stale":
		stale(ctx)
	case "derived":
		derived(ctx)
	case "goexit":
		goexit()
	case "pulled":
		pulled()
	case "recovered":
		recovered()
	case "recursive":
		n, _ := strconv.Atoi(os.Args[2])
		recursive(ctx, n)
	case "disorderly":
		disorderly()
	default:
		fmt.Println("unknown")
	}
}
"""


@pytest.fixture(scope="module", params=["", "purego", "race"])
def program(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Program:
    flags = {"": [], "purego": ["-tags=purego"], "race": ["-race"]}[request.param]
    return build(tmp_path_factory.mktemp("nesting"), PROGRAM, flags=flags, go_version="1.23")


def test_calls_in_a_goroutine_nest(program: Program) -> None:
    assert program.run("stack").parents() == {
        "leaf": "stack.func1",
        "stack.func1": "stack",
        "stack": "main",
        "main": "",
    }


def test_a_context_and_the_stack_give_one_tree(program: Program) -> None:
    tree = {"leaf": "Store.Fetch", "Store.Fetch": "under", "under": "main", "main": ""}
    assert program.run("under").parents() == tree


def test_a_nil_context_stays_nil(program: Program) -> None:
    assert program.run("nil context").parents()["under"] == "main"


def test_a_context_that_panics_when_asked_does_no_harm(program: Program) -> None:
    assert program.run("broken context").parents() == {"leaf": "stacked", "stacked": "main", "main": ""}


def test_a_context_with_a_span_is_otherwise_its_parent(program: Program) -> None:
    out = program.run("own context").out
    assert out == "broken <nil> false <nil> broken.WithCancel context canceled cause\n"


def test_a_captured_context_does_not_skip_the_functions_between(program: Program) -> None:
    parents = program.run("captured").parents()
    assert (parents["Store.Fetch"], parents["each"]) == ("each", "captured")


def test_goroutines_nest_by_context(program: Program) -> None:
    outcome = program.run("spawn")
    spawn = outcome.one("spawn")
    assert {span.parent_id for span in outcome.named("spawn.func1")} == {spawn.span_id}
    assert len({span.attributes["thread.id"] for span in outcome.named("spawn.func1")}) == 3
    assert {span.trace_id for span in outcome.spans} == {spawn.trace_id}
    parents = outcome.parents()
    assert (parents["inner"], parents["each"]) == ("each", "spawn.func1")


def test_the_starters_context_does_not_skip_the_goroutines_own_calls(program: Program) -> None:
    parents = program.run("outer context").parents()
    assert parents["worker"] == "outerContext"
    assert (parents["inner2"], parents["each"]) == ("each", "worker")


def test_a_goroutine_without_a_context_begins_a_trace(program: Program) -> None:
    outcome = program.run("apart")
    assert outcome.parents()["leaf"] == ""
    assert outcome.one("leaf").trace_id != outcome.one("apart").trace_id


def test_a_goroutine_may_begin_after_its_starter_has_ended(program: Program) -> None:
    assert program.run("late").parents()["under"] == "late"


def test_a_stale_context_does_not_hide_the_caller(program: Program) -> None:
    parents = program.run("stale").parents()
    assert (parents["under"], parents["prepare"]) == ("stale", "stale")


def test_derived_contexts_carry_the_span(program: Program) -> None:
    assert program.run("derived").parents()["under"] == "derived"


def test_goexit_is_no_error_and_leaves_no_stack(program: Program) -> None:
    outcome = program.run("goexit")
    assert not any(span.error for span in outcome.spans)
    assert (outcome.parents()["each"], outcome.parents()["exits"]) == ("exits", "")
    assert [span.parent_id for span in outcome.named("stack")] == [""] * 20


def test_a_coroutine_of_an_iterator_has_its_own_stack(program: Program) -> None:
    parents = program.run("pulled").parents()
    assert (parents["sequence"], parents["under"]) == ("", "pulled")


def test_a_recovered_panic_leaves_no_span_on_the_stack(program: Program) -> None:
    outcome = program.run("recovered")
    assert outcome.parents()["leaf"] == "recovered"
    assert outcome.one("each").error and not outcome.one("recovered").error


def test_deep_recursion(program: Program) -> None:
    depth = 2000 if "-tags=purego" in program.flags else 30000  # the runtime walks the stack to tell the number
    outcome: Outcome = program.run("recursive", str(depth))
    assert len(outcome.named("recursive")) == depth + 1


def test_spans_may_end_in_another_order(program: Program) -> None:
    outcome = program.run("disorderly", tree=False)
    parents = outcome.parents()
    assert (parents["b"], parents["leaf"], parents["inner"]) == ("a", "b", "main")
    assert len(outcome.named("b")) == 1


def test_thirty_thousand_goroutines(tmp_path: Path) -> None:
    program = build(
        tmp_path,
        """
        package main

        import (
            "context"
            "sync"

            §
        )

        func work(ctx context.Context, wait *sync.WaitGroup, gate chan bool) {
            defer wait.Done()
            defer _tlm.Enter(&ctx, "work").Exit(nil)
            <-gate
            leaf()
        }

        func leaf() { defer _tlm.Enter(nil, "leaf").Exit(nil) }

        func main() {
            ctx := context.Background()
            defer _tlm.Enter(&ctx, "main").Exit(nil)
            var wait sync.WaitGroup
            gate := make(chan bool)
            for i := 0; i < 30000; i++ {
                wait.Add(1)
                go work(ctx, &wait, gate)
            }
            close(gate)
            wait.Wait()
        }
        """,
    )
    outcome = program.run()
    spans = outcome.spans
    main = next(span for span in spans if span.name == "main")
    work = {span.span_id for span in spans if span.name == "work"}
    assert len(spans) == 60_001 and len(work) == 30_000
    assert all(span.parent_id == main.span_id for span in spans if span.name == "work")
    assert {span.parent_id for span in spans if span.name == "leaf"} == work
