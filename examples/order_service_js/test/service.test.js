import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { PaymentDeclined } from "../src/errors.js";
import { OrderBook } from "../src/orders.js";
import { makeServer } from "../src/server.js";
import { Bank, Worker, withRetries } from "../src/worker.js";

let server, base, book, worker, working;

before(async () => {
  book = new OrderBook();
  worker = new Worker(book, new Bank({ busyEvery: 2 }));
  working = worker.run();
  server = makeServer(book, worker).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

const post = (order) => fetch(`${base}/orders`, { method: "POST", body: JSON.stringify(order) });

test("orders are taken, and many at once stay apart", async () => {
  const customers = ["a", "b", "c", "d"];
  const answers = await Promise.all(
    customers.map((customer) => post({ customer, lines: [{ sku: "magnet", quantity: 1 }] })),
  );
  assert.deepEqual(answers.map(({ status }) => status), [202, 202, 202, 202]);
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  assert.deepEqual(bodies.map(({ customer }) => customer), customers);
});

test("errors have their status", async () => {
  assert.equal((await post({ customer: "a" })).status, 400);
  assert.equal((await fetch(`${base}/orders/99`)).status, 404);
  assert.equal((await fetch(`${base}/elsewhere`)).status, 404);
});

test("the worker ships what was paid, and refuses the rest", async () => {
  const answer = await post({ customer: "acme", lines: [{ sku: "rocket", quantity: 6 }] });
  const { id } = await answer.json();
  worker.close();
  await working;
  assert.match(book.find(1).note, /^label 0001 for a, receipt a-12.50$/);
  assert.equal(book.find(id).state, "refused");
  assert.equal((await (await fetch(`${base}/health`)).json()).orders, 5);
});

test("a final error is not tried again", async () => {
  let tries = 0;
  const pay = async () => {
    tries++;
    throw new PaymentDeclined("acme", 5000);
  };
  await assert.rejects(withRetries(3, pay, (error) => error instanceof PaymentDeclined), PaymentDeclined);
  assert.equal(tries, 1);
});
