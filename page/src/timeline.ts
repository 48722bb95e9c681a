// Draws the timeline on a canvas: only what can be seen, and never more than a handful of rectangles for each pixel.
import type { Theme } from "./colors";
import { BACKWARDS, EARLY, ERROR, type Model, ORPHAN, UNFINISHED } from "./data";
import { moment, roundStep, time } from "./format";
import { firstEndingAfter, type Lane, type Layout } from "./layout";
import { drawSelection } from "./selection";
import type { Found } from "./search";

export const ROW = 18;
export const HEADER = 24;
export const RULER = 24;
const GAP = 8;
const ODD = ORPHAN | BACKWARDS | EARLY;

export interface View {
  from: number;
  to: number;
}

/** Where each lane is, in pixels below the ruler. */
export interface Places {
  top: Float64Array;
  height: number;
  closed: Set<number>;
}

export function placeLanes(layout: Layout, closed: Set<number>): Places {
  const top = new Float64Array(layout.lanes.length + 1);
  layout.lanes.forEach((lane, number) => {
    top[number + 1] = top[number] + HEADER + GAP + (closed.has(number) ? 0 : lane.rows * ROW);
  });
  return { top, height: top[layout.lanes.length], closed };
}

export function laneAt(places: Places, y: number): number {
  let low = 0;
  for (let high = places.top.length - 2; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (places.top[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Scene {
  model: Model;
  layout: Layout;
  places: Places;
  view: View;
  scroll: number;
  width: number;
  height: number;
  colors: string[];
  theme: Theme;
  found: Found | null;
  /** How many of the spans before a place in `layout.order` match. */
  foundBefore: Uint32Array | null;
  selected: number;
  hovered: number;
  focused: boolean;
}

export const FONT = "11.5px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const widths = new Map<string, number>();

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  let width = widths.get(text);
  if (width === undefined) {
    if (widths.size > 20_000) widths.clear();
    widths.set(text, (width = context.measureText(text).width));
  }
  if (width <= room) return text;
  const letters = Math.floor((text.length * (room - 8)) / width);
  return letters > 1 ? `${text.slice(0, letters)}…` : "";
}

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, places, theme, width, height, scroll } = scene;
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = "middle";
  const step = drawGrid(context, scene);
  if (layout.lanes.length) {
    for (let number = laneAt(places, scroll); number < layout.lanes.length; number++) {
      const top = RULER + places.top[number] - scroll;
      if (top > height) break;
      drawLane(context, scene, layout.lanes[number], number, top);
    }
  }
  drawSelection(context, scene);
  drawRuler(context, scene, step);
}

export const scaleOf = ({ view, width }: Scene) => width / (view.to - view.from);

/** The multiples of a step that can be seen. Counted: far from zero a small step may not change a number. */
function steps(view: View, step: number): number[] {
  const first = Math.ceil(view.from / step);
  const number = Math.min(Math.max(Math.floor(view.to / step) - first + 1, 0), 500);
  return Array.from({ length: number }, (_, index) => (first + index) * step);
}

function drawGrid(context: CanvasRenderingContext2D, scene: Scene): number {
  const { view, height, theme } = scene;
  const scale = scaleOf(scene);
  const step = roundStep(110 / scale);
  context.fillStyle = theme.line;
  context.globalAlpha = 0.5;
  for (const at of steps(view, step)) context.fillRect(Math.round((at - view.from) * scale), RULER, 1, height);
  context.globalAlpha = 1;
  return step;
}

function drawRuler(context: CanvasRenderingContext2D, scene: Scene, step: number): void {
  const { view, width, theme } = scene;
  const scale = scaleOf(scene);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, RULER);
  context.fillStyle = theme.line;
  context.fillRect(0, RULER - 1, width, 1);
  for (const at of steps(view, step)) {
    const x = Math.round((at - view.from) * scale);
    context.fillStyle = theme.line;
    context.fillRect(x, RULER - 7, 1, 7);
    context.fillStyle = theme.muted;
    context.fillText(moment(at, step), x + 5, RULER / 2);
  }
}

function drawLane(context: CanvasRenderingContext2D, scene: Scene, lane: Lane, number: number, top: number): void {
  const { theme, width, height, places } = scene;
  context.fillStyle = theme.lane;
  context.fillRect(0, top, width, HEADER - 2);
  context.fillStyle = theme.line;
  context.fillRect(0, top, width, 1);
  const closed = places.closed.has(number);
  context.fillStyle = theme.muted;
  context.beginPath();
  const middle = top + HEADER / 2 - 1;
  if (closed) {
    context.moveTo(8, middle - 4);
    context.lineTo(14, middle);
    context.lineTo(8, middle + 4);
  } else {
    context.moveTo(7, middle - 3);
    context.lineTo(15, middle - 3);
    context.lineTo(11, middle + 3);
  }
  context.fill();
  context.fillStyle = theme.text;
  const title = fitted(context, lane.title, width - 40);
  context.fillText(title, 21, middle);
  context.fillStyle = theme.muted;
  const used = 21 + context.measureText(title).width + 12;
  context.fillText(fitted(context, lane.note, width - used - 8), used, middle);
  if (closed) return;
  const firstY = top + HEADER;
  const from = Math.max(0, Math.floor((RULER - firstY) / ROW));
  const to = Math.min(lane.rows, Math.ceil((height - firstY) / ROW));
  for (let row = from; row < to; row++) drawRow(context, scene, lane.firstRow + row, firstY + row * ROW);
}

