"""The variants type-check, compile and bundle wherever the user's own files do."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

from runtime_js_support import CLEAN, Program, compose, function, modules, node, write_helper

USE = """
interface Row { readonly id: number; kind: "a" | "b"; note?: string }
%s
export function find(rows: readonly Row[], id: number): Row {const _tlm_s=_tlm`find`.args({rows,id});try{
  for (const row of rows) {_tlm_s.loop("for+2");
    if (row.id === id) {_tlm_s.branch("if+3"); return _tlm_s.returns(row,_tlm_s); }
  }
  throw new Error("none");
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export const load = async (id: number): Promise<Row> => {const _tlm_s=_tlm.async`load`;try{
  const kind: "a" | "b" = _tlm_s.back(await _tlm_s.wait(Promise.resolve("a" as const),_tlm_s),_tlm_s);
  const [x, y]: [number, string] = _tlm_s.back(await _tlm_s.wait(Promise.all([id, "y"] as [number, string]),_tlm_s),_tlm_s);
  try { return {id: x, kind, note: y}; } catch (error) {_tlm_s.back();_tlm_s.handled("catch+5", error); throw error }
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}};
export function* ids(rows: Row[]): Generator<number, void, undefined> {const _tlm_s=_tlm.generator`ids`;try{
  for (const row of rows) yield row.id;
}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export function App(): number {_tlm.entry`App`;
  let n = 1;_tlm_assign({n}); return n }
function _tlm_assign(values: { n: number }) { const _tlm_s=_tlm`g`;try{_tlm_s.assign(values)}finally{_tlm_s.exit()} }
"""

STRICT = {
    "strict": True,
    "noImplicitReturns": True,
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "noUncheckedIndexedAccess": True,
    "exactOptionalPropertyTypes": True,
    "noPropertyAccessFromIndexSignature": True,
    "noImplicitOverride": True,
    "allowUnreachableCode": False,
    "isolatedModules": True,
    "declaration": True,
    "types": [],
    "lib": ["ES2020"],
    "target": "ES2020",
    "outDir": "out",
}
VERBATIM = {"verbatimModuleSyntax": True, "erasableSyntaxOnly": True, "isolatedDeclarations": True}

# (options, the file that uses the helper, how it imports it, version of TypeScript)
CHECKS = {
    "modules of Node": (STRICT | VERBATIM | {"module": "nodenext"}, "use.mts", 'import{_tlm}from"./_telemetry_inject.mjs";', ""),
    "modules by package.json": (STRICT | VERBATIM | {"module": "nodenext"}, "use.ts", 'import{_tlm}from"./_telemetry_inject.js";', ""),
    "types are stripped": (
        STRICT | VERBATIM | {"module": "nodenext", "allowImportingTsExtensions": True, "rewriteRelativeImportExtensions": True},
        "use.ts", 'import{_tlm}from"./_telemetry_inject.ts";', "",
    ),
    "a bundler": (STRICT | VERBATIM | {"module": "esnext", "moduleResolution": "bundler"}, "use.ts", 'import{_tlm}from"./_telemetry_inject";', ""),
    "CommonJS": (STRICT | {"module": "commonjs", "target": "ES5", "ignoreDeprecations": "5.0"}, "use.ts", 'import{_tlm}from"./_telemetry_inject";', ""),
    "CommonJS of Node": (STRICT | {"module": "nodenext"}, "use.cts", 'import{_tlm}from"./_telemetry_inject.cjs";', ""),
    "CommonJS of Node, verbatim": (
        STRICT | {"module": "nodenext", "verbatimModuleSyntax": True}, "use.cts",
        'import _tlm_m=require("./_telemetry_inject.cjs");const{_tlm}=_tlm_m;', "",
    ),
    "JavaScript checked": (STRICT | {"module": "nodenext", "allowJs": True, "checkJs": True, "declaration": False}, "use.mts", 'import{_tlm}from"./_telemetry_inject.mjs";', ""),
    "TypeScript 4.5": ({"strict": True, "module": "commonjs", "target": "ES2019", "noUnusedLocals": True, "isolatedModules": True, "declaration": True, "types": [], "outDir": "out"}, "use.ts", 'import{_tlm}from"./_telemetry_inject";', "4.5"),
}  # fmt: skip


@cache
def tsc(version: str) -> str:
    return str(modules() / ("typescript-4.5" if version else "typescript") / "lib/tsc.js")


@pytest.mark.parametrize("case", CHECKS)
def test_type_check_and_run(tmp_path: Path, case: str) -> None:
    options, name, line, version = CHECKS[case]
    suffix = name.rpartition(".")[2]
    write_helper(tmp_path, f"_telemetry_inject.{suffix}")
    (tmp_path / "package.json").write_text(
        json.dumps(
            {
                "type": "module"
                if "module" in str(options["module"]) or options["module"] in ("esnext", "nodenext")
                else "commonjs"
            }
        )
    )
    source = USE % (line + "declare const console: { log(...values: unknown[]): void };")
    source += "load(1).then((row) => console.log(row, find([row], 1).kind, [...ids([row])], App()));"
    if "verbatim" in case:
        source = source.replace("export ", "")
    if options.get("target") == "ES5":
        source = source.replace("[...ids([row])]", "ids([row]).next().value")
        options = options | {"downlevelIteration": True, "lib": ["ES2020"]}
    (tmp_path / name).write_text(source)
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": [name]}))
    done = subprocess.run(
        [node(), tsc(version)], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)
    out = tmp_path / "out" / name.replace("ts", "js")
    if case == "a bundler":
        out.write_text(out.read_text().replace('"./_telemetry_inject"', '"./_telemetry_inject.js"'))
    ran = subprocess.run(
        [node(), str(out)], cwd=tmp_path, env=CLEAN, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stderr == "" and ran.stdout.startswith("{ id: 1, kind: 'a', note: 'y' } a ")
    (file,) = (tmp_path / "telemetry").iterdir()
    for span in ("load", "find", "ids", "App", "g"):
        assert f'"name":"{span}"' in file.read_text()


@pytest.mark.parametrize("suffix", ["ts", "mts", "cts"])
def test_node_strips_the_types(run: Program, suffix: str) -> None:
    line = {
        "ts": 'import{_tlm}from"./_telemetry_inject.ts";',
        "mts": 'import{_tlm}from"./_telemetry_inject.mts";',
        "cts": 'const{_tlm}=require("./_telemetry_inject.cts");',
    }[suffix]
    (run.folder / "package.json").write_text('{"type":"module"}')
    done = run(
        line + "function f(n: number): number " + "{const _tlm_s=_tlm`f`;try{return n}finally{_tlm_s.exit()}}f(1);",
        file="program." + suffix,
        version="24",
        flags=("--experimental-strip-types",),
    )
    assert done.err == "" and len(done.named("f")) == 1


def test_a_mistake_at_the_helpers_surface_is_found(tmp_path: Path) -> None:
    write_helper(tmp_path, "_telemetry_inject.ts")
    (tmp_path / "use.ts").write_text(
        'import{_tlm}from"./_telemetry_inject";const n: string = _tlm`f`.returns(1); _tlm("f"); n;'
    )
    command = [
        node(),
        tsc(""),
        "--strict",
        "--noEmit",
        "--target",
        "es2020",
        "--moduleResolution",
        "bundler",
        "--module",
        "esnext",
        "use.ts",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.count("error TS") == 2


def bundle(folder: Path, entry: str, *options: str) -> subprocess.CompletedProcess[str]:
    binary = next(iter((modules() / "@esbuild").glob("*/bin/esbuild")))
    command = [str(binary), entry, "--bundle", "--log-level=debug", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


BROWSER = """
import { readFileSync } from "node:fs";
import vm from "node:vm";
const out = [], sent = [], listeners = {};
const page = { out, TextEncoder, performance, setTimeout, fetch: async (url, options) => {
    sent.push([url, options.headers["Content-Type"], new TextDecoder().decode(options.body)]);
    return { status: 200, headers: new Headers() };
  },
  addEventListener: (name, f) => (listeners[name] = f), document: { addEventListener() {} },
  navigator: { sendBeacon: (url, blob) => sent.push([url, blob.type, blob]) }, Blob,
  crypto, console: new Proxy({}, { get() { out.push("console") } }) };
page.window = page.self = page;
if (process.argv[2]) page.TELEMETRY_INJECT = { OTEL_EXPORTER_OTLP_ENDPOINT: process.argv[2], OTEL_SERVICE_NAME: "page", OTEL_BSP_SCHEDULE_DELAY: "20" };
const context = vm.createContext(page);
const before = Object.keys(page).length;
vm.runInContext(readFileSync("bundle.js", "utf8"), context);
await new Promise((r) => setTimeout(r, 200));
vm.runInContext("again()", context);
listeners.pagehide?.({ type: "pagehide" });
for (const item of sent) if (typeof item[2] !== "string") item[2] = await item[2].text();
console.log(JSON.stringify({ out, sent, extra: Object.keys(page).length - before }));
"""


@pytest.mark.parametrize("variant", ["mjs", "ts", "cjs"])
@pytest.mark.parametrize("target", ["", "es2017"])
def test_bundled_for_a_browser(tmp_path: Path, variant: str, target: str) -> None:
    write_helper(tmp_path, f"_telemetry_inject.{variant}")
    line = (
        'const{_tlm}=require("./_telemetry_inject.cjs");'
        if variant == "cjs"
        else f'import{{_tlm}}from"./_telemetry_inject.{variant}";'
    )
    program = (
        line
        + function("g", "throw new TypeError('x')")
        + function("f", "try{g()}catch{}")
        + "async function a(){const _tlm_s=_tlm.async`a`;try{_tlm_s.back(await _tlm_s.wait(null));f()}finally{_tlm_s.exit()}}"
        "f();a();globalThis.again=f;out.push('ran');"
    )
    (tmp_path / "page.js").write_text(program)
    done = bundle(
        tmp_path, "page.js", "--platform=browser", "--outfile=bundle.js", *(["--target=" + target] if target else [])
    )
    assert done.returncode == 0 and "WARNING" not in done.stderr and "ERROR" not in done.stderr, done.stderr
    (tmp_path / "browser.mjs").write_text(BROWSER)

    def visit(*arguments: str) -> dict:
        ran = subprocess.run(
            [node(), "browser.mjs", *arguments],
            cwd=tmp_path,
            env=CLEAN,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.stderr == ""
        return json.loads(ran.stdout)

    from runtime_js_support import spans_of

    assert visit() == {"out": ["ran"], "sent": [], "extra": 1}
    seen = visit("https://example.test")
    assert seen["out"] == ["ran"] and seen["extra"] == 1
    assert [(url, kind) for url, kind, _ in seen["sent"]] == [
        ("https://example.test/v1/traces", "application/json")
    ] * 2
    spans = spans_of(seen["sent"][0][2])
    ids = {span.span_id: span.name for span in spans}
    assert sorted((span.name, ids.get(span.parent_id, "")) for span in spans) == [
        ("a", ""), ("f", ""), ("f", "a"), ("g", "f"), ("g", "f"),
    ]  # fmt: skip
    assert spans[0].resource["service.name"] == "page" and spans[0].resource["telemetry.sdk.language"] == "webjs"
    assert spans[0].events[0][1]["exception.message"] == "x"
    assert {span.name for span in spans_of(seen["sent"][1][2])} == {"f", "g"}


@pytest.mark.parametrize("variant", ["mjs", "cjs"])
def test_bundled_and_minified_for_node(run: Program, variant: str) -> None:
    write_helper(run.folder)
    line = (
        'const{_tlm}=require("./_telemetry_inject.cjs");'
        if variant == "cjs"
        else 'import{_tlm}from"./_telemetry_inject.mjs";'
    )
    (run.folder / "main.js").write_text(line + function("g", "") + function("f", "g()") + "f();")
    done = bundle(run.folder, "main.js", "--platform=node", "--minify", "--outfile=program.cjs", "--format=cjs")
    assert done.returncode == 0 and "WARNING" not in done.stderr, done.stderr
    ran = run((run.folder / "program.cjs").read_text(), header=False)
    assert ran.err == "" and ran.parents() == {"f": "", "g": "f"}


def test_a_file_that_uses_nothing_of_it_is_shaken_off(tmp_path: Path) -> None:
    write_helper(tmp_path, "_telemetry_inject.mjs")
    (tmp_path / "library.js").write_text(
        'import{_tlm}from"./_telemetry_inject.mjs";export ' + function("f", "") + "export const x=1;"
    )
    (tmp_path / "main.js").write_text('import{x}from"./library.js";globalThis.y=x')
    done = bundle(tmp_path, "main.js", "--format=esm", "--tree-shaking=true")
    assert "_telemetryInject" not in done.stdout and "y" in done.stdout


def test_every_variant_says_what_it_is(tmp_path: Path) -> None:
    assert set(compose()) == {f"_telemetry_inject.{suffix}" for suffix in ("mjs", "cjs", "ts", "mts", "cts")}
    for text in compose().values():
        assert b"telemetry-inject" in text[:2000] and b"\r" not in text and text.endswith(b"\n") and text.isascii()
        assert max(len(line) for line in text.splitlines()) <= 130
