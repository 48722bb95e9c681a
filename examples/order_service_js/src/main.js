#!/usr/bin/env node
// node src/main.js FILE: starts the service, sends it every order of the file, and prints what became of them.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { OrderBook } from "./orders.js";
import { makeServer } from "./server.js";
import { Bank, Worker } from "./worker.js";

async function main([file]) {
  if (!file) {
    console.error("usage: node src/main.js FILE");
    return 2;
  }
  const orders = JSON.parse(await readFile(file, "utf8"));
  const book = new OrderBook();
  const worker = new Worker(book, new Bank());
  const server = makeServer(book, worker).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `http://127.0.0.1:${server.address().port}/orders`;

  const working = worker.run();
  for (const order of orders) await submit(address, order);
  worker.close();
  await working;
  server.close();
  server.closeAllConnections();
  report(book);
  return 0;
}

async function submit(address, order) {
  const response = await fetch(address, { method: "POST", body: JSON.stringify(order) });
  const body = await response.json();
  if (!response.ok) console.log(`rejected (${response.status}): ${body.error}`);
}

function report(book) {
  for (const state of ["shipped", "refused"]) {
    for (const { id, customer, total, note } of book.inState(state)) {
      console.log(`${id} ${customer} ${total.toFixed(2)} ${state}: ${note}`);
    }
  }
}

process.exitCode = await main(process.argv.slice(2));
