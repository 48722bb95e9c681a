"""Calls nest as they were made: in plain code, over awaits, in callbacks, and never in code that has nothing to do
with them."""

from __future__ import annotations

import pytest

from runtime_js_support import Program, asynchronous, function, generator
from telemetry_inject.report.span_check import check_spans

SLEEP = "const sleep=(n)=>new Promise(r=>setTimeout(r,n));\n"
G = function("g", "return x", parameters="x")
VERSIONS = ("", "22", "24")

# Name of the case -> (program, name of each span -> name of its parent)
CASES = {
    "plain calls": (
        G + function("f", "g(1)") + function("h", "f();g(2)") + "h();",
        {"h": [""], "f": ["h"], "g": ["f", "h"]},
    ),
    "recursion": (
        function("f", "return n?f(n-1):0", parameters="n") + "f(2);",
        {"f": ["", "f", "f"]},
    ),
    "an exception between calls": (
        G + function("f", "throw new Error('x')") + function("h", "try{f()}catch{g(1)}finally{g(2)}") + "h();g(3);",
        {"h": [""], "f": ["h"], "g": ["", "h", "h"]},
    ),
    "a finally that replaces the result": (
        G + function("f", "try{return g(1)}finally{return g(2)}") + "f();g(3);",
        {"f": [""], "g": ["", "f", "f"]},
    ),
    "over awaits": (
        SLEEP + G + asynchronous("f", "g(1);AWAIT(sleep(1));g(2);AWAIT(null);g(3)") + "f();",
        {"f": [""], "g": ["f", "f", "f"]},
    ),
    "one after the other": (
        SLEEP
        + G
        + asynchronous("a", "AWAIT(sleep(1));g(1)")
        + asynchronous("b", "AWAIT(sleep(1));g(2)")
        + asynchronous("f", "AWAIT(a());g(0);AWAIT(b())")
        + "f();",
        {"f": [""], "a": ["f"], "b": ["f"], "g": ["a", "b", "f"]},
    ),
    "side by side": (
        SLEEP
        + G
        + asynchronous("a", "AWAIT(sleep(n));g(1);AWAIT(sleep(n))", parameters="n")
        + asynchronous("f", "AWAIT(Promise.all([a(3),a(1),a(2)]));g(0)")
        + "f();",
        {"f": [""], "a": ["f", "f", "f"], "g": ["a", "a", "a", "f"]},
    ),
    "two programs that interleave": (
        SLEEP
        + G
        + asynchronous("a", "AWAIT(sleep(1));g(1);AWAIT(sleep(1));g(1)")
        + asynchronous("b", "AWAIT(sleep(1));g(2);AWAIT(sleep(1));g(2)")
        + "a();b();",
        {"a": [""], "b": [""], "g": ["a", "a", "b", "b"]},
    ),
    "a caller that is not instrumented": (
        SLEEP + G + asynchronous("a", "AWAIT(sleep(1))") + "a();g(1);(async()=>{const p=a();g(2);await p;g(3)})();",
        {"a": ["", ""], "g": ["", "", ""]},
    ),
    "a rejection": (
        SLEEP
        + G
        + asynchronous("a", "AWAIT(sleep(1));throw new Error('x')")
        + asynchronous("f", "try{AWAIT(a())}catch{_tlm_s.back();g(1)}finally{_tlm_s.back();g(2)};AWAIT(null);g(3)")
        + "f();",
        {"f": [""], "a": ["f"], "g": ["f", "f", "f"]},
    ),
    "a rejection at once": (
        G + asynchronous("f", "try{AWAIT(Promise.reject(1))}catch{_tlm_s.back();g(1)};g(2)") + "f();g(3);",
        {"f": [""], "g": ["", "f", "f"]},
    ),
    "started and not awaited": (
        SLEEP + G + asynchronous("a", "AWAIT(sleep(5));g(1)") + asynchronous("f", "a();AWAIT(sleep(1));g(2)") + "f();",
        {"f": [""], "a": ["f"], "g": ["a", "f"]},
    ),
    "an asynchronous function that never waits": (
        G + asynchronous("a", "g(1)") + function("f", "a();g(2)") + "f();g(3);",
        {"f": [""], "a": ["f"], "g": ["", "a", "f"]},
    ),
    "a timer, a tick and a promise, after the end": (
        G
        + function(
            "f", "setTimeout(g,1);setImmediate(g);process.nextTick(g);Promise.resolve().then(g);queueMicrotask(g)"
        )
        + "f();g();",
        {"f": [""], "g": ["", "f", "f", "f", "f", "f"]},
    ),
    "a timer of a call whose caller goes on": (
        SLEEP + G + function("f", "setTimeout(g,1)") + asynchronous("main", "f();AWAIT(sleep(10))") + "main();",
        {"main": [""], "f": ["main"], "g": ["main"]},
    ),
    "events and streams": (
        "const {EventEmitter}=require('events'),{Readable}=require('stream');"
        + G
        + function("f", "const e=new EventEmitter();e.on('x',()=>g(1));e.emit('x')")
        + asynchronous("r", "for await(const c of _tlm_s.wait(Readable.from(['a','b']))){_tlm_s.back();g(c)}")
        + "f();r();",
        {"f": [""], "r": [""], "g": ["f", "r", "r"]},
    ),
    "a generator is not around its consumer": (
        G + generator("it", "yield g(1);yield g(2)") + function("f", "for(const x of it())g(x)") + "f();",
        {"f": [""], "it": ["f"], "g": ["f", "f", "f", "f"]},
    ),
    "a generator left in the middle": (
        G + generator("it", "try{yield 1;yield 2}finally{g(2)}") + function("f", "for(const x of it())break") + "f();",
        {"f": [""], "it": ["f"], "g": ["f"]},
    ),
    # Its first step is taken after the caller has handed back: whoever called the caller is current then.
    "an asynchronous generator": (
        SLEEP
        + G
        + generator("it", "await sleep(1);yield 1;await sleep(1);yield 2", kind="async function*")
        + asynchronous("f", "for await(const x of _tlm_s.wait(it())){_tlm_s.back();g(x)}")
        + "f();",
        {"f": [""], "it": [""], "g": ["f", "f"]},
    ),
    "a thenable": (
        G + asynchronous("f", "AWAIT({then(r){g(1);setTimeout(r,1)}});g(2)") + "f();",
        {"f": [""], "g": ["", "f"]},
    ),
    "a zero-length entry": (
        "function App(){_tlm.entry`App`;return 1}" + function("f", "App()") + "f();",
        {"f": [""], "App": ["f"]},
    ),
}


