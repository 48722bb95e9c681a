// One function in a process of its own: `node measure.mjs MODULE FUNCTION BARE ROUNDS`, BARE being the module with the
// same function as it was. Prints nanoseconds a call as one JSON object: `call` and `bare` are the best of the rounds,
// `cpu` is the processor time of all threads for the call and all that follows from it, such as writing.
//
// Calls come in blocks, with a turn of the event loop after each, so that what ended can be delivered as in a program.
import path from "node:path";
import { pathToFileURL } from "node:url";

const BLOCK = 400;
const BLOCKS = 50;
const [place, name, bare, rounds] = process.argv.slice(2);

// A loop of its own for each function: one that is shared could not be compiled for either.
async function loop(module) {
  const called = (await import(pathToFileURL(path.resolve(module))))[name];
  const steps = { wait: "x = await f(x & 7)", numbers: "for (const v of f(x & 7)) x += v" };
  const step = steps[name] ?? "x = f(x & 7)";
  const keyword = name === "wait" ? "async " : "";
  const text = `return ${keyword}(n) => { let x = 0; for (let i = 0; i < n; i++) { ${step}; } return x; }`;
  return new Function("f", text)(called);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function round(run) {
  let timed = 0n;
  const before = process.cpuUsage();
  for (let block = 0; block < BLOCKS; block++) {
    const start = process.hrtime.bigint();
    const result = run(BLOCK);
    if (result instanceof Promise) await result;
    timed += process.hrtime.bigint() - start;
    await turn();
    await turn();
  }
  const used = process.cpuUsage(before);
  const calls = BLOCK * BLOCKS;
  return { call: Number(timed) / calls, cpu: ((used.user + used.system) * 1000) / calls };
}

const best = { call: Infinity, bare: Infinity, cpu: Infinity };
const [measured, reference] = [await loop(place), await loop(bare)];
await round(measured);
await round(reference);
for (let number = 0; number < Number(rounds); number++) {
  const one = await round(measured);
  const other = await round(reference);
  best.call = Math.min(best.call, one.call);
  best.cpu = Math.min(best.cpu, one.cpu);
  best.bare = Math.min(best.bare, other.call);
}
console.log(JSON.stringify(best));
