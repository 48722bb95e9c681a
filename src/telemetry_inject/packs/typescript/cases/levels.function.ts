// @ts-check
import{_tlm}from"./_telemetry_inject.js";import { readFileSync } from "node:fs";
import type { X } from "./x.js";
export abstract class Shape<T extends object = {}> {
  private readonly a = 1; static count = 0;
  constructor(private readonly b: string, public c?: number) {const _tlm_s=_tlm`Shape.constructor`;try{ super_(b) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  abstract area(): number;
  get d(): number {const _tlm_s=_tlm`Shape.d`;try{ return compute(this.b) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  method?(x: T): void;
  over(x: string): string; over(x: number): number;
  over(x: any): any {const _tlm_s=_tlm`Shape.over`;try{ return String(x) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  async go<U>(this: Shape<T>, f: (u: U) => Promise<U>, u: U): Promise<U> {const _tlm_s=_tlm.async`Shape.go`;try{ return _tlm_s.back(await _tlm_s.wait(f(u),_tlm_s),_tlm_s) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
  arrow = async <U,>(u: U): Promise<U> => {let _tlm_s=_tlm.async`Shape.arrow`;try{return _tlm_s.back(await _tlm_s.wait(id(u),_tlm_s),_tlm_s)}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
}
declare function super_(x: string): void; declare function compute(x: string): number; declare function id<T>(x: T): Promise<T>;
class Sq extends Shape { private z = 3; constructor(q: string) { super(q);const _tlm_s=_tlm`Sq.constructor`;try{ compute(q); }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} area() {const _tlm_s=_tlm`Sq.area`;try{ return compute("") }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
class Sq2 extends Shape { z = 3; constructor(q: string) { const w = q + "1"; if (w) { compute(w) } super(w); const _tlm_s=_tlm`Sq2.constructor`;try{
 compute(q); }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} area() { return 1 } }
function isS(x: unknown): x is string {const _tlm_s=_tlm`isS`;try{ return typeof x === "string" && compute(x) > 0 }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function assertS(x: unknown): asserts x is string {const _tlm_s=_tlm`assertS`;try{ if (!isS(x)) throw new Error("no") }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function never(): never {const _tlm_s=_tlm`never`;try{ throw new Error(String(compute("x"))) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function impl(a: "x" | "y"): number {const _tlm_s=_tlm`impl`;try{ switch (a) { case "x": return compute(a); case "y": return compute(a) } }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
enum E { A = 1, B }
namespace N { export function f(x: E) {const _tlm_s=_tlm`N.f`;try{ return compute(String(x)) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
const inf = [1, null, 2].filter((x) => {let _tlm_s=_tlm`<anonymous>`;try{return x !== null && compute("") > 0}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}});
export const q = <T,>(x: T) => {let _tlm_s=_tlm`q`;try{return ({ k: x, z: id(x) }) as const}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}};
export default function* gen(): Generator<number, void, unknown> {const _tlm_s=_tlm.generator`gen`;try{ yield compute("a"); }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export const r2 = { m(): string {const _tlm_s=_tlm`m`;try{ return String(compute("a")) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} } satisfies Record<string, () => string>;
N.f(E.A); inf.map(x => {let _tlm_s=_tlm`<anonymous>#2`;try{return x.toFixed()}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}); gen; readFileSync; new Sq(""); assertS(1); never; impl("x"); let y: X | undefined; y;
