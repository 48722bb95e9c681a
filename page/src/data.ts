// What the page was given: unpacked, and turned into columns of numbers that everything else reads.

export const ERROR = 1;
export const UNFINISHED = 2;
export const BACKWARDS = 4;
export const ORPHAN = 8;
export const REMOTE = 16;
export const EARLY = 32;
export const NO_DETAILS = 64;

export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Attributes = Record<string, Value>;
/** label, calls, errors, total, self, p50, p95, p99; times in nanoseconds. */
export type FunctionRow = [number, number, number, number, number, number, number, number];
/** parent path, label, calls, errors, total, self, p50, p95, p99. */
export type PathRow = [number, number, number, number, number, number, number, number, number];
/** type, message, stack, place, count, file and line where it came from. */
export type Failure = [string, string, string, number, number, [string, number] | null];
/** place, calls of its function, kind, label, times, calls that had it, types of what was handled. */
export type Count = [number, number, string, string, number, number, string[]];

export interface Details {
  a?: Attributes;
  e?: [string, number | null, Attributes][];
  l?: [string, string, Attributes][];
  k?: string;
  m?: string;
  s?: string;
  x?: string;
  y?: string;
  z?: string;
}

export interface Meta {
  files: string[];
  totals: { spans: number; shown: number; shortestShown: number; traces: number; errors: number };
  gaps: Record<string, number>;
  processes: { attributes: Record<string, string>; dropped: number }[];
  lanes: [number, string, string][];
  places: { files: string[]; /** function, name, file, line, kind, language, label */ rows: [string, string, number, number, string, string, number][] };
  labels: [string, string][];
  functions: FunctionRow[];
  otherFunctions: number;
  paths: PathRow[];
  pathsLeftOut: number;
  failures: Failure[];
  counts: Count[];
  traces: string[];
  sources: null | {
    texts: Record<string, string>;
    places: Record<string, number>;
    counts: Record<string, number>;
    raised: ([string, number] | null)[];
  };
  spans: { count: number; earliest: string; latest: number; columns: [string, number][]; chunks: number[] };
}

export interface Model {
  meta: Meta;
  count: number;
  /** Nanoseconds after the first span began. */
  start: Float64Array;
  /** Nanoseconds; to the end of everything for a span that never ended. */
  end: Float64Array;
  parent: Int32Array;
  place: Uint32Array;
  lane: Uint32Array;
  trace: Uint32Array;
  failure: Uint32Array;
  flags: Uint8Array;
  /** Time in which no child was running. */
  self: Float64Array;
  /** Children of `i` are `children[firstChild[i]]` up to `firstChild[i + 1]`. */
  firstChild: Uint32Array;
  children: Uint32Array;
  /** Label of each place: what the tables count by. */
  labelOfPlace: Uint32Array;
  latest: number;
  id(span: number): string;
  /** The id of a parent that is not in the files. */
  missing(span: number): string;
  details(span: number): Promise<Details>;
  /** Calls back with each chunk's texts of details, until it is told to stop by `false`. */
  eachDetails(seen: (first: number, lines: string[]) => boolean): Promise<void>;
  detailsNumber: Uint32Array;
}

const blocks = () => [...document.querySelectorAll<HTMLScriptElement>("script.data")].map((block) => block.textContent ?? "");

async function unpacked(text: string): Promise<Uint8Array> {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
export const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A column of numbers from its byte planes. */
function numbers(bytes: Uint8Array, at: number, count: number, width: number): Float64Array {
  const found = new Float64Array(count);
  let unit = 1;
  for (let plane = 0; plane < width; plane++, unit *= 256) {
    const from = at + plane * count;
    for (let i = 0; i < count; i++) found[i] += bytes[from + i] * unit;
  }
  return found;
}

export async function load(): Promise<Model> {
  const [first, second, ...chunks] = blocks();
  const meta: Meta = JSON.parse(decoded(await unpacked(first)));
  await pause();
  const bytes = await unpacked(second);
  const { count, columns, latest, chunks: firsts } = meta.spans;
  const found: Record<string, Float64Array> = {};
  let at = 0;
  const ids: Record<string, [number, number]> = {};
  for (const [name, width] of columns) {
    if (name === "id" || name === "missing") ids[name] = [at, width];
    else found[name] = numbers(bytes, at, count, width);
    at += count * width;
  }
  const hexadecimal = (name: string, span: number) => {
    const [from, width] = ids[name];
    let text = "";
    for (let plane = 7; plane >= 0; plane--) {
      text += (plane < width ? bytes[from + plane * count + span] : 0).toString(16).padStart(2, "0");
    }
    return text;
  };
  await pause();

  const start = found.start;
  const parent = new Int32Array(count);
  const flags = Uint8Array.from(found.flags);
  const end = found.duration;
  for (let i = 0, time = 0; i < count; i++) {
    start[i] = time += start[i];
    end[i] = flags[i] & UNFINISHED ? Math.max(latest, time) : end[i] + time;
    const folded = found.parent[i];
    parent[i] = folded === 0 ? -1 : i - (folded % 2 ? (folded + 1) / 2 : -folded / 2);
  }
  const firstChild = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) if (parent[i] >= 0) firstChild[parent[i] + 1]++;
  for (let i = 0; i < count; i++) firstChild[i + 1] += firstChild[i];
  const next = firstChild.slice();
  const children = new Uint32Array(firstChild[count]);
  for (let i = 0; i < count; i++) if (parent[i] >= 0) children[next[parent[i]]++] = i;

  const labelOfPlace = Uint32Array.from(meta.places.rows, (row) => row[6]);
  const kinds = meta.places.rows.map((row) => row[4]);
  const generator = Uint8Array.from(kinds, (kind) => Number(kind.endsWith("generator")));
  const place = Uint32Array.from(found.site);

  // Children are in the order in which they began, so that overlaps are counted once.
  const self = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (generator[place[i]]) continue;
    let own = flags[i] & UNFINISHED ? 0 : end[i] - start[i];
    let covered = start[i];
    for (let c = firstChild[i]; c < firstChild[i + 1]; c++) {
      const child = children[c];
      if (generator[place[child]] || flags[child] & UNFINISHED) continue;
      const begin = Math.max(start[child], covered);
      const until = Math.min(end[child], end[i]);
      if (until > begin) {
        own -= until - begin;
        covered = until;
      }
    }
    self[i] = Math.max(own, 0);
  }
  await pause();

  const lines = new Map<number, Promise<string[]>>();
  const chunkOf = (number: number) => {
    let low = 0;
    for (let high = firsts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (firsts[middle] <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const chunk = (number: number) => {
    if (!lines.has(number)) lines.set(number, unpacked(chunks[number]).then((text) => decoded(text).split("\n")));
    return lines.get(number)!;
  };
  const detailsNumber = Uint32Array.from(found.details);
  return {
    meta, count, start, end, parent, place, flags, self, firstChild, children, labelOfPlace, detailsNumber,
    lane: Uint32Array.from(found.lane),
    trace: Uint32Array.from(found.trace),
    failure: Uint32Array.from(found.error),
    latest: Math.max(latest, 1),
    id: (span) => hexadecimal("id", span),
    missing: (span) => hexadecimal("missing", span),
    async details(span) {
      const number = detailsNumber[span];
      const which = chunkOf(number);
      return JSON.parse((await chunk(which))[number - firsts[which]]);
    },
    async eachDetails(seen) {
      for (let which = 0; which < firsts.length; which++) {
        if (!seen(firsts[which], await chunk(which))) return;
        await pause();
      }
    },
  };
}
