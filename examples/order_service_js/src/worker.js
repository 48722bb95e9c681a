import { setTimeout as sleep } from "node:timers/promises";
import { PaymentDeclined } from "./errors.js";

const LIMIT = 1000;

/** A bank that is sometimes busy, and never pays more than its limit. */
export class Bank {
  #busy;

  constructor({ busyEvery = 3 } = {}) {
    this.#busy = { every: busyEvery, calls: 0 };
  }

  charge = async (customer, amount) => {
    await sleep(2);
    if (++this.#busy.calls % this.#busy.every === 0) throw new Error("the bank is busy");
    if (amount > LIMIT) throw new PaymentDeclined(customer, amount);
    return { receipt: `${customer}-${amount.toFixed(2)}` };
  };
}

/** Try again when something failed that may work the next time. */
export async function withRetries(attempts, action, isFinal = () => false) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      if (attempt === attempts || isFinal(error)) throw error;
      await sleep(attempt);
    }
  }
}

/** Takes orders from a queue, one at a time, until it is closed. */
export class Worker {
  #queue = [];
  #wake = () => {};
  #closed = false;

  constructor(book, bank) {
    this.book = book;
    this.bank = bank;
  }

  enqueue(id) {
    this.#queue.push(id);
    this.#wake();
  }

  close() {
    this.#closed = true;
    this.#wake();
  }

  async run() {
    for await (const id of this.jobs()) await this.fulfil(id);
  }

  async *jobs() {
    while (true) {
      while (this.#queue.length > 0) yield this.#queue.shift();
      if (this.#closed) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  async fulfil(id) {
    const { customer, total, lines } = this.book.find(id);
    try {
      const { receipt } = await withRetries(
        3,
        () => this.bank.charge(customer, total),
        (error) => error instanceof PaymentDeclined,
      );
      const [label] = await Promise.all([printLabel(id, customer), ...lines.map(pick)]);
      this.book.move(id, "shipped", `${label}, receipt ${receipt}`);
    } catch (error) {
      this.book.move(id, "refused", error.message);
    }
  }
}

async function pick({ sku, quantity }) {
  await sleep(quantity);
  return `${quantity} x ${sku}`;
}

const printLabel = async (id, customer) => `label ${String(id).padStart(4, "0")} for ${customer}`;
