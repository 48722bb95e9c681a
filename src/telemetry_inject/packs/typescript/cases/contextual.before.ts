declare function operate<T, R>(work: (value: T) => R): (value: T) => R;
export function ternary<T>(count: number): (value: T) => T { return count <= 0 ? () => none() : operate((value) => value) }
export function object(flag: boolean): { kind: "a" | "b" } { if (flag) return ({ kind: "a" }); return { kind: "b" } }
export function call<T>(): (value: T) => T { return operate((value) => value) }
function none(): never { throw new Error(String(call())) }
