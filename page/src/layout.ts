// Which row of which lane a span is drawn in: below its caller, and next to nothing that runs at the same time.
import type { Model } from "./data";

/** What would be further down shares the last row. */
export const MOST_ROWS = 4000;
const MOST_BANDS = 300;

export interface Lane {
  /** Process or trace, by number. */
  key: number;
  title: string;
  note: string;
  rows: number;
  /** Number of the lane's first row among all rows. */
  firstRow: number;
  spans: number;
}

export interface Layout {
  lanes: Lane[];
  laneOf: Uint32Array;
  rowOf: Uint32Array;
  /** Spans of row `r`, in the order in which they began: `order[rowStart[r]]` up to `order[rowStart[r + 1]]`. */
  rowStart: Uint32Array;
  order: Uint32Array;
  /** How many of the spans before this one in `order` failed. */
  errorsBefore: Uint32Array;
}

export function layOut(model: Model, group: Uint32Array, titles: (key: number) => [string, string]): Layout {
  const { count } = model;
  const numberOf = new Map<number, number>();
  const keys: number[] = [];
  const laneOf = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let number = numberOf.get(group[i]);
    if (number === undefined) {
      number = keys.length;
      numberOf.set(group[i], number);
      keys.push(group[i]);
    }
    laneOf[i] = number;
  }
  const { rowOf, rows } = bands(model, laneOf, keys.length);
  const spans = new Uint32Array(keys.length);
  for (let i = 0; i < count; i++) spans[laneOf[i]]++;
  let firstRow = 0;
  const lanes = keys.map((key, number) => {
    const [title, note] = titles(key);
    const lane = { key, title, note, rows: rows[number], firstRow, spans: spans[number] };
    firstRow += lane.rows;
    return lane;
  });
  const rowStart = new Uint32Array(firstRow + 1);
  for (let i = 0; i < count; i++) rowStart[lanes[laneOf[i]].firstRow + rowOf[i] + 1]++;
  for (let row = 0; row < firstRow; row++) rowStart[row + 1] += rowStart[row];
  const next = rowStart.slice();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[next[lanes[laneOf[i]].firstRow + rowOf[i]]++] = i;
  const errorsBefore = new Uint32Array(count + 1);
  for (let at = 0; at < count; at++) errorsBefore[at + 1] = errorsBefore[at] + (model.flags[order[at]] & 1);
  return { lanes, laneOf, rowOf, rowStart, order, errorsBefore };
}

/**
 * The row of each span in its lane. Calls made one after the other are side by side below their caller. Those that
 * overlap are one below the other, each with all that it called: tasks and goroutines stay in one piece.
 */
function bands(model: Model, laneOf: Uint32Array, laneCount: number): { rowOf: Uint32Array; rows: Uint32Array } {
  const { count, start, end, parent } = model;
  // Number `count + lane` stands for the lane itself: the caller of what has no caller in it.
  const above = new Uint32Array(count);
  const until = end.slice();
  for (let i = count - 1; i >= 0; i--) {
    const caller = parent[i];
    const inside = caller >= 0 && caller < i && laneOf[caller] === laneOf[i];
    above[i] = inside ? caller : count + laneOf[i];
    if (inside && until[i] > until[caller]) until[caller] = until[i];
  }
  const ends: (number[] | undefined)[] = new Array(count + laneCount);
  const bandOf = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    const taken = (ends[above[i]] ??= []);
    let band = 0;
    while (band < taken.length && taken[band] > start[i] && band < MOST_BANDS - 1) band++;
    taken[band] = Math.max(taken[band] ?? 0, until[i]);
    bandOf[i] = band;
  }
  // How tall each band is: as tall as the tallest of its calls with all below it.
  const tall: (number[] | undefined)[] = new Array(count + laneCount);
  const sum = (heights: number[] | undefined) => heights?.reduce((total, height) => total + height, 0) ?? 0;
  for (let i = count - 1; i >= 0; i--) {
    const heights = (tall[above[i]] ??= []);
    const band = bandOf[i];
    while (heights.length <= band) heights.push(1);
    heights[band] = Math.max(heights[band], 1 + sum(tall[i]));
  }
  for (const heights of tall) {
    for (let band = 0, before = 0; heights && band < heights.length; band++) {
      const height = heights[band];
      heights[band] = before;
      before += height;
    }
  }
  const rowOf = new Uint32Array(count);
  const rows = new Uint32Array(laneCount);
  for (let i = 0; i < count; i++) {
    const caller = above[i];
    const row = (caller < count ? rowOf[caller] + 1 : 0) + tall[caller]![bandOf[i]];
    rowOf[i] = Math.min(row, MOST_ROWS - 1);
    rows[laneOf[i]] = Math.max(rows[laneOf[i]], rowOf[i] + 1);
  }
  return { rowOf, rows };
}

/** The first position of a row whose span ends after `time`. */
export function firstEndingAfter(layout: Layout, end: Float64Array, row: number, time: number, from?: number): number {
  let low = from ?? layout.rowStart[row];
  let high = layout.rowStart[row + 1];
  // From a given place it is not far: look in steps that double.
  for (let step = 1; from !== undefined && low + step < high; step *= 2) {
    if (end[layout.order[low + step]] > time) {
      high = low + step + 1;
      break;
    }
    low += step;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if (end[layout.order[middle]] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
