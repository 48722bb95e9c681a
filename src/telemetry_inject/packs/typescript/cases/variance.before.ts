// Variance annotations, which the grammar does not know.
export interface Source<out T> {
  next(): T;
}
export interface Cell<in out T, const U extends readonly T[] = []> extends Source<T> {
  put(value: T, ...more: U): void;
}
export type Sink<
  in T,
  /** what comes back */
  out R = void,
> = (value: T) => R;
export class Box<out T> implements Source<T> {
  constructor(private readonly value: T) {
    Object.freeze(this);
  }
  next(): T {
    return [this.value].pop() as T;
  }
}
export function has(name: string, out: object): boolean {
  const found = [name in out, "a, in b"], more = name.length < (name in out ? 1 : 2);
  return found.includes(more);
}
