// A reporter for Mocha.
"use strict";
const { recorder, where, reason } = require("./record.cjs");

module.exports = class {
  constructor(runner) {
    const write = recorder("mocha");
    const name = (test) => [where(test.file || (test.parent && test.parent.file)), test.fullTitle()].filter(Boolean).join(" > ");
    runner.on("pass", (test) => write({ test: name(test), outcome: "passed", reason: "" }));
    runner.on("pending", (test) => write({ test: name(test), outcome: "skipped", reason: "" }));
    runner.on("fail", (test, error) => {
      write({ test: name(test), outcome: test.type === "hook" ? "error" : "failed", reason: reason(error) });
      console.error(name(test) + "\n" + reason(error));
    });
    runner.once("end", () => write({ end: 0 }));
  }
};
