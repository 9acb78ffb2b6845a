/** Items of a scene as SVG elements, in pixels. Each knows its role; ellipses and arrows carry their exact numbers. */

import { arcs } from "../maths/conic";
import { field, heat, outside } from "./fields";
import type { Frame } from "./frame";
import { type Label, words } from "./labels";
import { stems } from "./stems";
import { GROUND, color, stroke, styleOf, tint } from "./style";
import { FONT_SIZE, element, pixels, widthOf, wrapped, type Sketch } from "./svg";
import type { Arc, Arrow, Curve, Dots, Ellipse, Item, Pair, RightAngle, Scene, Words } from "./types";

/** What is being drawn on: labels wait until all is drawn, `marks` are points (px) that they should not cover. */
export interface Canvas {
  frame: Frame;
  scene: Scene;
  id: string;
  labels: Label[];
  marks: Pair[];
}

const ARC_RADIUS = 34, CORNER = 11, HEAD = 11, HEAD_HALF = 4.2;
/** Radii (px) above this lose pixels in browsers, which draw in single precision: only what is seen is drawn then. */
const LARGEST_RADIUS = 1e5;
/** More dots than this become one path. */
const MANY = 300;

export function drawn(item: Item, canvas: Canvas): Sketch[] {
  switch (item.kind) {
    case "ellipse": return [ellipse(item, canvas)];
    case "curve": return [curve(item, canvas)];
    case "arrow": return [arrow(item, canvas)];
    case "rightangle": return canvas.scene.equal ? [rightAngle(item, canvas)] : [];
    case "arc": return [arc(item, canvas)];
    case "dots": return dots(item, canvas);
    case "contours": return field(item, canvas);
    case "heat": return heat(item, canvas);
    case "stems": return stems(item, canvas);
    case "outside": return outside(item, canvas);
    case "text": return [text(item, canvas)];
  }
}

const path = (points: Pair[]): string => points.map((p, i) => `${i ? "L" : "M"}${pixels(p[0])},${pixels(p[1])}`).join("");
const joined = (pair: Pair | null | undefined): string | undefined => pair?.join(" ");

function ellipse(item: Ellipse, canvas: Canvas): Sketch {
  const { frame, scene } = canvas, ppx = frame.plot.width / (frame.window[1] - frame.window[0]);
  const [cx, cy] = frame.toPixel(item.center), [rx, ry] = item.semi.map((a) => a * ppx), [ca, sa] = [Math.cos(item.angle), Math.sin(item.angle)];
  const around = Array.from({ length: 96 }, (_, k): Pair => {
    const [u, v] = [item.semi[0] * Math.cos((k * Math.PI) / 48), item.semi[1] * Math.sin((k * Math.PI) / 48)];
    return frame.toPixel([item.center[0] + u * ca - v * sa, item.center[1] + u * sa + v * ca]);
  });
  canvas.marks.push(...around.filter((p) => within(canvas, p)));
  note(canvas, item.role, item.label, [60, 36, 12, 84, 72, 48, 24, 0].map((k) => around[k]));
  const common = {
    ...stroke(item.role), "data-center": joined(item.center), "data-semi": joined(item.semi), "data-angle": item.angle,
    "data-lambda": joined(item.lam), "data-hill": item.hill ? "true" : undefined, ...(item.hill ? { "stroke-dasharray": "11 4" } : {}),
  };
  if (!scene.equal) return element("path", { ...common, d: `${path(around)}Z` });
  if (Math.max(rx, ry) > LARGEST_RADIUS)
    return element("path", { ...common, d: arcs(item.center, item.semi, item.angle, frame.window).map((piece) => path(piece.map(frame.toPixel))).join("") });
  // The y-axis of the screen points down, so the turn is the other way round.
  const turn = `rotate(${(-item.angle * 180) / Math.PI} ${fine(cx)} ${fine(cy)})`;
  return element("ellipse", { ...common, cx: fine(cx), cy: fine(cy), rx: fine(rx), ry: fine(ry), transform: turn });
}

const fine = (a: number): string => String(Math.round(a * 1e5) / 1e5);

function curve(item: Curve, canvas: Canvas): Sketch {
  const points = item.points.map(canvas.frame.toPixel);
  // Spokes are everywhere: a label may lie on one.
  if (!item.fill && item.role !== "spoke") {
    const seen = along(points, canvas);
    canvas.marks.push(...seen);
    note(canvas, item.role, item.label, [0.94, 0.06, 0.8, 0.2, 0.65, 0.35, 0.5].flatMap((share) => seen.slice(Math.floor(share * seen.length)).slice(0, 1)));
  }
  const fill = item.fill ? { fill: tint(item.role, 0.13), "stroke-opacity": 0.6, "stroke-linejoin": "round" } : {};
  return element("path", { ...stroke(item.role), ...fill, ...(item.dashed ? { "stroke-dasharray": "5 4" } : {}), d: path(points) + (item.closed ? "Z" : "") });
}

