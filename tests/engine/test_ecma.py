"""JavaScript and TypeScript programs do and print the same when they are instrumented, with the real helper in node."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from telemetry_inject.engine import Options, instrument, load_pack, strip
from telemetry_inject.engine.options import Placement
from telemetry_inject.types import FileStatus, Level

JAVASCRIPT = load_pack("javascript")

PROGRAMS = {
    "strictness.cjs": """
        'use strict' // reaches over this comment
        function outer() { return this === undefined }
        console.log(outer(), (function () { return this })());
        console.log(Function("function f() { 'use strict' // why\\n return this === undefined } return f()")());
    """,
    "function_strictness.cjs": """
        function strict() { "use strict" // why
          return this === undefined }
        function sloppy() { ("use strict"); return this === globalThis }
        const arrow = () => { 'use strict' /* one */; return (function () { return this === undefined })() };
        console.log(strict(), sloppy(), arrow());
        function aliased(a) { arguments[0] = 2; return a }
        function apart(a) { "use strict"; arguments[0] = 2; return a }
        console.log(aliased(1), apart(1));
    """,
    "forms.mjs": """
        const log = (...all) => console.log(...all.map(String));
        class Base { constructor(x) { this.x = x; this.made = new.target.name } get y() { return this.x + 1 } }
        class Derived extends Base {
          field = (() => this.constructor.name)();
          static #count = 0; #own = 3;
          constructor(x) { if (x < 0) throw new RangeError("x"); super(x); Derived.#count++; if (x > 5) return { other: x } }
          get y() { return super.y + this.#own }
          static get count() { return Derived.#count }
          *[Symbol.iterator]() { yield* [this.x, this.y] }
        }
        log([...new Derived(1)], new Derived(6).other, Derived.count, new Derived(2).field, new Derived(3).made);
        try { new Derived(-1) } catch (error) { log(error instanceof RangeError, error.message) }
        const named = () => 1, o = { method() { return 1 }, "a b": () => 1, async *g() { yield 1 }, get [`c`]() { return 1 } };
        log(named.name, o.method.name, o["a b"].name, o.g.name, (function (a, b = 1, ...c) { return a }).length);
        function* generator() { try { const got = yield 1; log("got", got); yield 2 } finally { log("finally") } }
        const g = generator(); log(g.next().value, g.next("x").value, g.return(7).value, g.next().done);
        const t = generator(); t.next(); try { t.throw(new Error("in")) } catch (error) { log(error.message) }
        function labels(rows) { outer: for (const row of rows) { for (const one of row) if (one > 2) continue outer; else if (one < 0) break outer; log("row", row) } return /rows/.test("rows") }
        log(labels([[1, 2], [1, 3], [2], [-1], [1]]));
        const text = `${(() => { return `<${[1, 2].map(n => `${n}`)}>` })()}`; log(text);
        log((error => { const { span, ...rest } = error; let alias = span; alias += 1; return [alias, rest.b] })({ span: 1, b: 2 }));
        function completion(kind) { switch (kind) { case 1: case 2: return "low"; default: { if (kind > 5) return "high"; else return "mid" } } }
        log([1, 2, 3, 6].map(completion));
        let order = 0; const side = (v) => { order = order * 10 + v; return v };
        log((a => (side(1), side(a)))(2), order); do side(3)
        while (order < 100) log(order);
        log((() => { try { return side(4) } finally { side(5) } })(), order);
        const f = x => x
        ++order; log(f(order));
    """,
    "order.mjs": """
        const log = [], tick = (name) => log.push(name);
        async function inner(n) { tick("in" + n); await null; tick("out" + n); if (n === 2) throw new Error("two"); return n }
        async function outer() {
          tick("a"); const first = await inner(1); tick("b" + first);
          try { await inner(2) } catch (error) { tick(error.message) } finally { tick("finally") }
          for await (const v of [inner(3), 4]) tick("v" + v)
          for await (const v of (async function* () { yield 5; yield await inner(6) })()) { tick("v" + v) }
          if (first)await null; else await inner(9)
          return(await Promise.all([inner(7), inner(8)]))
        }
        const ends = outer().then((v) => tick("end" + v));
        for (let i = 0; i < 12; i++) await Promise.resolve().then(() => tick("t" + i));
        await ends;
        console.log(log.join(" "));
        const thenable = { then(done) { tick("then"); done(1) } };
        console.log(await (async () => await thenable)(), log.filter((name) => name === "then").length);
    """,
    "hoisting.cjs": """
        console.log((function () { return g(); function g() { return 1 } })());
        console.log((function () { var g = 1; return typeof g; function g() {} })());
        console.log((function (g) { return typeof g; function g() {} })(1));
        console.log((function () { { function g() { return 1 } } return typeof g; })());
        console.log((function () { if (true) { function g() { return 1 } } return g(); function g() { return 2 } })());
        console.log((function () { eval("var g = 5"); return g; function g() {} })());
        console.log((function () { return typeof arguments; function arguments() {} })());
        console.log((function () { let other = 1; return typeof other + typeof later; var later })());
        with ({ _tlm: null, value: 3 }) { console.log((function () { return value })()) }
        console.log((function f() { return typeof f; })(), (() => { a: { break a } return 1 })());
    """,
}  # fmt: skip


@pytest.fixture(scope="module")
def node() -> str:
    """The path of node; skips without it, but never in CI."""
    found = shutil.which("node")
    if found is None:
        assert os.environ.get("CI") != "true", "CI has to have node"
        pytest.skip("no node on this machine")
    return found


def printed(node: str, program: Path) -> tuple[int, str, str]:
    environment = {**os.environ, "TELEMETRY_INJECT_FILE": str(program.parent / "spans.jsonl")}
    done = subprocess.run([node, program], capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_the_same_at_every_level(name: str, node: str, tmp_path: Path) -> None:
    source = PROGRAMS[name].encode()
    (tmp_path / name).write_bytes(source)
    expected = printed(node, tmp_path / name)
    assert expected[0] == 0, expected
    for helper in JAVASCRIPT.helpers:
        (tmp_path / helper).write_bytes(JAVASCRIPT.helper_source(helper))
    placement = Placement((("module_type", "module" if name.endswith(".mjs") else "commonjs"),))
    for level in Level:
        result = instrument(source, JAVASCRIPT, Options(level, everything=True), placement)
        assert result.output.count(b"\n") == source.count(b"\n")
        (tmp_path / name).write_bytes(result.output)
        assert printed(node, tmp_path / name) == expected, level
        assert b'"name"' in (tmp_path / "spans.jsonl").read_bytes()
        (tmp_path / "spans.jsonl").unlink()


def reasons(source: str, pack: str = "javascript") -> dict[str, str]:
    return {one.qualname: one.reason for one in instrument(source.encode(), load_pack(pack), Options()).functions}


def test_functions_whose_nested_ones_clash_in_a_block_are_left_alone() -> None:
    clash = "functions declared in it clash with other names"
    assert reasons("f = function () { var g = 1; p(g); function g() { p() } }")["f"] == clash
    assert reasons("f = function (g) { p(g); function g() { p() } }")["f"] == clash
    assert reasons("f = function () { p(g); function g() { p() } function g() { p(1) } }")["f"] == clash
    assert reasons("f = function () { { function g() { p() } } p(); function g() { p() } }")["f"] == clash
    assert reasons("f = function () { for (var [{ g }] of p()) p(); function g() { p() } }")["f"] == clash
    assert reasons("f = function () { eval(p()); function g() { p() } }")["f"].endswith("can be seen by eval")
    assert reasons("f = function () { let h = p(); { let g; p(g) } function g() { p() } }")["f"] == ""


def test_functions_before_super_are_left_where_they_are() -> None:
    source = "class A extends B { x = p(); constructor() { super(g()); function g() { return p() } } }"
    assert reasons(source, "typescript")["A.constructor"] == "functions declared in it are used before super()"
    assert reasons(source)["A.constructor"] == ""


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("function f() { p('import.meta') } // import.meta.url", b"require("),
        ("function f() { p(import.meta) }", b"import{"),
        ("function f() { p() }\nexport { f }", b"import{"),
        ('!function (g) { "object" == typeof exports ? g(exports) : g({}) }(function () { p() })', b"require("),
        ("!function (g) { typeof define == 'function' ? define(g) : g({}) }(function () { p() })", b"require("),
    ],
)
def test_only_code_says_that_a_file_is_a_module(source: str, kind: bytes) -> None:
    looks = Placement((("module_type", "commonjs" if b"meta" in source.encode() else "module"),))
    output = instrument(source.encode(), JAVASCRIPT, Options(validate=False), looks).output
    assert kind in output
    assert strip(output, JAVASCRIPT).decode() == source


@pytest.mark.parametrize("name", ["alias", "span", "error", "bare", "name", "label", "line", "names", "caught"])
def test_variables_may_be_called_as_the_placeholders_of_snippets_are(name: str) -> None:
    source = f"function f({name}) {{ {name} = p(); try {{ p() }} catch ({name}) {{ p({name}) }} }}".encode()
    output = instrument(source, JAVASCRIPT, Options(Level.FULL)).output
    assert f".args({{{name}}})".encode() in output
    assert f".assign({{{name}}})".encode() in output
    assert strip(output, JAVASCRIPT) == source


def test_a_file_with_syntax_that_only_the_grammar_refuses_says_so() -> None:
    # TypeScript's compiler takes the parameter's name; tree-sitter-typescript 0.23 takes it for the keyword.
    source = b"""type Fees<
  type extends Kind = Kind,
> =
  | (type extends 'legacy' ? Legacy : never)
  | (type extends 'eip1559' ? Modern : never)

export async function estimate<chain extends Chain | undefined>(client: Client<chain>): Promise<Fees> {
  return await client.request()
}
"""
    result = instrument(source, load_pack("typescript"))
    assert (result.status, result.reason) == (FileStatus.FAILED, "syntax that the grammar does not know")
    assert result.output == source
