// why: stub
export function f(): void {}
class A { constructor(readonly a: number) {} }
