// What all views share: the data, what is selected, what is looked for.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ColorBy } from "./colors";
import type { Model } from "./data";
import type { Found } from "./search";

export const TABS = ["timeline", "tree", "functions", "errors", "counts", "gaps"] as const;
export type Tab = (typeof TABS)[number];
export type Selection = { kind: "span"; span: number } | { kind: "function"; label: number } | null;
export type Group = "thread" | "trace";

export interface App {
  model: Model;
  tab: Tab;
  show(tab: Tab): void;
  selection: Selection;
  select(selection: Selection): void;
  /** Select a span, show the timeline, and bring the span into view. */
  reveal(span: number, zoom?: boolean): void;
  /** The span that has to be brought into view, with a number that changes when it has to be again. */
  revealed: { span: number; zoom: boolean; turn: number };
  query: string;
  lookFor(query: string): void;
  found: Found | null;
  group: Group;
  setGroup(group: Group): void;
  colorBy: ColorBy;
  setColorBy(by: ColorBy): void;
  dark: boolean;
}

export const AppContext = createContext<App>(null!);
export const useApp = () => useContext(AppContext);

/** Title of a process: its service and number, and its language. */
export function processTitle(model: Model, number: number): string {
  const { attributes } = model.meta.processes[number];
  const service = (attributes["service.name"] ?? "").replace(/^unknown_service:?/, "") || attributes["process.executable.name"] || "process";
  return attributes["process.pid"] ? `${service} ${attributes["process.pid"]}` : service;
}
