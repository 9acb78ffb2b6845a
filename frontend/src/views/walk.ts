/** The step walks along s(tau) from -g to Newton: where it ends, what the model promised there, and what f did. */

import { contours } from "../maths/contour";
import { level } from "../maths/conic";
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

/** The walk at x; the curve is drawn up to a length `reach`. */
export function walk(objective: Objective, at: Pair, radius: number, reach: number): Walk {
  const shifted = new Shifted(objective(at)), { value } = shifted.jet;
  const { s, lambda, held } = shifted.within(radius), predicted = shifted.promise(s), actual = value - objective(at.map((a, i) => a + s[i])).value;
  const ratio = predicted > 0 ? actual / predicted : NaN;
  const longest = Math.min(reach, shifted.longest < Infinity && shifted.definite ? shifted.longest : reach);
  const curve = Array.from({ length: POINTS + 1 }, (_, k) => {
    const length = (longest * k) / POINTS, step = k ? shifted.within(length).s : [0, 0];
    return { length: k ? Math.hypot(step[0], step[1]) : 0, s: [step[0], step[1]] as Pair, f: k ? objective(at.map((a, i) => a + step[i])).value : value, m: value - shifted.promise(step) };
  });
  return { at, shifted, radius, lambda, held, s: [s[0], s[1]], value, predicted, actual, ratio, taken: ratio > TAKE, still: !(shifted.promise(shifted.within(reach).s) > valueNoise(value)), curve };
}

/** How far a walk can sensibly go: somewhat beyond Newton, or half the window where there is no bowl. */
export function reachOf(shifted: Shifted, [a, b, c, d]: Window): number {
  const room = 0.5 * Math.hypot(b - a, d - c);
  return shifted.definite ? Math.min(1.25 * shifted.longest, room) : room;
}

/** The plane: contours of f, the curve from -g to Newton, the ball, the step. */
export function walkScene(w: Walk, grid: Grid | null, window: Window, axes: readonly [string, string], words: WalkWords): Scene {
  const { at, shifted, s, radius } = w, to = (v: Pair): Pair => [at[0] + v[0], at[1] + v[1]], [g, h] = shifted.gradient, size = Math.hypot(g, h);
  const items: Item[] = grid ? [contours(grid)] : [];
  const room = Math.max(window[1] - window[0], window[3] - window[2]), newton = shifted.definite ? shifted.step(0) : null;
  const short = Math.min(0.22 * room, Math.max(newton ? 0.72 * shifted.longest : Infinity, 0.09 * room));
  const H = shifted.jet.hessian, quad = { at, value: w.value, gradient: [g, h] as Pair, hessian: [H[0], H[1], H[3]] as [number, number, number] };
  items.push(...level(quad, window, "model-level", 0));
  items.push({ kind: "ellipse", role: "trust-region", center: at, semi: [radius, radius], angle: 0, label: words.radius });
  const mark: Item = { kind: "dots", role: "point", points: [at], filled: [true], label: words.point };
  const scene = { view: "walk", question: words.question, equal: true, x_label: axes[0], y_label: axes[1] } as const;
  if (w.still) return { ...scene, window: [...window], items: [...items.filter((item) => item.kind === "contours"), mark] };
  if (size > 0) items.push({ kind: "arrow", role: "minus-gradient", tail: at, head: to([(-short * g) / size, (-short * h) / size]), label: words.minusGradient });
  if (newton) items.push({ kind: "arrow", role: "newton", tail: at, head: to([newton[0], newton[1]]), label: words.newton });
  items.push({ kind: "curve", role: "path", points: w.curve.map((p) => to(p.s)), label: words.curve });
  items.push({ kind: "dots", role: "trial", points: [to(s)], filled: [w.taken], label: inside(window, to(s)) ? (w.taken ? words.taken : words.rejected) : undefined });
  return { ...scene, window: [...window], items: [...items, mark] };
}

/** f and the model along the curve; where the step stands. */
export function alongScene(w: Walk, words: WalkWords): Scene {
  const here = Math.hypot(...w.s), values = w.curve.flatMap((p) => [p.f, p.m]).filter(Number.isFinite), f = w.value - w.actual, m = w.value - w.predicted;
  // The model may leave the picture, but not hide f; and the other way round.
  const depth = Math.max(...w.curve.map((p) => w.value - p.m), 0), low = Math.max(Math.min(...values, f, m), w.value - 3 * depth), high = Math.min(Math.max(...values), w.value + 2 * depth);
  const pad = 0.08 * (high - low || 1), items: Item[] = [];
  const line = (role: string, of: (p: Walk["curve"][number]) => number, label: string): Item => ({ kind: "curve", role, points: w.curve.filter((p) => Number.isFinite(of(p))).map((p): Pair => [p.length, of(p)]), label });
  items.push({ kind: "curve", role: "muted", points: [[0, w.value], [w.curve[w.curve.length - 1].length, w.value]], dashed: true });
  items.push(line("function-level", (p) => p.f, words.f), line("model-level", (p) => p.m, words.model));
  items.push({ kind: "curve", role: "path", points: [[here, m], [here, f]] });
  items.push({ kind: "dots", role: "model-level", points: [[here, m]], filled: [true] }, { kind: "dots", role: "trial", points: [[here, f]], filled: [w.taken] });
  items.push({ kind: "dots", role: "point", points: [[0, w.value]], filled: [true] });
  const top = Math.max(w.curve[w.curve.length - 1].length, here) || 1;
  return { view: "along", question: words.question, window: [-0.03 * top, 1.03 * top, low - pad, high + pad], items, equal: false, x_label: words.length, y_label: "f" };
}
