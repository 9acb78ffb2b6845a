/** The natural units of variables, as model/curvature.py has them. */

import { absoluteTimes, diagonal, largest } from "./dense";
import { CURVATURE_NOISE, EPS, GRADIENT_NOISE, valueNoise } from "./number";
import type { Matrix, Vector } from "./types";

/** What the last scale of a variable still counts at the next point. */
export const FADING = 0.5;

/** sqrt|H_ii|; of a variable with H_ii = 0 max_j |H_ij| / scale_j, which has the same unit. More (1978), section 3. */
export function naturalScale(H: Matrix, n: number): number[] {
  const plain = diagonal(H, n).map((a) => Math.sqrt(Math.abs(a)));
  return plain.map((own, i) => {
    if (own > 0 || Number.isNaN(own)) return own;
    let row = 0;
    for (let j = 0; j < n; j += 1) if (plain[j] > 0) row = Math.max(row, Math.abs(H[i * n + j]) / plain[j]);
    return row;
  });
}

/** The scale with the largest in the place of zeros (1 if all are zero). */
export function filled(scale: Vector): number[] {
  const top = Math.max(...scale);
  return scale.map((a) => (a > 0 ? a : top > 0 ? top : 1));
}

/** How much curvature every variable shares with another one: max_j |H_ij| / sqrt|H_ii H_jj|; infinite for H_ii = 0. */
export function coupling(H: Matrix, own: Vector): number[] {
  const n = own.length;
  return own.map((_, i) => {
    let row = 0;
    for (let j = 0; j < n; j += 1) if (j !== i && own[j] > 0) row = Math.max(row, Math.abs(H[i * n + j]) / own[j]);
    const alone = Math.sqrt(Math.abs(H[i * n + i]));
    return alone > 0 ? row / alone : Infinity;
  });
}

/**
 * Which variables have neither slope nor curvature beyond rounding: a rounded 1 - 1 in H_ii would be taken for a unit of
 * length. What the conditions are and why is told in model/curvature.py, `rounded_away`.
 */
export function roundedAway(value: number, g: Vector, own: Vector, size: Vector, tie: Vector): boolean[] {
  const noise = valueNoise(value), n = g.length, share = Math.min(CURVATURE_NOISE * n * EPS, EPS ** 0.5);
  const bend = own.map((a, i) => a * size[i]), least = Math.sqrt(share) * Math.max(...bend);
  const steepest = largest(g), stiffest = Math.max(...own);
  return g.map((slope, i) => {
    const beside = (slope * size[i]) / (least > 0 ? Math.max(bend[i], least) : 1);
    const alone = slope / (own[i] > 0 ? own[i] : 1);
    const small = 0.5 * alone * alone <= noise / Math.sqrt(EPS);
    if (size[i] > 0) {
      const slight = tie[i] > 1 && Math.abs(slope) * size[i] <= noise / EPS ** 0.25;
      return bend[i] <= least && (slight || (small && 0.5 * beside * beside <= noise));
    }
    const silent = slope === 0 || (tie[i] >= Math.sqrt(EPS) && Math.abs(slope) <= share * steepest);
    return (small && slope !== 0 && own[i] > 0) || (silent && own[i] <= Math.sqrt(share) * stiffest);
  });
}

/** What rounding x alone does to g, entry by entry: 16 eps |H| |x|. */
export const roundingOf = (H: Matrix | null, x: Vector): number[] =>
  H ? absoluteTimes(H, x.map(Math.abs)).map((a) => GRADIENT_NOISE * EPS * a) : x.map(() => 0);

/** A curvature b with which the step -g/b would bring a linear f to zero: |f| = g'g / b. It has the unit of curvature. */
export function initialCurvature(value: number, length: number): number {
  const size = length * (length / (value !== 0 ? Math.abs(value) : 1));
  return size > 2 ** -1022 && Number.isFinite(size) ? size : Math.max(length, 2 ** -1022);
}

