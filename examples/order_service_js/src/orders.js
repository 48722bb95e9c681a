import { OrderError } from "./errors.js";
import pricing from "./pricing.cjs";

/** Check what came in over the wire. */
export function parseOrder(text) {
  let order;
  try {
    order = JSON.parse(text);
  } catch {
    throw new OrderError("the body is not JSON");
  }
  const { customer, lines } = order ?? {};
  if (typeof customer !== "string" || !Array.isArray(lines) || lines.length === 0) {
    throw new OrderError("an order has a customer and lines");
  }
  for (const { sku, quantity } of lines) {
    if (!Number.isInteger(quantity) || quantity < 1) throw new OrderError(`bad quantity for ${sku}`);
  }
  return { customer, lines };
}

/** All orders of this process, and what became of them. */
export class OrderBook {
  #orders = new Map();
  #lastId = 0;

  get size() {
    return this.#orders.size;
  }

  add({ customer, lines }) {
    const id = ++this.#lastId;
    const order = { id, customer, lines, ...this.#price(lines), state: "accepted" };
    this.#orders.set(id, order);
    return order;
  }

  find(id) {
    const order = this.#orders.get(id);
    if (!order) throw new OrderError(`no order ${id}`, 404);
    return order;
  }

  move(id, state, note = "") {
    return Object.assign(this.find(id), { state, note });
  }

  *inState(state) {
    for (const order of this.#orders.values()) {
      if (order.state === state) yield order;
    }
  }

  #price(lines) {
    try {
      return pricing.quote(lines);
    } catch (error) {
      throw new OrderError(error.message);
    }
  }
}
