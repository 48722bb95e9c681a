// What is drawn over the spans: the outline of the selected one, and arrows where its calls cross lanes.
import { boxOf, ROW, type Scene } from "./timeline";

export function drawSelection(context: CanvasRenderingContext2D, scene: Scene): void {
  const { selected, hovered, theme, width, model, layout } = scene;
  const outline = (span: number, color: string, thick: number) => {
    const box = span >= 0 ? boxOf(scene, span) : null;
    if (!box) return;
    const x = Math.max(box.x, -4);
    context.strokeStyle = color;
    context.lineWidth = thick;
    context.strokeRect(x - 0.5, box.y - 0.5, Math.min(box.x + box.width, width + 4) - x + (box.width > 4 ? 0 : 1), ROW - 1);
  };
  if (hovered !== selected) outline(hovered, theme.muted, 1);
  if (selected < 0) return;
  const parent = model.parent[selected];
  if (parent >= 0 && layout.laneOf[parent] !== layout.laneOf[selected]) drawLink(context, scene, parent, selected);
  for (let c = model.firstChild[selected]; c < Math.min(model.firstChild[selected + 1], model.firstChild[selected] + 200); c++) {
    const child = model.children[c];
    if (layout.laneOf[child] !== layout.laneOf[selected]) drawLink(context, scene, selected, child);
  }
  outline(selected, theme.accent, 2);
}

/** A call from one process, thread or trace lane into another. */
function drawLink(context: CanvasRenderingContext2D, scene: Scene, caller: number, called: number): void {
  const from = boxOf(scene, caller);
  const to = boxOf(scene, called);
  if (!from || !to) return;
  const down = to.y > from.y;
  const y1 = from.y + (down ? ROW - 2 : 0);
  const y2 = to.y + (down ? 0 : ROW - 2);
  const x1 = Math.min(Math.max(to.x, from.x), from.x + from.width);
  context.strokeStyle = context.fillStyle = scene.theme.accent;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(x1, y1);
  context.bezierCurveTo(x1, (y1 + y2) / 2, to.x, (y1 + y2) / 2, to.x, y2);
  context.stroke();
  const tip = down ? -5 : 5;
  context.beginPath();
  context.moveTo(to.x, y2);
  context.lineTo(to.x - 3.5, y2 + tip);
  context.lineTo(to.x + 3.5, y2 + tip);
  context.fill();
}