function drawRow(context: CanvasRenderingContext2D, scene: Scene, row: number, y: number): void {
  const { model, layout, view, width, colors, theme, found, foundBefore } = scene;
  const { start, end, place, flags } = model;
  const { order, rowStart, errorsBefore } = layout;
  const scale = scaleOf(scene);
  const barHeight = ROW - 2;
  const last = rowStart[row + 1];
  const labels = scene.model.meta.places.rows;
  let at = firstEndingAfter(layout, end, row, view.from);
  // A run of rectangles with one colour, each narrower than a pixel, is drawn as one.
  let runFrom = -1;
  let runTo = -1;
  let runColor = "";
  let runFaint = false;
  const flush = () => {
    if (runFrom < 0) return;
    context.globalAlpha = runFaint ? 0.22 : 1;
    context.fillStyle = runColor;
    context.fillRect(runFrom, y, runTo - runFrom, barHeight);
    runFrom = -1;
  };
  while (at < last) {
    const span = order[at];
    if (start[span] >= view.to) break;
    const x = (start[span] - view.from) * scale;
    const right = (end[span] - view.from) * scale;
    if (right - x < 1.5) {
      const pixel = Math.max(Math.floor(x), 0);
      const next = Math.max(firstEndingAfter(layout, end, row, view.from + (pixel + 1) / scale, at + 1), at + 1);
      const failed = errorsBefore[next] > errorsBefore[at];
      const faint = foundBefore !== null && foundBefore[next] === foundBefore[at];
      const color = failed && !faint ? theme.error : colors[place[span]];
      if (runFrom >= 0 && (pixel > runTo || color !== runColor || faint !== runFaint)) flush();
      if (runFrom < 0) {
        runFrom = pixel;
        runColor = color;
        runFaint = faint;
      }
      runTo = pixel + 1;
      at = next;
      continue;
    }
    flush();
    const left = Math.max(x, -2);
    const visible = Math.min(right, width + 2) - left;
    const faint = found !== null && !found.mask[span];
    context.globalAlpha = faint ? 0.22 : 1;
    context.fillStyle = colors[place[span]];
    const inner = visible > 4 ? visible - 1 : visible;
    context.fillRect(left, y, inner, barHeight);
    const flag = flags[span];
    if (flag & UNFINISHED) drawOpenEnd(context, left, y, inner, barHeight, theme);
    if (flag & ERROR) {
      context.fillStyle = theme.error;
      context.fillRect(left, y, inner, 3);
    }
    if (flag & ODD && visible > 6) {
      context.fillStyle = theme.warning;
      context.beginPath();
      context.moveTo(left, y + barHeight);
      context.lineTo(left + 7, y + barHeight);
      context.lineTo(left, y + barHeight - 7);
      context.fill();
    }
    if (visible > 26) {
      context.fillStyle = theme.label;
      const name = labels[place[span]][1];
      const begin = Math.max(left, 0) + 5;
      const room = Math.min(right, width) - begin - 4;
      const text = fitted(context, name, room);
      context.fillText(text, begin, y + barHeight / 2 + 0.5);
      const nameWidth = widths.get(name) ?? 0;
      if (text === name && room - nameWidth > 64) {
        context.globalAlpha *= 0.62;
        context.fillText(time(end[span] - start[span]), begin + nameWidth + 8, y + barHeight / 2 + 0.5);
      }
    }
    at++;
  }
  flush();
  context.globalAlpha = 1;
}

function drawOpenEnd(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, theme: Theme): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = theme.background;
  context.globalAlpha = 0.6;
  context.lineWidth = 2;
  context.beginPath();
  for (let at = Math.max(x, 0) - height; at < x + width; at += 8) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** Where a span is drawn, or null when its lane is closed. */
export function boxOf(scene: Scene, span: number): { x: number; y: number; width: number } | null {
  const { model, layout, places, view, scroll } = scene;
  const lane = layout.laneOf[span];
  if (places.closed.has(lane)) return null;
  const scale = scaleOf(scene);
  return {
    x: (model.start[span] - view.from) * scale,
    y: RULER + places.top[lane] - scroll + HEADER + layout.rowOf[span] * ROW,
    width: Math.max((model.end[span] - model.start[span]) * scale, 2),
  };
}

/** What is under a point: a span, a lane's header, or nothing. */
export function hit(scene: Scene, x: number, y: number): { span: number; header: number } {
  const { layout, places, scroll, model, view } = scene;
  const none = { span: -1, header: -1 };
  if (y < RULER || !layout.lanes.length) return none;
  const at = y - RULER + scroll;
  if (at >= places.height) return none;
  const number = laneAt(places, at);
  const inside = at - places.top[number];
  if (inside < HEADER) return { span: -1, header: number };
  const lane = layout.lanes[number];
  const row = Math.floor((inside - HEADER) / ROW);
  if (places.closed.has(number) || row >= lane.rows) return none;
  const scale = scaleOf(scene);
  const moment = view.from + x / scale;
  const reach = 2 / scale;
  const first = firstEndingAfter(layout, model.end, lane.firstRow + row, moment - reach);
  let best = -1;
  let nearest = Infinity;
  for (let position = first; position < layout.rowStart[lane.firstRow + row + 1]; position++) {
    const span = layout.order[position];
    if (model.start[span] > moment + reach || position > first + 50) break;
    const away = moment < model.start[span] ? model.start[span] - moment : moment > model.end[span] ? moment - model.end[span] : 0;
    if (away < nearest) [best, nearest] = [span, away];
  }
  return { span: best, header: -1 };
}
