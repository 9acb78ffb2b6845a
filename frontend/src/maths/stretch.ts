/** What H^(-t) makes of vectors: each part along an axis is divided by lambda^t, and a circle becomes an ellipse. */

import { type Quadratic, type Vec, eigen, kind, signs } from "./quadratic";
import { add, dot, scale } from "./vector";

/**
 * lambda^(-t) of both axes; null where H^(-t) is no matrix: an inverse of what is flat, a power between of what is no
 * bowl. Of an inverse they have the sign of lambda: along a negative one steps are reversed.
 */
export function factors(q: Quadratic, t: number): Vec | null {
  const { values } = eigen(q);
  if (t === 0) return [1, 1];
  if (t === 1) return signs(q).includes(0) ? null : [1 / values[0], 1 / values[1]];
  return kind(q) === "bowl" ? [values[0] ** -t, values[1] ** -t] : null;
}

/** The components of a vector along the eigenvectors. */
export const parts = (q: Quadratic, v: Vec): Vec => eigen(q).axes.map((axis) => dot(axis, v)) as Vec;

/** The vector with these components along the eigenvectors. */
export const whole = (q: Quadratic, [a, b]: Vec): Vec => {
  const [u, v] = eigen(q).axes;
  return add(scale(a, u), scale(b, v));
};

/** H^(-t) v; null where there is no such matrix. */
export function stretched(q: Quadratic, t: number, v: Vec): Vec | null {
  const by = factors(q, t), [a, b] = parts(q, v);
  return by && whole(q, [a * by[0], b * by[1]]);
}

/** The v with H^(-t) v = s, for a handle on the ellipse; null where there is no such matrix. */
export function unstretched(q: Quadratic, t: number, s: Vec): Vec | null {
  const by = factors(q, t), [a, b] = parts(q, s);
  return by && whole(q, [a / by[0], b / by[1]]);
}
