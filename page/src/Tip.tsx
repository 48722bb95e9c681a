// What is said of a span right beside the pointer, and what is unusual about a span, in words.
import { useApp } from "./app";
import { BACKWARDS, EARLY, ERROR, ORPHAN, UNFINISHED } from "./data";
import { time } from "./format";

export function Tip({ span, x, y, width, height, scroll }: { span: number; x: number; y: number; width: number; height: number; scroll: number }) {
  const { model } = useApp();
  const row = model.meta.places.rows[model.place[span]];
  const failure = model.failure[span];
  const left = Math.max(Math.min(x + 14, width - 330), 4);
  const above = y > height - 130;
  const top = scroll + y + (above ? -12 : 18);
  return (
    <div class={above ? "tip above" : "tip"} style={{ left: `${left}px`, top: `${top}px` }}>
      <b>{row[1]}</b> {time(model.end[span] - model.start[span])}
      <small>self {time(model.self[span])}</small>
      {row[0] !== row[1] && <div class="muted">{row[0]}</div>}
      {failure > 0 && <div class="bad">{model.meta.failures[failure - 1][0]}: {model.meta.failures[failure - 1][1].slice(0, 200)}</div>}
      <div class="warn">{flagWords(model.flags[span]).filter((word) => word !== "error").join(", ")}</div>
    </div>
  );
}

/** What is unusual about a span, in words. */
export function flagWords(flags: number): string[] {
  const words: [number, string][] = [
    [ERROR, "error"],
    [UNFINISHED, "never ended"],
    [BACKWARDS, "clock went backwards"],
    [ORPHAN, "parent not in the files"],
    [EARLY, "began before its parent"],
  ];
  return words.filter(([flag]) => flags & flag).map(([, word]) => word);
}
