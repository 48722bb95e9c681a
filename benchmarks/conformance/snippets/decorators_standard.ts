// Decorators as ECMAScript has them.
function logged<T extends (this: any, ...args: any[]) => any>(target: T, context: ClassMethodDecoratorContext): T {
  void context.name;
  return function (this: unknown, ...args: unknown[]) {
    return target.apply(this, args);
  } as T;
}
function bound(_: undefined, context: ClassFieldDecoratorContext) {
  return (value: number): number => (context.static ? value : value + 1);
}
function sealed(target: abstract new (...args: any[]) => unknown, _context: ClassDecoratorContext): void {
  Object.seal(target);
}
@sealed
export class Decorated {
  @bound field = 1;
  @logged
  method(a: number): number {
    return a + this.field;
  }
  @logged async later(): Promise<number> {
    return await Promise.resolve(1);
  }
  @logged static make(): Decorated {
    return new Decorated();
  }
}
export const Expression = @sealed class {
  @logged method(): number { return 1 }
};
