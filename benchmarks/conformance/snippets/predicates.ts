// Predicates: declared, inferred, and assertions.
export function isText(value: unknown): value is string {
  return typeof value === "string";
}
export const isNumber = (value: unknown): value is number => typeof value === "number";
export function inferred(value: string | null) {
  return value !== null;
}
export const inferredArrow = (value: string | undefined) => value !== undefined;
export function useInferred(values: (string | undefined)[], one: string | null): string[] {
  if (inferred(one)) return [one.toUpperCase()];
  return values.filter(inferredArrow);
}
export function useInline(values: (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}
export function assertText(value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError("no text");
}
export function assert(condition: unknown, message?: string): asserts condition {
  if (!condition) throw new Error(message);
}
export function useAssert(value: unknown): number {
  assertText(value);
  const other: string | undefined = value.length > 2 ? value : undefined;
  assert(other !== undefined);
  return other.length;
}
export class Node1 {
  child?: Node1;
  hasChild(): this is { child: Node1 } {
    return this.child !== undefined;
  }
  assertChild(): asserts this is { child: Node1 } {
    if (!this.child) throw new Error();
  }
  get depth(): number {
    return this.hasChild() ? this.child.depth + 1 : 0;
  }
}
// @ts-expect-error a string is not assignable to number
export const wrong: number[] = ["a", null].filter((value) => value !== null);
