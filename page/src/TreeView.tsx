// The call tree: calls added up by the chain of functions that led to them.
import { useMemo, useState } from "preact/hooks";
import { useApp } from "./app";
import type { PathRow } from "./data";
import { count, counted, time } from "./format";
import { Bar, type Column, Table } from "./Table";

const OPEN_AT_FIRST = 40;

interface Row {
  path: number;
  depth: number;
  row: PathRow;
  children: boolean;
}

export function TreeView() {
  const { model, query, select } = useApp();
  const [chosen, setChosen] = useState<number | null>(null);
  const { paths, pathsLeftOut, labels } = model.meta;
  const children = useMemo(() => {
    const found: number[][] = Array.from({ length: paths.length + 1 }, () => []);
    paths.forEach(([parent], number) => found[parent + 1].push(number));
    return found;
  }, [paths]);
  const [open, setOpen] = useState(() => openedAtFirst(paths, children));
  const wanted = query.trim().toLowerCase();

  const matching = useMemo(() => {
    if (!wanted) return null;
    const keep = new Set<number>();
    paths.forEach(([, label], number) => {
      if (!labels[label].some((name) => name.toLowerCase().includes(wanted))) return;
      for (let at = number; at >= 0 && !keep.has(at); at = paths[at][0]) keep.add(at);
    });
    return keep;
  }, [wanted, paths]);

  const rows = useMemo(() => {
    const found: Row[] = [];
    const pending = [...children[0]].reverse().map((path) => ({ path, depth: 0 }));
    while (pending.length) {
      const { path, depth } = pending.pop()!;
      if (matching && !matching.has(path)) continue;
      const below = children[path + 1];
      found.push({ path, depth, row: paths[path], children: below.length > 0 });
      if (open.has(path) || matching) for (let i = below.length - 1; i >= 0; i--) pending.push({ path: below[i], depth: depth + 1 });
    }
    return found;
  }, [open, matching, children]);

  const whole = children[0].reduce((sum, path) => sum + paths[path][4], 0);
  const toggle = (path: number, opened: boolean) =>
    setOpen((before) => {
      const after = new Set(before);
      if (opened) after.add(path);
      else after.delete(path);
      return after;
    });
  const columns: Column<Row>[] = [
    {
      title: "Call path", name: "path", wide: true,
      cell: ({ path, depth, row, children: below }) => (
        <span class="step" style={{ paddingLeft: `${Math.min(depth, 40) * 16}px` }} title={labels[row[1]][0]}>
          <span
            class={`twist ${below ? (open.has(path) || matching ? "open" : "shut") : ""}`} aria-hidden="true"
            onClick={(event) => { event.stopPropagation(); if (below) toggle(path, !open.has(path)); }}
          />
          {labels[row[1]][1]}
        </span>
      ),
    },
    { title: "Calls", name: "calls", numeric: true, cell: ({ row }) => row[2] > 0 && count(row[2]) },
    { title: "Errors", name: "errors", numeric: true, cell: ({ row }) => row[3] > 0 && <span class="bad">{count(row[3])}</span> },
    { title: "Total", name: "total", numeric: true, cell: ({ row }) => row[2] > 0 && <Bar part={row[4]} whole={whole}>{time(row[4])}</Bar> },
    { title: "Self", name: "self", numeric: true, cell: ({ row }) => row[2] > 0 && <Bar part={row[5]} whole={whole}>{time(row[5])}</Bar> },
    { title: "p50", name: "p50", numeric: true, cell: ({ row }) => row[2] > 0 && time(row[6]) },
    { title: "p95", name: "p95", numeric: true, cell: ({ row }) => row[2] > 0 && time(row[7]) },
    { title: "p99", name: "p99", numeric: true, cell: ({ row }) => row[2] > 0 && time(row[8]) },
  ];
  return (
    <div class="view">
      <div class="toolbar">
        <span class="buttons">
          <button type="button" onClick={() => setOpen(new Set(paths.keys()))}>Expand all</button>
          <button type="button" onClick={() => setOpen(new Set())}>Collapse all</button>
        </span>
        <span class="muted">
          {counted(paths.length, "path")}{pathsLeftOut > 0 && `; ${counted(pathsLeftOut, "deeper path")} left out`}, the longest first
        </span>
      </div>
      <Table
        label="Call tree" role="treegrid" rows={rows} columns={columns} identity={(row) => row.path}
        level={(row) => row.depth} expanded={(row) => (row.children ? open.has(row.path) || matching !== null : undefined)}
        toggle={(row, opened) => toggle(row.path, opened)}
        selected={chosen} open={(row) => { setChosen(row.path); select({ kind: "function", label: row.row[1] }); }}
        nothing={wanted ? "No path has a function of that name." : "There are no calls."}
      />
    </div>
  );
}

/** The paths that are open when the page opens: the longest first, as many as fit a screen. */
function openedAtFirst(paths: PathRow[], children: number[][]): Set<number> {
  const open = new Set<number>();
  let shown = children[0].length;
  const waiting = [...children[0]];
  while (waiting.length && shown < OPEN_AT_FIRST) {
    waiting.sort((a, b) => paths[a][4] - paths[b][4]);
    const path = waiting.pop()!;
    const below = children[path + 1];
    if (!below.length) continue;
    open.add(path);
    shown += below.length;
    waiting.push(...below);
  }
  return open;
}
