/** Three dimensions seen from far away: orthographic projection, and the ellipsoid of a 3 x 3 matrix. */

import type { Sym, Vec } from "./quadratic";

export type Vec3 = [number, number, number];
/** Rows of a symmetric 3 x 3 matrix. */
export type Sym3 = [Vec3, Vec3, Vec3];

export const add3 = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const scale3 = (k: number, a: Vec3): Vec3 => [k * a[0], k * a[1], k * a[2]];
export const dot3 = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Degrees between two vectors that are not zero; see `angleBetween`. */
export function angleBetween3(u: Vec3, v: Vec3): number {
  const a = scale3(1 / Math.hypot(...u), u), b = scale3(1 / Math.hypot(...v), v);
  return (360 / Math.PI) * Math.atan2(Math.hypot(...add3(a, scale3(-1, b))), Math.hypot(...add3(a, b)));
}

/** Where one looks from: unit vectors to the right, up, and towards the eye. */
export interface Camera {
  right: Vec3;
  up: Vec3;
  towards: Vec3;
}

/** The eye at this azimuth (counter-clockwise from the first axis) and elevation, in degrees; the third axis is up. */
export function camera(azimuth: number, elevation: number): Camera {
  const a = (azimuth * Math.PI) / 180, e = (elevation * Math.PI) / 180;
  const [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
  return { right: [-sa, ca, 0], up: [-se * ca, -se * sa, ce], towards: [ce * ca, ce * sa, se] };
}

export const project = (eye: Camera, p: Vec3): Vec => [dot3(eye.right, p), dot3(eye.up, p)];
/** How near to the eye a point is. */
export const nearness = (eye: Camera, p: Vec3): number => dot3(eye.towards, p);

export interface Eigen3 {
  /** Ascending. */
  values: Vec3;
  axes: [Vec3, Vec3, Vec3];
}

/** Eigenvalues and axes by rotations, each of which makes one entry zero. Source: Jacobi (1846). */
export function decomposed3(H: Sym3): Eigen3 {
  const A = H.map((row) => [...row]), V = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  const pairs = [[0, 1], [0, 2], [1, 2]];
  for (let sweep = 0; sweep < 12; sweep += 1)
    for (const [p, q] of pairs) {
      if (A[p][q] === 0) continue;
      const ratio = (A[q][q] - A[p][p]) / (2 * A[p][q]);
      const t = Number.isFinite(ratio) ? (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1)) : 0;
      const c = 1 / Math.hypot(t, 1), s = t * c;
      for (const M of [A, V]) for (const row of M) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
      for (let k = 0; k < 3; k += 1) [A[p][k], A[q][k]] = [c * A[p][k] - s * A[q][k], s * A[p][k] + c * A[q][k]];
      A[p][q] = A[q][p] = 0;
    }
  const order = [0, 1, 2].sort((i, j) => A[i][i] - A[j][j]);
  const axis = (i: number): Vec3 => settled3([V[0][i], V[1][i], V[2][i]]);
  return { values: order.map((i) => A[i][i]) as Vec3, axes: order.map(axis) as [Vec3, Vec3, Vec3] };
}

function settled3(v: Vec3): Vec3 {
  const size = Math.max(...v.map(Math.abs));
  return v.find((x) => Math.abs(x) > (1 - 1e-6) * size)! < 0 ? scale3(-1, v) : v;
}

/** H^exponent with given eigenpairs, applied to `v`. */
export function powered({ values, axes }: Eigen3, exponent: number, v: Vec3): Vec3 {
  const parts = axes.map((axis, i) => scale3(values[i] ** exponent * dot3(axis, v), axis));
  return add3(parts[0], add3(parts[1], parts[2]));
}

/**
 * What one sees of the ellipsoid {1/2 s'Hs = c}: the ellipse {1/2 p'Kp = c} whose matrix is the inverse of the
 * projected inverse of H, its shadow. Given as the projected inverse, R H^-1 R'.
 */
export function shadow(frame: Eigen3, eye: Camera): Sym {
  const a = powered(frame, -1, eye.right), b = powered(frame, -1, eye.up);
  return [dot3(eye.right, a), dot3(eye.up, a), dot3(eye.up, b)];
}
