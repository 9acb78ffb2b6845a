/** The curve of steps s(tau) that a method chooses from at a point, for pictures: from 0 (or -g) to Newton. */

import { METHODS } from "./run";
import type { State } from "./run";
import type { MethodName, Model, Vector } from "./types";

/** Points of a curve. */
const POINTS = 60;
/** How far the curve is drawn, in units of the step that tau makes now. */
const BEYOND = 1.25;

export interface CurvePoint { tau: number; s: number[] }

/** The steps of a method at the state's point: for every tau where one could be, up to somewhat beyond the current one. */
export function curve(method: MethodName, { steps, control: { tau }, model }: Pick<State, "steps" | "control" | "model">): CurvePoint[] {
  const unit = METHODS[method].unit;
  const taus = unit === "length" ? [BEYOND * tau] : unit === "radius" ? radii(tau, model, steps(tau).s) : dampings(tau);
  const points = taus.map((t): CurvePoint => ({ tau: t, s: steps(t).s }));
  return [{ tau: 0, s: model.x.map(() => 0) }, ...points];
}

/** Even radii; a radius far beyond the Newton point says nothing: the curve ends there. */
function radii(tau: number, { scale }: Model, s: Vector): number[] {
  const length = Math.hypot(...s.map((a, i) => scale[i] * a)), top = BEYOND * Math.min(tau, length > 0 ? length : tau);
  return Array.from({ length: POINTS }, (_, k) => (top * (k + 1)) / POINTS);
}

/** 1/lambda over many decades. */
const dampings = (tau: number): number[] => Array.from({ length: 2 * POINTS }, (_, k) => 4 * tau * 10 ** (12 * (k / (2 * POINTS - 1) - 1)));
