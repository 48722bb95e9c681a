// Appends rows to this process's report, as they come, so that a crash loses nothing.
"use strict";
const { appendFileSync } = require("fs");
const { relative, isAbsolute } = require("path");
const root = process.cwd();

exports.recorder = function (runner) {
  const folder = process.env.TELEMETRY_INJECT_PROVING;
  const file = `${folder}/reports/${runner}-${process.pid}.lines`;
  const off = !folder || process.env.TELEMETRY_INJECT_PROVING_OFF;
  process.env.TELEMETRY_INJECT_PROVING_OFF = "1"; // what the tests start reports nothing
  return (row) => {
    if (!off) appendFileSync(file, JSON.stringify(row) + "\n");
  };
};

exports.where = function (path) {
  if (!path) return "";
  if (path.startsWith("file://")) path = require("url").fileURLToPath(path);
  return (isAbsolute(path) ? relative(root, path) : path).replace(/\\/g, "/");
};

exports.reason = function (error) {
  if (!error) return "failed";
  const cause = error.cause && error.cause.stack ? error.cause : error;
  return String(cause.stack || cause.message || cause).slice(0, 3000);
};
