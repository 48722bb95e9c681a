/** What a customer did wrong: answered with a status of its own. */
export class OrderError extends Error {
  constructor(message, status = 400) {
    super(message);
    this.name = "OrderError";
    this.status = status;
  }
}

/** The bank said no. */
export class PaymentDeclined extends Error {
  constructor(customer, amount) {
    super(`payment of ${amount.toFixed(2)} declined for ${customer}`);
    this.name = "PaymentDeclined";
  }
}
