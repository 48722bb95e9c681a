// Runs tests of test262 in contexts of this process: as they are, then as each variant has them.
//
//     node --experimental-vm-modules --expose-gc test262_worker.cjs SUITE HELPERS NAME=FOLDER[,HELPER] ... < paths
//
// Paths (one a line, relative to SUITE/test) come on stdin. For each, one line of JSON goes to stdout: the verdict
// on the original and on every variant ("=" where it is the same). A variant's folder holds the tests it changed.
// HELPER says what `require` and `import` of the helper give there: "real" or "none". HELPERS is the folder with
// the helper's files.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const [suite, helpers, ...described] = process.argv.slice(2);
const variants = described.map((text) => {
  const [, name, folder, helper] = /^([^=]+)=([^,]*),?(.*)$/.exec(text);
  return { name, folder, helper: helper || "none" };
});
const TURNS = 3000; // of the event loop, for an asynchronous test to finish
const SECONDS = 10; // for a synchronous one

const harness = new Map();
function included(name) {
  if (!harness.has(name)) {
    const file = path.join(suite, "harness", name);
    harness.set(name, new vm.Script(fs.readFileSync(file, "utf8"), { filename: `harness/${name}` }));
  }
  return harness.get(name);
}

const commonjs = new vm.Script(
  `(function (exports, require, module) {${fs.readFileSync(path.join(helpers, "_telemetry_inject.cjs"), "utf8")}\n})`,
  { filename: "_telemetry_inject.cjs" },
);
const ecmascript = fs.readFileSync(path.join(helpers, "_telemetry_inject.mjs"), "utf8");

