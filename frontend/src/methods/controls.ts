/** What steers tau: backtracking, full steps, Nielsen's damping, the radius (src/raphson/controls; Wolfe: wolfe.ts). */

import { diagonal, divided, dot, norm, times } from "./dense";
import { HUGE, clip } from "../maths/number";
import type { Control, Model } from "./types";

export interface Step { tau: number }

/** How good a trial was: the ratio of actual to predicted decrease, with every awkward case decided (quality.py). */
export function quality(value: number, there: number, predicted: number, noise: number): { actual: number; ratio: number } {
  const actual = Number.isNaN(there) || there === Infinity ? -Infinity : value - there;
  const blind = Math.abs(actual) <= noise && Math.abs(predicted) <= noise;
  return { actual, ratio: blind ? 1 : predicted > 0 ? actual / predicted : -Infinity };
}

/** Accepts every finite trial; another one is halved until it is finite. */
export const full: Control<Step> = {
  start: () => ({ tau: 1 }),
  judge(state, { actual }) {
    const accepted = actual > -Infinity;
    return { accepted, state: { tau: accepted ? 1 : 0.5 * state.tau } };
  },
};

/**
 * f(x) - f(x + tau d) >= c1 tau |g'd|, tau shortened by quadratic interpolation within [0.1, 0.5]; after a success from 1
 * again (`restart`), or from twice the tau taken. Armijo (1966); Dennis and Schnabel (1983), A6.3.1.
 */
export const armijo = (restart: boolean, c1 = 1e-4): Control<Step> => ({
  start: () => ({ tau: 1 }),
  judge(state, { actual, slope, predicted, noise }) {
    const accepted = actual >= -c1 * slope - (predicted <= noise ? noise : 0);
    const bend = 2 * (-slope - actual), best = bend > 0 ? -slope / bend : 0.5;
    const shorter = clip(Number.isFinite(best) ? best : 0.1, 0.1, 0.5);
    return { accepted, state: { tau: accepted ? (restart ? 1 : 2 * state.tau) : shorter * state.tau } };
  },
});

/** tau = 1/lambda, and the factor by which lambda grows at the next rejection. */
export interface Damping extends Step { factor: number }

/** lambda is divided by up to 3 after good trials, and multiplied by 2, 4, 8, ... after bad ones. Nielsen (1999). */
export const nielsen: Control<Damping> = {
  start({ curvature, scale }) {
    const top = Math.max(...diagonal(curvature.matrix!, scale.length).map((a, i) => Math.abs(a) / scale[i] ** 2));
    return { tau: 1 / (1e-3 * (top > 0 ? top : 1)), factor: 2 };
  },
  judge({ tau, factor }, { ratio }) {
    if (!(ratio > 1e-4)) return { accepted: false, state: { tau: tau / factor, factor: 2 * factor } };
    const less = Math.max(1 / 3, 1 - (2 * clip(ratio, 0, 2) - 1) ** 3);
    return { accepted: true, state: { tau: tau / less, factor: 2 } };
  },
};

/** The length of the model's minimizer along -g, or |g| / |B u| where it is hardly curved upwards there. */
export function firstLength({ gradient, scale, curvature }: Model): number {
  const g = divided(gradient, scale), size = norm(g);
  if (!(size > 0)) return 1;
  const u = g.map((a) => a / size), bent = divided(times(curvature.matrix!, divided(u, scale)), scale);
  const along = dot(u, bent), whole = norm(bent), curved = along > 1e-3 * whole ? along : whole;
  return size / (whole > 0 ? curved : 1);
}

/** Radii stay below this: their squares overflow. */
const FARTHEST = HUGE ** 0.45;

/** tau = radius: a tenth to half of the step after a bad trial, up to twice it after a good one. Conn, Gould, Toint. */
export const radius: Control<Step> = {
  start: (model) => ({ tau: 2 * firstLength(model) }),
  judge(state, { ratio, length, slope, actual, bound }) {
    const reach = Math.min(length, state.tau), bend = -slope - actual;
    // The quadratic through f, its slope and the trial's value says by how much to shorten.
    const best = bend > 0 ? (-0.5 * slope) / bend : 0.25;
    const shorter = clip(Number.isFinite(best) && actual > -Infinity ? best : 0.1, 0.1, 0.5) * reach;
    const longer = bound ? Math.max(state.tau, 2 * length) : state.tau;
    const tau = ratio >= 0.25 ? (ratio > 0.75 ? longer : state.tau) : shorter;
    return { accepted: ratio > 1e-4, state: { tau: Math.min(tau, FARTHEST) } };
  },
};

