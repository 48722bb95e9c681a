import assert from "node:assert/strict";
import { test } from "node:test";
import { OrderError } from "../src/errors.js";
import { OrderBook, parseOrder } from "../src/orders.js";

const LINES = [{ sku: "magnet", quantity: 2 }];

test("an order is read", () => {
  const order = { customer: "wile", lines: LINES };
  assert.deepEqual(parseOrder(JSON.stringify(order)), order);
});

for (const text of ["{", "null", '{"customer": "wile"}', '{"customer": "w", "lines": [{"sku": "a", "quantity": 0}]}']) {
  test(`${text} is no order`, () => {
    assert.throws(() => parseOrder(text), OrderError);
  });
}

test("a book knows its orders by state", () => {
  const book = new OrderBook();
  const first = book.add({ customer: "wile", lines: LINES });
  book.add({ customer: "road", lines: LINES });
  book.move(first.id, "shipped");
  assert.equal(book.size, 2);
  assert.deepEqual([...book.inState("shipped")], [first]);
  assert.deepEqual([...book.inState("accepted")].map((order) => order.customer), ["road"]);
});

test("what nobody sells, nobody can order", () => {
  assert.throws(() => new OrderBook().add({ customer: "wile", lines: [{ sku: "piano", quantity: 1 }] }), OrderError);
});

test("an order that is not there has the status 404", () => {
  assert.throws(() => new OrderBook().find(7), { message: "no order 7", status: 404 });
});
