/** When to stop: relative, in the units of every variable, down to the noise of f and g (solver/stop.py, step.py). */

import { divided, finite, lengthOf, norm } from "./dense";
import { EPS, EPS_2, EPS_4_3, HUGE, ROOT_EPS, TOLERANCE, valueNoise } from "../maths/number";
import { roundingOf } from "./scale";
import type { Model, Status, Trial, Vector } from "./types";

/** Arrivals in a row whose promise drowned in noise and whose gradient did not halve: then it is over. */
const STAGNATED = 3;

/** What the rules remember: largest sizes of x met, first values of f, least gradient, arrivals that stagnated. */
export interface StopState { largest: Vector; reference: number; gradient: number; stagnated: number; arrivals: number; status: Status }

export const begunStop = (n: number): StopState =>
  ({ largest: new Array<number>(n).fill(0), reference: 0, gradient: Infinity, stagnated: 0, arrivals: 0, status: "RUNNING" });

/** Whether a step changes no variable by more than `tolerance` times its size, at least eps^(4/3) of the `largest` one. */
export function negligible(s: Vector, x: Vector, tolerance: number, largest: Vector | null = null): boolean {
  for (let i = 0; i < s.length; i += 1) {
    const size = largest ? Math.max(Math.abs(x[i]), EPS_4_3 * largest[i]) : Math.abs(x[i]);
    if (!(Math.abs(s[i]) <= tolerance * size)) return false;
  }
  return true;
}

/** What the model promised: a step of a poor model may still go down a slope. */
export const promiseOf = ({ predicted, slope }: Trial): number => Math.max(predicted, -slope);

/** The length of x in the model's units. */
export const wholeOf = ({ scale, x }: Model): number => lengthOf(x, scale);

/** The state of the run at the new point that a trial reached (a step of zero at the first). The rules: `arrival`. */
export function arrival(model: Model, before: StopState, trial: Trial): StopState {
  const { x, gradient, value } = model, first = before.arrivals === 0, slope = norm(divided(gradient, model.scale));
  const biggest = new Array<number>(x.length), promise = promiseOf(trial);
  for (let i = 0; i < x.length; i += 1) biggest[i] = Math.max(before.largest[i], Math.abs(x[i]));
  const drowned = !first && promise <= valueNoise(value) && slope > 0.5 * before.gradient;
  const stagnated = drowned ? before.stagnated + 1 : 0;
  const reference = before.arrivals < 2 ? Math.max(before.reference, Math.abs(value)) : before.reference;
  const deep = reference > 0 ? Math.min(reference / EPS_2, DEEPEST) : DEEPEST;
  const after: StopState = { largest: biggest, reference, gradient: Math.min(before.gradient, slope), stagnated, arrivals: before.arrivals + 1, status: "RUNNING" };
  if (value < -deep) after.status = "UNBOUNDED";
  else if (!(Number.isFinite(value) && finite(gradient))) after.status = "NOT_FINITE";
  else if (stationary(model, before, trial, biggest, slope, promise)) after.status = "CONVERGED";
  else if (stagnated >= STAGNATED) after.status = "NOISE";
  return after;
}

/** f below minus this is without bound. */
const DEEPEST = HUGE ** 0.5;

/** Whether rounding x moves g as much as g is large, the step is lost in rounding, or smaller than asked for. */
function stationary(model: Model, before: StopState, trial: Trial, biggest: Vector, slope: number, promise: number): boolean {
  const { x, gradient, scale, curvature } = model, s = trial.step, n = s.length, whole = wholeOf(model);
  // Beside a step so short the next one of Newton's method is rounding; at degenerate minima steps are longer.
  const settled = trial.length <= ROOT_EPS * whole;
  if (settled && below(gradient, roundingOf(curvature.matrix, x))) return true;
  if (gradient.every((a) => a === 0)) return true;
  if (before.arrivals === 0 || trial.bound) return false;
  if (negligible(s, x, TOLERANCE, biggest)) return true;
  if (!(promise <= EPS_2 * before.reference)) return false;
  // Neither slope nor curvature along the step rose above their errors; or in natural units both are nothing.
  const straight = Math.abs(2 * (trial.predicted + trial.slope)) <= 4 * n * EPS * trial.length ** 2, hidden = 16 * EPS * whole;
  if (trial.length <= hidden && slope <= hidden && scale.some((d) => d !== 1)) return true;
  const error = roundingOf(curvature.matrix, x).reduce((sum, a, i) => sum + a * Math.abs(s[i]), 0);
  return straight && Math.abs(trial.slope) <= error;
}

/** Whether every |a_i| is at most its limit. */
function below(a: Vector, limit: Vector): boolean {
  for (let i = 0; i < a.length; i += 1) if (!(Math.abs(a[i]) <= limit[i])) return false;
  return true;
}
