"""The trace sent on to others, where the environment asks for it: by HTTP and to child processes."""

from __future__ import annotations

import json

import pytest

from runtime_js_support import Outcome, Program, asynchronous, function

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"
ON = {"TELEMETRY_INJECT_PROPAGATE": "true"}
VERSIONS = ["", "22", "24"]

SERVER = """
const http=require('http'),seen=[];let port;
const server=http.createServer((q,r)=>{
  const found=[];for(let i=0;i<q.rawHeaders.length;i+=2)
    if(/^trace/i.test(q.rawHeaders[i]))found.push([q.rawHeaders[i],q.rawHeaders[i+1]]);
  seen.push(found);q.resume();q.on('end',()=>r.end('x'))});
const finished=(q)=>new Promise((done,failed)=>{q.on('error',failed);
  q.on('response',r=>{r.resume();r.on('end',done)});q.end()});
const start=(go)=>server.listen(0,'127.0.0.1',async()=>{port=server.address().port;
  try{await go()}finally{server.close();server.closeAllConnections();console.log(JSON.stringify(seen))}});
"""


def sent(done: Outcome) -> list[list[list[str]]]:
    """The headers of each request, of those that matter."""
    return json.loads(done.out.splitlines()[-1])


def header(done: Outcome, name: str) -> list[str]:
    """The header that says that this call asked."""
    span = done.one(name)
    return ["traceparent", f"00-{span.trace_id}-{span.span_id}-01"]


