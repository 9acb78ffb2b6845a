/**
 * Vectors and small dense matrices (n <= 8), as linear/batched.py, linear/cholesky.py and linear/spectral.py do it. In plain
 * loops: a basin map makes a million of these.
 */

import { eigenpairs, type Eigenpairs } from "../maths/jacobi";
import { CURVATURE_NOISE, EPS, TINY } from "../maths/number";
import type { Matrix, Vector } from "./types";

export function dot(a: Vector, b: Vector): number {
  if (a.length === 2) return a[0] * b[0] + a[1] * b[1];
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
}

/** Euclidean length; a quarter of the squares, so that this overflows after f itself. */
export function norm(v: Vector): number {
  if (v.length === 2) return 4 * Math.sqrt(0.25 * v[0] * (0.25 * v[0]) + 0.25 * v[1] * (0.25 * v[1]));
  let sum = 0;
  for (let i = 0; i < v.length; i += 1) sum += 0.25 * v[i] * (0.25 * v[i]);
  return 4 * Math.sqrt(sum);
}

export const largest = (v: Vector): number => {
  let top = 0;
  for (let i = 0; i < v.length; i += 1) top = Math.max(top, Math.abs(v[i]));
  return top;
};

export function diagonal(A: Matrix, n: number): number[] {
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) out[i] = A[i * n + i];
  return out;
}

/** Numbers as an array, where they are none. */
export const plain = (a: Float64Array | Vector): Vector => (Array.isArray(a) ? a : Array.from(a));

/** max |A_ii|. */
export function largestDiagonal(A: Matrix, n: number): number {
  if (n === 2) return Math.max(Math.abs(A[0]), Math.abs(A[3]));
  let top = 0;
  for (let i = 0; i < n; i += 1) top = Math.max(top, Math.abs(A[i * n + i]));
  return top;
}

/** A v. */
export function times(A: Matrix, v: Vector): number[] {
  const n = v.length;
  if (n === 2) return [A[0] * v[0] + A[1] * v[1], A[2] * v[0] + A[3] * v[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += A[i * n + j] * v[j];
    out[i] = sum;
  }
  return out;
}

/** |A| v. */
export function absoluteTimes(A: Matrix, v: Vector): number[] {
  const n = v.length;
  if (n === 2) return [Math.abs(A[0]) * v[0] + Math.abs(A[1]) * v[1], Math.abs(A[2]) * v[0] + Math.abs(A[3]) * v[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += Math.abs(A[i * n + j]) * v[j];
    out[i] = sum;
  }
  return out;
}

/** max_i sum_j |A_ij|: no eigenvalue is larger. */
export function largestRow(A: Matrix, n: number): number {
  let top = 0;
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += Math.abs(A[i * n + j]);
    top = Math.max(top, sum);
  }
  return top;
}

/** D^-1 A D^-1. */
export function scaled(A: Matrix, d: Vector): number[] {
  const n = d.length;
  if (n === 2) return [A[0] / (d[0] * d[0]), A[1] / (d[0] * d[1]), A[2] / (d[1] * d[0]), A[3] / (d[1] * d[1])];
  const out = new Array<number>(n * n);
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) out[i * n + j] = A[i * n + j] / (d[i] * d[j]);
  return out;
}

