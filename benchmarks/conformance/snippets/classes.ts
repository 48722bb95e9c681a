// Classes: fields, parameter properties, abstract members, accessors, `this` types, `super`.
export abstract class Shape {
  abstract area(): number;
  protected abstract readonly name: string;
  abstract get size(): number;
  describe(): string {
    return `${this.name} ${this.area()}`;
  }
}
export class Circle extends Shape {
  protected readonly name = "circle";
  readonly #secret: number = 3;
  static count = 0;
  static #hidden = new Map<string, Circle>();
  static {
    Circle.count = 1;
  }
  constructor(
    private readonly r: number,
    public label?: string,
  ) {
    super();
    Circle.#hidden.set("last", this);
  }
  area(): number {
    return this.r ** 2 * this.#secret;
  }
  get size(): number {
    return this.r;
  }
  set size(value: number) {
    void value;
  }
  #private(): number {
    return this.#secret;
  }
  static #make(): Circle {
    return new Circle(1);
  }
  static create(): Circle {
    const made = Circle.#make();
    if (#private in made) return made;
    return new Circle(1);
  }
  chain(): this {
    return this;
  }
  *[Symbol.iterator](): IterableIterator<number> {
    yield this.r;
  }
  async *stream(): AsyncIterableIterator<number> {
    yield this.r;
  }
  handler = (event: string): string => event + this.r;
  asyncHandler = async (event: string): Promise<string> => event + this.r;
  declare extra?: string;
}
export class Late {
  readonly first: number;
  second!: string;
  third: number;
  constructor(flag: boolean) {
    if (flag) {
      this.first = 1;
    } else {
      this.first = 2;
    }
    this.third = this.first;
  }
}
export class NotInitialised {
  // @ts-expect-error not assigned in every path
  value: number;
  constructor(flag: boolean) {
    if (flag) this.value = 1;
  }
}
export class Derived extends Late {
  field = 1;
  constructor() {
    super(true);
    this.field = 2;
  }
}
export class DerivedLate extends Late {
  field = 1;
  constructor(readonly property: string) {
    const flag = property.length > 1;
    super(flag);
    if (flag) return;
    this.field = 2;
  }
}
export class DerivedInCondition extends Late {
  constructor(flag: boolean) {
    if (flag) super(true);
    else super(false);
  }
}
export class Generic<T extends object, K extends keyof T = keyof T> {
  constructor(protected value: T) {}
  get<P extends K>(key: P): T[P] {
    return this.value[key];
  }
  set<P extends K>(key: P, value: T[P]): void {
    this.value[key] = value;
  }
}
export const Mixin = <B extends new (...args: any[]) => object>(Base: B) =>
  class Mixed extends Base {
    mixed = 1;
    hello(): string {
      return "hello";
    }
  };
export class Mixed2 extends Mixin(Late) {}
export interface Merged {
  added: string;
}
export class Merged {
  own = 1;
  read(): string {
    return this.added;
  }
}
export class Overrides extends Late {
  override toString(): string {
    return super.toString();
  }
}
export class Computed {
  ["a" + "b"](): number {
    return 1;
  }
  static "quoted name"(): number {
    return 1;
  }
  static async *0(): AsyncGenerator<number> {
    yield 1;
  }
  get [Symbol.toStringTag](): string {
    return "Computed";
  }
  optional?(): void;
  accessor auto = 1;
}