CLIENTS = {
    "http.request": "finished(http.request({port,host:'127.0.0.1'}))",
    "http.get": "finished(http.get({port,host:'127.0.0.1',headers:{A:'b',Cookie:['a=1','b=2']}}))",
    "a list of headers": "finished(http.request({port,host:'127.0.0.1',headers:['Host','x','A','b']}))",
    "set headers": "(()=>{const q=http.request({port,host:'127.0.0.1'});q.setHeader('a','b');return finished(q)})()",
    "a body": "(()=>{const q=http.request({port,host:'127.0.0.1',method:'POST'});q.write('abc');return finished(q)})()",
    "expect": "finished(http.request({port,host:'127.0.0.1',headers:{Expect:'100-continue'}}))",
    "fetch": "fetch('http://127.0.0.1:'+port).then(r=>r.text())",
    "fetch with headers": "fetch('http://127.0.0.1:'+port,{method:'POST',body:'x',headers:{a:'b'}}).then(r=>r.text())",
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client", CLIENTS)
def test_requests_name_the_call_that_sent_them(run: Program, version: str, client: str) -> None:
    caller = asynchronous("first", f"AWAIT({CLIENTS[client]})") + asynchronous("second", f"AWAIT({CLIENTS[client]})")
    done = run(SERVER + caller + "start(async()=>{await first();await second()})", env=ON, version=version)
    assert sent(done) == [[header(done, "first")], [header(done, "second")]]


def test_calls_side_by_side_send_their_own(run: Program) -> None:
    callers = "".join(
        asynchronous(f"f{n}", f"AWAIT(0);AWAIT({CLIENTS['fetch' if n % 2 else 'http.request']})") for n in range(6)
    )
    main = asynchronous("main", "AWAIT(Promise.all([f0(),f1(),f2(),f3(),f4(),f5()]))")
    done = run(SERVER + callers + main + "start(main)", env=ON)
    assert sorted(sent(done)) == sorted([header(done, f"f{n}")] for n in range(6))


@pytest.mark.parametrize("env", [{}, {"TELEMETRY_INJECT_PROPAGATE": "false"}, ON | {"OTEL_PROPAGATORS": "none"}])
def test_nothing_is_sent_unless_it_is_asked_for(run: Program, env: dict[str, str]) -> None:
    caller = asynchronous("first", f"AWAIT({CLIENTS['http.get']});AWAIT({CLIENTS['fetch']})")
    assert sent(run(SERVER + caller + "start(first)", env=env)) == [[], []]
    off = {"OTEL_SDK_DISABLED": "true"}
    assert sent(run(SERVER + caller + "start(first)", env=ON | off)) == [[], []]


@pytest.mark.parametrize(
    "client",
    [
        "finished(http.get({port,host:'127.0.0.1',headers:{Traceparent:'mine'}}))",
        "finished(http.get({port,host:'127.0.0.1',headers:['Host','x','TraceParent','mine']}))",
        "(()=>{const q=http.request({port,host:'127.0.0.1'});q.setHeader('traceparent','mine');return finished(q)})()",
        "fetch('http://127.0.0.1:'+port,{headers:{Traceparent:'mine'}})",
    ],
)
def test_a_header_that_is_there_is_kept(run: Program, client: str) -> None:
    done = run(SERVER + asynchronous("first", f"AWAIT({client})") + "start(first)", env=ON)
    assert [[value for _, value in headers] for headers in sent(done)] == [["mine"]]


def test_outside_of_calls_what_started_the_process_is_named(run: Program) -> None:
    ask = f"start(async()=>{{await {CLIENTS['http.get']};await {CLIENTS['fetch']}}})"
    assert sent(run(SERVER + ask, env=ON)) == [[], []]
    done = run(SERVER + ask, env=ON | {"TRACEPARENT": HEADER, "TRACESTATE": "a=1"})
    assert sent(done) == [[["traceparent", HEADER], ["tracestate", "a=1"]]] * 2


@pytest.mark.parametrize("flags", ["01", "00"])
@pytest.mark.parametrize("client", ["http.get", "fetch"])
def test_what_was_picked_up_is_sent_on_with_its_state_and_flag(run: Program, flags: str, client: str) -> None:
    relay = asynchronous("relay", f"AWAIT({CLIENTS[client]});r.end()", parameters="q,r")
    done = run(
        SERVER
        + relay
        + f"start(()=>new Promise(done=>{{const front=http.createServer(relay).listen(0,'127.0.0.1',async()=>{{"
        f"await finished(http.get({{port:front.address().port,host:'127.0.0.1',"
        f"headers:{{traceparent:'{HEADER[:-2]}{flags}',tracestate:'b=2 , a=1'}}}}));front.close();done()}})}}))",
        env=ON,
    )
    ((parent, state),) = sent(done)
    assert parent[1][:36] == HEADER[:36] and parent[1][-2:] == flags and PARENT not in parent[1]
    assert state == ["tracestate", "b=2,a=1"]
    if flags == "01":
        assert parent == header(done, "relay")


def test_the_program_sees_its_own_headers_only(run: Program) -> None:
    caller = function(
        "caller",
        "const q=http.get({port,host:'127.0.0.1',headers:{a:'b'}});console.log(JSON.stringify(q.getHeaders()));return q",
    )
    program = SERVER + caller + "start(()=>finished(caller()))"
    shown = {run(program, env=env).out.splitlines()[0].replace(":", "") for env in (ON, {})}
    assert len({line[: line.index("127")] for line in shown}) == 1 and "traceparent" not in shown.pop()


PRINT = "console.log(JSON.stringify([process.env.TRACEPARENT,process.env.TRACESTATE,process.env.X]))"
COMMAND = f'process.execPath,["-e",{json.dumps(PRINT)}]'
SHELL = (
    "'\"'+process.execPath+'\" -p \"JSON.stringify([process.env.TRACEPARENT,process.env.TRACESTATE,process.env.X])\"'"
)
WAITED = "new Promise(r=>{let t='';c.stdout.on('data',d=>t+=d);c.on('close',()=>r(t))})"
STARTS = {
    "spawn": f"(()=>{{const c=cp.spawn({COMMAND});return {WAITED}}})()",
    "spawn, an environment of its own": f"(()=>{{const c=cp.spawn({COMMAND},{{env:{{...process.env,X:'1'}}}});return {WAITED}}})()",
    "exec": f"new Promise(r=>cp.exec({SHELL},(e,t)=>r(t)))",
    "execFile": f"new Promise(r=>cp.execFile({COMMAND},(e,t)=>r(t)))",
    "fork": f"(()=>{{const c=cp.fork('child.js',{{silent:true}});return {WAITED}}})()",
    "spawnSync": f"cp.spawnSync({COMMAND}).stdout",
    "spawnSync, an environment of its own": f"cp.spawnSync({COMMAND},{{env:{{X:'1'}}}}).stdout",
    "spawnSync without arguments": "cp.spawnSync('./child.sh').stdout",
    "spawnSync, options alone": "cp.spawnSync('./child.sh',{env:{...process.env,X:'1'}}).stdout",
    "execFileSync": f"cp.execFileSync({COMMAND})",
    "execSync": f"cp.execSync({SHELL})",
    "an imported name": f"require('./named.cjs')({COMMAND})",
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("inherited", [{}, {"TRACEPARENT": HEADER, "TRACESTATE": "a=1"}])
def test_child_processes_are_told_who_started_them(run: Program, start: str, inherited: dict[str, str]) -> None:
    (run.folder / "child.js").write_text(PRINT)
    (run.folder / "named.cjs").write_text("const {execFileSync}=require('child_process');module.exports=execFileSync;")
    script = run.folder / "child.sh"
    script.write_text('#!/bin/sh\nprintf \'["%s","%s","%s"]\' "$TRACEPARENT" "$TRACESTATE" "$X"\n')
    script.chmod(0o755)
    caller = asynchronous("caller", f"console.log(String(AWAIT({STARTS[start]})))")
    done = run("const cp=require('child_process');" + caller + "caller()", env=ON | inherited)
    parent, state, own = json.loads(done.out)
    assert ["traceparent", parent] == header(done, "caller")
    assert (state or None) == inherited.get("TRACESTATE") and (own or None) == (
        "1" if "X:'1'" in STARTS[start] else None
    )


@pytest.mark.parametrize("start", ["spawn", "spawnSync"])
def test_the_environment_that_the_caller_chose_is_kept(run: Program, start: str) -> None:
    text = STARTS[f"{start}, an environment of its own"].replace("X:'1'", "TRACEPARENT:'mine'")
    caller = asynchronous("caller", f"console.log(String(AWAIT({text})))")
    assert json.loads(run("const cp=require('child_process');" + caller + "caller()", env=ON).out)[0] == "mine"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tree_of_processes_is_one_trace(run: Program, version: str) -> None:
    body = "if(n)cp.execFileSync(process.execPath,[__filename,n-1])"
    levels = "".join(function(f"level{n}", body, parameters="n") for n in range(4))
    program = "const cp=require('child_process');" + levels + "eval('level'+process.argv[2])(+process.argv[2])"
    done = run(program, "3", env=ON, version=version)
    assert done.parents() == {"level3": "", "level2": "level3", "level1": "level2", "level0": "level1"}
    assert len({span.trace_id for span in done.spans}) == 1


def test_an_imported_function_of_a_module_is_the_same(run: Program) -> None:
    done = run(
        "import {execFileSync} from 'node:child_process';import cp from 'node:child_process';\n"
        + function("caller", f"return execFileSync({COMMAND})")
        + "console.log(String(caller()),execFileSync===cp.execFileSync,execFileSync.name,execFileSync.length)",
        env=ON,
        file="program.mjs",
    )
    words = done.out.split()
    assert json.loads(words[0])[0] == header(done, "caller")[1] and words[1:] == ["true", "execFileSync", "3"]


def test_failures_are_those_of_node(run: Program) -> None:
    program = """
        const cp=require('child_process'),http=require('http');
        const tries=[()=>cp.spawnSync(),()=>cp.spawnSync('x',3),()=>cp.execSync('exit 3'),()=>cp.spawnSync('no-such-one').error,
          ()=>cp.execFileSync('true',[],{env:3}),()=>cp.spawn('x',[],{cwd:3}),()=>http.get({port:'x'}),
          ()=>http.get({headers:{'a b':'c'}}),()=>http.get({headers:['a']})];
        for(const attempt of tries)try{const e=caller(attempt);console.log('gave',e&&e.code)}catch(e){console.log(e.code||e.message)}
        process.on('uncaughtException',()=>{});
    """
    program = function("caller", "return attempt()", parameters="attempt") + program
    outputs = {run(program, env=env).out for env in ({}, ON)}
    assert len(outputs) == 1 and "ERR_INVALID" in outputs.pop()


def test_spans_on_their_way_to_a_collector_name_no_call(run: Program) -> None:
    ask = f"start(async()=>{{await first({CLIENTS['http.get']});await new Promise(r=>setTimeout(r,400))}})"
    program = SERVER.replace("let port", "let port=+process.env.PORT||0") + asynchronous(
        "first", "AWAIT(x)", parameters="x"
    )
    program = program.replace("server.listen(0,", "server.listen(port,").replace("const start", "global.start")
    env = ON | {"OTEL_BSP_SCHEDULE_DELAY": "5", "PORT": "47318", "TRACEPARENT": HEADER}
    done = run(program + ask, env=env | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:47318"})
    assert [len(headers) for headers in sent(done)] == [1, 0]
