// `using` and `await using`, and what they allow in blocks.
class Resource implements Disposable, AsyncDisposable {
  [Symbol.dispose](): void {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
export function uses(): number {
  using one = new Resource();
  void one;
  return 1;
}
export async function awaitsUsing(): Promise<number> {
  await using one = new Resource();
  using two = new Resource();
  void [one, two];
  return await Promise.resolve(1);
}
export async function inLoops(items: Resource[]): Promise<void> {
  for (using item of items) void item;
  for (await using item of items) void item;
  for await (await using item of items) void item;
}
