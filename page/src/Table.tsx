// A table of any length: only the rows that can be seen are in the document. Printed, it has the first rows.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { shortPath } from "./format";

const HEIGHT = 27;
const PRINTED = 300;

export interface Column<Row> {
  title: string;
  name: string;
  /** Columns of numbers are right-aligned and sorted from the largest first. */
  numeric?: boolean;
  cell(row: Row): ComponentChildren;
  value?(row: Row): number | string;
  hint?: string;
  wide?: boolean;
}

interface Properties<Row> {
  label: string;
  rows: Row[];
  columns: Column<Row>[];
  identity(row: Row): number | string;
  selected?: number | string | null;
  open(row: Row): void;
  /** Without it the rows stay in the given order. */
  sort?: { name: string; up: boolean };
  setSort?(sort: { name: string; up: boolean }): void;
  role?: "grid" | "treegrid";
  level?(row: Row): number;
  expanded?(row: Row): boolean | undefined;
  toggle?(row: Row, open: boolean): void;
  nothing: string;
}

export function sorted<Row>(rows: Row[], columns: Column<Row>[], sort: { name: string; up: boolean }): Row[] {
  const value = columns.find((column) => column.name === sort.name)?.value;
  if (!value) return rows;
  const sign = sort.up ? 1 : -1;
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return sign * (typeof x === "string" ? x.localeCompare(String(y)) : x - Number(y));
  });
}

export function Table<Row>(properties: Properties<Row>) {
  const { rows, columns, identity, selected, open, sort, setSort, level, expanded, toggle } = properties;
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ from: 0, to: 60 });
  const [printing, setPrinting] = useState(false);
  const [at, setAt] = useState(0);
  const current = Math.min(at, rows.length - 1);

  const look = () => {
    if (!box.current) return; // the view was left meanwhile
    const { scrollTop, clientHeight } = box.current;
    const from = Math.max(Math.floor(scrollTop / HEIGHT) - 10, 0);
    const to = Math.ceil((scrollTop + clientHeight) / HEIGHT) + 10;
    setSeen((before) => (before.from === from && before.to === to ? before : { from, to }));
  };
  useLayoutEffect(look, [rows.length]);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    const before = () => setPrinting(true);
    const after = () => setPrinting(false);
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", before);
      removeEventListener("afterprint", after);
    };
  }, []);

  const go = (number: number) => {
    const next = Math.max(0, Math.min(number, rows.length - 1));
    setAt(next);
    const top = next * HEIGHT;
    const room = box.current!.clientHeight - HEIGHT;
    if (top < box.current!.scrollTop) box.current!.scrollTop = top;
    else if (top + HEIGHT > box.current!.scrollTop + room) box.current!.scrollTop = top + HEIGHT - room;
    look();
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${next + 2}"]`)?.focus());
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).tagName !== "TR") return;
    const row = rows[current];
    const page = Math.max(1, Math.floor(box.current!.clientHeight / HEIGHT) - 2);
    const isOpen = expanded?.(row);
    const parent = () => {
      let up = current - 1;
      while (up > 0 && level!(rows[up]) >= level!(row)) up--;
      return up;
    };
    const does: Record<string, () => void> = {
      ArrowDown: () => go(current + 1), ArrowUp: () => go(current - 1),
      PageDown: () => go(current + page), PageUp: () => go(current - page),
      Home: () => go(0), End: () => go(rows.length - 1),
      Enter: () => open(row), " ": () => open(row),
    };
    if (toggle && level) {
      does.ArrowRight = () => (isOpen === false ? toggle(row, true) : isOpen && go(current + 1));
      does.ArrowLeft = () => (isOpen ? toggle(row, false) : go(parent()));
    }
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  };

  const from = printing ? 0 : Math.min(seen.from, rows.length);
  const to = printing ? Math.min(rows.length, PRINTED) : Math.min(seen.to, rows.length);
  return (
    <div class="table" ref={box} onScroll={look}>
      <table role={properties.role ?? "grid"} aria-label={properties.label} aria-rowcount={rows.length + 1} onKeyDown={key}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => {
              const now = sort?.name === column.name;
              return (
                <th key={column.name} scope="col" class={`${column.numeric ? "number" : ""} ${column.wide ? "wide" : ""}`} title={column.hint} aria-sort={now ? (sort.up ? "ascending" : "descending") : undefined}>
                  {setSort && column.value ? (
                    <button type="button" onClick={() => setSort({ name: column.name, up: now ? !sort.up : !column.numeric })}>
                      {column.title}
                      <span class="arrow" aria-hidden="true">{now ? (sort.up ? "▲" : "▼") : ""}</span>
                    </button>
                  ) : (
                    column.title
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <tr aria-hidden="true" class="space" style={{ height: `${from * HEIGHT}px` }} />}
          {rows.slice(from, to).map((row, index) => {
            const number = from + index;
            const id = identity(row);
            return (
              <tr
                key={id} aria-rowindex={number + 2} tabIndex={number === current ? 0 : -1} aria-selected={selected === id}
                aria-level={level ? level(row) + 1 : undefined} aria-expanded={expanded?.(row)}
                onClick={() => { setAt(number); open(row); }} onFocus={() => setAt(number)}
              >
                {columns.map((column) => (
                  <td key={column.name} class={`${column.numeric ? "number" : ""} ${column.wide ? "wide" : ""}`}>{column.cell(row)}</td>
                ))}
              </tr>
            );
          })}
          {!printing && to < rows.length && <tr aria-hidden="true" class="space" style={{ height: `${(rows.length - to) * HEIGHT}px` }} />}
        </tbody>
      </table>
      {printing && rows.length > PRINTED && <p class="muted">… and {rows.length - PRINTED} more rows</p>}
      {rows.length === 0 && <p class="nothing">{properties.nothing}</p>}
    </div>
  );
}

/** A function: the name that its spans have, and where it is. */
export function Name({ full, short, where }: { full: string; short: string; where: string }) {
  return (
    <span title={`${full}\n${where}`}>
      {short} <small class="muted">{shortPath(where, 1) || (full === short ? "" : full)}</small>
    </span>
  );
}

/** A number with a bar behind it that shows its share. */
export function Bar({ part, whole, children }: { part: number; whole: number; children: ComponentChildren }) {
  return (
    <span class="bar">
      <span class="fill" style={{ width: `${whole > 0 ? Math.min((100 * part) / whole, 100) : 0}%` }} />
      <span class="figure">{children}</span>
    </span>
  );
}
