import assert from "node:assert/strict";
import { test } from "node:test";
import { NoParcel, labelOf, labels } from "./labels.mjs";

const PARCEL = { id: 17, way: "a - b - c", kilograms: 2, price: 7.2 };

test("a label has all that the driver needs", () => {
  assert.deepEqual(labelOf(PARCEL), { code: "000017-4", text: "c, 2 kg", via: ["b"], price: 7.2 });
});

test("empty lines are none", async () => {
  const found = [];
  for await (const label of labels([JSON.stringify(PARCEL), ""])) found.push(label.code);
  assert.deepEqual(found, ["000017-4"]);
});

test("a number is needed", () => {
  assert.throws(() => labelOf({ id: "x" }), NoParcel);
});
