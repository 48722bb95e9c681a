import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, SlidingWindow, parseRequests, replay } from "../dist/index.js";

test("a log is read", () => {
  assert.deepEqual([...parseRequests("# log\n0 a\n\n5 b 3 # three\n")], [
    { at: 0, client: "a", cost: 1 },
    { at: 5, client: "b", cost: 3 },
  ]);
});

test("a broken log says where", () => {
  const requests = parseRequests("0 a\nsoon a");
  requests.next();
  assert.throws(() => requests.next(), { name: "SyntaxError", message: "line 2: soon a" });
});

test("a replay counts by client", () => {
  const clock = new ManualClock();
  const tallies = replay(new SlidingWindow(clock, 1, 10), clock, parseRequests("0 a\n1 a\n2 b\n11 a"));
  assert.deepEqual([...tallies], [
    ["a", { allowed: 2, denied: 1 }],
    ["b", { allowed: 1, denied: 0 }],
  ]);
});

test("time does not run backwards", () => {
  const clock = new ManualClock();
  assert.throws(() => replay(new SlidingWindow(clock, 1, 10), clock, parseRequests("5 a\n1 a")), RangeError);
});
