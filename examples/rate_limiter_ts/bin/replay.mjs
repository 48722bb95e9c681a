#!/usr/bin/env node
// node bin/replay.mjs FILE: how two limiters would have treated the requests of a log. Needs `npm run build` before.
import { readFileSync } from "node:fs";
import { ManualClock, SlidingWindow, TokenBucket, parseRequests, replay } from "../dist/index.js";

const LIMITERS = {
  "token bucket": (clock) => new TokenBucket(clock, { capacity: 3, perSecond: 2 }),
  "sliding window": (clock) => new SlidingWindow(clock, 3, 1000),
};

function main(file) {
  const text = readFileSync(file, "utf8");
  for (const [name, make] of Object.entries(LIMITERS)) {
    const clock = new ManualClock();
    const tallies = replay(make(clock), clock, parseRequests(text));
    for (const [client, { allowed, denied }] of tallies) {
      console.log(`${name.padEnd(15)} ${client.padEnd(8)} ${allowed} allowed, ${denied} denied`);
    }
  }
  return 0;
}

try {
  process.exitCode = main(process.argv[2] ?? "data/requests.txt");
} catch (error) {
  console.error(`replay: ${error.message}`);
  process.exitCode = 1;
}
