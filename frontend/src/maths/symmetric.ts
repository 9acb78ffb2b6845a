/** Symmetric 2 x 2 matrices (h11, h12, h22), with care for the last digits: pictures are drawn of very thin ellipses. */

import type { Sym, Vec } from "./quadratic";
import { dot, scale } from "./vector";

export const times = (H: Sym, v: Vec): Vec => [H[0] * v[0] + H[1] * v[1], H[1] * v[0] + H[2] * v[1]];
export const form = (H: Sym, v: Vec): number => dot(v, times(H, v));

/** The product of two numbers and its rounding error. Source: Dekker (1971), "A floating-point technique". */
function product(a: number, b: number): Vec {
  const split = (x: number): Vec => {
    const far = 134217729 * x;
    const high = far - (far - x);
    return [high, x - high];
  };
  const p = a * b, [ah, al] = split(a), [bh, bl] = split(b);
  return [p, ah * bh - p + ah * bl + al * bh + al * bl];
}

/** a d - b c to the last digits, however much of it cancels. */
export function difference(a: number, d: number, b: number, c: number): number {
  const [p, e] = product(a, d), [q, f] = product(b, c);
  return p - q + (e - f);
}

/** A power of two near the largest entry: dividing by it is exact and keeps products within range. */
function magnitude(H: Sym): number {
  const largest = Math.max(Math.abs(H[0]), Math.abs(H[1]), Math.abs(H[2]));
  return largest > 0 && largest < Infinity ? 2 ** Math.max(-1000, Math.min(1000, Math.round(Math.log2(largest)))) : 1;
}

const divided = (H: Sym, k: number): Sym => [H[0] / k, H[1] / k, H[2] / k];

/** x with H x = b; H must not be singular. */
export function solve(H: Sym, b: Vec): Vec {
  const k = magnitude(H), [p, q, r] = divided(H, k);
  const determinant = difference(p, r, q, q) * k;
  return [difference(r, b[0], q, b[1]) / determinant, difference(p, b[1], q, b[0]) / determinant];
}

/** The inverse; H must not be singular. */
export function inverse(H: Sym): Sym {
  const k = magnitude(H), [p, q, r] = divided(H, k);
  const determinant = difference(p, r, q, q) * k;
  return [r / determinant, -q / determinant, p / determinant];
}

export interface Eigen {
  /** Ascending. */
  values: Vec;
  /** The unit vector of each, of settled sign. */
  axes: [Vec, Vec];
}

/**
 * Eigenvalues and axes of H. Both eigenvalues keep their digits, the small one too: it is the determinant, without
 * cancellation, by the large one.
 */
export function decomposed(H: Sym): Eigen {
  const k = magnitude(H), [a, b, c] = divided(H, k);
  const mean = (a + c) / 2, half = (a - c) / 2, radius = Math.hypot(half, b);
  if (radius === 0) return { values: [H[0], H[2]], axes: [[1, 0], [0, 1]] };
  const large = mean < 0 ? mean - radius : mean + radius;
  const small = difference(a, c, b, b) / large;
  const turn = Math.atan2(b, half) / 2;
  const top: Vec = [Math.cos(turn), Math.sin(turn)], low: Vec = [-top[1], top[0]];
  const values: Vec = mean < 0 ? [large * k, small * k] : [small * k, large * k];
  return { values, axes: [settled(low), settled(top)] };
}

/** The sign in which the first of the (nearly) largest entries is positive, as `settled` in Python. */
export function settled(v: Vec): Vec {
  const first = Math.abs(v[0]) > (1 - 1e-6) * Math.max(Math.abs(v[0]), Math.abs(v[1])) ? v[0] : v[1];
  return first < 0 ? scale(-1, v) : v;
}

/** The matrix with these axes and eigenvalues f(lambda). */
export function mapped({ values, axes }: Eigen, f: (lambda: number) => number): Sym {
  const [p, q] = [f(values[0]), f(values[1])], [u, v] = axes;
  return [p * u[0] * u[0] + q * v[0] * v[0], p * u[0] * u[1] + q * v[0] * v[1], p * u[1] * u[1] + q * v[1] * v[1]];
}

/** H^exponent of a positive definite H. */
export const power = (H: Sym, exponent: number): Sym => mapped(decomposed(H), (lambda) => lambda ** exponent);
