/// <reference lib="es2022" />
// @ts-check
import{_tlm}from"./_telemetry_inject";import type { Row } from "./row.ts";
declare function ambient(row: Row): void;
export function over(a: string): string;
export function over(a: number): number;
export function over(a: any): any {const _tlm_s=_tlm`over`;try{ return work(a) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export const returns = (a: number): ((b: string) => void) => {let _tlm_s=_tlm`returns`;try{return (b) => {const _tlm_s=_tlm`returns.<anonymous>`;try{ work(a, b) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}}catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit();}}
export const generic = <T,>(value: T): value is T & Row => {const _tlm_s=_tlm`generic`;try{ return work(value) > 1 }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export function asserts(value: unknown): asserts value is Row {const _tlm_s=_tlm`asserts`;try{ if (!work(value)) throw new Error() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export namespace Outer.Inner { export function read(): number {const _tlm_s=_tlm`Outer.Inner.read`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
export enum Level { Low = work() }
export const value = { method(this: Date): number {const _tlm_s=_tlm`method`;try{ return work(this) }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} } satisfies object
export function wide(this: Row, { a, b: [c] = [1] }: { a?: number; b?: number[] } = {}, ...rest: readonly string[]): unknown {const _tlm_s=_tlm`wide`;try{ return work(a, c, rest) as unknown }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
export default class { @decorated() b?() {const _tlm_s=_tlm`default.b`;try{ return work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }
function decorated() {const _tlm_s=_tlm`decorated`;try{ return (..._all: unknown[]) => {const _tlm_s=_tlm`decorated.<anonymous>`;try{ work() }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}} }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
function work(..._all: unknown[]): number {const _tlm_s=_tlm`work`;try{ ambient(null!); return 1 }catch(_tlm_e){throw _tlm_s.fail(_tlm_e)}finally{_tlm_s.exit()}}
