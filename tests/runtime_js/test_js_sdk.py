"""Spans handed over to the OpenTelemetry SDK that the program has set up; spans of both nest in each other."""

from __future__ import annotations

import json

import pytest

from runtime_js_support import Program, asynchronous, function, generator, modules

SETUP = """
const api=require('@opentelemetry/api');
const {NodeTracerProvider,InMemorySpanExporter,SimpleSpanProcessor,AlwaysOffSampler}=require('@opentelemetry/sdk-trace-node');
const memory=new InMemorySpanExporter();
const setup=(options={})=>new NodeTracerProvider({spanProcessors:[new SimpleSpanProcessor(memory)],...options}).register();
const tracer=api.trace.getTracer('program');
const sleep=(n)=>new Promise(r=>setTimeout(r,n));
process.on('exit',()=>console.log(JSON.stringify(memory.getFinishedSpans().map(s=>({name:s.name,id:s.spanContext().spanId,
  trace:s.spanContext().traceId,parent:(s.parentSpanContext||{}).spanId||'',attributes:s.attributes,status:s.status.code,
  events:s.events.map(e=>[e.name,e.attributes]),start:s.startTime,end:s.endTime,kind:s.kind})))));
"""
G = function("g", "return x", parameters="x")
F = function("f", "g(1)")


class Sdk:
    """Runs a program with the SDK and gives what it exported."""

    def __init__(self, run: Program) -> None:
        self.run = run
        (run.folder / "node_modules").symlink_to(modules())

    def __call__(self, program: str, **options: object) -> list[dict]:
        self.done = self.run(SETUP + program, **options)
        return json.loads(self.done.out)

    @staticmethod
    def tree(spans: list[dict]) -> dict[str, list[str]]:
        names = {span["id"]: span["name"] for span in spans}
        found: dict[str, list[str]] = {}
        for span in spans:
            found.setdefault(span["name"], []).append(names.get(span["parent"], span["parent"]))
        return {name: sorted(parents) for name, parents in found.items()}


@pytest.fixture
def sdk(run: Program) -> Sdk:
    return Sdk(run)


CASES = {
    "plain calls": ("f();g(2)", {"f": [""], "g": ["", "f"]}),
    "ours in theirs": (
        "tracer.startActiveSpan('theirs',s=>{f();s.end()});g(0)",
        {"theirs": [""], "f": ["theirs"], "g": ["", "f"]},
    ),
    "theirs in ours": (
        function("h", "tracer.startActiveSpan('theirs',s=>{tracer.startSpan('leaf').end();s.end()})") + "h();g(0)",
        {"h": [""], "theirs": ["h"], "leaf": ["theirs"], "g": [""]},
    ),
    "in turns": (
        function("h", "tracer.startActiveSpan('theirs',s=>{f();s.end()});g(2);tracer.startSpan('leaf').end()") + "h();",
        {"h": [""], "theirs": ["h"], "f": ["theirs"], "g": ["f", "h"], "leaf": ["h"]},
    ),
    "over awaits": (
        asynchronous(
            "a",
            "AWAIT(sleep(n));g(1);AWAIT(tracer.startActiveSpan('theirs',async s=>{await sleep(1);f();s.end()}));"
            "tracer.startSpan('leaf').end()",
            parameters="n",
        )
        + asynchronous("main", "AWAIT(Promise.all([a(2),a(1)]));g(0)")
        + "main();tracer.startSpan('alone').end();",
        {
            "main": [""],
            "alone": [""],
            "a": ["main", "main"],
            "theirs": ["a", "a"],
            "f": ["theirs", "theirs"],
            "leaf": ["a", "a"],
            "g": ["a", "a", "f", "f", "main"],
        },
    ),
    "generators": (
        generator("it", "yield g(1);tracer.startSpan('leaf').end();yield 2")
        + function("h", "for(const x of it());")
        + "h();",
        {"h": [""], "it": ["h"], "g": ["h"], "leaf": ["h"]},
    ),
    "a timer": (
        function("h", "setTimeout(()=>{g(1);tracer.startSpan('leaf').end()},1)") + "h();",
        {"h": [""], "g": ["h"], "leaf": ["h"]},
    ),
    "a context that was bound": (
        function("h", "return api.context.bind(api.context.active(),()=>{g(1);tracer.startSpan('leaf').end()})")
        + "h()();",
        {"h": [""], "g": ["h"], "leaf": ["h"]},
    ),
}


