/**
 * A quadratic of which a hand changes the eigenvalues: the axes stay, and so do value and gradient at x. The level through x meets
 * the line of an axis at two tips, tau from the foot of x on that line, where lambda tau^2 + 2 g tau = k; with g the gradient's part
 * along the axis, and k = (the other part)^2 / the other eigenvalue. Whatever lambda is, one linear equation puts a tip at a given tau.
 */

import { type Quadratic, type Vec, center, signs } from "./quadratic";
import { type Eigen, mapped, times } from "./symmetric";
import { add, dot, norm, scale, subtract } from "./vector";

/** Half the length, along an eigenvector, of the contour of this rise; it has no end where lambda is not of the rise's sign. */
export const semiAxis = (lambda: number, rise: number): number => (lambda * rise > 0 ? Math.sqrt((2 * rise) / lambda) : Infinity);

/** How the level meets the line of an axis. */
export interface Crossing {
  /** The point of the line from which tau counts. */
  foot: Vec;
  along: Vec;
  g: number;
  k: number;
  /** Where the level meets the line, far from x and near it; 0: nowhere, or in x itself. */
  far: number;
  near: number;
}

export type End = "far" | "near";

/** Signs beyond rounding, in the order of a frame. */
export function signsIn(q: Quadratic, { values: [p, r] }: Eigen): Vec {
  const [low, high] = signs(q);
  return p <= r ? [low, high] : [high, low];
}

/** A slope of this share of |g| along a flat direction is rounding, as in `hasCenter`. */
const FLAT = 1e-6;

/** The crossing of axis i; `lift`: not of the level through x, but of the contour so far above (below) the centre. Null: there is no such line. */
export function crossing(q: Quadratic, frame: Eigen, i: 0 | 1, lift: number): Crossing | null {
  const sign = signsIn(q, frame), along = frame.axes[i], other = frame.axes[1 - i], lambda = sign[i] ? frame.values[i] : 0, bend = sign[1 - i] ? frame.values[1 - i] : 0;
  let g = dot(along, q.gradient), k = 0, foot = q.at;
  const h = dot(other, q.gradient);
  if (lift) [g, k, foot] = [0, 2 * Math.abs(lift) * sign[i], center(q)];
  else if (bend) [k, foot] = [(h * h) / bend, add(q.at, scale(-h / bend, other))];
  else if (Math.abs(h) > FLAT * norm(q.gradient)) return null;
  const root = Math.sqrt(g * g + lambda * k), sum = g + (g < 0 ? -root : root), at = (tau: number): number => (Number.isFinite(tau) ? tau : 0);
  // The smaller root by the product of both: it keeps its digits as lambda goes through zero, where the other is infinite.
  return { foot, along, g, k, far: at(-sum / lambda), near: at(k / sum) };
}

/** The eigenvalue that puts a tip at tau. */
export const lambdaAt = ({ g, k }: Pick<Crossing, "g" | "k">, tau: number): number => (k - 2 * g * tau) / (tau * tau);

/**
 * The eigenvalue of a tip that is pulled towards tau. A tip keeps its side, and a distance `least` from the foot; within `snap` of
 * where its eigenvalue goes through zero, that is zero.
 */
export function pulledTo(c: Crossing, end: End, tau: number, least: number, snap: number): number {
  const side = Math.sign(c[end]), turn = (side * c.k) / c.g, wanted = Math.max(Math.min(least, side * c[end]), side * tau);
  if (!(turn > 0 && turn < Infinity)) return lambdaAt(c, side * wanted);
  // Beyond the turn the eigenvalue rises again: there the other tip is.
  const held = end === "near" ? Math.min(wanted, turn) : Math.max(wanted, turn);
  return Math.abs(held - turn / 2) <= Math.min(snap, turn / 16) ? 0 : lambdaAt(c, side * held);
}

/** The quadratic with these eigenvalues along these axes. `still`: x is the centre to the eye, and the centre stays where it is. */
export function withEigen(q: Quadratic, frame: Eigen, still: boolean): Quadratic {
  const hessian = mapped(frame, (lambda) => lambda);
  // What is left of g there is rounding: with an eigenvalue of zero it would leave no centre.
  return { ...q, hessian, gradient: still ? times(hessian, subtract(q.at, center(q))) : q.gradient };
}
