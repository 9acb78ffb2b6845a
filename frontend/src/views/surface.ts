/** f and its quadratic model as ground, seen from a side: two surfaces of facets, painted from back to front. */

import { lines, sample } from "../maths/contour";
import { level } from "../maths/conic";
import { type Vec3, camera, nearness, project } from "../maths/project3";
import { type Vec, cauchy, center, evaluate, hasCenter, kind, newton } from "../maths/quadratic";
import { add, norm, scale } from "../maths/vector";
import { around, halves, inside, middle } from "../maths/window";
import type { Item, Pair, Scene } from "../scene/types";
import type { Context } from "./context";

/** Facets along a side. */
const FACETS = 20;
/** Height of the picture's box, where its longer side is 2. */
const TALL = 1.3;

type Height = (p: Vec) => number;

export function surface(context: Context, azimuth: number, elevation: number): Scene {
  const { quad, window, grid, showFunction, frozen, axes, words: { views: words } } = context, eye = camera(azimuth, elevation);
  const f: Height | null = grid && showFunction && !frozen ? (p) => sample(grid, p) : null, model: Height = (p) => evaluate(quad, p);
  const [low, top] = heights(context, f), [a, b] = middle(window), [w, h] = halves(window), size = Math.max(w, h);
  const place = (p: Vec, z: number): Vec3 => [(p[0] - a) / size, (p[1] - b) / size, TALL * ((z - low) / (top - low) - 0.5)];
  const seen = (p: Vec, z: number): Pair => project(eye, place(p, z));
  const facets = [...(f ? tiles(f, context.window, "function") : []), ...tiles(model, context.window, "axis")].flatMap(({ role, corners }) => {
    const points = cut(cut(corners, (c) => top - c[2]), (c) => c[2] - low).map((c) => place([c[0], c[1]], c[2]));
    if (points.length < 3) return [];
    const item: Item = { kind: "curve", role, points: points.map((p) => project(eye, p)), closed: true, fill: true };
    return [{ item, near: points.reduce((sum, p) => sum + nearness(eye, p), 0) / points.length }];
  });
  facets.sort((p, q) => p.near - q.near);
  const items = [...floor(context, low, seen), ...facets.map(({ item }) => item), ...onTop(context, f, model, [low, top], seen)];
  return {
    view: "surface", question: words.questionSurface, window: around([0, 0], [1.45, 1.48]), items, equal: true, ticks: "",
    caption: f ? words.captionSurface : grid ? words.captionSurfaceHidden : words.captionSurfaceModel, notes: [], title: `${axes[0]}, ${axes[1]}`,
  };
}

/** The heights that are shown: from the lowest point to well above x, but not all of a steep wall. */
function heights({ quad, window, grid }: Context, f: Height | null): [number, number] {
  const values = (f && grid ? grid.values.flat() : mesh(window).flat().map((p) => evaluate(quad, p))).filter(Number.isFinite).sort((p, q) => p - q);
  const bottom = kind(quad) === "bowl" ? evaluate(quad, center(quad)) : Infinity;
  const low = Math.min(values[0] ?? quad.value, quad.value, bottom), share = values[Math.floor(0.8 * values.length)] ?? low;
  const high = Math.max(Math.min(share, low + 15 * (quad.value - low)), low + 1.6 * (quad.value - low));
  return high > low ? [low, high] : [low, Math.max(share, low + 1e-12 + 1e-12 * Math.abs(low))];
}

function mesh([x0, x1, y0, y1]: Context["window"]): Vec[][] {
  const at = (k: number, from: number, to: number): number => from + ((to - from) * k) / FACETS;
  return Array.from({ length: FACETS + 1 }, (_, j) => Array.from({ length: FACETS + 1 }, (_, i): Vec => [at(i, x0, x1), at(j, y0, y1)]));
}

interface Tile {
  role: string;
  corners: Vec3[];
}

/** The facets of a surface; none where it is not finite. */
function tiles(z: Height, window: Context["window"], role: string): Tile[] {
  const points = mesh(window).map((row) => row.map((p): Vec3 => [p[0], p[1], z(p)])), out: Tile[] = [];
  for (let j = 0; j < FACETS; j += 1)
    for (let i = 0; i < FACETS; i += 1) {
      const corners = [points[j][i], points[j][i + 1], points[j + 1][i + 1], points[j + 1][i]];
      if (corners.every((c) => Number.isFinite(c[2]))) out.push({ role, corners });
    }
  return out;
}

