// What the compiler knows of variables at a place: definite assignment, narrowing, unreachable code, never.
export function assigned(flag: boolean): number {
  let value: number;
  if (flag) value = 1;
  else value = 2;
  return value;
}
export function assignedInTry(): number {
  let value: number;
  try {
    value = JSON.parse("1");
  } catch {
    return 0;
  } finally {
    void 0;
  }
  return value;
}
export function notAssigned(flag: boolean): number {
  let value: number;
  if (flag) value = 1;
  // @ts-expect-error used before it is assigned
  return value;
}
export function inLoop(items: string[]): string {
  let last: string;
  do {
    last = items.pop() ?? "";
  } while (items.length);
  return last;
}
export function inSwitch(kind: "a" | "b"): number {
  let value: number;
  switch (kind) {
    case "a":
      value = 1;
      break;
    case "b":
      value = 2;
      break;
  }
  return value;
}
export function exhaustive(kind: "a" | "b" | "c"): number {
  switch (kind) {
    case "a":
      return 1;
    case "b":
    case "c":
      return 2;
  }
}
export function never(kind: "a" | "b"): string {
  if (kind === "a") return "a";
  if (kind === "b") return "b";
  const none: never = kind;
  return none;
}
export function fails(message: string): never {
  throw new Error(message);
}
export function afterFailure(value: string | undefined): string {
  if (value === undefined) fails("none");
  return value;
}
export function narrowedInClosure(value: string | number): () => string {
  if (typeof value === "number") return () => value.toFixed();
  return () => value.toUpperCase();
}
export function narrowedLet(): () => number {
  let value: string | number = "a";
  value = value.length;
  return () => value.toFixed();
}
export function notNarrowed(): () => string {
  let value: string | number = "a";
  const later = () => {
    // @ts-expect-error it is assigned below
    return value.toUpperCase();
  };
  value = 1;
  return later as () => string;
}
export function discriminated(shape: { kind: "circle"; r: number } | { kind: "square"; side: number }) {
  const { kind } = shape;
  if (kind === "circle") return shape.r;
  return shape.side;
}
export function returnsNothing(flag: boolean): void {
  if (flag) return;
  void flag;
}
export function mayReturnUndefined(flag: boolean): number | undefined {
  if (flag) return 1;
  return undefined;
}
// @ts-expect-error not all paths return
export function implicit(flag: boolean): number {
  if (flag) return 1;
}
// @ts-expect-error not all paths return
export const implicitArrow = (flag: boolean): number => {
  if (flag) return 1;
};
export function inFinally(): number {
  try {
    return 1;
  } finally {
    void 0;
  }
}
export function label(items: number[][]): number {
  outer: for (const row of items) {
    for (const one of row) if (one > 3) break outer;
  }
  return 0;
}
export function usedBefore(): number {
  return later();
  function later() {
    return 1;
  }
}
