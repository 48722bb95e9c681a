import type { Clock } from "./clock.js";

/** What a limiter has to say about one request. */
export type Decision =
  | { readonly kind: "allowed"; readonly remaining: number }
  | { readonly kind: "denied"; readonly retryAfter: number };

export class LimitExceeded extends Error {
  readonly retryAfter: number;

  constructor(client: string, retryAfter: number) {
    super(`${client} has to wait ${retryAfter} ms`);
    this.name = "LimitExceeded";
    this.retryAfter = retryAfter;
  }
}

export function assertPositive(value: unknown, what: string): asserts value is number {
  if (typeof value !== "number" || !(value > 0)) throw new TypeError(`${what} has to be a positive number`);
}

/** Keeps one state per client; how it counts is up to the subclass. */
export abstract class Limiter<State> {
  protected readonly clock: Clock;
  readonly #clients = new Map<string, State>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  protected abstract fresh(): State;
  protected abstract decide(state: State, cost: number): Decision;

  check(client: string): Decision;
  check(client: string, cost: number): Decision;
  check(client: string, cost = 1): Decision {
    assertPositive(cost, "cost");
    let state = this.#clients.get(client);
    if (state === undefined) {
      state = this.fresh();
      this.#clients.set(client, state);
    }
    return this.decide(state, cost);
  }

  /** Waits until the request is allowed, or fails when that would take longer than `patience` milliseconds. */
  async acquire(client: string, patience = Infinity, cost = 1): Promise<number> {
    let waited = 0;
    for (;;) {
      const decision = this.check(client, cost);
      if (isAllowed(decision)) return waited;
      if (waited + decision.retryAfter > patience) throw new LimitExceeded(client, decision.retryAfter);
      await this.clock.sleep(decision.retryAfter);
      waited += decision.retryAfter;
    }
  }

  get clients(): IterableIterator<string> {
    return this.#clients.keys();
  }
}

export function isAllowed(decision: Decision): decision is Extract<Decision, { kind: "allowed" }> {
  return decision.kind === "allowed";
}
