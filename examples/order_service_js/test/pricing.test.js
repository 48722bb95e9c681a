import assert from "node:assert/strict";
import { test } from "node:test";
import pricing from "../src/pricing.cjs";

test("small orders have no discount", () => {
  assert.deepEqual(pricing.quote([{ sku: "paint", quantity: 4 }]), { amount: 29, discount: 0, total: 29 });
});

test("large orders have one", () => {
  assert.equal(pricing.quote([{ sku: "rocket", quantity: 1 }]).total, 236.55);
  assert.equal(pricing.quote([{ sku: "rocket", quantity: 6 }]).discount, 0.1);
});

test("an unknown article has no price", () => {
  assert.throws(() => pricing.priceOf("piano"), { name: "RangeError", message: "unknown article: piano" });
});
