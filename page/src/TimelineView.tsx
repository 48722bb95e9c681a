// The timeline as a person uses it: pointer, wheel, touch and keys move what timeline.ts draws.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { processTitle, useApp } from "./app";
import { barColors, type ColorBy, themeOf } from "./colors";
import { count, counted, language, stretch } from "./format";
import { layOut } from "./layout";
import { drawOverview } from "./overview";
import { draw, HEADER, hit, placeLanes, ROW, RULER, type Scene, type View } from "./timeline";
import { Tip } from "./Tip";

const SHORTEST = 20; // nanoseconds over the whole width
const OVERVIEW = 44;

export function TimelineView() {
  const app = useApp();
  const { model, selection, found, revealed, group, colorBy, dark } = app;
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const overview = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [closed, setClosed] = useState<Set<number>>(() => new Set());
  const [hovered, setHovered] = useState({ span: -1, x: 0, y: 0 });
  const [label, setLabel] = useState("");
  const view = useRef<View>({ from: 0, to: model.latest });
  const frame = useRef(0);
  const selected = selection?.kind === "span" ? selection.span : -1;

  const layout = useMemo(() => {
    if (group === "trace") {
      const first = new Map<number, number>();
      for (let i = model.count - 1; i >= 0; i--) first.set(model.trace[i], i);
      return layOut(model, model.trace, (trace) => {
        const span = first.get(trace)!;
        return [model.meta.places.rows[model.place[span]][1], `${processTitle(model, model.meta.lanes[model.lane[span]][0])} · trace ${model.meta.traces[trace].slice(0, 8)}…`];
      });
    }
    const several = new Set(model.meta.lanes.map(([process]) => process).filter((process, at, all) => all.indexOf(process) !== at));
    return layOut(model, model.lane, (number) => {
      const [process, thread, name] = model.meta.lanes[number];
      const dropped = model.meta.processes[process].dropped;
      return [
        processTitle(model, process),
        [several.has(process) ? `thread ${name || thread}` : "", dropped ? `⚠ ${count(dropped)} spans dropped by the program` : ""].filter(Boolean).join(" · "),
      ];
    });
  }, [model, group]);
  const lanes = useMemo(() => {
    layout.lanes.forEach((lane) => {
      lane.note = [lane.note, languageOf(lane.key), counted(lane.spans, "span")].filter(Boolean).join(" · ");
    });
    return layout;
    function languageOf(key: number) {
      if (group === "trace") return "";
      return language(model.meta.processes[model.meta.lanes[key][0]].attributes["telemetry.sdk.language"] ?? "");
    }
  }, [layout]);
  const places = useMemo(() => placeLanes(lanes, closed), [lanes, closed]);
  useEffect(() => setClosed(new Set()), [layout]);
  const theme = useMemo(() => themeOf(document.documentElement), [dark]);
  const colors = useMemo(() => barColors(model, theme, colorBy), [model, theme, colorBy]);
  const foundBefore = useMemo(() => {
    if (!found) return null;
    const before = new Uint32Array(model.count + 1);
    for (let at = 0; at < model.count; at++) before[at + 1] = before[at] + found.mask[lanes.order[at]];
    return before;
  }, [found, lanes]);

  const scene = (): Scene => ({
    model, layout: lanes, places, colors, theme, found, foundBefore, selected, view: view.current,
    scroll: scroller.current?.scrollTop ?? 0, width: size.width, height: size.height,
    hovered: hovered.span, focused: document.activeElement === scroller.current,
  });
  const latest = useRef(scene);
  latest.current = scene;

  const paint = () => {
    frame.current = 0;
    const now = latest.current();
    if (!now.width || !canvas.current || !overview.current) return;
    const began = performance.now();
    const ratio = devicePixelRatio || 1;
    draw(sized(canvas.current, now.width, now.height, ratio), now);
    drawOverview(sized(overview.current, now.width, OVERVIEW, ratio), model, now.layout, now.found, now.view, now.width, OVERVIEW, now.theme);
    canvas.current.dataset.frame = (performance.now() - began).toFixed(2);
    canvas.current.dataset.from = now.view.from.toFixed(0);
    canvas.current.dataset.to = now.view.to.toFixed(0);
    setLabel(stretch(now.view.from, now.view.to));
  };
  const repaint = () => {
    frame.current ||= requestAnimationFrame(paint);
  };
  useEffect(repaint);

  useLayoutEffect(() => {
    const measure = () => {
      const box = scroller.current!;
      setSize({ width: box.clientWidth, height: box.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);

  const look = (from: number, to: number) => {
    const width = Math.min(Math.max(to - from, SHORTEST), model.latest * 1.04);
    const margin = model.latest * 0.02;
    const left = Math.min(Math.max(from, -margin), model.latest + margin - width);
    view.current = { from: left, to: left + width };
    repaint();
  };
  const all = () => look(0, model.latest);
  const zoom = (factor: number, x = size.width / 2) => {
    const { from, to } = view.current;
    const at = from + ((to - from) * x) / size.width;
    look(at - (at - from) * factor, at + (to - at) * factor);
  };
  const pan = (share: number) => {
    const { from, to } = view.current;
    look(from + (to - from) * share, to + (to - from) * share);
  };
  const zoomTo = (span: number) => {
    const length = Math.max(model.end[span] - model.start[span], SHORTEST);
    look(model.start[span] - length * 0.05, model.end[span] + length * 0.05);
  };
  /** Scroll and move so that a span can be seen. */
  const bringIntoView = (span: number) => {
    const lane = lanes.laneOf[span];
    if (closed.has(lane)) setClosed((before) => new Set([...before].filter((number) => number !== lane)));
    const { from, to } = view.current;
    const [start, end] = [model.start[span], model.end[span]];
    const width = to - from;
    if (end - start > width * 3 || (end - start) * size.width < width * 3) zoomToContext(span);
    else if (start < from || end > to) look(start - (width - (end - start)) / 2, start + (width + (end - start)) / 2);
    requestAnimationFrame(() => {
      const box = scroller.current;
      if (!box) return;
      const { places: now } = latest.current();
      const top = now.top[lane] + HEADER + lanes.rowOf[span] * ROW;
      const room = box.clientHeight - RULER;
      if (top < box.scrollTop + ROW) box.scrollTop = Math.max(top - HEADER - 2 * ROW, 0);
      else if (top + ROW > box.scrollTop + room) box.scrollTop = top + 3 * ROW - room;
      repaint();
    });
  };
  const zoomToContext = (span: number) => {
    const length = Math.max(model.end[span] - model.start[span], SHORTEST / 4);
    look(model.start[span] - length * 3, model.end[span] + length * 3);
  };
  useEffect(() => {
    if (revealed.turn > 0 && revealed.span >= 0 && size.width) {
      if (revealed.zoom) zoomTo(revealed.span);
      bringIntoView(revealed.span);
    }
  }, [revealed, size.width > 0]);

  // ---- Pointer, wheel and touch

  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const drag = useRef<{ x: number; y: number; view: View; scroll: number; moved: boolean; spread: number } | null>(null);
  const place = (event: { clientX: number; clientY: number }) => {
    const box = canvas.current!.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...pointers.current.values()];
    return b ? Math.abs(a.x - b.x) + Math.abs(a.y - b.y) : 0;
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const at = place(event);
    pointers.current.set(event.pointerId, at);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    drag.current = { ...at, view: { ...view.current }, scroll: scroller.current!.scrollTop, moved: (drag.current?.moved ?? false) || pointers.current.size > 1, spread: spread() };
  };
  const move = (event: PointerEvent) => {
    const at = place(event);
    if (!drag.current || !pointers.current.has(event.pointerId)) {
      const { span } = hit(scene(), at.x, at.y);
      setHovered({ span, ...at });
      return;
    }
    pointers.current.set(event.pointerId, at);
    const { x, y, view: before, scroll, spread: wide } = drag.current;
    const width = before.to - before.from;
    if (pointers.current.size > 1) {
      const now = Math.max(spread(), 1);
      const middle = [...pointers.current.values()].reduce((sum, point) => sum + point.x, 0) / pointers.current.size;
      const factor = Math.max(wide, 1) / now;
      const fixed = before.from + (width * middle) / size.width;
      look(fixed - (fixed - before.from) * factor, fixed + (before.to - fixed) * factor);
      return;
    }
    if (Math.abs(at.x - x) + Math.abs(at.y - y) > 4) drag.current.moved = true;
    if (!drag.current.moved) return;
    setHovered({ span: -1, x: 0, y: 0 });
    const shift = ((x - at.x) / size.width) * width;
    look(before.from + shift, before.to + shift);
    scroller.current!.scrollTop = scroll + y - at.y;
  };
  const up = (event: PointerEvent) => {
    pointers.current.delete(event.pointerId);
    const was = drag.current;
    if (pointers.current.size) return;
    drag.current = null;
    if (!was || was.moved || event.type === "pointercancel") return;
    const at = place(event);
    const { span, header } = hit(scene(), at.x, at.y);
    if (header >= 0) toggle(header);
    else app.select(span >= 0 ? { kind: "span", span } : null);
  };
  const toggle = (number: number) => {
    setClosed((before) => {
      const after = new Set(before);
      if (!after.delete(number)) after.add(number);
      return after;
    });
  };
  useEffect(() => {
    const wheel = (event: WheelEvent) => {
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        event.preventDefault();
        zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY * unit)) * 0.004), place(event).x);
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        pan(((event.deltaX || event.deltaY) * unit) / size.width);
      }
    };
    const box = scroller.current!;
    box.addEventListener("wheel", wheel, { passive: false });
    return () => box.removeEventListener("wheel", wheel);
  });

  const brush = useRef<{ kind: "new" | "move"; at: number; view: View } | null>(null);
  const brushDown = (event: PointerEvent) => {
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const box = overview.current!.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * model.latest;
    const { from, to } = view.current;
    const whole = to - from > model.latest * 0.9;
    brush.current = { kind: !whole && at >= from && at <= to ? "move" : "new", at, view: { from, to } };
  };
  const brushMove = (event: PointerEvent) => {
    if (!brush.current) return;
    const box = overview.current!.getBoundingClientRect();
    const now = ((event.clientX - box.left) / box.width) * model.latest;
    const { kind, at, view: before } = brush.current;
    if (kind === "move") look(before.from + now - at, before.to + now - at);
    else if (Math.abs(now - at) > model.latest / 400) look(Math.min(at, now), Math.max(at, now));
  };
  const brushUp = (event: PointerEvent) => {
    const was = brush.current;
    brush.current = null;
    if (!was || was.kind !== "new") return;
    const box = overview.current!.getBoundingClientRect();
    const now = ((event.clientX - box.left) / box.width) * model.latest;
    if (Math.abs(now - was.at) <= model.latest / 400) {
      const half = (was.view.to - was.view.from) / 2;
      look(now - half, now + half);
    }
  };

  // ---- Keys

  const choose = (span: number) => {
    if (span < 0) return;
    app.select({ kind: "span", span });
    bringIntoView(span);
  };
  const sibling = (step: number) => {
    if (selected < 0) return choose(firstVisible());
    const row = lanes.lanes[lanes.laneOf[selected]].firstRow + lanes.rowOf[selected];
    for (let at = lanes.rowStart[row]; at < lanes.rowStart[row + 1]; at++) {
      if (lanes.order[at] === selected) {
        const next = at + step;
        if (next >= lanes.rowStart[row] && next < lanes.rowStart[row + 1]) choose(lanes.order[next]);
        return;
      }
    }
  };
  const firstVisible = () => {
    for (let i = 0; i < model.count; i++) if (model.end[i] >= view.current.from && model.start[i] <= view.current.to) return i;
    return model.count ? 0 : -1;
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const does: Record<string, () => void> = {
      w: () => zoom(0.6), "+": () => zoom(0.6), "=": () => zoom(0.6),
      s: () => zoom(1 / 0.6), "-": () => zoom(1 / 0.6),
      a: () => pan(-0.2), d: () => pan(0.2),
      "0": all, Home: all,
      ArrowLeft: () => sibling(-1), ArrowRight: () => sibling(1),
      ArrowUp: () => (selected < 0 ? choose(firstVisible()) : choose(model.parent[selected])),
      ArrowDown: () => (selected < 0 ? choose(firstVisible()) : choose(model.firstChild[selected + 1] > model.firstChild[selected] ? model.children[model.firstChild[selected]] : -1)),
      Enter: () => selected >= 0 && zoomTo(selected), z: () => selected >= 0 && zoomTo(selected),
    };
    if (!does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  };

  const tip = hovered.span >= 0 ? hovered.span : -1;
  const empty = model.count === 0;
  return (
    <div class="timeline">
      <div class="toolbar" role="toolbar" aria-label="Timeline">
        <span class="buttons">
          <button type="button" onClick={() => zoom(0.6)} title="Zoom in (W or +)" aria-label="Zoom in">+</button>
          <button type="button" onClick={() => zoom(1 / 0.6)} title="Zoom out (S or -)" aria-label="Zoom out">−</button>
          <button type="button" onClick={all} title="Show everything (0)">All</button>
          <button type="button" disabled={selected < 0} onClick={() => zoomTo(selected)} title="Zoom to the selected span (Enter)">Selected</button>
        </span>
        <label>
          Lanes
          <select value={group} onChange={(event) => app.setGroup(event.currentTarget.value as "thread" | "trace")}>
            <option value="thread">process and thread</option>
            <option value="trace">trace</option>
          </select>
        </label>
        <label>
          Colour
          <select value={colorBy} onChange={(event) => app.setColorBy(event.currentTarget.value as ColorBy)}>
            <option value="file">file</option>
            <option value="function">function</option>
            <option value="language">language</option>
          </select>
        </label>
        <output class="range" aria-live="off">{empty ? "" : label}</output>
      </div>
      <canvas
        ref={overview} class="overview" height={OVERVIEW} aria-hidden="true"
        onPointerDown={brushDown} onPointerMove={brushMove} onPointerUp={brushUp} onPointerCancel={() => (brush.current = null)}
        onDblClick={all}
      />
      <div
        class="lanes" ref={scroller} tabIndex={0} role="application" aria-roledescription="timeline"
        aria-label={`Timeline of ${counted(model.count, "span")}. Arrow keys go from span to span, W and S zoom, A and D move, Enter zooms to the selected span, 0 shows all.`}
        onScroll={repaint} onKeyDown={key} onFocus={repaint} onBlur={repaint}
      >
        <canvas
          ref={canvas} class="spans" data-lanes={lanes.lanes.length}
          onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up}
          onPointerLeave={() => setHovered({ span: -1, x: 0, y: 0 })}
          onDblClick={(event) => {
            const at = place(event);
            const { span } = hit(scene(), at.x, at.y);
            if (span >= 0) zoomTo(span);
          }}
        />
        <div class="spacer" style={{ height: `${Math.max(places.height + RULER - size.height, 0)}px` }} />
        {empty && <p class="nothing">There are no spans in {counted(model.meta.files.length, "file")}.</p>}
        {tip >= 0 && <Tip span={tip} x={hovered.x} y={hovered.y} {...size} scroll={scroller.current?.scrollTop ?? 0} />}
      </div>
    </div>
  );
}

function sized(canvas: HTMLCanvasElement, width: number, height: number, ratio: number): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false })!;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