function arrow(item: Arrow, canvas: Canvas): Sketch {
  const [tail, head] = [item.tail, item.head].map(canvas.frame.toPixel), way: Pair = [head[0] - tail[0], head[1] - tail[1]];
  const length = Math.hypot(...way), size = Math.min(HEAD, 0.6 * length), share = size / HEAD;
  const [dx, dy] = length > 0 ? [way[0] / length, way[1] / length] : [0, 0], half = HEAD_HALF * share;
  canvas.marks.push(...along([tail, head], canvas), ...(item.held ? ring(head) : []));
  const anchors = [head, [tail[0] + 0.55 * way[0], tail[1] + 0.55 * way[1]] as Pair].filter((p) => within(canvas, p));
  note(canvas, item.role, item.label, anchors.length ? anchors : [left(tail, [dx, dy], canvas)]);
  const neck: Pair = [head[0] - size * dx, head[1] - size * dy];
  const { width, head: shape } = styleOf(item.role), paint = color(item.role), draw = stroke(item.role);
  // The line ends exactly at the head's tip, but its last pixels are not painted: a wide line would blunt the tip.
  const gap = 0.8 * size, dash = draw["stroke-dasharray"] ?? `${pixels(Math.max(length - gap, 0))} ${pixels(gap + 1)}`;
  const line = element("line", {
    x1: pixels(tail[0]), y1: pixels(tail[1]), x2: pixels(head[0]), y2: pixels(head[1]), "data-x2": head[0], "data-y2": head[1],
    stroke: paint, "stroke-width": width, "stroke-dasharray": dash,
  });
  const sides: Pair[] = [[neck[0] - half * dy, neck[1] + half * dx], head, [neck[0] + half * dy, neck[1] - half * dx]];
  const tip = element("path", { d: `${path(sides)}Z`, ...(shape === "open" ? { fill: GROUND, stroke: paint, "stroke-width": 1.5, "stroke-linejoin": "round" } : { fill: paint }), "data-head": shape });
  return element("g", { class: draw.class, "data-role": item.role, "data-tail": joined(item.tail), "data-head": joined(item.head) }, line, tip);
}

/** Points around a handle. */
const ring = ([x, y]: Pair): Pair[] => Array.from({ length: 12 }, (_, k) => [x + 8 * Math.cos((k * Math.PI) / 6), y + 8 * Math.sin((k * Math.PI) / 6)]);

/** Beside a handle: to the right, above, to the left, below. */
const beside = ([x, y]: Pair): Pair[] => [[x + 8, y], [x, y - 8], [x - 8, y], [x, y + 8]];

function rightAngle(item: RightAngle, canvas: Canvas): Sketch {
  const [x, y] = canvas.frame.toPixel(item.at), [a, b] = [item.along, item.across];
  const to = (s: number, t: number): Pair => [x + CORNER * (s * a[0] + t * b[0]), y - CORNER * (s * a[1] + t * b[1])];
  canvas.marks.push(to(1, 1), to(0.7, 0.7));
  return element("path", { ...stroke(item.role), d: path([to(1, 0), to(1, 1), to(0, 1)]) });
}

function arc(item: Arc, canvas: Canvas): Sketch {
  const [x, y] = canvas.frame.toPixel(item.at), from = Math.atan2(item.start[1], item.start[0]);
  const whole = Math.atan2(item.end[1], item.end[0]) - from, way = whole - 2 * Math.PI * Math.round(whole / (2 * Math.PI));
  const to = (share: number, radius: number): Pair => [x + radius * Math.cos(from + share * way), y - radius * Math.sin(from + share * way)];
  const points = Array.from({ length: 25 }, (_, k) => to(k / 24, ARC_RADIUS));
  canvas.marks.push(...points.filter((_, k) => k % 4 === 0));
  note(canvas, item.role, item.label, [to(0.5, ARC_RADIUS), to(0.5, 0.5 * ARC_RADIUS), to(0.8, ARC_RADIUS), to(0.2, ARC_RADIUS)]);
  return element("path", { ...stroke(item.role), "data-degrees": item.degrees, d: path(points) });
}