/** The part of a polygon where `room` is positive. Source: Sutherland and Hodgman (1974). */
function cut(corners: Vec3[], room: (c: Vec3) => number): Vec3[] {
  return corners.flatMap((here, i) => {
    const before = corners.at(i - 1)!, [a, b] = [room(before), room(here)], t = a / (a - b);
    const between = before.map((x, k) => x + t * (here[k] - x)) as Vec3;
    return [...(a < 0 !== b < 0 ? [between] : []), ...(b >= 0 ? [here] : [])];
  });
}

/** The window as the floor of the box, its sides named. */
function floor({ window: [x0, x1, y0, y1], axes }: Context, low: number, seen: (p: Vec, z: number) => Pair): Item[] {
  const corners: Vec[] = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  const outline: Item = { kind: "curve", role: "muted", points: corners.map((p) => seen(p, low)), closed: true };
  // Of two parallel sides the one further down in the picture carries the name.
  const name = (sides: [Vec, Vec], text: string): Item => {
    const [p, q] = sides.map((side) => seen(side, low));
    const [x, y] = p[1] < q[1] ? p : q;
    return { kind: "text", role: "muted", at: [x * 1.08, y - 0.1], text, anchor: "middle" };
  };
  const [u, v] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [outline, name([[u, y0], [u, y1]], axes[0]), name([[x0, v], [x1, v]], axes[1])];
}

/** Lines and points that lie on the surfaces: both levels through x, -g and the Newton step along the model, x. */
function onTop(context: Context, f: Height | null, model: Height, [low, top]: [number, number], seen: (p: Vec, z: number) => Pair): Item[] {
  const { quad, window, grid, words: { views: words } } = context, items: Item[] = [];
  const curve = (role: string, points: Vec[], z: Height, label = ""): void => {
    const shown = points.filter((p) => inside(window, p) && z(p) >= low && z(p) <= top);
    if (shown.length > 1) items.push({ kind: "curve", role, points: shown.map((p) => seen(p, z(p))), label });
  };
  const along = (step: Vec): Vec[] => Array.from({ length: 41 }, (_, k) => add(quad.at, scale(k / 40, step)));
  if (f && grid) for (const path of lines(grid, f(quad.at))) curve("function-level", path, () => f(quad.at));
  for (const item of level(quad, window, "model-level")) for (const run of runs(outline(item), (p) => inside(window, p))) curve("model-level", run, () => quad.value);
  const down = cauchy(quad), step = newton(quad);
  if (down) curve("minus-gradient", along(down), model, words.minusGradient);
  if (norm(step) > 0) curve("newton", along(step), model, words.newton);
  const dot = (role: string, p: Vec, filled: boolean, label: string): void => {
    if (inside(window, p)) items.push({ kind: "dots", role, points: [seen(p, model(p))], filled: [filled], label });
  };
  if (hasCenter(quad) && kind(quad) !== "flat") dot("center", center(quad), false, kind(quad) === "bowl" ? words.center : kind(quad) === "saddle" ? words.saddlePoint : "");
  dot("point", quad.at, true, words.point);
  return items;
}

/** A level as points. */
function outline(item: Item): Vec[] {
  if (item.kind === "curve") return item.points;
  if (item.kind !== "ellipse") return [];
  const [c, s] = [Math.cos(item.angle), Math.sin(item.angle)];
  return Array.from({ length: 121 }, (_, k) => {
    const [u, v] = [item.semi[0] * Math.cos((k * Math.PI) / 60), item.semi[1] * Math.sin((k * Math.PI) / 60)];
    return [item.center[0] + u * c - v * s, item.center[1] + u * s + v * c];
  });
}

/** The stretches of a line that pass a test: what is cut away in between must not be bridged. */
function runs(points: Vec[], test: (p: Vec) => boolean): Vec[][] {
  const out: Vec[][] = [[]];
  for (const p of points) {
    if (test(p)) out[out.length - 1].push(p);
    else if (out[out.length - 1].length) out.push([]);
  }
  return out;
}
