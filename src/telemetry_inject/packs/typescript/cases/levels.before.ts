// @ts-check
import { readFileSync } from "node:fs";
import type { X } from "./x.js";
export abstract class Shape<T extends object = {}> {
  private readonly a = 1; static count = 0;
  constructor(private readonly b: string, public c?: number) { super_(b) }
  abstract area(): number;
  get d(): number { return compute(this.b) }
  method?(x: T): void;
  over(x: string): string; over(x: number): number;
  over(x: any): any { return String(x) }
  async go<U>(this: Shape<T>, f: (u: U) => Promise<U>, u: U): Promise<U> { return await f(u) }
  arrow = async <U,>(u: U): Promise<U> => await id(u);
}
declare function super_(x: string): void; declare function compute(x: string): number; declare function id<T>(x: T): Promise<T>;
class Sq extends Shape { private z = 3; constructor(q: string) { super(q); compute(q); } area() { return compute("") } }
class Sq2 extends Shape { z = 3; constructor(q: string) { const w = q + "1"; if (w) { compute(w) } super(w)
 compute(q); } area() { return 1 } }
function isS(x: unknown): x is string { return typeof x === "string" && compute(x) > 0 }
function assertS(x: unknown): asserts x is string { if (!isS(x)) throw new Error("no") }
function never(): never { throw new Error(String(compute("x"))) }
function impl(a: "x" | "y"): number { switch (a) { case "x": return compute(a); case "y": return compute(a) } }
enum E { A = 1, B }
namespace N { export function f(x: E) { return compute(String(x)) } }
const inf = [1, null, 2].filter((x) => x !== null && compute("") > 0);
export const q = <T,>(x: T) => ({ k: x, z: id(x) }) as const;
export default function* gen(): Generator<number, void, unknown> { yield compute("a"); }
export const r2 = { m(): string { return String(compute("a")) } } satisfies Record<string, () => string>;
N.f(E.A); inf.map(x => x.toFixed()); gen; readFileSync; new Sq(""); assertS(1); never; impl("x"); let y: X | undefined; y;
