export { type Clock, ManualClock } from "./clock.js";
export { type Decision, isAllowed, LimitExceeded, type Limiter } from "./limiter.js";
export { parseRequests, replay, type Request, type Tally } from "./replay.js";
export { SlidingWindow, TokenBucket } from "./strategies.js";
