/** The natural units of variables, as model/curvature.py has them. */

import { absoluteTimes, largest, multiple, sizes } from "./dense";
import { CURVATURE_NOISE, EPS, FOURTH_ROOT_EPS, GRADIENT_NOISE, ROOT_EPS, TINY, valueNoise } from "../maths/number";
import type { Matrix, Vector } from "./types";

/** What the last scale of a variable still counts at the next point. */
export const FADING = 0.5;

/** sqrt|H_ii|; of a variable with H_ii = 0 max_j |H_ij| / scale_j, which has the same unit. More (1978), section 3. */
export function naturalScale(H: Matrix, n: number): number[] {
  const own = new Array<number>(n);
  let lost = false;
  for (let i = 0; i < n; i += 1) {
    own[i] = Math.sqrt(Math.abs(H[i * n + i]));
    lost = lost || own[i] === 0;
  }
  if (!lost) return own;
  return own.map((a, i) => (a === 0 ? across(H, own, i) : a));
}

/** max_j |H_ij| / own_j over the variables that have a unit. */
function across(H: Matrix, own: Vector, i: number): number {
  const n = own.length;
  let row = 0;
  for (let j = 0; j < n; j += 1) if (own[j] > 0) row = Math.max(row, Math.abs(H[i * n + j]) / own[j]);
  return row;
}

/** The scale with the largest in the place of zeros (1 if all are zero). */
export function filled(scale: number[]): number[] {
  let top = 0;
  for (let i = 0; i < scale.length; i += 1) top = Math.max(top, scale[i]);
  for (let i = 0; i < scale.length; i += 1) if (!(scale[i] > 0)) scale[i] = top > 0 ? top : 1;
  return scale;
}

/** How much curvature a variable shares with another one: max_j |H_ij| / sqrt|H_ii H_jj|; infinite for H_ii = 0. */
function tieOf(H: Matrix, own: Vector, i: number): number {
  const n = own.length, alone = Math.sqrt(Math.abs(H[i * n + i]));
  let row = 0;
  for (let j = 0; j < n; j += 1) if (j !== i && own[j] > 0) row = Math.max(row, Math.abs(H[i * n + j]) / own[j]);
  return alone > 0 ? row / alone : Infinity;
}

/**
 * The scale without the variables that have neither slope nor curvature beyond rounding: a rounded 1 - 1 in H_ii would be
 * taken for a unit of length. What the conditions are and why is told in model/curvature.py, `rounded_away`.
 */
export function knownScale(value: number, g: Vector, H: Matrix, own: Vector, scale: Vector, x: Vector): number[] {
  const n = g.length, share = Math.min(CURVATURE_NOISE * n * EPS, ROOT_EPS), root = Math.sqrt(share), out = new Array<number>(n);
  let bend = 0, stiffest = 0;
  for (let i = 0; i < n; i += 1) {
    bend = Math.max(bend, own[i] * Math.abs(x[i]));
    stiffest = Math.max(stiffest, own[i]);
  }
  const noise = valueNoise(value), least = root * bend, weak = root * stiffest;
  for (let i = 0; i < n; i += 1) {
    // Most variables are seen at a glance to have curvature: the dear conditions are asked of the others.
    const doubtful = x[i] !== 0 ? own[i] * Math.abs(x[i]) <= least : true;
    out[i] = doubtful && (x[i] !== 0 ? roundedAway(noise, g, H, own, x, least, i) : restingAt0(noise, g, H, own, share, weak, i)) ? 0 : scale[i];
  }
  return filled(out);
}

/** Half the square of what a step along x_i promises, beside the curvature noise / sqrt(eps). */
const small = (noise: number, slope: number, own: number): boolean => 0.5 * (slope / (own > 0 ? own : 1)) ** 2 <= noise / ROOT_EPS;

/** A variable of some size whose curvature is lost beside the others. */
function roundedAway(noise: number, g: Vector, H: Matrix, own: Vector, x: Vector, least: number, i: number): boolean {
  const size = Math.abs(x[i]), bend = own[i] * size, beside = (g[i] * size) / (least > 0 ? Math.max(bend, least) : 1);
  if (small(noise, g[i], own[i]) && 0.5 * beside * beside <= noise) return true;
  return Math.abs(g[i]) * size <= noise / FOURTH_ROOT_EPS && tieOf(H, own, i) > 1;
}

/** A variable at 0 has no size: what it promises alone decides, and where that says nothing the units as they are. */
function restingAt0(noise: number, g: Vector, H: Matrix, own: Vector, share: number, weak: number, i: number): boolean {
  if (g[i] !== 0 && own[i] > 0 && small(noise, g[i], own[i])) return true;
  return own[i] <= weak && (g[i] === 0 || (Math.abs(g[i]) <= share * largest(g) && tieOf(H, own, i) >= ROOT_EPS));
}

/** What rounding x alone does to g, entry by entry: 16 eps |H| |x|. */
export const roundingOf = (H: Matrix | null, x: Vector): number[] =>
  multiple(H ? GRADIENT_NOISE * EPS : 0, H ? absoluteTimes(H, sizes(x)) : x);

/** A curvature b with which the step -g/b would bring a linear f to zero: |f| = g'g / b. It has the unit of curvature. */
export function initialCurvature(value: number, length: number): number {
  const size = length * (length / (value !== 0 ? Math.abs(value) : 1));
  return size > TINY && Number.isFinite(size) ? size : Math.max(length, TINY);
}

