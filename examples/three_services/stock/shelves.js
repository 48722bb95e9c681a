// What lies on the shelves: the price in euros, the weight in grams, and how many there are.
const SHELVES = new Map([
  ["lamp", { price: 39.9, grams: 1200, left: 12 }],
  ["chair", { price: 89, grams: 7400, left: 6 }],
  ["poster", { price: 7.5, grams: 90, left: 400 }],
]);

export class OutOfStock extends Error {
  constructor(item, left) {
    super(`only ${left} of ${item} left`);
    this.name = "OutOfStock";
  }
}

export function find(item) {
  const shelf = SHELVES.get(item);
  if (shelf === undefined) throw new RangeError(`no such item: ${item}`);
  return shelf;
}

export function take(item, quantity) {
  const shelf = find(item);
  if (shelf.left < quantity) throw new OutOfStock(item, shelf.left);
  shelf.left -= quantity;
  return { goods: shelf.price * quantity, grams: shelf.grams * quantity };
}

export function putBack(item, quantity) {
  find(item).left += quantity;
}
