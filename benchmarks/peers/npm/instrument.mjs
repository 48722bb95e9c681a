// The same work done by JavaScript's coverage tools: `node instrument.mjs TASK IN OUT`.
//
// Prints one JSON object. Only the work is timed (processor seconds of all threads), not the start of node and the
// imports, so the comparison favours the peers: the tool itself is timed as a whole process.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const SOURCES = new Set([".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"]);
const COUNTED = "__counted__"; // what the coverage tools call their record

const isTyped = (file) => /\.[mc]?tsx?$/.test(file);

// Each gives a function from (source, file) to the new source and how many functions in it were instrumented.
const TASKS = {
  // Babel underneath: parses, adds counters, prints everything anew.
  async istanbul() {
    const { createInstrumenter } = (await import("istanbul-lib-instrument")).default;
    const made = new Map();
    const instrumenter = (plugins, esModules) => {
      const key = `${plugins} ${esModules}`;
      if (!made.has(key)) {
        const parserPlugins = ["importAttributes", "explicitResourceManagement", ...plugins];
        made.set(key, createInstrumenter({ coverageVariable: COUNTED, esModules, parserPlugins }));
      }
      return made.get(key);
    };
    return (source, file) => {
      const plugins = isTyped(file) ? ["typescript", "decorators"] : [];
      if (!isTyped(file) || file.endsWith("x")) plugins.push("jsx");
      const esModules = isTyped(file) || /^\s*(?:import\b(?!\s*\()|export\b)/m.test(source);
      const one = instrumenter(plugins, esModules);
      const code = one.instrumentSync(source, file);
      return [code, Object.keys(one.lastFileCoverage().fnMap).length];
    };
  },

  // Oxc underneath, native.
  async oxc() {
    const { instrument } = (await import("oxc-coverage-instrument")).default;
    return (source, file) => {
      const { code, coverageMap } = instrument(source, file, { coverageVariable: COUNTED });
      const map = typeof coverageMap === "string" ? JSON.parse(coverageMap) : coverageMap;
      return [code, Object.keys(map.fnMap).length];
    };
  },

  // SWC underneath, native, with its plugin in WebAssembly; types are stripped on the way.
  async swc() {
    const swc = (await import("@swc/core")).default;
    const plugin = createRequire(import.meta.url).resolve("swc-plugin-coverage-instrument");
    return (source, file) => {
      const tsx = file.endsWith("x");
      const parser = isTyped(file)
        ? { syntax: "typescript", tsx, decorators: true }
        : { syntax: "ecmascript", jsx: true };
      const { code } = swc.transformSync(source, {
        filename: file,
        swcrc: false,
        configFile: false,
        isModule: "unknown",
        jsc: {
          parser,
          target: "es2024",
          preserveAllComments: true,
          experimental: { plugins: [[plugin, { coverageVariable: COUNTED }]] },
        },
      });
      return [code, (code.match(/\.f\[\d+\]\+\+/g) ?? []).length];
    };
  },
};

const [task, corpus, output] = process.argv.slice(2);
const rewrite = await TASKS[task]();
const files = fs
  .readdirSync(corpus, { recursive: true })
  .filter((file) => SOURCES.has(path.extname(file)))
  .sort();
let functions = 0;
let failed = 0;
const before = process.cpuUsage();
for (const file of files) {
  const place = path.join(corpus, file);
  try {
    const [code, count] = rewrite(fs.readFileSync(place, "utf8"), place);
    functions += count;
    if (count) {
      const target = path.join(output, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, code);
    }
  } catch (error) {
    failed += 1; // a peer's failure is a figure in the table, whatever it is
    if (process.env.SHOW_FAILURES) console.error(`${file}: ${String(error).slice(0, 200)}`);
  }
}
const used = process.cpuUsage(before);
const seconds = (used.user + used.system) / 1e6;
console.log(JSON.stringify({ seconds, files: files.length, failed, functions }));
