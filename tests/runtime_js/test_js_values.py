"""What is recorded of values and errors: short, without secrets, and without running code of the program."""

from __future__ import annotations

import pytest

from runtime_js_support import Program, asynchronous, function

CALL = function("f", "throw e", parameters="e") + function("outer", "f(e)", parameters="e")
SHOW = "function show(v){const s=_tlm`show`.args({v});s.exit()}\n"

VALUES = {
    "1": 1,
    "-1.5": -1.5,
    "-0": 0.0,
    "2**60": 2.0**60,
    "1e300": 1e300,
    "Infinity": float("inf"),
    "true": True,
    "null": "null",
    "undefined": "undefined",
    "5n": 5,
    "2n**70n": "<bigint>",
    "Symbol('x')": "Symbol(x)",
    "'x'": "x",
    "'x'.repeat(500)": "x" * 119 + "…",
    "'\\ud800x'": "?x",
    "'😀'": "😀",
    "'\\u0000\\u2028\"'": '\0\u2028"',
    "[1,'a',[2],{}]": "[1, 'a', <Array of 1>, <Object>]",
    "[,1]": "[<empty>, 1]",
    "Array(15).fill(0)": "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, … 5 more]",
    "({a:1,b:'x',c:null})": "{a: 1, b: 'x', c: null}",
    "({password:'x',user:{}})": "{password: [redacted], user: <Object>}",
    "Object.create(null)": "{}",
    "new Map([[1,2]])": "<Map of 1>",
    "new Set()": "<Set of 0>",
    "Buffer.from('abc')": "<Buffer of 3>",
    "new Date()": "<Date>",
    "/x/": "<RegExp>",
    "new Error('x')": "<Error>",
    "Promise.resolve()": "<Promise>",
    "new (class Point{x=1})": "<Point>",
    "(function named(){})": "<function named>",
    "(()=>{})": "<function>",
    "class A{}": "<function A>",
    "new Proxy({},{})": "<Proxy>",
    "new Proxy(()=>{},{})": "<Proxy>",
    "globalThis": "<Object>",
    "'Bearer abcdefghijk'": "[redacted]",
    "'postgres://me:word@host/db'": "[redacted]",
    "'x password=hunter2'": "[redacted]",
    '\'{"token": "x"}\'': "[redacted]",
    "'ghp_'+'a'.repeat(36)": "[redacted]",
    "'see http://host:80/path'": "see http://host:80/path",
    "['eyJ'+'a'.repeat(30)]": "[[redacted]]",
}


def test_values(run: Program) -> None:
    done = run(SHOW + "\n".join(f"show({text});" for text in VALUES))
    found = [span.attributes["telemetry.arg.v"] for span in done.spans]
    assert dict(zip(VALUES, found, strict=True)) == VALUES


def test_names_that_speak_of_secrets(run: Program) -> None:
    done = run(
        "_tlm`f`.args({password:1,userToken:'x',API_KEY:'y',pin:4,pinned:5,author:'a',__proto__:null}).exit();"
        "const s=_tlm`g`;s.assign({sessionId:1,x:2});s.returns('secret: x');s.exit();"
    )
    attributes = done.one("f").attributes
    assert {key[14:]: value for key, value in attributes.items() if key.startswith("telemetry.arg.")} == {
        "password": "[redacted]", "userToken": "[redacted]", "API_KEY": "[redacted]", "pin": "[redacted]",
        "pinned": 5, "author": "a",
    }  # fmt: skip
    assert done.one("g").events == (("assign", {"telemetry.assign.sessionId": "[redacted]", "telemetry.assign.x": 2}),)
    assert done.one("g").attributes["telemetry.return"] == "[redacted]"


