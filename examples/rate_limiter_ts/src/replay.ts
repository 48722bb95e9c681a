import { ManualClock } from "./clock.js";
import { isAllowed, type Limiter } from "./limiter.js";

export interface Request {
  at: number;
  client: string;
  cost: number;
}

export interface Tally {
  allowed: number;
  denied: number;
}

/** Reads lines of `milliseconds client [cost]`; `#` begins a comment. */
export function* parseRequests(text: string): Generator<Request> {
  for (const [index, line] of text.split("\n").entries()) {
    const [at, client, cost = "1"] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!at) continue;
    if (!client || Number.isNaN(Number(at))) throw new SyntaxError(`line ${index + 1}: ${line}`);
    yield { at: Number(at), client, cost: Number(cost) };
  }
}

/** What a limiter would have said to the requests of a log, by client. */
export function replay(
  limiter: Limiter<unknown>,
  clock: ManualClock,
  requests: Iterable<Request>,
): Map<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const { at, client, cost } of requests) {
    clock.advanceTo(at);
    const tally = tallies.get(client) ?? { allowed: 0, denied: 0 };
    tallies.set(client, tally);
    if (isAllowed(limiter.check(client, cost))) tally.allowed += 1;
    else tally.denied += 1;
  }
  return tallies;
}
