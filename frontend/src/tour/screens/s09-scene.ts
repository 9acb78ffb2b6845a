/** Where there is no bowl: a ground with all three kinds of places, the steps that are held back there, and their picture. No DOM. */

import { lines } from "../../maths/contour";
import { eigen, kind, newton, signs, type Kind, type Quadratic } from "../../maths/quadratic";
import { dot, norm } from "../../maths/vector";
import { inside, type Window } from "../../maths/window";
import { Dampings, Shifted } from "../../methods/shifted";
import type { Curve, Grid, Item, Pair, Scene } from "../../scene/types";
import { damped, reachOf, shortened, walk, walkScene, type Walk } from "../../views/walk";
import { terrain } from "../terrain";
import type { BowlWords } from "./s09-words";

/** A hollow, a hill, and a pass on either side of the way between them. */
export const LAND = terrain("sin(0.6*x1) + sin(1.2*x2) + 0.15*x1*x2");
export const WINDOW: Window = [-3.4, 3.4, -2.3, 2.3];
/** Where the kinds are written. */
export const NAMED: ["bowl" | "saddle" | "dome", Pair][] = [["bowl", [-2.9, -0.6]], ["saddle", [-2.9, 2.1]], ["dome", [0.65, 2.1]], ["saddle", [2.9, -2]]];

/** What holds a step back: H + lambda I, a radius, or a share alpha of Newton's own step. */
export type Hold = "damping" | "radius" | "length";
/** `slide`: where the slider of each stands, 0 (short) to 1 (nothing holds it). */
export interface State { x: Pair; hold: Hold; slide: Record<Hold, number> }
export const begin = (): State => ({ x: [1.9, 0.7], hold: "damping", slide: { damping: 0.4, radius: 0.3, length: 0.5 } });

/** The largest damping in units of H's largest eigenvalue (the step is then within a degree of -g), and decades below it. */
const MOST = 100, DECADES = 6;
/** The smallest radius, as a share of the largest; the smallest alpha. */
const LEAST = 0.01;
/** How far the curve is drawn where it has no end, in units of the farthest step. */
const BEYOND = 2.2;

export type Shape = Kind | "ridge";

/** The kind of a quadratic; a valley upside down is a ridge. */
export function shapeOf(quad: Quadratic): Shape {
  const found = kind(quad);
  return found === "dome" && signs(quad)[1] === 0 ? "ridge" : found;
}

/** g'(-H^-1 g), by which f rises at first along Newton's step; null where H has no inverse. */
export const slopeAlong = (quad: Quadratic): number | null => (signs(quad).includes(0) ? null : dot(quad.gradient, newton(quad)));

/** From the largest damping to none; where H is not positive definite to that of the farthest step. */
function dampings(shifted: Shifted): Dampings {
  return new Dampings(shifted.definite ? 0 : shifted.damping(reachOf(shifted, WINDOW)), shifted.least + MOST * shifted.scale, DECADES);
}

const shareAt = (slider: number): number => LEAST + (1 - LEAST) * slider;

/** The step that the state chooses at x; null where it is a share of a Newton step that is not there. */
export function stepAt({ x, hold, slide }: State): Walk | null {
  const { objective } = LAND, shifted = new Shifted(objective(x)), reach = reachOf(shifted, WINDOW), far = BEYOND * reach;
  if (hold === "damping") return damped(objective, x, shifted, dampings(shifted).at(slide.damping), far);
  if (hold === "radius") return walk(objective, x, shareAt(slide.radius) * reach, far);
  const quad = LAND.quadratic(x)!;
  return slopeAlong(quad) === null ? null : shortened(objective, x, newton(quad), shareAt(slide.length), far);
}

/** Another hold on the same step, as far as it can give it. */
export function change(state: State, hold: Hold): void {
  const w = stepAt(state), shifted = new Shifted(LAND.objective(state.x));
  if (w && state.hold !== "length" && hold === "damping") state.slide.damping = dampings(shifted).of(w.lambda);
  if (w && state.hold !== "length" && hold === "radius") state.slide.radius = Math.min(1, Math.max(0, (norm(w.s) / reachOf(shifted, WINDOW) - LEAST) / (1 - LEAST)));
  state.hold = hold;
}

/** What is said of x and of the step. */
export interface Seen { shape: Shape; low: number; high: number; slope: number | null; up: boolean; hold: Hold; share: number; walk: Walk | null }

export function seenAt(state: State, w = stepAt(state)): Seen {
  const quad = LAND.quadratic(state.x)!, [low, high] = eigen(quad).values, slope = slopeAlong(quad);
  return { shape: shapeOf(quad), low, high, slope, up: slope !== null && slope > 0, hold: state.hold, share: shareAt(state.slide.length), walk: w };
}

