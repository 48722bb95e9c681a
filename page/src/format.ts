// Times, counts and names as a person reads them.

/** Three digits and a unit: 950 ns, 12.3 µs, 4.56 ms, 78.9 s. */
export function time(nanoseconds: number): string {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]] as const) {
    if (nanoseconds >= size * 0.9995) {
      const value = nanoseconds / size;
      return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${unit}`;
    }
  }
  return `${Math.round(nanoseconds)} ns`;
}

export const count = (number: number) => number.toLocaleString("en-US");
export const counted = (number: number, noun: string) => `${count(number)} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
export const share = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(part >= whole * 0.0995 ? 0 : 1)} %` : "–");

/** The nearest 1, 2 or 5 times a power of ten that is not smaller. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5, 10]) if (factor * power >= least) return factor * power;
  return 10 * power;
}

const UNITS = [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]] as const;

/** Moments in one unit, with as many digits as steps of this size need. */
function written(nanoseconds: number[], step: number): [string[], string] {
  const largest = Math.max(...nanoseconds.map(Math.abs));
  const [unit, size] = UNITS.find(([, size]) => largest >= size) ?? UNITS[3];
  const digits = Math.min(Math.max(Math.ceil(Math.log10(size / step) - 1e-9), 0), 9);
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return [nanoseconds.map((each) => (each / size).toLocaleString("en-US", options)), unit];
}

/** A moment, as exact as steps of this size are. */
export function moment(nanoseconds: number, step: number): string {
  const [[text], unit] = written([nanoseconds], step);
  return `${text} ${unit}`;
}

/** The ends of a stretch of time and how long it is, no finer than can be told apart on a screen. */
export function stretch(from: number, to: number): string {
  const [[begin, end], unit] = written([from, to], 10 ** Math.floor(Math.log10(Math.max(to - from, 1) / 100)));
  return `${begin} – ${end} ${unit} (${time(to - from)})`;
}

/** The date of a moment, in the reader's time zone. */
export function date(earliest: string, after: number): string {
  const at = new Date(Number(BigInt(earliest) / 1_000_000n) + after / 1e6);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString().replace("T", " ").replace("Z", " UTC");
}

/** The last parts of a path. */
export function shortPath(path: string, parts = 2): string {
  const found = path.split(/[\\/]/);
  return found.length > parts + 1 ? `…/${found.slice(-parts).join("/")}` : path;
}

export const shortType = (type: string) => type.slice(type.lastIndexOf(".") + 1) || "error";

export const LANGUAGES: Record<string, string> = { nodejs: "JavaScript", webjs: "JavaScript", python: "Python", go: "Go", cpp: "C++", java: "Java", ruby: "Ruby", php: "PHP", rust: "Rust", dotnet: ".NET" };
export const language = (name: string) => LANGUAGES[name] ?? name;
