// The page: reads its data, then shows head line, tabs, one view and the details of what is selected.
import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { type App, AppContext, type Group, type Selection, type Tab, TABS } from "./app";
import type { ColorBy } from "./colors";
import { CountsView } from "./CountsView";
import { load, type Model } from "./data";
import { DetailsPanel } from "./DetailsPanel";
import { ErrorsView } from "./ErrorsView";
import { count, counted, date, time } from "./format";
import { FunctionsView } from "./FunctionsView";
import { GapsView, gapsOf } from "./GapsView";
import { Help } from "./Help";
import { type Found, search } from "./search";
import { TimelineView } from "./TimelineView";
import { TreeView } from "./TreeView";

const TITLES: Record<Tab, string> = { timeline: "Timeline", tree: "Call tree", functions: "Functions", errors: "Errors", counts: "Branches & loops", gaps: "Gaps" };

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`telemetry-inject.${name}`);
  } catch {
    return null; // the browser keeps nothing for pages from files
  }
}

function store(name: string, value: string): void {
  try {
    localStorage.setItem(`telemetry-inject.${name}`, value);
  } catch {
    // as above: then the choice lasts as long as the page
  }
}

type Theme = "light" | "dark" | "system";

function useTheme(): [Theme, boolean, () => void] {
  const [theme, setTheme] = useState<Theme>(() => (stored("theme") as Theme | null) ?? "system");
  const [systemDark, setSystemDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const change = () => setSystemDark(media.matches);
    const before = () => setPrinting(true);
    const after = () => setPrinting(false);
    media.addEventListener("change", change);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      media.removeEventListener("change", change);
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);
  const dark = !printing && (theme === "dark" || (theme === "system" && systemDark));
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const next = () => {
    const order: Theme[] = ["system", systemDark ? "light" : "dark", systemDark ? "dark" : "light"];
    const chosen = order[(order.indexOf(theme) + 1) % 3];
    store("theme", chosen);
    setTheme(chosen);
  };
  return [theme, dark, next];
}

