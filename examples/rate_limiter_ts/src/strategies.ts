import type { Clock } from "./clock.js";
import { assertPositive, type Decision, Limiter } from "./limiter.js";

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** Tokens flow in at a steady rate; a request takes some out. Short bursts are fine. */
export class TokenBucket extends Limiter<Bucket> {
  readonly #capacity: number;
  readonly #perSecond: number;

  constructor(clock: Clock, options: { capacity: number; perSecond: number }) {
    super(clock);
    assertPositive(options.capacity, "capacity");
    assertPositive(options.perSecond, "perSecond");
    this.#capacity = options.capacity;
    this.#perSecond = options.perSecond;
  }

  protected override fresh(): Bucket {
    return { tokens: this.#capacity, filledAt: this.clock.now() };
  }

  protected override decide(bucket: Bucket, cost: number): Decision {
    this.#refill(bucket);
    if (cost > bucket.tokens) {
      return { kind: "denied", retryAfter: Math.ceil(((cost - bucket.tokens) / this.#perSecond) * 1000) };
    }
    bucket.tokens -= cost;
    return { kind: "allowed", remaining: Math.floor(bucket.tokens) };
  }

  #refill(bucket: Bucket): void {
    const now = this.clock.now();
    const gained = ((now - bucket.filledAt) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + gained);
    bucket.filledAt = now;
  }
}

/** Never more than `most` requests in any span of `milliseconds`. */
export class SlidingWindow extends Limiter<number[]> {
  constructor(
    clock: Clock,
    readonly most: number,
    readonly milliseconds: number,
  ) {
    super(clock);
    assertPositive(most, "most");
  }

  protected override fresh(): number[] {
    return [];
  }

  protected override decide(times: number[], cost: number): Decision {
    const now = this.clock.now();
    while (times[0] !== undefined && times[0] <= now - this.milliseconds) times.shift();
    const free = this.most - times.length;
    if (cost <= free) {
      for (let i = 0; i < cost; i++) times.push(now);
      return { kind: "allowed", remaining: free - cost };
    }
    const blocking = times[cost - free - 1];
    return { kind: "denied", retryAfter: blocking === undefined ? Infinity : blocking + this.milliseconds - now };
  }
}
