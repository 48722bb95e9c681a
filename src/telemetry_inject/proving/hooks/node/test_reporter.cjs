// A reporter for node:test.
"use strict";
const { recorder, where, reason } = require("./record.cjs");

module.exports = async function* (events) {
  const write = recorder("node");
  const open = new Map(); // file -> the names of the suites around
  for await (const { type, data } of events) {
    if (!data) continue;
    const file = where(data.file);
    if (type === "test:start") {
      const names = open.get(file) || [];
      names.length = data.nesting;
      names.push(data.name);
      open.set(file, names);
    } else if ((type === "test:pass" || type === "test:fail") && !(data.details && data.details.type === "suite")) {
      const around = (open.get(file) || []).slice(0, data.nesting);
      const name = [file, ...around, data.name].filter(Boolean).join(" > ");
      const skipped = data.skip !== undefined || data.todo !== undefined;
      const outcome = skipped ? "skipped" : type === "test:pass" ? "passed" : "failed";
      write({ test: name, outcome, reason: outcome === "failed" ? reason(data.details && data.details.error) : "" });
      if (outcome === "failed") yield `${name}\n${reason(data.details && data.details.error)}\n`;
    }
  }
  write({ end: 0 });
};
