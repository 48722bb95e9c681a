// Every function with its figures, sorted by any of them.
import { useMemo, useState } from "preact/hooks";
import { useApp } from "./app";
import type { FunctionRow } from "./data";
import { count, counted, time } from "./format";
import { Bar, type Column, Name, sorted, Table } from "./Table";

export function FunctionsView() {
  const { model, query, selection, select } = useApp();
  const { functions, otherFunctions, labels, places } = model.meta;
  const [sort, setSort] = useState({ name: "self", up: false });
  const files = useMemo(() => {
    const found = new Map<number, string>();
    places.rows.forEach(([, , file, line], place) => {
      const label = model.labelOfPlace[place];
      if (!found.has(label) && places.files[file]) found.set(label, line ? `${places.files[file]}:${line}` : places.files[file]);
    });
    return found;
  }, [model]);
  const whole = useMemo(() => functions.reduce((sum, row) => sum + row[4], 0), [functions]);
  const most = useMemo(() => functions.reduce((most, row) => Math.max(most, row[3]), 0), [functions]);
  const figure = (title: string, name: string, at: number, hint: string): Column<FunctionRow> => ({
    title, name, numeric: true, hint, value: (row) => row[at], cell: (row) => time(row[at]),
  });
  const columns: Column<FunctionRow>[] = [
    {
      title: "Function", name: "function", wide: true, value: (row) => labels[row[0]][1],
      cell: (row) => <Name full={labels[row[0]][0]} short={labels[row[0]][1]} where={files.get(row[0]) ?? ""} />,
    },
    { title: "Calls", name: "calls", numeric: true, value: (row) => row[1], cell: (row) => count(row[1]) },
    { title: "Errors", name: "errors", numeric: true, value: (row) => row[2], cell: (row) => row[2] > 0 && <span class="bad">{count(row[2])}</span> },
    { ...figure("Total", "total", 3, "Time inside of the function and all that it called"), cell: (row) => <Bar part={row[3]} whole={most}>{time(row[3])}</Bar> },
    { ...figure("Self", "self", 4, "Time in which nothing that it called was running"), cell: (row) => <Bar part={row[4]} whole={whole}>{time(row[4])}</Bar> },
    figure("p50", "p50", 5, "Half of the calls took at most this long (right to 1 %)"),
    figure("p95", "p95", 6, "95 of 100 calls took at most this long (right to 1 %)"),
    figure("p99", "p99", 7, "99 of 100 calls took at most this long (right to 1 %)"),
  ];
  const wanted = query.trim().toLowerCase();
  const rows = useMemo(() => {
    const matching = functions.filter((row) => !wanted || labels[row[0]][0].toLowerCase().includes(wanted) || (files.get(row[0]) ?? "").toLowerCase().includes(wanted));
    return sorted(matching, columns, sort);
  }, [functions, wanted, sort]);
  return (
    <div class="view">
      <div class="toolbar">
        <span class="muted">
          {wanted ? `${count(rows.length)} of ` : ""}{counted(functions.length, "function")}{otherFunctions > 0 && `, those after the first 20,000 as one`}, by {sort.name}
        </span>
      </div>
      <Table
        label="Functions" rows={rows} columns={columns} identity={(row) => row[0]} sort={sort} setSort={setSort}
        selected={selection?.kind === "function" ? selection.label : null}
        open={(row) => select({ kind: "function", label: row[0] })}
        nothing={wanted ? "No function has that in its name or file." : "There are no functions."}
      />
    </div>
  );
}
