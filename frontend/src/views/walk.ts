/** The step walks along s(tau) from -g to Newton: where it ends, what the model promised there, and what f did. */

import { contours } from "../maths/contour";
import { level } from "../maths/conic";
import type { Quadratic } from "../maths/quadratic";
import { inside, type Window } from "../maths/window";
import { valueNoise } from "../maths/number";
import { Shifted } from "../methods/shifted";
import type { Objective } from "../methods/types";
import type { Grid, Item, Pair, Scene } from "../scene/types";

export interface WalkWords {
  question: string;
  minusGradient: string;
  newton: string;
  curve: string;
  radius: string;
  point: string;
  taken: string;
  rejected: string;
  f: string;
  model: string;
  length: string;
}

/** Where the walk stands: the step of a radius, promise, decrease and their ratio. */
export interface Walk {
  at: Pair;
  shifted: Shifted;
  radius: number;
  lambda: number;
  held: boolean;
  s: Pair;
  value: number;
  predicted: number;
  actual: number;
  ratio: number;
  taken: boolean;
  /** What a step could gain lies below the rounding of f: its direction is rounding, too. */
  still: boolean;
  /** The curve: lengths, steps, f and m there. */
  curve: { length: number; s: Pair; f: number; m: number }[];
}

/** The smallest ratio that is taken (controls/radius.py), and those from which the radius stays, and grows. */
export const TAKE = 1e-4, STAY = 0.25, GROW = 0.75;
const POINTS = 64;

/** The walk at x with a radius; the curve is drawn up to a length `reach`. */
export function walk(objective: Objective, at: Pair, radius: number, reach: number): Walk {
  const shifted = new Shifted(objective(at));
  return stood(objective, at, shifted, { radius, ...shifted.within(radius) }, bent(shifted, reach), reach);
}

/** The walk with a damping, of at least `shifted.least`: the radius is as long as its step. */
export function damped(objective: Objective, at: Pair, shifted: Shifted, lambda: number, reach: number): Walk {
  const s = shifted.step(lambda);
  return stood(objective, at, shifted, { radius: Math.hypot(...s), lambda, held: lambda > 0, s }, bent(shifted, reach), reach);
}

/** The walk along a straight step, of which a share alpha is made: nothing bends it. */
export function shortened(objective: Objective, at: Pair, whole: Pair, alpha: number, reach: number): Walk {
  const share = (t: number): number[] => whole.map((a) => t * a), s = share(alpha);
  const straight = Array.from({ length: POINTS + 1 }, (_, k) => share(k / POINTS));
  return stood(objective, at, new Shifted(objective(at)), { radius: Math.hypot(...s), lambda: 0, held: alpha < 1, s }, straight, reach);
}

/** Steps of even lengths on the curve, to Newton or to the reach. */
function bent(shifted: Shifted, reach: number): number[][] {
  const longest = shifted.definite ? Math.min(reach, shifted.longest) : reach;
  return Array.from({ length: POINTS + 1 }, (_, k) => (k ? shifted.within((longest * k) / POINTS).s : [0, 0]));
}

function stood(objective: Objective, at: Pair, shifted: Shifted, chosen: { radius: number; s: number[]; lambda: number; held: boolean }, steps: number[][], reach: number): Walk {
  const { value } = shifted.jet, { s } = chosen, f = (step: number[]): number => objective(at.map((a, i) => a + step[i])).value;
  const predicted = shifted.promise(s), actual = value - f(s), ratio = predicted > 0 ? actual / predicted : NaN;
  const curve = steps.map((step, k) => ({ length: Math.hypot(step[0], step[1]), s: [step[0], step[1]] as Pair, f: k ? f(step) : value, m: value - shifted.promise(step) }));
  return { ...chosen, at, shifted, s: [s[0], s[1]], value, predicted, actual, ratio, taken: ratio > TAKE, still: !(shifted.promise(shifted.within(reach).s) > valueNoise(value)), curve };
}

/** How far a walk can sensibly go: somewhat beyond Newton, or half the window where there is no bowl. */
export function reachOf(shifted: Shifted, [a, b, c, d]: Window): number {
  const room = 0.5 * Math.hypot(b - a, d - c);
  return shifted.definite ? Math.min(1.25 * shifted.longest, room) : room;
}

/** What a page may want otherwise. */
export interface WalkLook {
  /** Newton's step also where there is no bowl; null: there is none. Where not given it is drawn in a bowl alone. */
  newton?: Pair | null;
  /** Whether a circle shows the radius. */
  circle?: boolean;
  /** What the level of the quadratic is called. */
  level?: string;
  /** Behind the contours of f, and in front of them. */
  under?: Item[];
  over?: Item[];
}

