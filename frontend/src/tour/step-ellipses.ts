/** The ellipse of each step: the model's level through every point that a method came to. BFGS has one of its own, which becomes that of H. */

import { level } from "../maths/conic";
import type { Sym, Vec } from "../maths/quadratic";
import { decomposed } from "../maths/symmetric";
import { angleBetween } from "../maths/vector";
import type { Window } from "../maths/window";
import { begin, step } from "../methods/run";
import type { Model, Objective } from "../methods/types";
import type { Item, Pair, Scene } from "../scene/types";

/** A point of a run: the method's own matrix there (H, or the B of BFGS), and H. */
export interface Seen { x: Vec; value: number; gradient: Vec; own: Sym; hessian: Sym }

/** The points that a method came to, the start first. */
export function seenBy(method: "newton" | "bfgs", objective: Objective, start: Vec, laps: number): Seen[] {
  let state = begin(method, objective, start, { trials: laps });
  const out = [seen(state.model, objective)];
  while (state.status === "RUNNING") {
    const made = step(method, objective, state, { trials: laps });
    if (made.trial.accepted) out.push(seen(made.state.model, objective));
    state = made.state;
  }
  return out;
}

function seen({ x, value, gradient, curvature }: Model, objective: Objective): Seen {
  const A = objective(x).hessian, hessian: Sym = [A[0], A[1], A[3]], [[a, b], [, c]] = [curvature.times([1, 0]), curvature.times([0, 1])], own: Sym = [a, b, c];
  return { x: [x[0], x[1]], value, gradient: [gradient[0], gradient[1]], own, hessian };
}

/** Whether the level of a quadratic with this H is an ellipse. */
export const definite = (H: Sym): boolean => decomposed(H).values[0] > 0;

/** The level of the method's model through each point; none where its matrix is not positive definite. */
export function ellipseItems(all: readonly Seen[], window: Window, role: string): Item[] {
  return all.filter(({ own }) => definite(own)).flatMap(({ x, value, gradient, own }) => level({ at: x, value, gradient, hessian: own }, window, role));
}

/** Below this ratio of axes an ellipse is a circle, which has no direction. */
const ROUND = 1 + 1e-6;

/** Degrees between the long axes of two ellipses (NaN beside a circle), and how often the ratio of axes of one is that of the other; null where one is none. */
export function apart(own: Sym, hessian: Sym): { degrees: number; ratio: number } | null {
  if (!definite(own) || !definite(hessian)) return null;
  const [a, b] = [decomposed(own), decomposed(hessian)], [p, q] = [a, b].map(({ values }) => Math.sqrt(values[1] / values[0]));
  const degrees = Math.min(p, q) < ROUND ? NaN : angleBetween(a.axes[0], b.axes[0]);
  return { degrees: Math.min(degrees, 180 - degrees), ratio: Math.max(p / q, q / p) };
}

export interface ShapeWords { view: string; step: (k: number) => string }

/** The longer semi-axis of every ellipse, in a field of size 1. */
const LONG = 0.4;
/** Fields across for each that is up. */
const ASPECT = 1.25;

/** B beside H at every point, as shapes: each is drawn as long as the other. */
export function shapesScene(all: readonly Seen[], words: ShapeWords): Scene {
  const columns = Math.max(1, Math.ceil(Math.sqrt(all.length * ASPECT))), rows = Math.ceil(all.length / columns);
  const items = all.flatMap(({ own, hessian }, k): Item[] => {
    const at: Pair = [(k % columns) + 0.5, rows - Math.floor(k / columns) - 0.5];
    const number: Item = { kind: "text", role: "muted", at: [at[0] - 0.48, at[1] + 0.4], text: words.step(k) };
    return [number, ...shape(hessian, at, "step-ellipse"), ...shape(own, at, "learned-ellipse")];
  });
  return { view: "shapes", question: words.view, window: [0, columns, 0, rows], items, equal: true, ticks: "" };
}

function shape(H: Sym, center: Pair, role: string): Item[] {
  const { values, axes } = decomposed(H);
  if (!(values[0] > 0)) return [];
  return [{ kind: "ellipse", role, center, semi: [LONG, LONG * Math.sqrt(values[0] / values[1])], angle: Math.atan2(axes[0][1], axes[0][0]), lam: values }];
}
