// What is missing or odd in the recording, and where.
import { useState } from "preact/hooks";
import { processTitle, useApp } from "./app";
import { BACKWARDS, EARLY, NO_DETAILS, ORPHAN, UNFINISHED } from "./data";
import { count, counted, time } from "./format";

interface Gap {
  name: string;
  number: number;
  title: string;
  why: string;
  flag?: number;
}

export function gapsOf(meta: ReturnType<typeof useApp>["model"]["meta"]): Gap[] {
  const { gaps, totals } = meta;
  const left = totals.spans - totals.shown;
  const all: Gap[] = [
    { name: "left", number: left, title: `${counted(left, "span")} not drawn`, why: `A page draws ${count(totals.shown)} spans. Of more it draws those that failed and the longest: here every span of ${time(totals.shortestShown)} or more. The tables count all ${count(totals.spans)}; only self times of single spans are too long where what they called is not drawn.` },
    { name: "dropped", number: gaps.dropped, title: `${counted(gaps.dropped, "span")} dropped`, why: "The programs dropped them because they made spans faster than they could be written or sent." },
    { name: "unfinished", number: gaps.unfinished, title: `${counted(gaps.unfinished, "span")} never ended`, why: "The program ended, or was ended, while they were running. They are drawn with stripes to the end of the recording; tables count them with no time.", flag: UNFINISHED },
    { name: "orphans", number: gaps.orphans, title: `${counted(gaps.orphans, "span")} without the parent`, why: "A parent is named but is not in the files: it belongs to a program whose spans are not here, or it was dropped or cut off. They are drawn as if nobody had called them.", flag: ORPHAN },
    { name: "backwards", number: gaps.backwards, title: `${counted(gaps.backwards, "span")} that ended before the start`, why: "The machine's clock was set back in between. They are drawn with no length.", flag: BACKWARDS },
    { name: "early", number: gaps.early, title: `${counted(gaps.early, "span")} that began before the parent`, why: "The clocks of two machines differ, or a clock was set back.", flag: EARLY },
    { name: "repeated", number: gaps.repeated, title: `${counted(gaps.repeated, "span")} with the id of another span`, why: "A file was given twice, or spans were sent twice." },
    { name: "details", number: gaps.withoutDetails, title: `${counted(gaps.withoutDetails, "span")} without attributes and events`, why: "There was more to say of the spans than a page can hold.", flag: NO_DETAILS },
    { name: "cut", number: gaps.cutOffLines, title: `${counted(gaps.cutOffLines, "line")} cut off`, why: "The last line of a file was not written to its end: the program was ended while it wrote, or is still writing." },
    { name: "signals", number: gaps.otherSignals, title: `${counted(gaps.otherSignals, "line")} of metrics or logs`, why: "They are OTLP, but no spans." },
    { name: "lines", number: gaps.unreadableLines, title: `${counted(gaps.unreadableLines, "unreadable line")}`, why: "They are not OTLP/JSON and were passed over." },
    { name: "malformed", number: gaps.malformed, title: `${counted(gaps.malformed, "malformed span")}`, why: "They have no id or time that can be read and were passed over." },
  ];
  return all.filter((gap) => gap.number > 0);
}

export function GapsView() {
  const { model, reveal } = useApp();
  const gaps = gapsOf(model.meta);
  const [last, setLast] = useState<Record<string, number>>({});
  const next = ({ name, flag }: Gap) => {
    for (let step = 1; step <= model.count; step++) {
      const span = ((last[name] ?? -1) + step) % model.count;
      if (model.flags[span] & flag!) {
        setLast({ ...last, [name]: span });
        reveal(span);
        return;
      }
    }
  };
  return (
    <div class="view scrolls">
      {gaps.length === 0 && <p class="nothing">Nothing is missing: every span has its parent and an end, every line could be read.</p>}
      <ul class="gaps">
        {gaps.map((gap) => (
          <li key={gap.name}>
            <b>{gap.title}</b>
            <span>{gap.why}</span>
            {gap.name === "dropped" && (
              <span class="muted">
                {model.meta.processes.map((process, number) => process.dropped > 0 && <span key={number}>{processTitle(model, number)}: {count(process.dropped)} </span>)}
              </span>
            )}
            {gap.flag !== undefined && <span class="buttons"><button type="button" onClick={() => next(gap)}>{last[gap.name] === undefined ? "Show" : "Show next"}</button></span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
