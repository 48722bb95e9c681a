/** Where limiters get the time from: the real clock, or one that a test or a replay moves by hand. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** A clock that stands still until somebody sleeps. */
export class ManualClock implements Clock {
  #now = 0;

  now(): number {
    return this.#now;
  }

  advanceTo(time: number): void {
    if (time < this.#now) throw new RangeError(`the clock is at ${this.#now}, past ${time}`);
    this.#now = time;
  }

  async sleep(milliseconds: number): Promise<void> {
    await Promise.resolve();
    this.advanceTo(this.#now + milliseconds);
  }
}
