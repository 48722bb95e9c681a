// How often each branch was taken, each loop went round, each exception was handled.
import { useMemo, useState } from "preact/hooks";
import { useApp } from "./app";
import { count, counted, share } from "./format";
import { Source } from "./Source";
import { Bar, type Column, Name, sorted, Table } from "./Table";

interface Row {
  number: number;
  place: number;
  of: number;
  kind: string;
  label: string;
  times: number;
  calls: number;
  types: string[];
  file: string;
  line: number;
  shownLine: number;
}

const WORDS: Record<string, string> = { branch: "branch", loop: "loop", handled: "handled" };

export function CountsView() {
  const { model, query, select } = useApp();
  const { counts, places, sources } = model.meta;
  const [sort, setSort] = useState({ name: "where", up: true });
  const [opened, setOpened] = useState<number | null>(null);
  const all = useMemo<Row[]>(
    () =>
      counts.map(([place, of, kind, label, times, calls, types], number) => {
        const [, , file, line] = places.rows[place];
        const shownLine = sources?.counts[`${place} ${kind} ${label}`] ?? 0;
        return { number, place, of, kind, label, times, calls, types, file: places.files[file], line, shownLine };
      }),
    [model],
  );
  const columns: Column<Row>[] = [
    {
      title: "Function", name: "where", wide: true, value: (row) => `${row.file}\0${String(row.line).padStart(8)}\0${String(offset(row.label)).padStart(8)}`,
      cell: (row) => <Name full={places.rows[row.place][0]} short={places.rows[row.place][1]} where={row.line > 0 ? `${row.file}:${row.line}` : row.file} />,
    },
    { title: "Kind", name: "kind", value: (row) => row.kind, cell: (row) => <span class={`kind ${row.kind}`}>{WORDS[row.kind] ?? row.kind}</span> },
    {
      title: "Place", name: "place", hint: "The statement, and how many lines below the function's first line it is",
      cell: (row) => <span>{row.label.split("+")[0]} <small class="muted">{row.label.includes("+") && `line +${offset(row.label)}`}</small> {row.types.length > 0 && <small>{row.types.map((type) => type.slice(type.lastIndexOf(".") + 1)).join(", ")}</small>}</span>,
    },
    { title: "Times", name: "times", numeric: true, value: (row) => row.times, cell: (row) => count(row.times) },
    { title: "Per call", name: "per", numeric: true, hint: "Times in each call that came here", value: (row) => row.times / Math.max(row.calls, 1), cell: (row) => (row.times / Math.max(row.calls, 1)).toLocaleString("en-US", { maximumFractionDigits: 1 }) },
    { title: "Calls", name: "calls", numeric: true, hint: "Calls of the function that came here", value: (row) => row.calls, cell: (row) => `${count(row.calls)} of ${count(row.of)}` },
    { title: "Share", name: "share", numeric: true, value: (row) => row.calls / Math.max(row.of, 1), cell: (row) => <Bar part={row.calls} whole={row.of}>{share(row.calls, row.of)}</Bar> },
  ];
  const wanted = query.trim().toLowerCase();
  const rows = useMemo(() => {
    const matching = all.filter((row) => !wanted || [places.rows[row.place][0], row.file, row.kind, row.label].some((text) => text.toLowerCase().includes(wanted)));
    return sorted(matching, columns, sort);
  }, [all, wanted, sort]);
  const row = opened === null ? null : all[opened];
  return (
    <div class="view">
      <div class="toolbar">
        <span class="muted">
          {counted(all.length, "place")} that were reached: a branch never taken has left no mark
        </span>
      </div>
      <Table
        label="Branches and loops" rows={rows} columns={columns} identity={(row) => row.number} sort={sort} setSort={setSort} selected={opened}
        open={(row) => { setOpened(row.number); select({ kind: "function", label: model.labelOfPlace[row.place] }); }}
        nothing={all.length ? "Nothing matches." : "Nothing was counted: instrument with --level flow or --level full to count branches and loops."}
      />
      {row && row.shownLine > 0 && (
        <div class="below">
          <Source file={row.file} line={row.shownLine} around={4} />
        </div>
      )}
    </div>
  );
}

const offset = (label: string) => Number(label.slice(label.lastIndexOf("+") + 1)) || 0;