HOSTILE = """
    const hit=(what)=>{console.log('RAN',what);throw new Error('trap')};
    const trap=new Proxy({},{get:(_,name)=>(...a)=>hit(name)});
    const proxy=new Proxy(function(){},trap);
    const revoked=Proxy.revocable({},{});revoked.revoke();
    class Getters extends Error{get message(){hit('message')}get name(){hit('name')}get stack(){hit('stack')}
      get then(){hit('then')}get digest(){hit('digest')}
      toString(){hit('toString')}toJSON(){hit('toJSON')}[Symbol.toPrimitive](){hit('toPrimitive')}
      get [Symbol.toStringTag](){hit('tag')}}
    const inherited=Object.create(proxy);
    const odd=Object.create({constructor:proxy});
    Object.defineProperty(Getters.prototype,'constructor',{get(){hit('constructor')}});
    class Named{static get name(){hit('static name')}}
    const values=[proxy,revoked.proxy,new Getters(),inherited,odd,new Named(),Named,
      {get a(){hit('a')},b:proxy},[proxy,,new Getters()],Object.defineProperty([1],0,{get(){hit('item')}}),
      Object.freeze({}),Object.freeze(new Error('frozen')),null,undefined,NaN,Symbol(),10n**30n,'\\ud800',
      function(){}.bind(),new (class extends Map{get size(){hit('size')}}),new (class extends Array{get length0(){}}),
      {then:1},{message:{}},{name:5,message:5},Object.assign(()=>{},{message:'m'}),globalThis,process,new WeakRef({}),
      Object.defineProperty(new Error('m'),'name',{get(){hit('own name')}}),
      Object.defineProperty(new Error('m'),'stack',{get(){hit('own stack')}}),
      new (class extends Proxy.constructor{})('return 1'),Object.create(Object.create(revoked.proxy)),
      (function(){return arguments})(1,2),new Proxy([],trap),new Uint8Array(3),new DataView(new ArrayBuffer(1)),
      new Intl.NumberFormat(),async()=>{},function*(){},document=Object.create(null)];
"""


@pytest.mark.parametrize("version", ["", "22", "24"])
def test_hostile_values_run_nothing_and_pass_through(run: Program, version: str) -> None:
    done = run(
        "var document;"
        + HOSTILE
        + CALL
        + asynchronous("a", "AWAIT(null);throw e", parameters="e")
        + """
        (async()=>{
        for(const value of values){
          const s=_tlm`s`.args({value,[Symbol()]:1});s.assign({value});s.handled('catch+1',value);
          if(!Object.is(s.returns(value),value)||!Object.is(s.fail(value),value)||!Object.is(s.wait(value),value)
            ||!Object.is(s.back(value),value))console.log('changed');
          s.exit();
          try{outer(value);console.log('lost')}catch(e){if(!Object.is(e,value))console.log('changed')}
          try{await a(value);console.log('lost')}catch(e){if(!Object.is(e,value))console.log('changed')}
        }
        console.log('done');
        })();
        """,
        version=version,
    )
    assert (done.out, done.err) == ("done\n", "")
    assert len(done.named("s")) == len(done.named("outer")) == len(done.named("a")) >= 40
    assert all("telemetry.arg.value" in span.attributes for span in done.named("s"))


def test_prototypes_that_the_program_spoils_are_not_asked(run: Program) -> None:
    done = run(
        """
        const say=console.log;say('begin');const exit=process.reallyExit,fail=(what)=>{restore();say(new Error('RAN '+what).stack);exit.call(process,9)};
        """
        + CALL
        + """
        function spoil(){
          const own=Reflect.ownKeys,describe=Object.getOwnPropertyDescriptor,define=Object.defineProperty,text=String;
          for(let n=0;n<9;n++){
            const proto=saved[n][0],keys=own(proto);
            for(let k=0;k<keys.length;k++){
              const key=keys[k],d=describe(proto,key);
              if(!d.configurable||key==='constructor'||key==='length'||typeof d.value!=='function')continue;
              const name=text(key);define(proto,key,{...d,value:function(){fail(name)}});
            }
          }
          define(Object.prototype,'value',{get(){fail('value')},configurable:true});
          JSON.stringify=Object.keys=Math.floor=Reflect.apply=()=>fail('static');
        }
        const saved=[];for(const o of [String.prototype,Array.prototype,WeakMap.prototype,Map.prototype,Set.prototype,RegExp.prototype,Number.prototype,Function.prototype,Symbol.prototype,JSON,Object,Math,Reflect])saved.push([o,Object.getOwnPropertyDescriptors(o)]);
        const defineProperties=Object.defineProperties;
        function restore(){delete Object.prototype.value;
          for(let i=0;i<saved.length;i++)defineProperties(saved[i][0],saved[i][1])}
        const error=new Error('x'),values={a:[1,2],b:{c:1},d:'text=1'.repeat(3)};
        try{outer(error)}catch{}
        function go(){const s=_tlm`g`.args(values);s.loop('for+1');s.branch('if+2');s.assign(values);s.returns(values);s.exit();
          try{outer(error)}catch{}}
        spoil();
        let result='ok';
        try{go();go()}catch(e){result=e}
        restore();
        say(result);
        """,
    )
    assert (done.out, done.err) == ("begin\nok\n", "")
    assert done.named("g")[1].attributes["telemetry.arg.a"] == "[1, 2]"