@pytest.mark.parametrize("version", ["", "24"])
@pytest.mark.parametrize("case", CASES)
def test_nesting(sdk: Sdk, case: str, version: str) -> None:
    program, tree = CASES[case]
    spans = sdk("setup();" + G + F + program, version=version)
    assert sdk.tree(spans) == tree
    assert sdk.done.files == [] and sdk.done.err == ""
    traces = {span["id"]: span["trace"] for span in spans}
    assert all(traces[span["parent"]] == span["trace"] for span in spans if span["parent"])


def test_a_suspended_call_does_not_leak_into_what_else_runs(sdk: Sdk) -> None:
    spans = sdk(
        "setup();"
        + G
        + asynchronous("a", "AWAIT(sleep(2));g(1)")
        + "(async()=>{const p=a();tracer.startSpan('beside').end();await p;tracer.startSpan('after').end()})();"
    )
    assert sdk.tree(spans) == {"a": [""], "beside": [""], "after": [""], "g": ["a"]}


def test_what_is_recorded_is_the_same(sdk: Sdk) -> None:
    spans = sdk(
        "setup();function f(a){const s=_tlm`f`.args({a});try{s.loop('for+1');s.loop('for+1');s.assign({a});"
        "throw new TypeError('x')}catch(e){throw s.fail(e)}finally{s.exit()}}\n"
        + function("g", "f(1)")
        + "try{g()}catch{}"
    )
    f, g = spans
    assert f["attributes"] == {
        "code.function.name": "f",
        "code.file.path": str(sdk.run.folder / "program.cjs"),
        "code.line.number": 11,
        "telemetry.arg.a": 1,
        "telemetry.loop.for+1": 2,
        "error.type": "TypeError",
    }
    assert (f["status"], g["status"], g["events"]) == (2, 2, [])
    assert [event[0] for event in f["events"]] == ["assign", "exception"]
    assert f["events"][1][1]["exception.message"] == "x"


def test_an_sdk_set_up_later_takes_over_and_what_it_drops_is_dropped(sdk: Sdk) -> None:
    spans = sdk(G + F + "f();setup();f();api.trace.disable();f();")
    assert sdk.tree(spans) == {"f": [""], "g": ["f"]}
    assert sorted(span.name for span in sdk.done.spans) == ["f", "f", "g", "g"]


def test_sampled_out_or_suppressed_nothing_is_recorded(sdk: Sdk) -> None:
    assert sdk("setup({sampler:new AlwaysOffSampler()});" + G + F + "f();") == [] and sdk.done.files == []
    spans = sdk(
        "setup();const key=Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');"
        + G
        + F
        + "api.context.with(api.context.active().setValue(key,true),f);"
    )
    assert spans == [] and sdk.done.files == []


def test_an_sdk_that_is_instrumented_or_broken_does_no_harm(sdk: Sdk) -> None:
    spans = sdk(
        G
        + F
        + """
        setup({spanProcessors:[new SimpleSpanProcessor(memory),{onStart(){g(5)},onEnd(){g(6)},shutdown(){},forceFlush(){}}]});
        f();
        """
    )
    assert sdk.tree(spans) == {"f": [""], "g": ["f"]}
    spans = sdk(
        G
        + F
        + """
        setup({spanProcessors:[{onStart(){throw new Error('start')},onEnd(){throw new Error('end')},shutdown(){},forceFlush(){}}]});
        f();
        """
    )
    assert spans == [] and sdk.done.err == ""


def test_an_api_without_a_manager_of_contexts(sdk: Sdk) -> None:
    spans = sdk(
        """
        const {BasicTracerProvider}=require('@opentelemetry/sdk-trace-base');
        api.trace.setGlobalTracerProvider(new BasicTracerProvider({spanProcessors:[new SimpleSpanProcessor(memory)]}));
        """
        + G
        + F
        + asynchronous("a", "AWAIT(sleep(1));f()")
        + "a();"
    )
    assert sdk.tree(spans) == {"a": [""], "f": ["a"], "g": ["f"]}


def test_open_calls_are_handed_over_at_exit(sdk: Sdk) -> None:
    spans = sdk("setup();" + asynchronous("a", "AWAIT(sleep(1));g()") + function("g", "process.exit(0)") + "a();")
    assert {span["name"]: span["attributes"].get("telemetry.unfinished") for span in spans} == {"a": True, "g": True}


HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SERVED = (
    G
    + F
    + "const http=require('http'),seen=[];"
    + asynchronous(
        "handler",
        "tracer.startActiveSpan('theirs',s=>{f();s.end()});AWAIT(sleep(2));g(1);res.end()",
        parameters="q,res",
    )
    + """
    const ask=(port,headers)=>new Promise(done=>http.get({port,host:'127.0.0.1',headers,agent:false},
      r=>{r.resume();r.on('end',done)}));
    const serve=async(listener,...all)=>{const server=http.createServer((q,res)=>{seen.push(q.headers.traceparent||'');
      listener(q,res)});
      await new Promise(r=>server.listen(0,'127.0.0.1',r));
      for(const headers of all)await ask(server.address().port,headers);server.close()};
    """
)


def test_requests_are_picked_up_by_the_programs_propagators(sdk: Sdk) -> None:
    program = f"setup();tracer.startActiveSpan('main',async(s)=>{{await serve(handler,{{traceparent:'{HEADER}'}},{{}});s.end()}})"
    spans = sdk(SERVED + program)
    handlers = [span for span in spans if span["name"] == "handler"]
    main = next(span for span in spans if span["name"] == "main")
    assert [(span["trace"], span["parent"]) for span in handlers] == [
        (HEADER[3:35], HEADER[36:52]),
        (main["trace"], main["id"]),
    ]
    tree = sdk.tree(spans)
    assert tree["theirs"] == ["handler"] * 2 and tree["g"] == sorted(["f", "handler"] * 2)
    traces = {span["id"]: span["trace"] for span in spans}
    assert all(traces.get(span["parent"], span["trace"]) == span["trace"] for span in spans)


def test_what_the_program_read_or_began_itself_goes_before(sdk: Sdk) -> None:
    listener = (
        "(q,res)=>{const read=api.propagation.extract(api.context.active(),q.headers);"
        "if(q.headers.own)return api.context.with(api.trace.deleteSpan(read),()=>tracer.startActiveSpan('own',s=>{"
        "handler(q,res);s.end()}));"
        "tracer.startActiveSpan('server',{},read,s=>{handler(q,res);s.end()})}"
    )
    asked = f"{{traceparent:'{HEADER}'}},{{traceparent:'{HEADER}',own:'1'}}"
    spans = sdk(SERVED + f"setup();serve({listener},{asked})")
    tree = sdk.tree(spans)
    assert tree["handler"] == ["own", "server"] and tree["own"] == [""] and tree["server"] == [HEADER[36:52]]


def test_without_propagators_nothing_is_read_or_sent(sdk: Sdk) -> None:
    caller = asynchronous("caller", "AWAIT(serve((q,res)=>res.end(),{}))")
    program = (
        "api.trace.setGlobalTracerProvider(new NodeTracerProvider({spanProcessors:[new SimpleSpanProcessor(memory)]}));"
        f"serve(handler,{{traceparent:'{HEADER}'}}).then(caller).then(()=>console.error(JSON.stringify(seen)))"
    )
    spans = sdk(SERVED + caller + program, env={"TELEMETRY_INJECT_PROPAGATE": "true"})
    assert sdk.tree(spans)["handler"] == [""] and json.loads(sdk.done.err) == [HEADER, ""]


def test_the_programs_propagators_send_the_trace_on(sdk: Sdk) -> None:
    caller = asynchronous("caller", f"AWAIT(serve((q,res)=>res.end(),{{}},{{traceparent:'{HEADER}'}}))")
    child = function(
        "child", "seen.push(String(cp.execFileSync(process.execPath,['-p','process.env.TRACEPARENT'])).trim())"
    )
    spans = sdk(
        SERVED
        + "const cp=require('child_process');"
        + caller
        + child
        + "setup();caller().then(child).then(()=>console.error(JSON.stringify(seen)))",
        env={"TELEMETRY_INJECT_PROPAGATE": "true"},
    )
    named = {span["name"]: f"00-{span['trace']}-{span['id']}-01" for span in spans}
    assert json.loads(sdk.done.err) == [named["caller"], HEADER, named["child"]]


def test_what_started_the_process_is_above_the_programs_spans(sdk: Sdk) -> None:
    spans = sdk(G + F + "setup();f();tracer.startActiveSpan('theirs',s=>{g(1);s.end()})", env={"TRACEPARENT": HEADER})
    assert sdk.tree(spans) == {"f": [HEADER[36:52]], "theirs": [""], "g": ["f", "theirs"]}
