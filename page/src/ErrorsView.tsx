// Every kind of exception: what it says, where it came from, its stack, its source line, its spans.
import { useMemo, useState } from "preact/hooks";
import { useApp } from "./app";
import { count, counted, shortPath, shortType } from "./format";
import { Source } from "./Source";

const AT_FIRST = 100;

export function ErrorsView() {
  const { model, query } = useApp();
  const { failures, places, totals } = model.meta;
  const [all, setAll] = useState(false);
  const wanted = query.trim().toLowerCase();
  const order = useMemo(() => {
    const numbers = failures.map((_, number) => number).filter((number) => {
      const [type, message, stack, place] = failures[number];
      return !wanted || [type, message, stack, places.rows[place][0]].some((text) => text.toLowerCase().includes(wanted));
    });
    return numbers.sort((a, b) => failures[b][4] - failures[a][4] || a - b);
  }, [failures, wanted]);
  const spansOf = useMemo(() => {
    const found: number[][] = failures.map(() => []);
    for (let i = 0; i < model.count; i++) if (model.failure[i]) found[model.failure[i] - 1].push(i);
    return found;
  }, [model]);
  const shown = all ? order : order.slice(0, AT_FIRST);
  return (
    <div class="view scrolls">
      <div class="toolbar">
        <span class="muted">
          {counted(totals.errors, "failed span")}, {counted(failures.length, "kind")} of exception. An exception counts where it was first seen, not in every caller it passed.
        </span>
      </div>
      {order.length === 0 && <p class="nothing">{failures.length ? "No exception has that in it." : "No exception was recorded."}</p>}
      <ol class="errors">
        {shown.map((number, index) => <Failure key={number} number={number} spans={spansOf[number]} open={index === 0 && order.length < 30} />)}
      </ol>
      {shown.length < order.length && <p class="nothing"><button type="button" onClick={() => setAll(true)}>Show all {count(order.length)}</button></p>}
    </div>
  );
}

function Failure({ number, spans, open: atFirst }: { number: number; spans: number[]; open: boolean }) {
  const { model, reveal } = useApp();
  const { failures, places, sources } = model.meta;
  const [type, message, stack, place, times, raised] = failures[number];
  const [open, setOpen] = useState(atFirst);
  const [at, setAt] = useState(-1);
  const [name, , file, line] = places.rows[place];
  const shown = sources?.raised[number] ?? null;
  const begin = sources?.places[place] ?? 0;
  // A helper may only know that an exception left the function, which is at its closing brace: then all of it is shown.
  const atEnd = shown !== null && isClosing(sources!.texts[shown[0]], shown[1]);
  const [path, inLine] = raised ?? [places.files[file], line];
  const go = (step: number) => {
    const next = (at + step + spans.length) % spans.length;
    setAt(next);
    reveal(spans[next]);
  };
  return (
    <li class="failure">
      <button type="button" class="head" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class={`twist ${open ? "open" : "shut"}`} aria-hidden="true" />
        <span class="type bad">{shortType(type)}</span>
        <span class="message">{message}</span>
        <span class="times">{count(times)}×</span>
        <span class="muted in">in {name}</span>
      </button>
      {open && (
        <div class="body">
          <p class="muted">
            {type !== shortType(type) && <code>{type}</code>} {path && <code title={path}>{shortPath(path)}{inLine > 0 && `:${inLine}`}</code>}
            {spans.length > 0 && (
              <span class="buttons">
                <button type="button" onClick={() => go(1)}>Show in timeline</button>
                {spans.length > 1 && at >= 0 && <span class="muted">{at + 1} of {count(spans.length)}</span>}
              </span>
            )}
          </p>
          {message.length > 120 && <pre class="long" tabIndex={0}>{message}</pre>}
          {shown && !atEnd && <Source file={shown[0]} line={shown[1]} around={3} />}
          {begin > 0 && (!shown || atEnd) && <Source file={places.files[file]} line={begin} around={0} more={atEnd ? Math.min(Math.max(shown[1] - begin, 3), 24) : 8} />}
          {stack && <pre class="stack" tabIndex={0} aria-label="Stack">{stack.replace(/\n$/, "")}</pre>}
        </div>
      )}
    </li>
  );
}

const isClosing = (text: string, line: number) => /^[\s})\];,]*$/.test(text.split(/\r\n|\n|\r/)[line - 1] ?? "");
