/** Doc A. */
export interface A { x: number }
/** Doc f. */
export function f(a: A) { return g(a.x) }
const g = (n: number) => Math.max(n, 1);