function dots(item: Dots, canvas: Canvas): Sketch[] {
  const points = item.points.map(canvas.frame.toPixel);
  const seen = points.filter((p) => within(canvas, p));
  if (points.length < MANY) for (const [x, y] of seen) canvas.marks.push([x, y], [x - 4, y], [x + 4, y], [x, y - 4], [x, y + 4]);
  // A handle stands on x, and is larger than its dot.
  if (item.held || item.role === "point") canvas.marks.push(...seen.flatMap(ring));
  note(canvas, item.role, item.label, item.held ? seen.slice(0, 1).flatMap(beside) : seen.slice(0, 3));
  const look = (filled: boolean) => ({
    class: `role-${item.role}`, "data-role": item.role, fill: filled ? color(item.role) : GROUND,
    stroke: filled && item.role === "point" ? GROUND : color(item.role), "stroke-width": styleOf(item.role).width,
  });
  if (item.shape) return points.map(([x, y], i) => element("path", { ...look(item.filled[i]), "data-center": joined(item.points[i]), "data-filled": String(item.filled[i]), "stroke-width": 1, d: item.shape, transform: `translate(${fine(x)} ${fine(y)})` }));
  const shapes = points.map((p) => shape(item.role, p, item.small));
  if (points.length >= MANY)
    return [true, false].map((filled) => element("path", { ...look(filled), d: shapes.filter((_, i) => item.filled[i] === filled).join("") }));
  return points.map(([cx, cy], i) => {
    const exact = { ...look(item.filled[i]), "data-center": joined(item.points[i]), "data-filled": String(item.filled[i]) };
    return ANGULAR.includes(item.role) ? element("path", { ...exact, d: shapes[i] }) : element("circle", { ...exact, cx: fine(cx), cy: fine(cy), r: radiusOf(item.role, item.small) });
  });
}

/** Roles whose dots are no circles. */
const ANGULAR = ["cauchy", "start", "center"];
const radiusOf = (role: string, small = false): number => (small ? 1.7 : role === "point" ? 6 : role === "center" ? 4.5 : 3.6);

/** The outline of a dot: shapes differ, so that nothing depends on color alone. */
function shape(role: string, [x, y]: Pair, small = false): string {
  const polygon = (size: number, ways: Pair[]): string => `${path(ways.map(([a, b]): Pair => [x + size * a, y + size * b]))}Z`;
  if (role === "cauchy") return polygon(4.6, [[0, -1], [1, 0], [0, 1], [-1, 0]]);
  if (role === "start") return polygon(4, [[-1, -1], [1, -1], [1, 1], [-1, 1]]);
  const r = radiusOf(role, small);
  const circle = `M${pixels(x - r)},${pixels(y)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`;
  return role === "center" ? `${circle}M${pixels(x - 8)},${pixels(y)}H${pixels(x + 8)}M${pixels(x)},${pixels(y - 8)}V${pixels(y + 8)}` : circle;
}

/** Words set in bold are so much wider than is estimated. */
const BOLD = 1.1;

function text(item: Words, canvas: Canvas): Sketch {
  const [x, y] = canvas.frame.toPixel(item.at), lines = wrapped(item.text, (canvas.frame.plot.width - 24) / BOLD), step = FONT_SIZE * 1.4;
  const first = y - ((lines.length - 1) * step) / 2 + 4;
  const spans = lines.map((line, i) => element("tspan", { x: pixels(x), dy: i ? step : 0 }, line));
  const node = { ...words("", item.role, [x, first], item.anchor ?? "start", { "data-role": item.role }), children: spans };
  const width = BOLD * Math.max(...lines.map((line) => widthOf(line))), from = x - width * { start: 0, middle: 0.5, end: 1 }[item.anchor ?? "start"];
  lines.forEach((_, i) => [-9, 1].forEach((up) => canvas.marks.push(...along([[from, first + i * step + up], [from + width, first + i * step + up]], canvas))));
  return node;
}

function note(canvas: Canvas, role: string, text: string | undefined, anchors: Pair[]): void {
  if (!text || !anchors.length) return;
  const seen = anchors.filter((p) => within(canvas, p));
  if (seen.length) canvas.labels.push({ text, role, anchors: seen });
}

export function within({ frame: { plot } }: Canvas, [x, y]: Pair): boolean {
  return x >= plot.x && x <= plot.x + plot.width && y >= plot.y && y <= plot.y + plot.height;
}

/** Points every few pixels along a line, as far as it is seen. */
function along(points: Pair[], canvas: Canvas): Pair[] {
  const out: Pair[] = [];
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [[a, b], [c, d]] = [points[i], points[i + 1]], steps = Math.min(80, Math.ceil(Math.hypot(c - a, d - b) / 9));
    for (let k = 0; k < steps; k += 1) out.push([a + ((c - a) * k) / steps, b + ((d - b) * k) / steps]);
  }
  return out.filter((p) => within(canvas, p));
}

/** Where one leaves the plot, a few pixels before. */
function left(from: Pair, way: Pair, { frame: { plot } }: Canvas): Pair {
  const reach = [0, 1].map((k) => {
    const [low, high] = k ? [plot.y, plot.y + plot.height] : [plot.x, plot.x + plot.width];
    return way[k] > 0 ? (high - from[k]) / way[k] : way[k] < 0 ? (low - from[k]) / way[k] : Infinity;
  });
  const far = Math.max(0, Math.min(...reach) - 8);
  return [from[0] + far * way[0], from[1] + far * way[1]];
}