/** Points on a side of the grids, and how far they go beyond the window, which a frame may widen. */
const SIDE = 113, WIDER = 0.45;

/** f and the lower and the higher eigenvalue of H. */
function grids([a, b, c, d]: Window): [Grid, Grid, Grid] {
  const ticks = (low: number, high: number): number[] => Array.from({ length: SIDE }, (_, i) => low + (high - low) * ((1 + 2 * WIDER) * (i / (SIDE - 1)) - WIDER));
  const [x, y] = [ticks(a, b), ticks(c, d)], quads = y.map((v) => x.map((u) => LAND.quadratic([u, v])!)), of = (value: (quad: Quadratic) => number): Grid => ({ x, y, values: quads.map((row) => row.map(value)) });
  return [of(({ value }) => value), of((quad) => eigen(quad).values[0]), of((quad) => eigen(quad).values[1])];
}

/** A grid whose border has a value of its own: lines close along it. */
const bordered = (grid: Grid, value: number): Grid => ({
  ...grid, values: grid.values.map((row, j) => row.map((a, i) => (i === 0 || j === 0 || i === SIDE - 1 || j === SIDE - 1 ? value : a))),
});

const determinant = (p: Pair): number => {
  const [a, b, c] = LAND.quadratic(p)!.hessian;
  return a * c - b * b;
};

/** From a line between points of a grid onto det H = 0 itself; a point of the border stays. */
function onto(p: Pair): Pair {
  let [u, v] = p;
  for (let k = 0; k < 4; k += 1) {
    const d = determinant([u, v]), h = 1e-4, a = (determinant([u + h, v]) - determinant([u - h, v])) / (2 * h), b = (determinant([u, v + h]) - determinant([u, v - h])) / (2 * h);
    [u, v] = [u - (d * a) / (a * a + b * b), v - (d * b) / (a * a + b * b)];
  }
  return Math.hypot(u - p[0], v - p[1]) < NEAR ? [u, v] : p;
}
/** A good part of a cell of the grid. */
const NEAR = 0.06;

export interface Ground {
  /** Where both eigenvalues are above zero, and where both are below: patches without holes, for this f. */
  regions: Curve[];
  /** det H = 0: where the lower eigenvalue changes its sign, and where the higher does. */
  borders: Curve[];
  contours: Item;
}

let known: Ground | null = null;

/** What does not depend on x, computed when it is first drawn. */
export function ground(): Ground {
  if (known) return known;
  const [f, low, high] = grids(WINDOW), border = (points: Pair[]): Curve => ({ kind: "curve", role: "singular", points: points.map(onto) });
  const region = (role: string, grid: Grid, edge: number): Curve[] => lines(bordered(grid, edge), 0).map((points): Curve => ({ kind: "curve", role, points: points.map(onto), closed: true, fill: true }));
  const levels = Array.from({ length: 41 }, (_, k) => 0.3 * (k - 20) + 0.1);
  known = {
    regions: [...region("region-bowl", low, -1), ...region("region-dome", high, 1)], borders: [low, high].flatMap((grid) => lines(grid, 0)).map(border),
    contours: { kind: "contours", role: "function", grid: f, levels },
  };
  return known;
}

/** The picture; `said` with its own names for levels and steps. */
export function bowlScene(state: State, w: Walk | null, said: BowlWords): Scene {
  const { regions, borders, contours } = ground(), { shape, slope, up } = seenAt(state, w), quad = LAND.quadratic(state.x)!, names = NAMED.map(([name, at]): Item => ({ kind: "text", role: name === "saddle" ? "muted" : `region-${name}`, at, text: said.kinds[name], anchor: "middle" }));
  const seen = borders.find(({ points }) => points.some((p) => inside(WINDOW, p)));
  const over = [...borders.map((item): Item => (item === seen ? { ...item, label: "det H = 0" } : item)), ...names];
  const words = { ...said.walk, question: "", newton: said.newton(up, shape) };
  const look = { newton: slope === null ? null : newton(quad), circle: state.hold === "radius", level: said.level(shape), under: [...regions, contours], over };
  if (w) return walkScene(w, null, WINDOW, LAND.names, words, look);
  // No Newton step to be shortened: all but the step.
  const scene = walkScene(walk(LAND.objective, state.x, 0, BEYOND), null, WINDOW, LAND.names, words, look);
  return { ...scene, items: scene.items.filter(({ role }) => role !== "trial" && role !== "path") };
}