function frontMatter(text) {
  const yaml = (/\/\*---([\s\S]*?)---\*\//.exec(text) || ["", ""])[1];
  const list = (key) => {
    const found = new RegExp(`^[ ]*${key}:[ ]*\\[([^\\]]*)\\]`, "m").exec(yaml);
    if (found) return found[1].split(",").map((word) => word.trim()).filter(Boolean);
    const lines = new RegExp(`^[ ]*${key}:[ ]*\\r?\\n((?:[ ]+-.*\\r?\\n?)+)`, "m").exec(yaml);
    return lines ? lines[1].split("\n").map((line) => line.replace(/^\s*-/, "").trim()).filter(Boolean) : [];
  };
  const negative = /^negative:\s*\n\s+phase:\s*(\w+)\s*\n\s+type:\s*(\w+)/m.exec(yaml);
  const other = /^negative:\s*\n\s+type:\s*(\w+)\s*\n\s+phase:\s*(\w+)/m.exec(yaml);
  return {
    flags: new Set(list("flags")), includes: list("includes"), features: list("features"),
    negative: negative ? { phase: negative[1], type: negative[2] }
      : other ? { phase: other[2], type: other[1] } : null,
  };
}

function realm(helper, printed) {
  const context = vm.createContext({});
  const global = vm.runInContext("this", context);
  const hide = (name, value) =>
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  hide("print", (text) => printed.push(String(text)));
  hide("process", process);
  hide("setTimeout", setTimeout);
  hide("console", console);
  hide("require", (name) => {
    if (helper !== "real" || !String(name).endsWith("_telemetry_inject.cjs")) return require(name);
    const module = { exports: {} };
    commonjs.runInContext(context)(module.exports, require, module);
    return module.exports;
  });
  hide("$262", {
    global,
    gc: globalThis.gc,
    createRealm: () => realm(helper, printed).$262,
    evalScript: (text) => vm.runInContext(text, context),
    detachArrayBuffer: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
    agent: { start() { throw new Error("no agents"); } },
    IsHTMLDDA: undefined,
  });
  return { context, global, $262: global.$262 };
}

function modules(context, helper, read) {
  const loaded = new Map();
  const options = (identifier) => ({
    identifier, context,
    initializeImportMeta: (meta) => { meta.url = identifier; },
    importModuleDynamically: dynamic,
  });
  function load(specifier, from) {
    const file = specifier.endsWith("_telemetry_inject.mjs") ? "_telemetry_inject.mjs"
      : path.join(path.dirname(from), specifier);
    if (!loaded.has(file)) {
      let made;
      if (file === "_telemetry_inject.mjs") {
        made = new vm.SourceTextModule(helper === "real" ? ecmascript : STUB, options(file));
      } else {
        made = new vm.SourceTextModule(read(file), options(file));
      }
      loaded.set(file, made);
    }
    return loaded.get(file);
  }
  const link = (specifier, referrer) => load(specifier, referrer.identifier);
  async function dynamic(specifier, referrer) {
    const from = referrer && referrer.identifier ? referrer.identifier : this_file;
    const module = load(specifier, from);
    if (module.status === "unlinked") await module.link(link);
    if (module.status === "linked") await module.evaluate();
    if (module.status === "errored") throw module.error;
    await module.evaluate();
    return module;
  }
  let this_file = "";
  return {
    dynamic,
    at(file) { this_file = file; },
    async run(file, text) {
      this_file = file;
      const module = new vm.SourceTextModule(text, options(file));
      loaded.set(file, module);
      await module.link(link);
      return module;
    },
  };
}

const STUB = `const span={exit(){},fail:e=>e,wait:v=>v,back:v=>v,branch(){},loop(){},handled(){},assign(){},returns:v=>v};
span.args=()=>span;export const _tlm=Object.assign(()=>span,{async:()=>span,generator:()=>span,entry(){}});`;

const turn = () => new Promise((done) => setImmediate(done));

function described_error(error) {
  try {
    if (error !== null && (typeof error === "object" || typeof error === "function")) {
      const name = error.constructor && error.constructor.name ? error.constructor.name : String(error.name);
      return `${name}: ${String(error.message).slice(0, 150)}`;
    }
    return String(error);
  } catch {
    return "an error that cannot be shown";
  }
}

async function verdict(test, text, meta, strict, helper, read) {
  const printed = [];
  let phase = "harness";
  try {
    const { context } = realm(helper, printed);
    if (!meta.flags.has("raw")) {
      included("assert.js").runInContext(context);
      included("sta.js").runInContext(context);
      if (meta.flags.has("async")) included("doneprintHandle.js").runInContext(context);
      for (const name of meta.includes) included(name).runInContext(context);
    }
    const linked = modules(context, helper, read);
    linked.at(test);
    phase = "parse";
    if (meta.flags.has("module")) {
      phase = "parse";
      const module = await linked.run(test, text);
      phase = "runtime";
      await module.evaluate({ timeout: SECONDS * 1000 });
    } else {
      const source = strict ? `"use strict";\n${text}` : text;
      const script = new vm.Script(source, { filename: test, importModuleDynamically: linked.dynamic });
      phase = "runtime";
      script.runInContext(context, { timeout: SECONDS * 1000 });
    }
    if (meta.flags.has("async")) {
      for (let turns = 0; printed.length === 0 && turns < TURNS; turns++) await turn();
      if (printed.length === 0) return "fail: never done";
      return printed[0] === "Test262:AsyncTestComplete" ? "pass" : `fail: ${printed[0].slice(0, 200)}`;
    }
    await turn();
  } catch (error) {
    if (meta.negative && (meta.negative.phase === phase || meta.negative.phase === "resolution" || phase === "parse")) {
      const type = error && error.constructor ? error.constructor.name : "";
      return type === meta.negative.type ? "pass" : `fail: ${phase}: ${described_error(error)}`;
    }
    return `fail: ${phase}: ${described_error(error)}`;
  }
  return meta.negative ? "fail: no error" : "pass";
}

async function main() {
  process.on("unhandledRejection", () => {});
  process.on("uncaughtException", () => {});
  const tests = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
  const write = (row) => fs.writeSync(1, `${JSON.stringify(row)}\n`);
  for (const test of tests) {
    const original = fs.readFileSync(path.join(suite, "test", test), "utf8");
    const meta = frontMatter(original);
    if (meta.features.some((name) => /^(Atomics|SharedArrayBuffer|IsHTMLDDA)/.test(name))) continue;
    if (meta.flags.has("CanBlockIsFalse") || meta.flags.has("CanBlockIsTrue")) continue;
    const read = (folder) => (file) => {
      const changed = folder && path.join(folder, file);
      return fs.readFileSync(changed && fs.existsSync(changed) ? changed : path.join(suite, "test", file), "utf8");
    };
    const modes = meta.flags.has("onlyStrict") ? [true]
      : meta.flags.has("noStrict") || meta.flags.has("raw") || meta.flags.has("module") ? [false] : [false, true];
    for (const strict of modes) {
      const row = { test, mode: meta.flags.has("module") ? "module" : strict ? "strict" : "sloppy" };
      row.base = await verdict(test, original, meta, strict, "none", read(""));
      for (const { name, folder, helper } of variants) {
        const file = path.join(folder, test);
        if (!fs.existsSync(file)) continue;
        const found = await verdict(test, fs.readFileSync(file, "utf8"), meta, strict, helper, read(folder));
        row[name] = found === row.base ? "=" : found;
      }
      write(row);
    }
  }
  process.exit(0);
}

main();
