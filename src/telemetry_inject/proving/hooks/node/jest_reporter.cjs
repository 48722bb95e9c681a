// A reporter for Jest.
"use strict";
const { recorder, where } = require("./record.cjs");

module.exports = class {
  constructor() {
    this.write = recorder("jest");
  }
  onTestResult(_, file) {
    const path = where(file.testFilePath);
    if (file.testExecError || (!file.testResults.length && file.failureMessage))
      this.write({ test: path, outcome: "error", reason: String(file.failureMessage || "").slice(0, 3000) });
    for (const test of file.testResults) {
      const outcome = test.status === "passed" || test.status === "failed" ? test.status : "skipped";
      const name = [path, ...test.ancestorTitles, test.title].join(" > ");
      this.write({ test: name, outcome, reason: test.failureMessages.join("\n").slice(0, 3000) });
    }
  }
  onRunComplete() {
    this.write({ end: 0 });
  }
};
