import { Base } from "./base.js";
export class Derived extends Base {
  field = work();
  constructor(readonly name: string) {
    super(name) // a comment reaches into the statement
    work();
  }
}
export class After extends Base {
  constructor() {
    "use strict" // one more
    const name = String(work());
    super(name); work();
    if (work()) return;
  }
}
export abstract class Abstract {
  constructor(private a: number, public b = work(), ...rest: string[]) { work(rest) }
  abstract method(): void;
  get value(): number { return work(this.a) }
  protected static async later<T extends object>(this: void, value: Promise<T>): Promise<T> { return await value }
}
function work(..._all: unknown[]): number { return Math.random() }