/** D^-1 v. */
export function divided(v: Vector, d: Vector): number[] {
  const n = v.length;
  if (n === 2) return [v[0] / d[0], v[1] / d[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) out[i] = v[i] / d[i];
  return out;
}

/** k v. */
export function multiple(k: number, v: Vector): number[] {
  const n = v.length;
  if (n === 2) return [k * v[0], k * v[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) out[i] = k * v[i];
  return out;
}

/** a + k b. */
export function plus(a: Vector, b: Vector, k = 1): number[] {
  const n = a.length;
  if (n === 2) return [a[0] + k * b[0], a[1] + k * b[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) out[i] = a[i] + k * b[i];
  return out;
}

/** The sizes |v_i|. */
export function sizes(v: Vector): number[] {
  const n = v.length;
  if (n === 2) return [Math.abs(v[0]), Math.abs(v[1])];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) out[i] = Math.abs(v[i]);
  return out;
}

/** ||D v||. */
export function lengthOf(v: Vector, d: Vector): number {
  if (v.length === 2) {
    const a = 0.25 * (d[0] * v[0]), b = 0.25 * (d[1] * v[1]);
    return 4 * Math.sqrt(a * a + b * b);
  }
  let sum = 0;
  for (let i = 0; i < v.length; i += 1) {
    const quarter = 0.25 * (d[i] * v[i]);
    sum += quarter * quarter;
  }
  return 4 * Math.sqrt(sum);
}

/** Whether every entry is finite: finite entries do not overflow together. */
export function finite(v: ArrayLike<number>): boolean {
  if (v.length === 2) return Number.isFinite(EPS * v[0] + EPS * v[1]);
  let sum = 0;
  for (let i = 0; i < v.length; i += 1) sum += EPS * v[i];
  return Number.isFinite(sum);
}

/** Lower triangular L with L L' = A + shift I; null where that is not positive definite. Reads the lower half. */
export function cholesky(A: Matrix, n: number, shift = 0): number[] | null {
  if (n === 2) return cholesky2(A, shift);
  const L = new Array<number>(n * n);
  for (let k = 0; k < n * n; k += 1) L[k] = 0;
  for (let j = 0; j < n; j += 1) {
    for (let i = j; i < n; i += 1) {
      let c = A[i * n + j] + (i === j ? shift : 0);
      for (let k = 0; k < j; k += 1) c -= L[i * n + k] * L[j * n + k];
      if (i === j) {
        if (!(c > 0 && c < Infinity)) return null;
        L[j * n + j] = Math.sqrt(c);
      } else L[i * n + j] = c / L[j * n + j];
    }
  }
  return L;
}

function cholesky2(A: Matrix, shift: number): number[] | null {
  const top = A[0] + shift;
  if (!(top > 0 && top < Infinity)) return null;
  const root = Math.sqrt(top), below = A[2] / root, rest = A[3] + shift - below * below;
  return rest > 0 && rest < Infinity ? [root, 0, below, Math.sqrt(rest)] : null;
}

/** Solves L x = b. */
export function lower(L: Matrix, b: Vector): number[] {
  const n = b.length;
  if (n === 2) {
    const first = b[0] / L[0];
    return [first, (b[1] - L[2] * first) / L[3]];
  }
  const x = new Array<number>(n);
  for (let i = 0; i < n; i += 1) {
    let rest = b[i];
    for (let j = 0; j < i; j += 1) rest -= L[i * n + j] * x[j];
    x[i] = rest / L[i * n + i];
  }
  return x;
}

/** Solves L' x = b. */
export function upper(L: Matrix, b: Vector): number[] {
  const n = b.length;
  if (n === 2) {
    const last = b[1] / L[3];
    return [(b[0] - L[2] * last) / L[0], last];
  }
  const x = new Array<number>(n);
  for (let i = n - 1; i >= 0; i -= 1) {
    let rest = b[i];
    for (let j = n - 1; j > i; j -= 1) rest -= L[j * n + i] * x[j];
    x[i] = rest / L[i * n + i];
  }
  return x;
}

/** Eigenvalues of this size cannot be told from zero: 4 n eps max|H_ii|; 1 for a matrix without diagonal. */
export function noiseShift(H: Matrix, n: number): number {
  const top = largestDiagonal(H, n);
  return top > TINY ? 4 * n * EPS * top : 1;
}

/** L of H + mu I, mu at the noise of H; L is null where H is indefinite, or zero. */
export interface Factor { H: Matrix; n: number; L: number[] | null }

export function factorize(H: Matrix, n: number): Factor {
  const L = cholesky(H, n, noiseShift(H, n));
  // H = 0 is semidefinite, but has no Newton step: its model is a slope.
  return { H, n, L: L && largestDiagonal(H, n) > TINY ? L : null };
}

/** H^-1 b, with a second solve that takes out what mu put in. */
export function solve({ H, L }: Factor, b: Vector): number[] {
  const y = upper(L!, lower(L!, b));
  return plus(y, upper(L!, lower(L!, plus(b, times(H, y), -1))));
}

/** Whether a direction of H may have no curvature beyond its noise, as the smallest pivot tells. */
export function nearlySingular({ H, L, n }: Factor): boolean {
  if (!L) return false;
  let pivot = Infinity;
  for (let i = 0; i < n; i += 1) pivot = Math.min(pivot, L[i * n + i]);
  return pivot * pivot <= ((n * CURVATURE_NOISE) / 4) * noiseShift(H, n);
}

/** V'g. */
export function components({ V }: Eigenpairs, g: Vector): number[] {
  const n = g.length;
  if (n === 2) return [V[0] * g[0] + V[2] * g[1], V[1] * g[0] + V[3] * g[1]];
  const out = new Array<number>(n);
  for (let i = 0; i < n; i += 1) {
    let sum = 0;
    for (let j = 0; j < n; j += 1) sum += V[j * n + i] * g[j];
    out[i] = sum;
  }
  return out;
}

/** Eigenvalues up to this size cannot be told from zero. */
export const noiseOf = (w: Vector): number => CURVATURE_NOISE * w.length * EPS * largest(w);

/** Which eigenvectors have neither curvature nor slope `a` beyond rounding; `error` is that of the gradient. */
export function inDoubt({ w, V }: Eigenpairs, a: Vector, error: Vector): boolean[] {
  const n = w.length, noise = noiseOf(w);
  return w.map((value, i) => {
    let slope = 0;
    for (let j = 0; j < n; j += 1) slope += Math.abs(V[j * n + i]) * error[j];
    return Math.abs(value) <= noise && Math.abs(a[i]) <= slope;
  });
}

/** -H^-1 g without the directions in doubt; other eigenvalues below the noise of H count as that noise. */
export function shortestStep(H: Matrix, g: Vector, error: Vector): number[] {
  const found = eigenpairs(H, g.length), a = components(found, g), noise = noiseOf(found.w), doubt = inDoubt(found, a, error);
  const size = found.w.map((value) => Math.max(Math.abs(value), noise));
  return times(found.V, a.map((slope, i) => (doubt[i] ? 0 : -slope / (size[i] > 0 ? size[i] : 1))));
}

/** -|H|^-1 g: eigenvalues by their absolute values, zeros as if they were the largest. Nocedal and Wright, section 3.4. */
export function absoluteStep(H: Matrix, g: Vector): number[] {
  const found = eigenpairs(H, g.length), a = components(found, g), top = largest(found.w), noise = noiseOf(found.w);
  return times(found.V, a.map((slope, i) => {
    const size = Math.abs(found.w[i]);
    return -slope / (size <= noise ? (top > 0 ? top : 1) : size);
  }));
}

/** The eigenvector of the smallest eigenvalue, its largest entry positive. */
export function lowestVector(H: Matrix, n: number): number[] {
  const { V } = eigenpairs(H, n), v = Array.from({ length: n }, (_, j) => V[j * n]);
  const at = v.reduce((best, a, i) => (Math.abs(a) > Math.abs(v[best]) ? i : best), 0);
  return v[at] < 0 ? v.map((a) => -a) : v;
}
