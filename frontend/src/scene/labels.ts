/** Where labels go: near what they name, away from one another and from lines, and never out of the picture. */

import type { Box } from "./frame";
import { FONT_SIZE, type Attributes, element, pixels, widthOf, type Sketch } from "./svg";
import { GROUND, ink } from "./style";
import type { Pair } from "./types";

export interface Label {
  text: string;
  role: string;
  /** Places (px) that it may stand beside, the best first. */
  anchors: Pair[];
}

type Rect = [number, number, number, number];

const HEIGHT = FONT_SIZE + 3;
/** Sides on which a label can stand, the best first: direction in units of its half size. */
const SIDES: Pair[] = [[1, 0], [0, -1], [-1, 0], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
const GAPS = [5, 14, 30, 50];
/** From this gap on a thin line leads from the label to what it names. */
const LEADER = 30;
/** How much worse its last place may be before a label leaves it. */
const LOYALTY = 7;

/** A last place of at most this cost is kept without looking at others. */
const CONTENT = 1;

/** Where the labels of a picture stood last: the number of the place, by role and order. */
export type Memory = Map<string, number>;

/** Labels of these roles find their places first, in this order; those that find none without covering another are left out. */
const FIRST = ["minus-gradient", "newton", "angle", "point", "model-level", "dual", "whitened", "slopes", "stretched", "step-part", "slope-part", "center", "axis", "dual-axis", "trial", "cauchy"];
const rank = ({ role }: Label): number => (FIRST.indexOf(role) + 1 || FIRST.length + 1);

/**
 * Places the labels one after another. `marks` are points (px) of what is drawn, which labels should not cover. A
 * label keeps its side while that is nearly as good as another: labels that jump while x is dragged cannot be read.
 * Beyond the first `most` they are shown on demand (class "more").
 */
export function placedLabels(labels: Label[], marks: Pair[], plot: Box, memory: Memory, most = Infinity): Sketch[] {
  const taken: Rect[] = [], count = new Map<string, number>();
  return [...labels].sort((a, b) => rank(a) - rank(b)).flatMap((label) => {
    const order = (count.get(label.role) ?? 0) + 1, key = `${label.role} ${order}`;
    count.set(label.role, order);
    const { rect, anchor, gap, name } = best(label, widthOf(label.text), taken, marks, plot, memory.get(key));
    memory.set(key, name);
    if (taken.some((other) => overlap(rect, other) > 0)) return [];
    taken.push(rect);
    const more = taken.length > most ? " more" : "";
    const text = words(label.text, label.role, [(rect[0] + rect[2]) / 2, rect[3] - 4], "middle", { class: `role-${label.role} label${more}` });
    return gap >= LEADER ? [leader(rect, anchor, label.role, `leader${more}`), text] : [text];
  });
}

/** A thin line from the nearest side of a label. */
function leader([x0, y0, x1, y1]: Rect, [x, y]: Pair, role: string, name: string): Sketch {
  const from: Pair = [Math.max(x0, Math.min(x1, x)), Math.max(y0 + 3, Math.min(y1 - 3, y))];
  const d = `M${pixels(from[0])},${pixels(from[1])}L${pixels(x)},${pixels(y)}`;
  return element("path", { class: name, d, stroke: ink(role), "stroke-width": 0.7, fill: "none", "data-role": "leader" });
}

/** Words with a white halo. */
export function words(text: string, role: string, at: Pair, anchor: string, more: Attributes = {}): Sketch {
  return element("text", {
    class: `role-${role} label`, "data-role": "label", "data-of": role, x: pixels(at[0]), y: pixels(at[1]), "text-anchor": anchor,
    fill: ink(role), stroke: GROUND, "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke", ...more,
  }, text);
}

interface Place {
  rect: Rect;
  anchor: Pair;
  gap: number;
  name: number;
}

function best(label: Label, width: number, taken: Rect[], marks: Pair[], plot: Box, last: number | undefined): Place {
  let place: Place = { rect: [0, 0, 0, 0], anchor: label.anchors[0], gap: 0, name: -1 }, least = Infinity;
  const attempt = (name: number): void => {
    const s = name % SIDES.length, g = Math.floor(name / SIDES.length) % GAPS.length, a = Math.floor(name / SIDES.length / GAPS.length);
    const anchor = label.anchors[a], gap = GAPS[g], [dx, dy] = SIDES[s];
    const cx = anchor[0] + dx * (width / 2 + gap * (dy ? 0.7 : 1)), cy = anchor[1] + dy * (HEIGHT / 2 + gap * (dx ? 0.7 : 1));
    const rect = kept([cx - width / 2, cy - HEIGHT / 2, cx + width / 2, cy + HEIGHT / 2], plot);
    const pushed = Math.abs(rect[0] - cx + width / 2) + Math.abs(rect[1] - cy + HEIGHT / 2);
    const own = 0.3 * s + 1.2 * a + 0.25 * gap + 0.15 * pushed - (name === last ? LOYALTY : 0);
    if (own >= least) return;
    const cost = own + burden(rect, taken, marks, least - own);
    if (cost < least) [least, place] = [cost, { rect, anchor, gap, name }];
  };
  const places = label.anchors.length * GAPS.length * SIDES.length;
  // The last place first: while it is free, as it is in most frames of a drag, no other can be better.
  if (last !== undefined && last < places) attempt(last);
  for (let name = 0; name < places && least > CONTENT; name += 1) if (name !== last) attempt(name);
  return place;
}

/** How bad a place is; counting stops where it is worse than `limit`. */
function burden(rect: Rect, taken: Rect[], marks: Pair[], limit: number): number {
  const [x0, y0, x1, y1] = rect;
  let cost = 0;
  for (const other of taken) {
    const shared = overlap(rect, other);
    if (shared > 0) cost += 20 + 0.3 * shared;
  }
  for (const [x, y] of marks) {
    if (cost > limit) break;
    if (x > x0 && x < x1 && y > y0 && y < y1) cost += 2;
  }
  return cost;
}

/** The area that two boxes share. */
function overlap([x0, y0, x1, y1]: Rect, [a, b, c, d]: Rect): number {
  return Math.max(0, Math.min(x1, c) - Math.max(x0, a)) * Math.max(0, Math.min(y1, d) - Math.max(y0, b));
}

/** Pushed into the plot. */
function kept([x0, y0, x1, y1]: Rect, plot: Box): Rect {
  const dx = Math.max(0, plot.x + 2 - x0) || Math.min(0, plot.x + plot.width - 2 - x1);
  const dy = Math.max(0, plot.y + 2 - y0) || Math.min(0, plot.y + plot.height - 2 - y1);
  return [x0 + dx, y0 + dy, x1 + dx, y1 + dy];
}
