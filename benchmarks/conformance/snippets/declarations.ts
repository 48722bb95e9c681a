// What is no code at run time, and what only TypeScript has.
export enum Level {
  Low = 1,
  High = Low << 2,
  Text = "text".length,
}
export const enum Inline {
  A = "a",
}
export namespace Outer.Inner {
  export const value = 1;
  export function read(): number {
    return value;
  }
  export namespace Deeper {
    export class Box {
      get(): number {
        return read();
      }
    }
  }
}
export function callable(): string {
  return callable.defaults.name;
}
export namespace callable {
  export const defaults = { name: "x" };
}
callable.extra = 1;
declare global {
  interface Window {
    injected?: string;
  }
}
declare function ambient(a: number): string;
declare class AmbientClass {
  method(): void;
}
declare const ambientValue: { run(): void };
declare module "./overloads" {
  interface Reader {
    augmented?: number;
  }
}
export type Mapped<T> = { [K in keyof T as `get${Capitalize<string & K>}`]: () => T[K] };
export interface WithMethods {
  (a: string): number;
  new (a: string): WithMethods;
  method(): void;
  get size(): number;
  set size(value: number);
  readonly [key: number]: string;
}
export abstract class OnlyAbstract {
  abstract a(): void;
  protected constructor() {}
}
export const value1 = ambientValue;
export type { AmbientClass as Exported };
export { ambient };
export function genericArrow() {
  const identity = <T,>(value: T): T => value;
  const constrained = <T extends { a: number }>(value: T) => value.a;
  return [identity(1), constrained({ a: 1 })] as const;
}
export function withThis(this: Date, format: string): string {
  return format + this.getTime();
}
export function defaults({ a = 1, b: { c = "x" } = {} }: { a?: number; b?: { c?: string } } = {}, [d, ...e]: number[] = []) {
  return [a, c, d, e];
}
export function optional(a?: number, b: string = "b", ...rest: readonly boolean[]): number {
  return (a ?? 0) + b.length + rest.length;
}
export function returnsFunctionType(): (a: number) => (b: string) => void {
  return () => () => {};
}
export function returnsObjectType(): { a: () => number; b(): string } {
  return { a: () => 1, b: () => "b" };
}
export function returnsConditional<T>(value: T): T extends string ? 1 : 2 {
  return (typeof value === "string" ? 1 : 2) as T extends string ? 1 : 2;
}
export function importType(): import("./overloads").Reader {
  return null!;
}
export const nonNull = (value?: { a?: { b: number } }) => value!.a!.b;
export const angle = (value: unknown) => (value as { a: number }).a;
export function typeParameters<in_ extends string, out_ = in_>(a: in_, b: out_): [in_, out_] {
  return [a, b];
}
export let later: number;
later = 1;
export function unusedThings(used: number, _unused: number): number {
  return used;
}
// @ts-expect-error it is never read
function neverRead(): void {}
export function indexed(values: number[]): number {
  // @ts-expect-error may be undefined
  return values[0];
}