def relations(spans: list) -> dict[str, list[str]]:
    names = {span.span_id: span.name for span in spans}
    found: dict[str, list[str]] = {}
    for span in spans:
        found.setdefault(span.name, []).append(names.get(span.parent_id, "?") if span.parent_id else "")
    return {name: sorted(parents) for name, parents in found.items()}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_parents(run: Program, case: str, version: str) -> None:
    program, parents = CASES[case]
    done = run(program, version=version)
    assert (relations(done.spans), done.err) == (parents, "")
    if "after the end" not in case:
        assert check_spans(done.files) == []


def test_in_a_module_with_awaits_at_the_top(run: Program) -> None:
    program = (
        SLEEP + G + asynchronous("f", "AWAIT(sleep(1));g(1)") + "await f();g(2);await Promise.all([f(),f()]);g(3);"
    )
    done = run(program, file="program.mjs")
    assert relations(done.spans) == {"f": ["", "", ""], "g": ["", "", "f", "f", "f"]}


def test_modules_and_scripts_and_copies_in_several_folders_share_one_tree(run: Program) -> None:
    from runtime_js_support import write_helper

    write_helper(run.folder / "lib")
    (run.folder / "lib/a.mjs").write_text('import{_tlm}from"./_telemetry_inject.mjs";export ' + G)
    (run.folder / "lib/b.cjs").write_text(
        'const{_tlm}=require("./_telemetry_inject.cjs");' + function("b", "return 1") + "exports.b=b"
    )
    done = run(
        "import{g}from'./lib/a.mjs';import b from'./lib/b.cjs';" + function("f", "g(1);b.b()") + "f();",
        file="program.mjs",
    )
    assert relations(done.spans) == {"f": [""], "g": ["f"], "b": ["f"]}
    assert len(done.files) == 1


def test_promises_take_as_many_ticks_as_before(run: Program) -> None:
    program = """
        const order=[];F
        async function plain(){await null;await null;order.push('plain')}
        async function ticks(){for(let i=0;i<6;i++){await null;order.push(i)}}
        f();plain();ticks();
        setTimeout(()=>console.log(order.join()),1);
    """
    f = asynchronous("f", "AWAIT(null);AWAIT(null);order.push('f')")
    assert run(program.replace("F", f)).out == "0,f,plain,1,2,3,4,5\n"


def test_an_unhandled_rejection_stays_one(run: Program) -> None:
    program = "process.on('unhandledRejection',e=>console.log('unhandled',e.message));" + asynchronous(
        "f", "AWAIT(null);throw new Error('x')"
    )
    assert run(program + "f();").out == "unhandled x\n"


def test_requests_to_a_server_begin_traces_of_their_own(run: Program) -> None:
    done = run(
        "const http=require('http');"
        + function("handler", "setTimeout(()=>{work();s.end()},1)", parameters="r,s")
        + function("work", "")
        + function("start", "const s=http.createServer(handler);s.listen(0,()=>ask(s,3));return s")
        + """
        function ask(s,n){http.get({port:s.address().port,agent:false},r=>{r.resume();r.on('end',()=>n>1?ask(s,n-1):s.close())})}
        start();
        """
    )
    handlers = done.named("handler")
    assert len(handlers) == 3 and len({span.trace_id for span in handlers}) == 3
    assert {span.parent_id for span in handlers} == {""}
    assert sorted(span.parent_id for span in done.named("work")) == sorted(span.span_id for span in handlers)


def test_an_endless_chain_of_timers_keeps_no_spans_alive(run: Program) -> None:
    done = run(
        function("tick", "if(n)setImmediate(tick,n-1);else report()", parameters="n")
        + """
        let before;
        function report(){gc();console.log(process.memoryUsage().heapUsed-before<2e6)}
        gc();before=process.memoryUsage().heapUsed;tick(50000);
        """,
        flags=("--expose-gc",),
        env={"TELEMETRY_INJECT_FILE": "/dev/null"},
    )
    assert done.out == "true\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_at_the_limit_of_the_stack_the_program_goes_on(run: Program, version: str) -> None:
    done = run(
        function("f", "return 1+f(n+1)", parameters="n")
        + G
        + """
        for(let i=0;i<3;i++){try{f(0)}catch(e){console.log(e instanceof RangeError,e.message)}}
        g(1);console.log('done');
        """,
        version=version,
    )
    assert done.out == "true Maximum call stack size exceeded\n" * 3 + "done\n"
    assert relations(done.named("g")) == {"g": [""]}
