/** When to stop: relative, in the units of every variable, down to the noise of f and g (solver/stop.py, step.py). */

import { dot, divided, norm } from "./dense";
import { EPS, HUGE, TOLERANCE, valueNoise } from "./number";
import { roundingOf } from "./scale";
import type { Model, Status, Trial, Vector } from "./types";

/** Arrivals in a row whose promise drowned in noise and whose gradient did not halve: then it is over. */
const STAGNATED = 3;

/** What the rules remember: largest sizes of x met, first values of f, least gradient, arrivals that stagnated. */
export interface StopState { largest: Vector; reference: number; gradient: number; stagnated: number; arrivals: number; status: Status }

export const begunStop = (n: number): StopState =>
  ({ largest: new Array<number>(n).fill(0), reference: 0, gradient: Infinity, stagnated: 0, arrivals: 0, status: "RUNNING" });

/** Whether a step changes no variable by more than `tolerance` times its size. */
export const negligible = (s: Vector, size: Vector, tolerance: number): boolean => s.every((a, i) => Math.abs(a) <= tolerance * size[i]);

/** What the model promised: a step of a poor model may still go down a slope. */
export const promiseOf = ({ predicted, slope }: Trial): number => Math.max(predicted, -slope);

/** The length of x in the model's units. */
export const wholeOf = ({ scale, x }: Model): number => norm(x.map((a, i) => scale[i] * Math.abs(a)));

/** The state of the run at the new point that a trial reached (a step of zero at the first). The rules: `arrival`. */
export function arrival(model: Model, before: StopState, trial: Trial): StopState {
  const { x, gradient, value } = model, size = x.map(Math.abs), first = before.arrivals === 0;
  const biggest = size.map((a, i) => Math.max(before.largest[i], a)), slope = norm(divided(gradient, model.scale));
  const promise = promiseOf(trial);
  const drowned = !first && promise <= valueNoise(value) && slope > 0.5 * before.gradient;
  const stagnated = drowned ? before.stagnated + 1 : 0;
  const reference = before.arrivals < 2 ? Math.max(before.reference, Math.abs(value)) : before.reference;
  const deep = reference > 0 ? Math.min(reference / EPS ** 2, HUGE ** 0.5) : HUGE ** 0.5, bottomless = value < -deep;
  const rest = { largest: biggest, reference, gradient: Math.min(before.gradient, slope), stagnated, arrivals: before.arrivals + 1 };
  const finite = Number.isFinite(value) && gradient.every(Number.isFinite);
  if (bottomless) return { ...rest, status: "UNBOUNDED" };
  if (!finite) return { ...rest, status: "NOT_FINITE" };
  const arrived = stationary(model, before, trial, biggest, slope, promise);
  return { ...rest, status: arrived ? "CONVERGED" : stagnated >= STAGNATED ? "NOISE" : "RUNNING" };
}

/** Whether rounding x moves g as much as g is large, the step is lost in rounding, or smaller than asked for. */
function stationary(model: Model, before: StopState, trial: Trial, biggest: Vector, slope: number, promise: number): boolean {
  const { x, gradient, scale, curvature } = model, s = trial.step, n = s.length, whole = wholeOf(model), rounding = roundingOf(curvature.matrix, x);
  // Beside a step so short the next one of Newton's method is rounding; at degenerate minima steps are longer.
  const settled = trial.length <= EPS ** 0.5 * whole;
  if ((settled && gradient.every((a, i) => Math.abs(a) <= rounding[i])) || gradient.every((a) => a === 0)) return true;
  if (before.arrivals === 0 || trial.bound) return false;
  const short = negligible(s, x.map((a, i) => Math.max(Math.abs(a), EPS ** (4 / 3) * biggest[i])), TOLERANCE);
  if (short) return true;
  // Neither slope nor curvature along the step rose above their errors; or in natural units both are nothing.
  const straight = Math.abs(2 * (trial.predicted + trial.slope)) <= 4 * n * EPS * trial.length ** 2;
  const hidden = 16 * EPS * whole;
  const lost = (straight && Math.abs(trial.slope) <= dot(s.map(Math.abs), rounding)) || (scale.some((d) => d !== 1) && trial.length <= hidden && slope <= hidden);
  return lost && promise <= EPS ** 2 * before.reference;
}