/** The plane: contours of f, the curve from -g to Newton, the ball, the step. */
export function walkScene(w: Walk, grid: Grid | null, window: Window, axes: readonly [string, string], words: WalkWords, look: WalkLook = {}): Scene {
  const { at, s, radius } = w, to = (v: Pair): Pair => [at[0] + v[0], at[1] + v[1]];
  const ground: Item[] = [...(look.under ?? []), ...(grid ? [contours(grid)] : []), ...(look.over ?? [])];
  const mark: Item = { kind: "dots", role: "point", points: [at], filled: [true], label: words.point };
  const scene = { view: "walk", question: words.question, window: [...window] as Window, equal: true, x_label: axes[0], y_label: axes[1] };
  if (w.still) return { ...scene, items: [...ground, mark] };
  const items: Item[] = level(quadraticOf(w), window, "model-level", 0).map((item, i) => (look.level && !i ? { ...item, label: look.level } : item) as Item);
  if (look.circle ?? true) items.push({ kind: "ellipse", role: "trust-region", center: at, semi: [radius, radius], angle: 0, label: words.radius });
  items.push(...directions(w, window, look.newton, words));
  items.push({ kind: "curve", role: "path", points: w.curve.map((p) => to(p.s)), label: words.curve });
  items.push({ kind: "dots", role: "trial", points: [to(s)], filled: [w.taken], label: inside(window, to(s)) ? (w.taken ? words.taken : words.rejected) : undefined });
  return { ...scene, items: [...ground, ...items, mark] };
}

function quadraticOf({ at, value, shifted: { gradient: [g, h], jet: { hessian: H } } }: Walk): Quadratic {
  return { at, value, gradient: [g, h], hessian: [H[0], H[1], H[3]] };
}

/** -g, as long as it can well be seen, and Newton's step. */
function directions({ at, shifted }: Walk, window: Window, given: Pair | null | undefined, words: WalkWords): Item[] {
  const [g, h] = shifted.gradient, size = Math.hypot(g, h), room = Math.max(window[1] - window[0], window[3] - window[2]), step = shifted.definite ? shifted.step(0) : null;
  const newton: Pair | null = given !== undefined ? given : step && [step[0], step[1]];
  const short = Math.min(0.22 * room, Math.max(shifted.definite ? 0.72 * shifted.longest : Infinity, 0.09 * room));
  const arrow = (role: string, [a, b]: Pair, label: string): Item => ({ kind: "arrow", role, tail: at, head: [at[0] + a, at[1] + b], label });
  return [...(size > 0 ? [arrow("minus-gradient", [(-short * g) / size, (-short * h) / size], words.minusGradient)] : []), ...(newton ? [arrow("newton", newton, words.newton)] : [])];
}

/** f and the model along the curve; where the step stands. */
export function alongScene(w: Walk, words: WalkWords): Scene {
  const here = Math.hypot(...w.s), values = w.curve.flatMap((p) => [p.f, p.m]).filter(Number.isFinite), f = w.value - w.actual, m = w.value - w.predicted;
  // The model may leave the picture, but not hide f; and the other way round.
  const depth = Math.max(...w.curve.map((p) => w.value - p.m), 0), low = Math.max(Math.min(...values, ...[f, m].filter(Number.isFinite)), w.value - 3 * depth), high = Math.min(Math.max(...values), w.value + 2 * depth);
  const pad = 0.08 * (high - low || 1), items: Item[] = [];
  const line = (role: string, of: (p: Walk["curve"][number]) => number, label: string): Item => ({ kind: "curve", role, points: w.curve.filter((p) => Number.isFinite(of(p))).map((p): Pair => [p.length, of(p)]), label });
  items.push({ kind: "curve", role: "muted", points: [[0, w.value], [w.curve[w.curve.length - 1].length, w.value]], dashed: true });
  items.push(line("function-level", (p) => p.f, words.f), line("model-level", (p) => p.m, words.model));
  // Where f is not finite the step has an end on the model alone.
  const ends: Item[] = Number.isFinite(f) ? [{ kind: "curve", role: "path", points: [[here, m], [here, f]] }, { kind: "dots", role: "trial", points: [[here, f]], filled: [w.taken] }] : [];
  items.push(...ends.slice(0, 1), { kind: "dots", role: "model-level", points: [[here, m]], filled: [true] }, ...ends.slice(1));
  items.push({ kind: "dots", role: "point", points: [[0, w.value]], filled: [true] });
  const top = Math.max(w.curve[w.curve.length - 1].length, here) || 1;
  return { view: "along", question: words.question, window: [-0.03 * top, 1.03 * top, low - pad, high + pad], items, equal: false, x_label: words.length, y_label: "f" };
}
