// Overloads: signatures stay as they are, only implementations change.
export function twice(value: string): string;
export function twice(value: number): number;
export function twice(value: string | number): string | number {
  return typeof value === "string" ? value + value : value * 2;
}

export class Reader {
  read(): string;
  read(size: number): Uint8Array;
  read(size?: number): string | Uint8Array {
    return size === undefined ? "" : new Uint8Array(size);
  }
  static of(text: string): Reader;
  static of(text: string, other: string): Reader;
  static of(..._texts: string[]): Reader {
    return new Reader();
  }
  constructor();
  constructor(name: string);
  constructor(readonly name?: string) {
    void this.name;
  }
}

export default function (value: 1): 1;
export default function (value: 2): 2;
export default function (value: 1 | 2): 1 | 2 {
  return value;
}

export const overloaded: { (a: string): string; (a: number): number } = ((a: never) => a) as never;

// @ts-expect-error no overload takes a boolean
twice(true);