def test_an_error_is_recorded_once_at_the_innermost_call(run: Program) -> None:
    done = run(CALL + "try{outer(new TypeError('mine'))}catch{}")
    inner, outer = done.one("f"), done.one("outer")
    ((name, event),) = inner.events
    assert name == "exception" and event["exception.type"] == "TypeError" and event["exception.message"] == "mine"
    first, second, *_ = event["exception.stacktrace"].splitlines()
    assert first == "TypeError: mine" and second.startswith(f"    at f ({done.folder}/program.cjs:1:")
    assert inner.failed and inner.attributes["error.type"] == "TypeError"
    assert outer.failed and outer.attributes["error.type"] == "TypeError" and outer.events == ()


def test_an_error_that_passes_awaits_is_recorded_once_and_one_thrown_again_once_more(run: Program) -> None:
    done = run(
        CALL
        + asynchronous("a", "AWAIT(null);f(e)", parameters="e")
        + asynchronous("b", "AWAIT(Promise.all([a(e)]))", parameters="e")
        + "const e=new Error('x');b(e).catch(()=>b(e)).catch(()=>{});"
    )
    assert [len(span.events) for span in done.named("f")] == [1, 1]
    assert all(span.events == () and span.failed for span in done.named("a") + done.named("b"))


@pytest.mark.parametrize(
    ("thrown", "kind", "message"),
    [
        ("'text'", "string", "text"),
        ("null", "null", "null"),
        ("undefined", "undefined", "undefined"),
        ("5", "number", "5"),
        ("({message:'m'})", "Object", "m"),
        ("new (class Mine extends Error{})('m')", "Mine", "m"),
        ("Object.assign(new Error('m'),{name:'Renamed'})", "Renamed", "m"),
        ("new Error('Bearer abcdefghijklmnop')", "Error", "[redacted]"),
        ("new Error('x'.repeat(1000))", "Error", "x" * 239 + "…"),
        ("new DOMException('m','AbortError')", "DOMException", ""),
        ("new AggregateError([],'m')", "AggregateError", "m"),
    ],
)
def test_what_is_said_of_an_error(run: Program, thrown: str, kind: str, message: str) -> None:
    done = run(CALL + f"try{{outer({thrown})}}catch{{}}")
    (event,) = done.one("f").events
    assert (event[1]["exception.type"], event[1]["exception.message"]) == (kind, message)
    assert done.one("outer").events == () and done.one("outer").attributes["error.type"] == kind


@pytest.mark.parametrize(
    "thrown",
    [
        "Promise.resolve()",
        "({then(){}})",
        "Object.assign(new Error('x'),{digest:'NEXT_REDIRECT;/x'})",
        "Object.assign(new Error('x'),{digest:'NEXT_NOT_FOUND'})",
        "new Error('Suspense Exception: This is not a real error!')",
    ],
)
def test_control_flow_is_no_error(run: Program, thrown: str) -> None:
    done = run(CALL + f"try{{outer({thrown})}}catch{{}}")
    assert [(span.failed, span.events, "error.type" in span.attributes) for span in done.spans] == [
        (False, (), False)
    ] * 2


@pytest.mark.parametrize("version", ["", "22", "24"])
def test_a_message_that_changes_on_the_way_is_printed_as_without_us(run: Program, version: str) -> None:
    throwing = "try{f()}catch(e){e.message='in a.js: '+e.message;throw e}"
    done = run(function("f", "throw new Error('x')") + throwing, version=version, code=1)
    assert "\nError: in a.js: x\n    at f (" in done.err


