/** Stems: one value each, colored by its sign, with the words that belong to it. */

import type { Canvas } from "./marks";
import { words } from "./labels";
import { GROUND, color, styleOf } from "./style";
import { FONT_SIZE, element, pixels, widthOf, type Sketch } from "./svg";
import type { Pair, Stems } from "./types";

const SIGNS: Record<string, string> = { "-1": "negative", "0": "zero", "1": "positive" };
const RADIUS = 6.5;
/** Of dots: their size, the radius of the ring of the whole gradient, and the share from which a ring is drawn. */
const SPECK = 4, WHOLE = 20, SEEN = 0.01;

export function stems(item: Stems, canvas: Canvas): Sketch[] {
  if (item.bare) return item.positions.flatMap((position, i) => bareDot(item, i, canvas.frame.toPixel([position, item.values[i]])));
  const ends = item.positions.map((position, i) => ends2(item, canvas, position, item.values[i]));
  const gap = Math.min(...ends.slice(1).map(([base], i) => Math.abs(base[item.horizontal ? 1 : 0] - ends[i][0][item.horizontal ? 1 : 0])), 60);
  const radius = Math.max(1.5, Math.min(RADIUS, 0.3 * gap));
  return [...ends.flatMap(([base, tip], i) => stem(item, i, base, tip, radius)), ...labels(item, canvas, ends, gap)];
}

/** Base and tip of a stem in pixels. */
function ends2(item: Stems, { frame }: Canvas, position: number, value: number): [Pair, Pair] {
  const { plot } = frame;
  if (item.horizontal) {
    const [x, y] = frame.toPixel([value, position]);
    return [[plot.x, y], [Math.max(plot.x + RADIUS + 2, x), y]];
  }
  const [x, y] = frame.toPixel([position, value]), floor = plot.y + plot.height;
  return [[x, floor], [x, Math.min(floor, y)]];
}

function stem(item: Stems, i: number, base: Pair, tip: Pair, radius: number): Sketch[] {
  const role = SIGNS[String(Math.sign(item.signs[i]))], paint = color(role), share = item.shares?.[i];
  const circle = (r: number, more: Record<string, string | number>): Sketch =>
    element("circle", { cx: pixels(tip[0]), cy: pixels(tip[1]), r: pixels(r), ...more });
  const parts = [
    element("line", { x1: pixels(base[0]), y1: pixels(base[1]), x2: pixels(tip[0]), y2: pixels(tip[1]), stroke: paint, "stroke-width": styleOf(role).width }),
    circle(radius, { fill: share === undefined ? paint : GROUND, stroke: paint, "stroke-width": 1.4 }),
  ];
  // The filled part of the tip's area is the share.
  if (share) parts.push(circle(radius * Math.sqrt(Math.min(1, share)), { class: "role-energy", "data-role": "energy", fill: color("energy") }));
  return [element("g", { class: `role-${role}`, "data-role": role, "data-value": item.values[i], "data-sign": item.signs[i], "data-share": share }, ...parts)];
}

/** A dot of many: an upright triangle curves upwards, an inverted one downwards, a circle is zero; the ring's area is the share. */
function bareDot(item: Stems, i: number, [x, y]: Pair): Sketch[] {
  const sign = Math.sign(item.signs[i]), role = SIGNS[String(sign)], share = item.shares?.[i], look = { fill: sign ? color(role) : GROUND, stroke: color(role), "stroke-width": 1.2 };
  const corners = [[-0.87, 0.5], [0.87, 0.5], [0, -1]].map(([a, b]) => `${pixels(x + SPECK * a)},${pixels(y + SPECK * sign * b)}`);
  const dot = sign ? element("path", { ...look, d: `M${corners.join("L")}Z` }) : element("circle", { ...look, cx: pixels(x), cy: pixels(y), r: SPECK - 0.6 });
  const ring = share && share > SEEN ? [element("circle", { class: "role-energy", "data-role": "energy", cx: pixels(x), cy: pixels(y), r: pixels(WHOLE * Math.sqrt(share)), fill: "none", stroke: color("energy"), "stroke-width": 1.2 })] : [];
  return [element("g", { class: `role-${role}`, "data-role": role, "data-value": item.values[i], "data-sign": item.signs[i], "data-share": share }, dot, ...ring)];
}

/** Words above each stem where the rows have room, else behind its tip; where rows are too narrow only the chief ones. */
function labels(item: Stems, { frame: { plot } }: Canvas, ends: [Pair, Pair][], gap: number): Sketch[] {
  const role = (i: number): string => SIGNS[String(Math.sign(item.signs[i]))];
  if (!item.horizontal) {
    const fits = Math.max(...item.labels.map((label) => widthOf(label))) < gap;
    return fits ? ends.map(([, tip], i) => words(item.labels[i], role(i), [tip[0], tip[1] - RADIUS - 5], "middle")) : [];
  }
  const above = gap >= 2.2 * FONT_SIZE, taken: number[] = [], out: Sketch[] = [];
  const order = ends.map((_, i) => i).sort((i, j) => (item.shares?.[j] ?? 0) - (item.shares?.[i] ?? 0));
  for (const i of order) {
    const [base, tip] = ends[i], y = above ? base[1] - 9 : base[1] + 4;
    if (taken.some((other) => Math.abs(other - y) < FONT_SIZE + 1)) continue;
    taken.push(y);
    const room = plot.x + plot.width - tip[0] - RADIUS - 8, behind = widthOf(item.labels[i]) < room;
    const x = above ? base[0] + 6 : behind ? tip[0] + RADIUS + 5 : plot.x + plot.width - 4;
    out.push(words(item.labels[i], role(i), [x, y], above || behind ? "start" : "end"));
  }
  return out;
}
