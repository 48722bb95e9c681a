"use strict";

/** A code with a check digit (Luhn): somebody will type it. */
function codeOf(id) {
  const digits = String(id).padStart(6, "0");
  return `${digits}-${checkDigit(digits)}`;
}

function checkDigit(digits) {
  const sum = [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

module.exports = { codeOf };
