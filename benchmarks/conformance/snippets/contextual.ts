// Contextual types: they reach through arrows, async functions, tuples, generators and objects.
export const pair: () => [string, number] = () => ["a", 1];
export const pairBlock: () => [string, number] = () => {
  return ["a", 1];
};
export function tuple(): [first: string, ...rest: number[]] {
  return ["a", 1, 2];
}
export const literal: () => "a" | "b" = () => "a";
export const literalObject: () => { kind: "a"; size: 1 } = () => ({ kind: "a", size: 1 });
export async function awaited(): Promise<{ kind: "a" }> {
  return await Promise.resolve({ kind: "a" });
}
export const asyncLiteral: () => Promise<"a" | "b"> = async () => "a";
export async function asyncTuple(): Promise<[string, number]> {
  return ["a", 1];
}
export async function asyncOf(values: Promise<number>[]): Promise<[number, string]> {
  const first = await values[0]!;
  const [second, third] = await Promise.all([values[1]!, Promise.resolve("x")]);
  return [first + second, third];
}
export async function generic<T>(value: Promise<T>): Promise<Awaited<T>> {
  return await value;
}
export async function narrowedAwait(value: Promise<string | undefined>): Promise<number> {
  const got = await value;
  if (got === undefined) return 0;
  return got.length;
}
export async function awaitInCondition(value: Promise<string | null>) {
  if ((await value) === null) return null;
  return (await value)?.length ?? 0;
}
export async function thenable(value: PromiseLike<number>): Promise<number> {
  return (await value) + 1;
}
export async function notPromise(value: number): Promise<number> {
  return await value;
}
export async function anyAwait(value: any) {
  const got = await value;
  return got.anything;
}
export async function unknownAwait(value: unknown): Promise<string> {
  const got = await value;
  return typeof got === "string" ? got : "";
}
export async function* asyncGenerator(items: AsyncIterable<string>): AsyncGenerator<number, void, undefined> {
  for await (const item of items) yield item.length;
}
export function* generator(): Generator<"a" | "b", number, boolean> {
  const flag = yield "a";
  if (flag) yield "b";
  yield* inner();
  return 1;
}
function* inner() {
  yield "b" as const;
}
export async function forAwait(items: AsyncIterable<{ a: number }>) {
  let total = 0;
  for await (const { a } of items) total += a;
  for await (const one of [Promise.resolve(1), 2]) total += one;
  return total;
}
export const handlers: Record<string, (event: { target: string }) => void> = {
  click(event) {
    void event.target;
  },
  key: (event) => void event.target,
  focus: function (event) {
    return void event.target;
  },
};
export const curried =
  (a: number) =>
  (b: number) =>
  async (c: number): Promise<number> =>
    a + b + c;
export const object = () => ({ a: 1, b: { c: [1, 2] } }) as const;
export const satisfied = () => ({ a: 1 }) satisfies { a: number };
export const asserted = () => <const>["a"];
export const conditional = (a: boolean) => (a ? ("x" as const) : ("y" as const));
export const sequence = (a: number) => (void a, a + 1);
export const voidReturn: () => void = () => 1;
export const thisTyped = {
  value: 1,
  get(this: { value: number }): number {
    return this.value;
  },
};
export function constGeneric<const T extends readonly unknown[]>(value: T): T {
  return value;
}
export const fromConst: readonly ["a", 1] = constGeneric(["a", 1]);
// @ts-expect-error an excess property
export const excess: () => { a: number } = () => ({ a: 1, b: 2 });
export async function excessAwait(): Promise<{ a: number }> {
  // @ts-expect-error an excess property
  return { a: 1, b: 2 };
}
export function uniqueSymbol() {
  const key: unique symbol = Symbol();
  return { [key]: 1 };
}
