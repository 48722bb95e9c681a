/// <reference lib="es2022" />
// @ts-check
import type { Row } from "./row.ts";
declare function ambient(row: Row): void;
export function over(a: string): string;
export function over(a: number): number;
export function over(a: any): any { return work(a) }
export const returns = (a: number): ((b: string) => void) => (b) => { work(a, b) }
export const generic = <T,>(value: T): value is T & Row => { return work(value) > 1 }
export function asserts(value: unknown): asserts value is Row { if (!work(value)) throw new Error() }
export namespace Outer.Inner { export function read(): number { return work() } }
export enum Level { Low = work() }
export const value = { method(this: Date): number { return work(this) } } satisfies object
export function wide(this: Row, { a, b: [c] = [1] }: { a?: number; b?: number[] } = {}, ...rest: readonly string[]): unknown { return work(a, c, rest) as unknown }
export default class { @decorated() b?() { return work() } }
function decorated() { return (..._all: unknown[]) => { work() } }
function work(..._all: unknown[]): number { ambient(null!); return 1 }
