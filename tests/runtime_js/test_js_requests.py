"""Requests that say to which trace they belong: what a server of Node calls for them continues it."""

from __future__ import annotations

import json

import pytest
from trace_states import HEADER, OTHER, PARENT, PARENTS, STATES, TRACE

from runtime_js_support import Outcome, Program, asynchronous, function

VERSIONS = ["", "22", "24"]

SETUP = (
    "const http=require('http'),sleep=(n)=>new Promise(r=>setTimeout(r,n));"
    + function("leaf", "")
    + asynchronous("later", "AWAIT(sleep(2));leaf()")
    + function("plain", "leaf();res.end('x')", parameters="req,res")
    + asynchronous("handler", "leaf();AWAIT(sleep(2));AWAIT(later());leaf();res.end('x')", parameters="req,res")
)
ASK = """
const agent=new http.Agent({keepAlive:true,maxSockets:+(process.env.SOCKETS||1)});
const one=(port,headers)=>new Promise((done,failed)=>{
  const q=http.request({port,agent,headers,host:'127.0.0.1'},r=>{r.resume();r.on('end',done)});q.on('error',failed);q.end()});
async function serve(listener,all){
  const server=http.createServer(listener);
  await new Promise(r=>server.listen(0,'127.0.0.1',r));
  if(process.env.SOCKETS)await Promise.all(all.map(h=>one(server.address().port,h)));
  else for(const h of all)await one(server.address().port,h);
  agent.destroy();server.close();
}
"""


def answered(done: Outcome, name: str) -> list[tuple[bool, str]]:
    """Of each request, in their order: whether it is in the trace of the header, and its parent."""
    spans = sorted(done.named(name), key=lambda span: span.start)
    return [(span.trace_id == TRACE, span.parent_id) for span in spans]


def in_its_trace(done: Outcome, child: str) -> bool:
    """Whether each of these spans is in the trace of its parent."""
    traces = {span.span_id: span.trace_id for span in done.spans}
    return all(traces[span.parent_id] == span.trace_id for span in done.named(child))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["plain", "handler"])
@pytest.mark.parametrize("sockets", ["", "4"])
def test_a_handler_continues_the_trace_of_its_request_and_of_no_other(
    run: Program, version: str, name: str, sockets: str
) -> None:
    all_headers = [{"traceparent": HEADER}, {}, {"Traceparent": HEADER[:36] + OTHER + "-01"}, {}]
    main = asynchronous("main", f"AWAIT(serve({name},{json.dumps(all_headers)}))")
    done = run(SETUP + ASK + main + "main()", env={"SOCKETS": sockets}, version=version)
    (trace,) = {span.trace_id for span in done.named("main")}
    found = answered(done, name)
    expected = [(True, PARENT), (False, ""), (True, OTHER), (False, "")]
    # Without a header, a call below one that still runs stays there, as it did before.
    found = [(there, "" if parent == done.one("main").span_id else parent) for there, parent in found]
    assert (sorted(found) if sockets else found) == (sorted(expected) if sockets else expected)
    assert in_its_trace(done, "leaf") and in_its_trace(done, "later") and trace != TRACE
    assert {span.flags for span in done.named(name) if span.parent_id in (PARENT, OTHER)} == {769}
    assert len(done.named("leaf")) == (4 if name == "plain" else 12)


@pytest.mark.parametrize("version", VERSIONS)
def test_promises_and_timers_of_a_request_stay_in_its_trace(run: Program, version: str) -> None:
    done = run(
        SETUP
        + ASK
        + "const listener=(req,res)=>{setTimeout(()=>{leaf();later().then(()=>setImmediate(()=>plain(req,res)))},3)};"
        + f"serve(listener,[{{traceparent:'{HEADER}'}},{{}}])",
        version=version,
    )
    assert answered(done, "plain") == [(True, PARENT), (False, "")]
    assert sorted(answered(done, "later")) == [(False, ""), (True, PARENT)]


