// An array without a type gets one from what is put into it, and cannot be read before.
export function collect(rows: number[]) {
  const found = [];
  let other;
  other = [];
  const typed: number[] = [], last = rows.length;
  for (const row of rows) {
    found.push(row);
    other.push(String(row));
  }
  return work(found, other, typed, last);
}
function work(...all: unknown[]): unknown { return collect(all.map(Number)) }
