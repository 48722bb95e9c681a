// Says of one source after another whether V8 (and, for TypeScript, a TypeScript parser) would take it.
//
// Nothing is ever run: sources are compiled as far as their early errors, then dropped. Questions come on
// stdin, answers go to stdout, both in frames (see parser_process.py); it ends when stdin ends.
//
// Kinds: "module", "commonjs", "script" are V8's own. "ts", "tsx", "jsx" need the `typescript` package:
//     --typescript=FOLDER   one package folder to take it from
//     --trust-projects      else the one that node would find from the source file's own place. Loading it runs
//                           code of the project that is being looked at, so it is off unless asked for.
// Without either, a node that strips types by itself serves for "ts".
"use strict";

const fs = require("node:fs");
const vm = require("node:vm");
const nodeModule = require("node:module");
const path = require("node:path");

const ACCEPTED = 0;
const REFUSED = 1;
const UNAVAILABLE = 2;
const NAME = "source";
const WRAPPER = ["exports", "require", "module", "__filename", "__dirname"];

const trusting = process.argv.includes("--trust-projects");
const given = (process.argv.find((word) => word.startsWith("--typescript=")) || "").slice("--typescript=".length);

// V8 keeps the place of a module's error apart from its stack; only node's internals can put it back.
let placed = () => {};
try {
  placed = require("internal/util").decorateErrorStack;
} catch {
  // Errors of modules then come without a line.
}

// A package that prints while it loads must not get between the frames.
process.stdout.write = () => true;

const accepted = { verdict: ACCEPTED, line: 0, message: "" };
const refused = (line, message) => ({ verdict: REFUSED, line, message });
const unavailable = (message) => ({ verdict: UNAVAILABLE, line: 0, message });

function compile(kind, text) {
  if (kind === "module") new vm.SourceTextModule(text, { identifier: NAME });
  else if (kind === "commonjs") vm.compileFunction(text, WRAPPER, { filename: NAME });
  else new vm.Script(text, { filename: NAME });
}

function byV8(kind, text) {
  try {
    compile(kind, text);
    return accepted;
  } catch (error) {
    placed(error);
    const first = /^source:(\d+)(?:\n|$)/.exec(String(error.stack));
    return refused(first ? Number(first[1]) : 0, error instanceof SyntaxError ? error.message : String(error));
  }
}

const loaded = new Map(); // where typescript was found -> its exports
const found = new Map(); // folder of a source -> where typescript is

function resolved(folder) {
  if (!found.has(folder)) {
    let where = "";
    try {
      where = nodeModule.createRequire(path.join(folder, NAME)).resolve("typescript");
    } catch {
      // This project has none.
    }
    found.set(folder, where);
  }
  return found.get(folder);
}

function typescript(place) {
  const where = given || (trusting && path.isAbsolute(place) ? resolved(path.dirname(place)) : "");
  if (!where) return undefined;
  if (!loaded.has(where)) {
    let exported;
    try {
      exported = require(where);
    } catch (error) {
      throw new Error(`typescript in ${where} does not load: ${error.message}`);
    }
    if (typeof exported.createSourceFile !== "function") throw new Error(`typescript in ${where} has no parser`);
    loaded.set(where, exported);
  }
  return loaded.get(where);
}

function byTypeScript(ts, kind, text) {
  const kinds = { ts: ts.ScriptKind.TS, tsx: ts.ScriptKind.TSX, jsx: ts.ScriptKind.JSX };
  const options = { languageVersion: ts.ScriptTarget.ESNext, jsDocParsingMode: (ts.JSDocParsingMode || {}).ParseNone };
  const file = ts.createSourceFile(`${NAME}.${kind}`, text, options, false, kinds[kind]);
  let problems = file.parseDiagnostics;
  if (problems.length === 0 && typeof ts.bindSourceFile === "function") {
    // Binding finds duplicate declarations and what strict mode forbids; types are not looked at.
    ts.bindSourceFile(file, { target: ts.ScriptTarget.ESNext });
    problems = file.bindDiagnostics.filter((problem) => problem.category === ts.DiagnosticCategory.Error);
  }
  if (problems.length === 0) return accepted;
  const { line } = file.getLineAndCharacterOfPosition(problems[0].start);
  return refused(line + 1, ts.flattenDiagnosticMessageText(problems[0].messageText, " "));
}

function byNode(text) {
  let script;
  try {
    script = nodeModule.stripTypeScriptTypes(text, { mode: "strip" });
  } catch (error) {
    // Such as enums: it looks no further than the first of them.
    if (error.code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") return unavailable(`node: ${error.message}`);
    const first = /^[^\n:]*:(\d+)\n/.exec(String(error.stack));
    return refused(first ? Number(first[1]) : 0, error.message);
  }
  // The types became blanks, so lines are the same.
  const asModule = byV8("module", script);
  return asModule.verdict === ACCEPTED || byV8("commonjs", script).verdict !== ACCEPTED ? asModule : accepted;
}

function answer(kind, place, source) {
  if (source.length > 0x1fffffe8) return unavailable("the file is too large for V8");
  const start = source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf ? 3 : 0;
  const text = source.toString("utf8", start);
  if (kind === "module" || kind === "commonjs" || kind === "script") return byV8(kind, text);
  if (kind !== "ts" && kind !== "tsx" && kind !== "jsx") return unavailable(`node has no parser for ${kind}`);
  let ts;
  try {
    ts = typescript(place);
  } catch (error) {
    return unavailable(error.message);
  }
  if (ts) return byTypeScript(ts, kind, text);
  if (kind === "ts" && typeof nodeModule.stripTypeScriptTypes === "function") return byNode(text);
  return unavailable("no TypeScript parser was given");
}

function safely(kind, place, source) {
  try {
    return answer(kind, place, source);
  } catch (error) {
    return error instanceof RangeError ? refused(0, String(error)) : unavailable(String(error));
  }
}

function receive(size) {
  const data = Buffer.allocUnsafe(size);
  let done = 0;
  while (done < size) {
    let got = 0;
    try {
      got = fs.readSync(0, data, done, size - done);
    } catch (error) {
      if (error.code === "EAGAIN") continue;
      if (error.code !== "EOF") throw error;
    }
    if (got === 0) process.exit(0);
    done += got;
  }
  return data;
}

const field = () => receive(receive(4).readUInt32BE(0));

function send({ verdict, line, message }) {
  const text = Buffer.from(message.slice(0, 1000), "utf8");
  const frame = Buffer.alloc(9 + text.length);
  frame.writeUInt32BE(5 + text.length, 0);
  frame.writeUInt8(verdict, 4);
  frame.writeUInt32BE(line, 5);
  text.copy(frame, 9);
  for (let done = 0; done < frame.length; ) done += fs.writeSync(1, frame, done);
}

send({ verdict: ACCEPTED, line: 0, message: `node ${process.versions.node}` });
for (;;) {
  const kind = field().toString("utf8");
  const place = field().toString("utf8");
  send(safely(kind, place, field()));
}
