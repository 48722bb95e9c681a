"""The end of a process, threads, children, and what test tools do to a process."""

from __future__ import annotations

import json
import re
import subprocess
import textwrap

import pytest

from runtime_js_support import CLEAN, Program, asynchronous, function, generator, modules, node, write_helper

F = function("f", "")
VERSIONS = ["", "24"]


@pytest.mark.parametrize("version", VERSIONS)
def test_calls_that_are_open_at_the_exit_are_written(run: Program, version: str) -> None:
    done = run(
        function("leave", "process.exit(7)")
        + asynchronous("never", "AWAIT(new Promise(()=>{}))")
        + generator("it", "yield 1;yield 2")
        + asynchronous("main", "it().next();never();AWAIT(null);leave()")
        + "main();",
        code=7,
        version=version,
    )
    assert {span.name: span.attributes.get("telemetry.unfinished") for span in done.spans} == {
        "leave": True, "never": True, "it": True, "main": True,
    }  # fmt: skip
    assert {k: v for k, v in done.parents().items() if k != "it"} == {"leave": "main", "never": "main", "main": ""}


def test_so_are_those_that_nothing_waits_for(run: Program) -> None:
    done = run(asynchronous("f", "AWAIT(new Promise(()=>{}))") + "f();")
    assert done.one("f").attributes["telemetry.unfinished"] is True


def test_open_calls_are_bounded(run: Program) -> None:
    done = run(generator("it", "yield 1") + "for(let i=0;i<5000;i++)it().next();")
    assert len(done.spans) == 1000
    assert "4000" in done.files[0].read_text().splitlines()[-1]


def test_what_is_called_while_the_process_exits_is_written(run: Program) -> None:
    done = run(F + function("g", "f()") + "process.on('exit',g);f();")
    assert sorted(span.name for span in done.spans) == ["f", "f", "g"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("f(()=>{throw new TypeError('mine')})", 1),
        ("f(()=>{throw null})", 1),
        ("f(()=>{throw {a:1}})", 1),
        ("f(()=>{process.exitCode=5})", 5),
        ("f(()=>{process.exit()})", 0),
        ("f(()=>{process.exit(300)})", 44),
        ("f(()=>{process.abort()})", -6),
        ("f(()=>process.kill(process.pid,'SIGTERM'));setTimeout(()=>{},5000)", -15),
        ("f(()=>process.kill(process.pid,'SIGINT'));setTimeout(()=>{},5000)", -2),
        ("f(()=>setTimeout(()=>f(()=>{throw new Error('later')})))", 1),
        ("f(()=>Promise.reject(new Error('later')))", 1),
        ("process.on('uncaughtException',e=>console.log('caught',e.message));f(()=>{throw new Error('x')})", 0),
        ("process.on('exit',code=>console.log('exit',code));f(()=>{throw new Error('x')})", 1),
    ],
)
def test_the_program_ends_as_without_us(run: Program, program: str, code: int, version: str) -> None:
    plain = "const nothing=0;function f(g){g()};\n" + program
    bare = run(plain, header=False, code=None, version=version)
    ours = run(function("f", "g()", parameters="g") + program, code=None, version=version)
    assert bare.code == ours.code == code and bare.out == ours.out

    def told(text: str) -> str:
        """Without the line of source, and without columns."""
        return re.sub(r"(program\.cjs:\d+)(:\d+)?", r"\1", text.partition("\n\n")[2])

    assert bool(ours.err) == bool(bare.err)
    if code != -6:
        assert told(ours.err) == told(bare.err)
    if code not in (-6, -15, -2):
        assert len(ours.named("f")) >= 1


@pytest.mark.parametrize("version", VERSIONS)
def test_threads_have_files_of_their_own(run: Program, version: str) -> None:
    done = run(
        """
        const {Worker,isMainThread,parentPort,workerData}=require('worker_threads');
        """
        + F
        + """
        if(isMainThread){f();for(const how of ['end','exit','terminated']){const w=new Worker(__filename,{workerData:how});
          w.on('message',()=>setTimeout(()=>w.terminate(),200))}}
        else{f();if(workerData==='exit')process.exit(0);if(workerData==='terminated'){parentPort.postMessage(1);setInterval(()=>{},1000)}}
        """,
        version=version,
    )
    assert len(done.files) == 4 and len(done.spans) == 4
    assert len({span.attributes["thread.id"] for span in done.spans}) == 4
    assert len({span.resource["process.pid"] for span in done.spans}) == 1


