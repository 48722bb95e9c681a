export default function () { return work() }
export async function later() { return work() }
export const arrow = (a, b) => work(a, b), curried = a => b => async c => work(a, b, c);
export const object = () => ({ a: work() }), comma = a => (work(a), 1), commented = a => /* b */ work(a) /* c */;
export const lined = a =>
  // why
  work(a) // what
const named = function inner() { return inner.call(this, ...arguments) };
const async = async => work(async), get = async (async) => work(async);
class Store extends Map {
  #rows = new Map();
  field = () => work(this);
  static shared = async () => work(this);
  static { work(() => work()); }
  constructor(...rows) { super(rows); work(new.target); }
  get size() { return work(this.#rows) }
  set size(value) { work(value) }
  #secret() { return work(this) }
  static create() { return new Store() }
  static async async() { return work() }
  async() { return work() }
  get() { return work() }
  *[Symbol.iterator]() { yield* this.#rows }
  async *stream() { yield work() }
  "quoted name"() { return work() }
  [`computed${work()}`]() { return work() }
  0() { return work() }
}
const methods = { async() { return work() }, set(a) { return work(a) }, async *async2() { yield work() }, get async3() { return work() } };
function* generator() { const got = yield work(); try { yield got } finally { work() } }
(function () { work() })();
(() => { work() })()
function outer() { return nested(); function nested() { return work() } }
function work() { return outer() }
