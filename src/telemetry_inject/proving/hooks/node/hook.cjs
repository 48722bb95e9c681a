// Loaded by every Node process of a suite that is being proved: makes the runners report each test.
"use strict";
const folder = process.env.TELEMETRY_INJECT_PROVING;
const OFF = "TELEMETRY_INJECT_PROVING_OFF";
if (folder && process.env.NODE_TEST_CONTEXT) process.env[OFF] = "1"; // what a test of node:test starts
if (folder && !process.env[OFF] && process.argv[1]) {
  let program = process.argv[1];
  try {
    program = require("fs").realpathSync(program);
  } catch {}
  program = program.replace(/\\/g, "/");
  const add = (...words) => {
    if (process.argv.includes(words[words.length - 1])) return; // a runner that has started itself again
    const at = process.argv.indexOf("--", 2);
    process.argv.splice(at < 0 ? process.argv.length : at, 0, ...words);
  };
  const fs = require("fs");
  let selected = null;
  try {
    selected = JSON.parse(fs.readFileSync(folder + "/select", "utf8"));
  } catch {}
  if (/\/mocha\/(bin\/_?mocha(\.c?js)?|lib\/cli\/cli\.js)$/.test(program)) {
    add("--reporter", __dirname + "/mocha_reporter.cjs");
  } else if (/\/(jest|jest-cli)\/bin\/jest\.js$/.test(program)) {
    add("--reporters=default", "--reporters=" + __dirname + "/jest_reporter.cjs");
  } else if (/\/vitest\/(vitest\.mjs|dist\/cli\.js)$/.test(program)) {
    add("--reporter=default", "--reporter=json", `--outputFile.json=${folder}/reports/vitest-${process.pid}.jest`);
  }
}
