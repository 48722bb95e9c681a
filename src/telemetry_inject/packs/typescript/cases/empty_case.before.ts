// With `noFallthroughCasesInSwitch`, only a case without statements may fall through.
export function kind(value: string): number {
  switch (value) {
    case "a":
    case "b": // as well
      return work(1);
    case "c": { return work(2) }
    default:
  }
  return 0;
}
function work(value: number): number { return kind(String(value)) }