@pytest.mark.parametrize("version", ["", "22", "24"])
def test_the_programs_own_way_to_print_stacks_is_used_when_it_was_used_before(run: Program, version: str) -> None:
    done = run(
        """
        let calls=0;Error.prepareStackTrace=(error,sites)=>{calls++;return 'mine: '+error.message};
        Error.stackTraceLimit=0;
        """
        + CALL
        + "try{outer(new Error('x'))}catch(e){console.log(calls,e.stack,calls,Error.stackTraceLimit)}"
        "console.log(Object.getOwnPropertyNames(Error).sort().join())",
        version=version,
    )
    assert done.out.splitlines()[0] == "0 mine: x 1 0"
    assert "prepareStackTrace" in done.out
    span = done.one("f")
    assert span.attributes["code.line.number"] == 4 and len(span.events) == 1


@pytest.mark.parametrize("version", ["", "22", "24"])
def test_the_error_constructor_is_left_as_it_was(run: Program, version: str) -> None:
    program = "console.log(JSON.stringify(Object.getOwnPropertyDescriptors(Error)))"
    done = run(program + ";" + CALL + "try{outer(new Error('x'))}catch{}" + program, version=version)
    before, after = done.out.splitlines()
    assert before == after


@pytest.mark.parametrize("version", ["", "24"])
def test_frozen_intrinsics(run: Program, version: str) -> None:
    done = run(
        CALL + "try{outer(new Error('x'))}catch(e){console.log(e.message)}",
        flags=("--frozen-intrinsics", "--no-warnings"),
        version=version,
    )
    assert (done.out, done.err) == ("x\n", "")
    span = done.one("f")
    assert span.attributes["code.line.number"] == 1 and len(span.events) == 1


def test_an_engine_that_only_prints_stacks(run: Program) -> None:
    """As those of Firefox and Safari."""
    done = run(
        "Error.captureStackTrace=undefined;"
        'const {_tlm}=require("./_telemetry_inject.cjs");\n' + CALL + "try{outer(new Error('x'))}catch{}",
        header=False,
    )
    span = done.one("f")
    assert span.attributes["code.line.number"] == 2
    assert span.attributes["code.file.path"] == str(run.folder / "program.cjs")
    first, second, *_ = span.events[0][1]["exception.stacktrace"].splitlines()
    assert first == "Error: x" and second.startswith(f"    at f ({done.folder}/program.cjs:2:")


def test_counts_and_bounds(run: Program) -> None:
    done = run(
        """
        const s=_tlm`f`;
        for(let i=0;i<1000;i++)s.loop('for+2');
        s.branch('if+3');s.branch('__proto__');s.handled('catch+4',new TypeError('x'));s.handled('catch+4',null);s.handled('catch+9');
        for(let i=0;i<1000;i++){s.assign({i});s.branch('n'+i)}
        s.exit();s.exit();s.fail(new Error('late'));
        """
    )
    span = done.one("f")
    assert span.attributes["telemetry.loop.for+2"] == 1000 and span.attributes["telemetry.branch.if+3"] == 1
    assert span.attributes["telemetry.branch.__proto__"] == 1
    assert span.attributes["telemetry.handled.catch+4"] == 2
    assert span.attributes["telemetry.handled.catch+4.type"] == "null"
    assert span.attributes["telemetry.handled.catch+9"] == 1
    assert "telemetry.handled.catch+9.type" not in span.attributes
    assert len(span.attributes) <= 4 + 100 + 3 and len(span.events) == 128 and span.lost_events == 872
    assert not span.failed


def test_large_values_are_shown_at_small_cost_and_not_kept(run: Program) -> None:
    done = run(
        """
        const big={};for(let i=0;i<200000;i++)big['k'+i]=i;
        function f(v){const s=_tlm`f`.args({v});try{}finally{s.exit()}}
        const began=process.hrtime.bigint();
        for(let i=0;i<1000;i++)f(big);
        console.log(Number(process.hrtime.bigint()-began)/1e6<2000);
        let kept=new WeakRef({x:'y'.repeat(10)});
        (()=>f(kept.deref()))();
        setTimeout(()=>{gc();console.log(kept.deref()===undefined)},10);
        """,
        flags=("--expose-gc",),
    )
    assert done.out == "true\ntrue\n"
    assert done.spans[0].attributes["telemetry.arg.v"].endswith("… 199990 more}")
