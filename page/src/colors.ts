// The colours of the canvas; those of the rest are in style.css. A file has a hue, a function a shade of it.
import type { Model } from "./data";

export interface Theme {
  dark: boolean;
  background: string;
  lane: string;
  line: string;
  text: string;
  muted: string;
  accent: string;
  error: string;
  warning: string;
  label: string;
  brush: string;
}

export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const named = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    dark: named("scheme") === "dark",
    background: named("background"), lane: named("panel"), line: named("line"), text: named("text"),
    muted: named("muted"), accent: named("accent"), error: named("error"), warning: named("warning"),
    label: named("bar-text"), brush: named("brush"),
  };
}

// Hues that are told apart also by people who do not see red and green apart, with red left to errors.
const HUES = [212, 164, 36, 262, 190, 84, 318, 232, 140, 50, 288, 110];

function hash(text: string): number {
  let found = 2166136261;
  for (let i = 0; i < text.length; i++) found = Math.imul(found ^ text.charCodeAt(i), 16777619);
  return found >>> 0;
}

export type ColorBy = "file" | "function" | "language";

/** One colour for each place. */
export function barColors(model: Model, theme: Theme, by: ColorBy): string[] {
  const { files, rows } = model.meta.places;
  const groups = new Map<string, number>();
  const groupOf = (row: (typeof rows)[number]) => (by === "language" ? row[5] : files[row[2]] || row[0]);
  if (by !== "function") for (const row of rows) if (!groups.has(groupOf(row))) groups.set(groupOf(row), groups.size);
  return rows.map((row) => {
    const shade = hash(row[0]);
    const hue = by === "function" ? HUES[shade % HUES.length] : HUES[groups.get(groupOf(row))! % HUES.length];
    const step = (shade >>> 8) % 5;
    return theme.dark ? `hsl(${hue} ${24 + step * 3}% ${31 + step * 2.2}%)` : `hsl(${hue} ${36 + step * 4}% ${84 - step * 2.4}%)`;
  });
}
