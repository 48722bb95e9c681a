"use strict";

// Still CommonJS: the accounting scripts load it as well.

const PRICES = { anvil: 89.9, rocket: 249, magnet: 12.5, paint: 7.25 };
const DISCOUNTS = [
  { from: 500, rate: 0.1 },
  { from: 200, rate: 0.05 },
];

function priceOf(sku) {
  const price = PRICES[sku];
  if (price === undefined) throw new RangeError(`unknown article: ${sku}`);
  return price;
}

function subtotal(lines) {
  return lines.reduce((sum, line) => sum + priceOf(line.sku) * line.quantity, 0);
}

function discountFor(amount) {
  const found = DISCOUNTS.find(({ from }) => amount >= from);
  return found ? found.rate : 0;
}

function quote(lines) {
  const amount = subtotal(lines);
  const discount = discountFor(amount);
  return { amount, discount, total: Math.round(amount * (1 - discount) * 100) / 100 };
}

module.exports = { quote, priceOf };
