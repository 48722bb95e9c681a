// The strip above the timeline: the whole run, and which part of it is looked at.
import type { Theme } from "./colors";
import { ERROR, type Model } from "./data";
import type { Layout } from "./layout";
import type { Found } from "./search";
import type { View } from "./timeline";

/** The whole run in a strip: how deep the calls were, where some failed, and which part is being looked at. */
export function drawOverview(
  context: CanvasRenderingContext2D, model: Model, layout: Layout, found: Found | null, view: View, width: number, height: number, theme: Theme,
): void {
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, width, height);
  const { depth, errors, deepest, matches } = profile(model, layout, found, Math.max(1, Math.floor(width)));
  context.fillStyle = theme.accent;
  context.globalAlpha = 0.35;
  const room = height - 8;
  for (let x = 0; x < depth.length; x++) {
    const tall = (depth[x] / deepest) * room;
    if (tall > 0) context.fillRect(x, height - 4 - tall, 1, tall);
  }
  context.globalAlpha = 1;
  for (let x = 0; x < depth.length; x++) {
    if (errors[x]) {
      context.fillStyle = theme.error;
      context.fillRect(x, height - 4, 1.5, 4);
    }
    if (matches[x]) {
      context.fillStyle = theme.warning;
      context.fillRect(x, 0, 1.5, 4);
    }
  }
  const x1 = (view.from / model.latest) * width;
  const x2 = Math.max((view.to / model.latest) * width, x1 + 2);
  context.fillStyle = theme.background;
  context.globalAlpha = 0.65;
  context.fillRect(0, 0, x1, height);
  context.fillRect(x2, 0, width - x2, height);
  context.globalAlpha = 1;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1;
  context.strokeRect(x1 + 0.5, 0.5, Math.max(x2 - x1 - 1, 1), height - 1);
}

interface Profile {
  depth: Uint16Array;
  errors: Uint8Array;
  matches: Uint8Array;
  deepest: number;
}

let lastProfile: { layout: Layout; found: Found | null; width: number; profile: Profile } | null = null;

function profile(model: Model, layout: Layout, found: Found | null, width: number): Profile {
  if (lastProfile?.layout === layout && lastProfile.found === found && lastProfile.width === width) return lastProfile.profile;
  const made: Profile = { depth: new Uint16Array(width), errors: new Uint8Array(width), matches: new Uint8Array(width), deepest: 1 };
  const scale = width / model.latest;
  for (let i = 0; i < model.count; i++) {
    const from = Math.min(Math.floor(model.start[i] * scale), width - 1);
    const to = Math.min(Math.floor(model.end[i] * scale), width - 1);
    const depth = layout.rowOf[i] + 1;
    // Wide ones are few; narrow ones touch a pixel or two.
    for (let x = from; x <= to; x++) if (made.depth[x] < depth) made.depth[x] = depth;
    if (model.flags[i] & ERROR) made.errors[from] = 1;
    if (found?.mask[i]) made.matches[from] = 1;
    if (depth > made.deepest) made.deepest = depth;
  }
  lastProfile = { layout, found, width, profile: made };
  return made;
}
