/** Several methods from one start: their ways, and how many digits every step brings. */

import { eigenpairs } from "../maths/jacobi";
import { components } from "./dense";
import { begin, step } from "./run";
import type { MethodName, Objective, Status, Trial, Vector } from "./types";

export interface Answer { x: Vector; value: number }

/** Who may race: the methods of raphson, and gradient descent with a step of one length (fixed.ts). */
export type Racer = MethodName | "fixed-step";

export interface Runner {
  method: Racer;
  trials: Trial[];
  status: Status;
  /** The points, x0 first: one more than trials; where a trial was rejected the point before it again. */
  points: Vector[];
  /** f there. */
  values: number[];
  /** The minimum that the run goes to, polished; null where none was found. */
  answer: Answer | null;
  /** Digits of x that are right at every point (`digitsOfX`); and decades that f - f* has fallen. */
  digits: number[] | null;
  decades: number[] | null;
}

/** Trials of a racer: gradient descent would make thousands. */
export const LAPS = 60;
/** Trials within which the minimum that a run goes to is looked for. */
const POLISH = 400;
/** More digits double precision has not. */
export const MOST_DIGITS = 16;

/** All methods from x0. */
export function race(methods: readonly MethodName[], objective: Objective, x0: Vector, laps = LAPS): Runner[] {
  return methods.map((method) => runner(method, objective, x0, laps));
}

function runner(method: MethodName, objective: Objective, x0: Vector, laps: number): Runner {
  let state = begin(method, objective, x0, { trials: laps });
  const trials: Trial[] = [], points = [state.model.x], values = [state.model.value];
  while (state.status === "RUNNING") {
    const made = step(method, objective, state, { trials: laps });
    state = made.state;
    trials.push(made.trial);
    points.push(state.model.x);
    values.push(state.model.value);
  }
  return measured(objective, { method, trials, status: state.status, points, values });
}

/** A run against the minimum that it goes to. */
export function measured(objective: Objective, run: Omit<Runner, "answer" | "digits" | "decades">): Runner {
  const { status, points, values } = run, answer = status === "UNBOUNDED" || status === "NOT_FINITE" ? null : polished(objective, points[points.length - 1], values[0]);
  return { ...run, answer, digits: answer && digitsOfX(points, answer.x), decades: answer && decadesOfF(values, answer.value) };
}

/** The minimum that a trust region finds from here; null if it comes to no rest, or rests where f still falls. */
function polished(objective: Objective, from: Vector, highest: number): Answer | null {
  let state = begin("trust-exact", objective, from, { trials: POLISH });
  while (state.status === "RUNNING") state = step("trust-exact", objective, state, { trials: POLISH }).state;
  const { x, value, gradient } = state.model, rests = state.status === "CONVERGED" || state.status === "NOISE" || state.status === "STALLED";
  const left = promised(gradient, Array.from(objective(x).hessian));
  return rests && left <= SLIGHT * (Math.abs(value) + Math.abs(highest - value)) ? { x, value } : null;
}

/** What a Newton step promises still, relative to f and to what it fell: far out every step is small beside x. */
const SLIGHT = 1e-6;

/** 1/2 g'|H|^-1 g: infinite where f has a slope and no curvature. */
function promised(g: Vector, H: number[]): number {
  const frame = eigenpairs(H, g.length), a = components(frame, g);
  return frame.w.reduce((sum, w, i) => sum + (a[i] === 0 ? 0 : (0.5 * a[i] * a[i]) / Math.abs(w)), 0);
}

/** Distances to the answer, per variable as a fraction of the longest that it was (kernel/trace.py, `Trace.order`). */
export function errorsOfX(points: readonly Vector[], answer: Vector): number[] {
  const farthest = answer.map((a, i) => points.reduce((most, x) => Math.max(most, Math.abs(x[i] - a)), 0));
  return points.map((x) => x.reduce((most, a, i) => Math.max(most, Math.abs(a - answer[i]) / (farthest[i] > 0 ? farthest[i] : 1)), 0));
}

/** -log10 of the errors: 0 where x is as far as ever. */
const digitsOfX = (points: readonly Vector[], answer: Vector): number[] => errorsOfX(points, answer).map(digitsOf);

const digitsOf = (error: number): number => Math.min(MOST_DIGITS, Math.max(0, -Math.log10(error)));

/** By how many powers of ten f - f* has fallen since the start. */
function decadesOfF(values: number[], least: number): number[] {
  const gap = values[0] - least;
  return values.map((value) => (gap > 0 ? Math.max(-MOST_DIGITS, Math.min(2 * MOST_DIGITS, -Math.log10(Math.max(0, value - least) / gap))) : 0));
}

/** Relative errors below this are rounding. */
const FLOOR = 1e-15;

/**
 * The observed order p in e_(k+1) ~ C e_k^p over the final stretch; null where too few steps show it. Two descriptions
 * compete, digits times p and digits plus a constant (kernel/trace.py, `observed_order`). Nocedal and Wright, section A.2.
 */
export function observedOrder(errors: readonly number[]): number | null {
  let e = errors.filter((error) => Number.isFinite(error) && error > FLOOR);
  const start = e.reduce((last, error, k) => (error > 0.5 ? k : last), -1);
  if (start >= 0) e = e.slice(start);
  if (e.length < 3 || !(e[e.length - 1] < 1e-3 * e[0])) return null;
  const p = fitted(e.map(Math.log));
  if (e.length <= 3 || e[e.length - 1] >= 1e3 * FLOOR) return p;
  // So small a last error may be rounding instead of convergence, which would hide the order.
  const q = fitted(e.slice(0, -1).map(Math.log));
  return q > p + 0.3 ? q : p;
}

/** p from logarithms of errors. */
function fitted(d: number[]): number {
  const x = d.slice(0, -1), y = d.slice(1), total = (a: number[]): number => a.reduce((s, b) => s + b, 0);
  const p = total(x.map((a, i) => a * y[i])) / total(x.map((a) => a * a)), shift = total(y.map((b, i) => b - x[i])) / x.length;
  const misfit = total(x.map((a, i) => (y[i] - p * a) ** 2)), linear = total(x.map((a, i) => (y[i] - a - shift) ** 2));
  if (linear > 0.25 * misfit) return p;
  const spread = Math.max(...x) - Math.min(...x);
  if (!(spread > 1e-9)) return 1;
  const mx = total(x) / x.length, my = total(y) / y.length;
  return total(x.map((a, i) => (a - mx) * (y[i] - my))) / total(x.map((a) => (a - mx) ** 2));
}