@pytest.mark.parametrize("how", ["fork", "cluster"])
def test_children_that_are_killed_have_written_theirs(run: Program, how: str) -> None:
    start = {
        "fork": "const c=require('child_process').fork(__filename,['child']);",
        "cluster": "const cluster=require('cluster');cluster.setupPrimary({args:['child']});const c=cluster.fork();",
    }[how]
    done = run(
        F
        + "f();if(process.argv[2]){f();process.send('x');setInterval(()=>{},1000)}else{"
        + start
        + "c.on('message',()=>setTimeout(()=>{c.kill('SIGKILL')},200))}",
    )
    assert done.err == "" and sorted(len(file.read_text().splitlines()) for file in done.files) == [1, 1]
    assert len(done.spans) == 3


def test_a_world_of_its_own_writes_without_an_exit(run: Program) -> None:
    """As in jest: code runs in another realm, with a `process` whose listeners are never called."""
    done = run(
        """
        const vm=require('vm'),fs=require('fs');
        const code=fs.readFileSync('_telemetry_inject.cjs','utf8');
        for(let i=0;i<30;i++){
          const process_=Object.assign(Object.create(null),{...process,on(){throw new Error('not here')}});
          const context=vm.createContext({process:process_,setTimeout,setImmediate,console});
          const module={exports:{},require};
          vm.runInContext('(function(exports,require,module){'+code+'\\n})',context)(module.exports,require,module);
          context.tlm=module.exports._tlm;
          vm.runInContext('function f(){const s=tlm`f`;try{throw new Error("x")}catch(e){s.fail(e)}finally{s.exit()}}f();f()',context);
        }
        """,
        header=False,
    )
    assert done.err == "" and len(done.spans) == 60 and len(done.files) == 1
    assert all(span.events[0][1]["exception.message"] == "x" for span in done.spans)


def test_listeners_and_globals_are_hardly_touched(run: Program) -> None:
    done = run(
        "const before=Object.getOwnPropertyNames(globalThis).join(),keys=Object.keys(globalThis).join();"
        'const {_tlm}=require("./_telemetry_inject.cjs");'
        + F
        + """
        f();
        for(let i=0;i<10;i++)process.on('exit',()=>{});
        const after=Object.getOwnPropertyNames(globalThis).join();
        console.log(before===after,keys===Object.keys(globalThis).join(),process.listenerCount('uncaughtException'),
          process.listenerCount('SIGTERM'),process.listenerCount('beforeExit'),process.getActiveResourcesInfo().join());
        for(const key in globalThis)if(/telemetry/i.test(key))console.log(key);
        """,
        header=False,
    )
    assert (done.out, done.err) == ("true true 0 0 0 \n", "")


FAKE = """
const sinon=require('sinon'),clock=sinon.useFakeTimers({now:1,toFake:undefined});
%s
f();clock.tick(100000);f();
console.log(Date.now(),clock.countTimers());
clock.restore();
"""


