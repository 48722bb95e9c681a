import assert from "node:assert/strict";
import { test } from "node:test";
import { LimitExceeded, ManualClock, SlidingWindow, TokenBucket, isAllowed } from "../dist/index.js";

function bucket() {
  const clock = new ManualClock();
  return { clock, limiter: new TokenBucket(clock, { capacity: 2, perSecond: 1 }) };
}

test("a bucket allows a burst, and then its rate", () => {
  const { clock, limiter } = bucket();
  assert.deepEqual(limiter.check("a"), { kind: "allowed", remaining: 1 });
  assert.ok(isAllowed(limiter.check("a")));
  assert.deepEqual(limiter.check("a"), { kind: "denied", retryAfter: 1000 });
  clock.advanceTo(1000);
  assert.ok(isAllowed(limiter.check("a")));
});

test("clients do not share a bucket", () => {
  const { limiter } = bucket();
  limiter.check("a", 2);
  assert.ok(isAllowed(limiter.check("b")));
  assert.deepEqual([...limiter.clients], ["a", "b"]);
});

test("a window slides", () => {
  const clock = new ManualClock();
  const limiter = new SlidingWindow(clock, 2, 100);
  limiter.check("a");
  clock.advanceTo(50);
  limiter.check("a");
  assert.deepEqual(limiter.check("a"), { kind: "denied", retryAfter: 50 });
  clock.advanceTo(100);
  assert.deepEqual(limiter.check("a"), { kind: "allowed", remaining: 0 });
  assert.deepEqual(limiter.check("a", 3), { kind: "denied", retryAfter: Infinity });
});

test("acquire waits as long as it has to", async () => {
  const { clock, limiter } = bucket();
  assert.equal(await limiter.acquire("a", 0, 2), 0);
  assert.equal(await limiter.acquire("a"), 1000);
  assert.equal(clock.now(), 1000);
});

test("acquire gives up when that takes too long", async () => {
  const { limiter } = bucket();
  await limiter.acquire("a", 0, 2);
  await assert.rejects(limiter.acquire("a", 999), (error) => {
    assert.ok(error instanceof LimitExceeded);
    assert.equal(error.message, "a has to wait 1000 ms");
    return true;
  });
});

test("nonsense is refused", () => {
  const { limiter } = bucket();
  assert.throws(() => limiter.check("a", 0), { name: "TypeError", message: "cost has to be a positive number" });
  assert.throws(() => new TokenBucket(new ManualClock(), { capacity: 0, perSecond: 1 }), TypeError);
});
