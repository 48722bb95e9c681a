// Loads a trace into Perfetto's own trace processor (its WebAssembly build) and prints the answers to SQL queries.
//     node perfetto_query.cjs FOLDER_OF_ENGINE_BUNDLE TRACE QUERY...
"use strict";
const fs = require("node:fs"), path = require("node:path"), vm = require("node:vm");
const [folder, trace, ...queries] = process.argv.slice(2);

// The bundle is made for a web worker: it fetches its code synchronously and talks through a message port.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = Object;
globalThis.importScripts = () => {};
globalThis.location = { href: "file:///engine_bundle.js" };
globalThis.XMLHttpRequest = class {
  open(_, name) { this.name = name; }
  send() { this.status = 200; this.response = new Uint8Array(fs.readFileSync(path.join(folder, path.basename(this.name)))).buffer; }
};
for (const name of ["process", "require"]) delete globalThis[name];
const print = console.log.bind(console);
console.log = console.warn = () => {};
vm.runInThisContext(fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8"));

// ---- protocol buffers, as far as perfetto.protos.TraceProcessorRpcStream needs them
const varint = (n) => { const out = []; for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128); return Buffer.from([...out, Number(n)]); };
const bytes = (field, data) => Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
function* fields(data) {
  let at = 0;
  const read = () => { let n = 0n, shift = 0n, byte; do { byte = data[at++]; n |= BigInt(byte & 127) << shift; shift += 7n; } while (byte > 127); return n; };
  while (at < data.length) {
    const tag = Number(read()), kind = tag & 7;
    if (kind === 0) yield [tag >> 3, read()];
    else if (kind === 1) { yield [tag >> 3, data.subarray(at, at + 8)]; at += 8; }
    else { const size = Number(read()); yield [tag >> 3, data.subarray(at, at + size)]; at += size; }
  }
}
const packed = (data) => { const out = []; for (let at = 0; at < data.length;) { let n = 0n, shift = 0n, byte; do { byte = data[at++]; n |= BigInt(byte & 127) << shift; shift += 7n; } while (byte > 127); out.push(BigInt.asIntN(64, n)); } return out; };

// ---- requests: 1 append trace data, 2 finalize, 3 query
let answer, waiting = null;
const port = { postMessage: (data) => answer(Buffer.from(data)) };
let sequence = 0;
const send = (method, payload) => {
  const request = Buffer.concat([number(1, sequence++), number(2, method), payload]);
  port.onmessage({ data: new Uint8Array(bytes(1, request)) });
};
function result(messages) {
  const rows = []; let names = [];
  for (const message of messages) for (const [field, value] of fields(message)) if (field === 203) {
    for (const [part, data] of fields(value)) {
      if (part === 1) names.push(data.toString());
      if (part === 2 && data.length) throw new Error(data.toString());
      if (part === 3) {
        let kinds = [], ints = [], floats = [], texts = [];
        for (const [column, cells] of fields(data)) {
          if (column === 1) kinds = packed(cells);
          if (column === 2) ints = packed(cells);
          if (column === 3) for (let at = 0; at < cells.length; at += 8) floats.push(cells.readDoubleLE(at));
          if (column === 5) texts = cells.toString().split("\0");
        }
        let row = [];
        for (const kind of kinds) {
          row.push(kind === 2n ? String(ints.shift()) : kind === 3n ? floats.shift() : kind === 4n ? texts.shift() : null);
          if (row.length === names.length) { rows.push(row); row = []; }
        }
      }
    }
  }
  return rows;
}
setTimeout(() => {
  globalThis.onmessage({ data: port });
  let messages = [];
  answer = (data) => { for (const [, message] of fields(data)) messages.push(message); };
  const data = fs.readFileSync(trace);
  for (let at = 0; at < data.length; at += 1 << 24) send(1, bytes(101, data.subarray(at, at + (1 << 24))));
  for (const message of messages) for (const [field, value] of fields(message)) if (field === 201)
    for (const [part, text] of fields(value)) if (part === 2 && text.length) throw new Error(text.toString());
  send(2, Buffer.alloc(0));
  const answers = queries.map((query) => { messages = []; send(3, bytes(103, bytes(1, Buffer.from(query)))); return result(messages); });
  print(JSON.stringify(answers));
}, 100);