@pytest.mark.parametrize("first", ["helper", "timers"])
def test_fake_timers_neither_stop_us_nor_see_us(run: Program, first: str) -> None:
    (run.folder / "node_modules").symlink_to(modules())
    load = 'const {_tlm}=require("./_telemetry_inject.cjs");' + F
    program = load + FAKE % "" if first == "helper" else FAKE % load
    done = run(program + "console.log(new Date().getFullYear())", header=False)
    fake, year = done.out.splitlines()
    assert fake == "100001 0"
    assert len(done.spans) == 2 and {span.start // (365 * 86400 * 10**9) >= 50 for span in done.spans} == {True}
    assert done.spans[1].start - done.spans[0].start < 50 * 10**9 and int(year) > 2020


@pytest.mark.parametrize("version", VERSIONS)
def test_hooks_of_asynchronous_resources_may_be_instrumented(run: Program, version: str) -> None:
    done = run(
        F
        + function("init", "f()")
        + asynchronous("a", "AWAIT(null);AWAIT(new Promise(r=>setTimeout(r,5)))")
        + "require('async_hooks').createHook({init}).enable();a().then(()=>console.log('done'));",
        version=version,
    )
    assert (done.out, done.err) == ("done\n", "") and len(done.named("a")) == 1
    assert {done.parents()[name] for name in ("f",)} == {"init"}


def test_functions_of_fs_that_are_replaced_are_not_called(run: Program) -> None:
    done = run(
        "const fs=require('fs');"
        + F
        + "for(const k of Object.keys(fs))if(/Sync$/.test(k))fs[k]=()=>{console.log('RAN',k)};f();"
        "performance.now=process.hrtime=Date.now=()=>{console.log('RAN clock');return 0};f();"
    )
    assert done.out == "" and len(done.spans) == 2


def test_a_program_under_mocha_with_leak_check(run: Program) -> None:
    (run.folder / "node_modules").symlink_to(modules())
    write_helper(run.folder)
    (run.folder / "program.js").write_text(
        'const {_tlm}=require("./_telemetry_inject.cjs");'
        + F
        + "describe('d',()=>{it('a',()=>f());it('b',(done)=>setTimeout(()=>{f();done()},5))});"
    )
    command = [node(), str(modules() / "mocha/bin/mocha.js"), "--check-leaks", "program.js"]
    done = subprocess.run(command, cwd=run.folder, env=CLEAN, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (run.folder / "telemetry").exists()


def test_a_program_under_jest(run: Program) -> None:
    (run.folder / "node_modules").symlink_to(modules())
    write_helper(run.folder)
    (run.folder / "package.json").write_text('{"jest":{"testEnvironment":"node","maxWorkers":2}}')
    for name in "abc":
        (run.folder / f"{name}.test.js").write_text(
            textwrap.dedent("""
            jest.mock('fs');
            const {_tlm}=require("./_telemetry_inject.cjs");
            %s
            test('real',()=>{f();expect(1).toBe(1)});
            test('fake',()=>{jest.useFakeTimers();f();expect(jest.getTimerCount()).toBe(0);jest.useRealTimers()});
            test('again',()=>{jest.resetModules();require("./_telemetry_inject.cjs")._tlm`g`.exit()});
            """)
            % F
        )
    command = [node(), str(modules() / "jest/bin/jest.js"), "--detectOpenHandles", "--json"]
    done = subprocess.run(command, cwd=run.folder, env=CLEAN, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["numPassedTests"] == 9 and "open handle" not in done.stderr
    text = "".join(file.read_text() for file in (run.folder / "telemetry").iterdir())
    assert text.count('"name":"f"') == 6 and text.count('"name":"g"') == 3


@pytest.mark.parametrize("file", ["program.cjs", "program.mjs"])
def test_on_a_node_that_does_not_give_its_modules_at_once(run: Program, file: str) -> None:
    (run.folder / "old.cjs").write_text("delete process.getBuiltinModule;")
    program = asynchronous("f", "AWAIT(new Promise(r=>setTimeout(r,20)));g()") + function("g", "")
    done = run(program + "g();f();setTimeout(f,50);", flags=("--require", "./old.cjs"), file=file)
    assert sorted(span.name for span in done.spans) == ["f", "f", "g", "g", "g"]
    ids = {span.span_id: span.name for span in done.spans}
    assert sorted(ids.get(span.parent_id, "") for span in done.named("g")) == ["", "f", "f"]
    assert done.err == ""


def test_memory_is_bounded_where_nothing_can_be_written(run: Program) -> None:
    done = run(
        F
        + """
        for(let i=0;i<1e4;i++)f();gc();const before=process.memoryUsage().heapUsed;
        for(let i=0;i<3e5;i++)f();gc();console.log(process.memoryUsage().heapUsed-before<1e6);
        """,
        flags=("--expose-gc",),
        env={"TELEMETRY_INJECT_FILE": "/nowhere/x", "OTEL_BSP_SCHEDULE_DELAY": "3600000"},
    )
    assert done.out == "true\n"