@pytest.mark.parametrize("version", ["22", "24"])
@pytest.mark.parametrize("api", ["http2.createServer(plain)", "http2.createServer().on('stream',s=>plain(null,s))"])
def test_http2(run: Program, version: str, api: str) -> None:
    done = run(
        SETUP
        + f"""
        const http2=require('http2');
        const server={api}.listen(0,async()=>{{
          const client=http2.connect('http://localhost:'+server.address().port);
          const ask=(h)=>new Promise(r=>{{const q=client.request({{':path':'/',...h}});q.resume();q.on('end',r);q.end()}});
          await ask({{traceparent:'{HEADER}',tracestate:'a=1'}});await ask({{}});
          client.close();server.close()}});
        """,
        version=version,
    )
    assert answered(done, "plain") == [(True, PARENT), (False, "")] and done.named("plain")[0].state == "a=1"


def test_headers_are_read_as_the_specification_says(run: Program) -> None:
    asked = [{"traceparent": values} for values, _ in PARENTS.values()]
    done = run(SETUP + ASK + f"serve(plain,{json.dumps(asked)})")
    found = dict(zip(PARENTS, [there for there, _ in answered(done, "plain")], strict=True))
    assert found == {name: good for name, (_, good) in PARENTS.items()}


def test_the_tracestate_is_kept_unless_it_is_wrong(run: Program) -> None:
    asked: list[dict[str, object]] = [{"traceparent": HEADER, "tracestate": state} for state in STATES]
    asked.append({"traceparent": HEADER, "tracestate": ["a=1", "b=2"]})
    done = run(SETUP + ASK + f"serve(plain,{json.dumps(asked)})")
    spans = sorted(done.named("plain"), key=lambda span: span.start)
    assert [span.state for span in spans] == [*STATES.values(), "a=1,b=2"]
    states = {span.span_id: span.state for span in spans}
    assert all(leaf.state == states[leaf.parent_id] for leaf in done.named("leaf"))


@pytest.mark.parametrize(("sampler", "kept"), [("", 1), ("parentbased_always_off", 1), ("always_on", 3)])
def test_the_sampled_flag_is_followed_where_the_sampler_asks_the_parent(run: Program, sampler: str, kept: int) -> None:
    unsampled = {"traceparent": HEADER[:-2] + "00"}
    asked = json.dumps([unsampled, {"traceparent": HEADER}, unsampled])
    done = run(SETUP + ASK + f"serve(handler,{asked})", env={"OTEL_TRACES_SAMPLER": sampler})
    assert answered(done, "handler") == [(True, PARENT)] * kept and len(done.named("leaf")) == 3 * kept


@pytest.mark.parametrize("propagators", ["none", "b3", "baggage, jaeger"])
def test_other_propagators_or_none_mean_that_nothing_is_picked_up(run: Program, propagators: str) -> None:
    env = {"OTEL_PROPAGATORS": propagators, "TRACEPARENT": HEADER}
    done = run(SETUP + ASK + f"serve(plain,[{{traceparent:'{HEADER}'}}])", env=env)
    assert answered(done, "plain") == [(False, "")]


def test_a_request_goes_before_what_the_process_was_started_with(run: Program) -> None:
    env = {"TRACEPARENT": f"00-{'1' * 32}-{'2' * 16}-01", "TRACESTATE": "a=1", "OTEL_PROPAGATORS": "b3,tracecontext"}
    done = run(SETUP + ASK + f"serve(plain,[{{traceparent:'{HEADER}'}},{{}}])", env=env)
    assert answered(done, "plain") == [(True, PARENT), (False, "2" * 16)]
    assert [span.state for span in sorted(done.named("plain"), key=lambda x: x.start)] == ["", "a=1"]


def test_the_program_sees_its_requests_as_before(run: Program) -> None:
    program = (
        "const {AsyncLocalStorage}=require('async_hooks');const mine=new AsyncLocalStorage();"
        + SETUP
        + ASK
        + "const shown=[];serve((req,res)=>{shown.push(Object.keys(req),Object.keys(res),req.headers,mine.getStore());"
        "plain(req,res)},[{traceparent:'x'},{traceparent:'"
        + HEADER
        + "'}]).then(()=>console.log(JSON.stringify(shown,(k,v)=>v===undefined?null:v).replace(/:[0-9]+\"/g,'')))"
    )
    outputs = {run(program, env=env).out for env in ({}, {"OTEL_PROPAGATORS": "none"}, {"OTEL_SDK_DISABLED": "true"})}
    assert len(outputs) == 1 and HEADER in outputs.pop()