function Page({ model }: { model: Model }) {
  const { meta } = model;
  const [theme, dark, nextTheme] = useTheme();
  const gaps = useMemo(() => gapsOf(meta), [meta]);
  const [tab, setTab] = useState<Tab>(() => {
    const named = location.hash.slice(1) as Tab;
    return TABS.includes(named) ? named : "timeline";
  });
  const [selection, select] = useState<Selection>(null);
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [searching, setSearching] = useState(false);
  const [match, setMatch] = useState(-1);
  const [revealed, setRevealed] = useState({ span: -1, zoom: false, turn: 0 });
  const [group, setGroup] = useState<Group>("thread");
  const [colorBy, setColorBy] = useState<ColorBy>("file");
  const [help, setHelp] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const stop = useRef<() => void>(() => {});
  const asked = useRef(0);
  const latest = useRef<Found | null>(null);

  const show = (next: Tab) => {
    setTab(next);
    try {
      history.replaceState(null, "", `#${next}`);
    } catch {
      // a page in a frame without a place of its own
    }
  };
  const reveal = (span: number, zoom = false) => {
    show("timeline");
    select({ kind: "span", span });
    setRevealed((before) => ({ span, zoom, turn: before.turn + 1 }));
  };
  const lookFor = (text: string) => {
    setQuery(text);
    setMatch(-1);
    setFound((latest.current = null));
    asked.current = 0;
    stop.current();
    if (!text.trim()) {
      setSearching(false);
      return;
    }
    setSearching(true);
    const wait = setTimeout(() => {
      stop.current = search(model, text, (now, done) => {
        setFound((latest.current = now));
        setSearching(!done);
      });
    }, 80);
    stop.current = () => clearTimeout(wait);
  };
  const step = (by: number) => {
    const spans = latest.current?.spans;
    if (!spans) asked.current = by;
    if (!spans?.length) return;
    const next = match < 0 && by > 0 ? 0 : (Math.max(match, 0) + by + spans.length) % spans.length;
    setMatch(next);
    reveal(spans[next]);
  };

  useEffect(() => {
    if (!found || !asked.current) return;
    step(asked.current); // somebody was faster than the search
    asked.current = 0;
  }, [found]);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const typing = target.matches("input, select, textarea");
      if (event.key === "Escape") {
        if (help) setHelp(false);
        else if (typing && target === box.current) {
          if (query) lookFor("");
          else target.blur();
        } else if (selection) select(null);
        else if (query) lookFor("");
        return;
      }
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const number = Number(event.key);
      const does: Record<string, () => void> = {
        "/": () => box.current?.focus(), f: () => box.current?.focus(),
        n: () => step(1), N: () => step(-1), p: () => step(-1),
        t: nextTheme, "?": () => setHelp(true),
      };
      if (number >= 1 && number <= TABS.length) show(TABS[number - 1]);
      else if (does[event.key]) does[event.key]();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });

  const app: App = { model, tab, show, selection, select, reveal, revealed, query, lookFor, found, group, setGroup, colorBy, setColorBy, dark };
  const badges: Partial<Record<Tab, number>> = { functions: meta.functions.length, errors: meta.failures.length, counts: meta.counts.length, gaps: gaps.length };
  const tabKey = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length];
    show(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  const announced = selection?.kind === "span" ? announce(model, selection.span) : "";
  const left = meta.totals.spans - meta.totals.shown;
  return (
    <AppContext.Provider value={app}>
      <header class="head">
        <h1 title={meta.files.join("\n")}>{meta.files.length === 1 ? meta.files[0] : counted(meta.files.length, "file")}</h1>
        <p class="summary">
          <span><b>{count(meta.totals.spans)}</b> {meta.totals.spans === 1 ? "span" : "spans"}</span>
          <span><b>{count(meta.totals.traces)}</b> {meta.totals.traces === 1 ? "trace" : "traces"}</span>
          <span><b>{count(meta.processes.length)}</b> {meta.processes.length === 1 ? "process" : "processes"}</span>
          {model.count > 0 && <span title={`from ${date(meta.spans.earliest, 0)}`}><b>{time(model.latest)}</b></span>}
          {meta.totals.errors > 0 && <span class="bad"><b>{count(meta.totals.errors)}</b> failed</span>}
        </p>
        <div class="search" role="search">
          <input
            ref={box} type="search" placeholder="Search spans  ( / )" aria-label="Search names, files, exceptions and attributes" value={query} spellcheck={false}
            onInput={(event) => lookFor(event.currentTarget.value)}
            onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); } }}
          />
          {query.trim() && (
            <span class="matches">
              <output aria-live="polite">{found ? `${match >= 0 ? `${count(match + 1)} of ` : ""}${count(found.spans.length)}${searching ? "…" : ""}` : "…"}</output>
              <button type="button" onClick={() => step(-1)} disabled={!found?.spans.length} aria-label="Previous match" title="Previous match (Shift+N)">‹</button>
              <button type="button" onClick={() => step(1)} disabled={!found?.spans.length} aria-label="Next match" title="Next match (N)">›</button>
            </span>
          )}
        </div>
        <span class="tools">
          <button type="button" class="quiet" onClick={nextTheme} aria-label={`Theme: ${theme}. Change it`} title={`Theme: ${theme} (T)`}>{theme === "system" ? "◐" : dark ? "☾" : "☀"}</button>
          <button type="button" class="quiet" onClick={() => setHelp(true)} aria-label="Help" title="Help (?)">?</button>
        </span>
      </header>
      <nav aria-label="Views">
      <div class="tabs" role="tablist" onKeyDown={tabKey}>
        {TABS.map((name) => (
          <button key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={tab === name} aria-controls="view" tabIndex={tab === name ? 0 : -1} onClick={() => show(name)}>
            {TITLES[name]}
            {badges[name] ? <span class={`badge ${name === "errors" ? "bad" : name === "gaps" ? "warn" : ""}`}>{count(badges[name]!)}</span> : null}
          </button>
        ))}
      </div>
      </nav>
      {left > 0 && (
        <p class="notice" role="note">
          The timeline has {count(meta.totals.shown)} of {count(meta.totals.spans)} spans: those that failed, and all of {time(meta.totals.shortestShown)} or more. Tables count all.
        </p>
      )}
      <main class={selection ? "with-details" : ""}>
        <div id="view" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {tab === "timeline" && <TimelineView />}
          {tab === "tree" && <TreeView />}
          {tab === "functions" && <FunctionsView />}
          {tab === "errors" && <ErrorsView />}
          {tab === "counts" && <CountsView />}
          {tab === "gaps" && <GapsView />}
        </div>
        <DetailsPanel />
      </main>
      <div class="unseen" role="status" aria-live="polite">{announced}</div>
      {help && <Help close={() => setHelp(false)} />}
    </AppContext.Provider>
  );
}

function announce(model: Model, span: number): string {
  const [, name] = model.meta.places.rows[model.place[span]];
  return `${name}, ${time(model.end[span] - model.start[span])}${model.flags[span] & 1 ? ", failed" : ""}`;
}

const root = document.getElementById("page")!;
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
load()
  .then((model) => {
    root.textContent = "";
    render(<Page model={model} />, root);
    root.dataset.ready = performance.now().toFixed(0);
  })
  .catch((error: unknown) => {
    const old = typeof DecompressionStream === "undefined";
    root.textContent = old
      ? "This browser is too old for the page: it needs Chrome 80, Firefox 113, Safari 16.4 or newer."
      : `The page's data could not be read: ${error instanceof Error ? error.message : String(error)}`;
  });
