// Which spans a person looks for: by words in names, files and exceptions at once, then by what each span recorded.
import type { Model } from "./data";

export interface Found {
  /** 1 for each span that matches. */
  mask: Uint8Array;
  /** The spans that match, in the order in which they began. */
  spans: Uint32Array;
}

function collected(mask: Uint8Array): Found {
  let size = 0;
  for (let i = 0; i < mask.length; i++) size += mask[i];
  const spans = new Uint32Array(size);
  for (let i = 0, at = 0; i < mask.length; i++) if (mask[i]) spans[at++] = i;
  return { mask, spans };
}

/** The spans for which `matches` holds. */
export function choose(model: Model, matches: (span: number) => boolean): Found {
  const mask = new Uint8Array(model.count);
  for (let i = 0; i < model.count; i++) mask[i] = Number(matches(i));
  return collected(mask);
}

/** Looks for a text; `seen` is called with what is known by then, the last time with `done`. Returns how to stop it. */
export function search(model: Model, text: string, seen: (found: Found, done: boolean) => void): () => void {
  const wanted = text.trim().toLowerCase();
  const { meta, place, failure, count } = model;
  const has = (words: string) => words.toLowerCase().includes(wanted);
  const places = meta.places.rows.map(([name, short, file]) => has(name) || has(short) || has(meta.places.files[file]));
  const failures = meta.failures.map(([type, message]) => has(type) || has(message));
  const ids = /^[0-9a-f]{16}$|^[0-9a-f]{32}$/.test(wanted);
  const traces = meta.traces.map((trace) => ids && trace === wanted);
  const mask = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    mask[i] = Number(
      places[place[i]] || (failure[i] > 0 && failures[failure[i] - 1]) || (ids && (traces[model.trace[i]] || model.id(i) === wanted)),
    );
  }
  seen(collected(mask), false);
  let stopped = false;
  // Texts are stored as JSON in ASCII: what is looked for has to be written like that, too.
  const written = JSON.stringify(wanted).slice(1, -1).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const matching = new Set<number>();
  void model
    .eachDetails((first, lines) => {
      if (stopped) return false;
      lines.forEach((line, at) => line.length > 2 && line.toLowerCase().includes(written) && matching.add(first + at));
      return true;
    })
    .then(() => {
      if (stopped) return;
      for (let i = 0; i < count; i++) if (matching.has(model.detailsNumber[i])) mask[i] = 1;
      seen(collected(mask), true);
    });
  return () => {
    stopped = true;
  };
}
