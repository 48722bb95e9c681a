// All that is known of one span, or of one function.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { processTitle, useApp } from "./app";
import { type Attributes, type Details, ERROR, NO_DETAILS, ORPHAN, REMOTE, UNFINISHED, type Value } from "./data";
import { count, counted, date, language, moment, share, shortPath, time } from "./format";
import { Source } from "./Source";
import { flagWords } from "./Tip";

export function DetailsPanel() {
  const { selection, select, model } = useApp();
  if (!selection) return null;
  const title = selection.kind === "span" ? model.meta.places.rows[model.place[selection.span]][1] : model.meta.labels[selection.label][1];
  return (
    <aside class="details" aria-label="Details">
      <header>
        <h2 title={title}>{title}</h2>
        <button type="button" class="quiet" aria-label="Close the details" title="Close (Esc)" onClick={() => select(null)}>✕</button>
      </header>
      <div class="content">
        {selection.kind === "span" ? <SpanDetails key={selection.span} span={selection.span} /> : <FunctionDetails key={selection.label} label={selection.label} />}
      </div>
    </aside>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return <section><h3>{title}</h3>{children}</section>;
}

function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  return <dl>{rows.filter(([, value]) => value !== "" && value !== null && value !== undefined).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function SpanButton({ span, what }: { span: number; what?: string }) {
  const { model, reveal } = useApp();
  return (
    <button type="button" class="link" onClick={() => reveal(span)}>
      <span class={model.flags[span] & ERROR ? "name bad" : "name"}>{what ?? model.meta.places.rows[model.place[span]][1]}</span> <span class="muted">{time(model.end[span] - model.start[span])}</span>
    </button>
  );
}

function SpanDetails({ span }: { span: number }) {
  const { model, select, reveal } = useApp();
  const { meta } = model;
  const [details, setDetails] = useState<Details | null>(null);
  const [whole, setWhole] = useState(false);
  useEffect(() => {
    let here = true;
    void model.details(span).then((found) => here && setDetails(found));
    return () => { here = false; };
  }, [span]);
  const [name, , file, line, kind, languageName] = meta.places.rows[model.place[span]];
  const path = meta.places.files[file];
  const [process, thread, threadName] = meta.lanes[model.lane[span]];
  const flags = model.flags[span];
  const parent = model.parent[span];
  const duration = model.end[span] - model.start[span];
  const children = useMemo(() => {
    const found = [...model.children.subarray(model.firstChild[span], model.firstChild[span + 1])];
    return found.sort((a, b) => model.end[b] - model.start[b] - (model.end[a] - model.start[a]));
  }, [span]);
  const parts = sortedAttributes(details?.a ?? {});
  const events = details?.e ?? [];
  const shownLine = meta.sources?.places[model.place[span]];
  const partial = meta.totals.shown < meta.totals.spans;
  return (
    <>
      <p class="chips">
        {flagWords(flags).map((word) => <span key={word} class={word === "error" ? "chip bad" : "chip warn"}>{word}</span>)}
        {kind !== "function" && <span class="chip">{kind.replace("_", " ")}</span>}
        {details?.k && <span class="chip">{details.k}</span>}
        <span class="chip">{language(languageName) || "unknown language"}</span>
      </p>
      <Facts
        rows={[
          ["Duration", flags & UNFINISHED ? "never ended" : <><b>{time(duration)}</b> {parent >= 0 && duration <= model.end[parent] - model.start[parent] && <span class="muted">{share(duration, model.end[parent] - model.start[parent])} of its caller</span>}</>],
          ["Self", flags & UNFINISHED ? "" : <>{partial && children.length > 0 && "at most "}{time(model.self[span])} <span class="muted">{share(model.self[span], duration)}</span></>],
          ["Started", <span title={date(meta.spans.earliest, model.start[span])}>{moment(model.start[span], 1)} after the first span</span>],
          ["Called by", parent >= 0 ? <SpanButton span={parent} /> : flags & ORPHAN ? <span class="warn">span {model.missing(span)}, not in the files{flags & REMOTE ? " (another process)" : ""}</span> : "nobody: the start of a trace"],
          ["Called", children.length > 0 ? counted(children.length, "span") : ""],
          ["Function", <button type="button" class="link" onClick={() => select({ kind: "function", label: model.labelOfPlace[model.place[span]] })}>{name}</button>],
          ["File", path && <code title={path}>{shortPath(path)}{line > 0 && `:${line}`}</code>],
          ["Status", details?.m && <span class="bad">{details.m}</span>],
        ]}
      />
      <p class="buttons">
        <button type="button" onClick={() => reveal(span, true)}>Zoom to it</button>
        {parent >= 0 && <button type="button" onClick={() => reveal(parent, true)}>Zoom to caller</button>}
      </p>
      {flags & NO_DETAILS ? <p class="warn">Its attributes and events were left out: there were too many for one page.</p> : null}
      {events.filter(([what]) => what === "exception").map(([, , values], number) => (
        <Section key={number} title="Exception">
          <p class="bad breaks"><b>{String(values["exception.type"] ?? "")}</b> {String(values["exception.message"] ?? "")}</p>
          {values["exception.stacktrace"] && <pre class="stack" tabIndex={0}>{String(values["exception.stacktrace"])}</pre>}
          <Rest values={values} without={["exception.type", "exception.message", "exception.stacktrace"]} />
        </Section>
      ))}
      {parts.map(([title, values]) => <Section key={title} title={title}><Values values={values} /></Section>)}
      {path && shownLine ? <Section title="Source"><Source file={path} line={shownLine} around={0} more={11} /></Section> : null}
      {events.some(([what]) => what !== "exception") && (
        <Section title="Events">
          <dl class="events">
            {events.filter(([what]) => what !== "exception").slice(0, whole ? undefined : 50).map(([what, at, values], number) => (
              <div key={number}>
                <dt>{at === null ? "" : `+${time(Math.max(at, 0))}`}</dt>
                <dd><b>{what}</b> {Object.entries(values).map(([key, value]) => <span key={key} class="breaks"><span class="muted">{key.replace(/^telemetry\.assign\./, "")} =</span> {text(value)} </span>)}</dd>
              </div>
            ))}
          </dl>
          {!whole && events.length > 50 && <button type="button" onClick={() => setWhole(true)}>Show all {count(events.length)}</button>}
        </Section>
      )}
      {children.length > 0 && (
        <Section title="Called, the longest first">
          <ul class="spans-list">{children.slice(0, 12).map((child) => <li key={child}><SpanButton span={child} /></li>)}</ul>
          {children.length > 12 && <p class="muted">… and {count(children.length - 12)} more</p>}
        </Section>
      )}
      {(details?.l ?? []).length > 0 && (
        <Section title="Links">
          {details!.l!.map(([trace, other, values], number) => <div key={number} class="breaks"><code>{trace}/{other}</code> <Values values={values} /></div>)}
        </Section>
      )}
      <Section title="Where it ran">
        <Facts
          rows={[
            ["Process", processTitle(model, process)],
            ["Thread", threadName || thread],
            ["Trace", <code class="breaks">{meta.traces[model.trace[span]]}</code>],
            ["Span", <code>{model.id(span)}</code>],
            ["Trace state", details?.s],
            ["Left out", [details?.x && `${details.x} attributes`, details?.y && `${details.y} events`, details?.z && `${details.z} links`].filter(Boolean).join(", ")],
            ["Full name", <span class="breaks">{name}</span>],
            ["Path", path && <span class="breaks">{path}</span>],
          ]}
        />
        <details><summary>Attributes of the process</summary><Values values={meta.processes[process].attributes} /></details>
      </Section>
    </>
  );
}

const GROUPS: [string, RegExp][] = [
  ["Arguments", /^telemetry\.arg\./],
  ["Returned", /^telemetry\.return$/],
  ["Branches, loops and handlers", /^telemetry\.(branch|loop|handled)\./],
];

function sortedAttributes(attributes: Attributes): [string, Attributes][] {
  const groups = new Map<string, [string, Value][]>();
  for (const [key, value] of Object.entries(attributes)) {
    const title = GROUPS.find(([, pattern]) => pattern.test(key))?.[0] ?? "Attributes";
    const name = title === "Attributes" ? key : key.replace(title === "Arguments" ? /^telemetry\.arg\./ : /^telemetry\./, "");
    groups.set(title, [...(groups.get(title) ?? []), [name, value]]);
  }
  const titles = [...GROUPS.map(([title]) => title), "Attributes"].filter((title) => groups.has(title));
  return titles.map((title) => [title, Object.fromEntries(groups.get(title)!)]);
}

const text = (value: Value): string => (typeof value === "string" ? value : JSON.stringify(value));

function Values({ values }: { values: Attributes }) {
  return <dl class="values">{Object.entries(values).map(([key, value]) => <div key={key}><dt>{key}</dt><dd class="breaks">{text(value)}</dd></div>)}</dl>;
}

function Rest({ values, without }: { values: Attributes; without: string[] }) {
  const rest = Object.fromEntries(Object.entries(values).filter(([key]) => !without.includes(key)));
  return Object.keys(rest).length ? <Values values={rest} /> : null;
}

function FunctionDetails({ label }: { label: number }) {
  const { model, reveal, lookFor, show } = useApp();
  const { meta } = model;
  const row = meta.functions.find((found) => found[0] === label);
  const places = meta.places.rows.map((place, number) => ({ place, number })).filter(({ number }) => model.labelOfPlace[number] === label);
  const spans = useMemo(() => {
    const longest: number[] = [];
    const failed: number[] = [];
    for (let i = 0; i < model.count; i++) {
      if (model.labelOfPlace[model.place[i]] !== label) continue;
      longest.push(i);
      if (model.flags[i] & ERROR) failed.push(i);
    }
    longest.sort((a, b) => model.end[b] - model.start[b] - (model.end[a] - model.start[a]));
    return { longest: longest.slice(0, 8), failed: failed.slice(0, 8) };
  }, [label]);
  const counts = meta.counts.filter(([place]) => model.labelOfPlace[place] === label);
  const [first] = places;
  return (
    <>
      <Facts
        rows={[
          ["Full name", <span class="breaks">{meta.labels[label][0]}</span>],
          ...places.map(({ place, number }) => [`File${places.length > 1 ? ` ${number === first.number ? "" : ""}` : ""}`, meta.places.files[place[2]] && <code class="breaks">{meta.places.files[place[2]]}{place[3] > 0 && `:${place[3]}`}</code>] as [string, ComponentChildren]).slice(0, 4),
          ["Calls", row && count(row[1])],
          ["Errors", row && row[2] > 0 ? <span class="bad">{count(row[2])}</span> : ""],
          ["Total", row && time(row[3])],
          ["Self", row && time(row[4])],
          ["p50, p95, p99", row && `${time(row[5])}, ${time(row[6])}, ${time(row[7])}`],
        ]}
      />
      <p class="buttons">
        <button type="button" onClick={() => { lookFor(meta.labels[label][0]); show("timeline"); }}>Find in timeline</button>
      </p>
      {counts.length > 0 && (
        <Section title="Branches, loops and handlers">
          <dl class="values">
            {counts.map(([, of, kind, name, times, calls], number) => (
              <div key={number}><dt>{kind} {name}</dt><dd>{count(times)}× <span class="muted">in {count(calls)} of {counted(of, "call")}</span></dd></div>
            ))}
          </dl>
        </Section>
      )}
      {first && meta.sources?.places[first.number] ? <Section title="Source"><Source file={meta.places.files[first.place[2]]} line={meta.sources.places[first.number]} around={0} more={16} /></Section> : null}
      {spans.failed.length > 0 && (
        <Section title="Failed calls"><ul class="spans-list">{spans.failed.map((span) => <li key={span}><SpanButton span={span} what={`at ${moment(model.start[span], 1000)}`} /></li>)}</ul></Section>
      )}
      {spans.longest.length > 0 && (
        <Section title="Longest calls">
          <ul class="spans-list">{spans.longest.map((span) => <li key={span}><SpanButton span={span} what={`at ${moment(model.start[span], 1000)}`} /></li>)}</ul>
        </Section>
      )}
      {spans.longest.length > 0 && <p class="buttons"><button type="button" onClick={() => reveal(spans.longest[0], true)}>Zoom to the longest</button></p>}
    </>
  );
}
