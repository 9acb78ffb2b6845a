/**
 * A function through the values of a grid, twice continuously differentiable: in every cell the polynomial of degree five
 * in u and in v that has, at the four corners, the derivatives up to the second in u and in v. These are differences of
 * up to seven neighbors in a row, centred where there are as many on both sides: of order six. One function, so that
 * gradient and Hessian are its own derivatives. A corner without a value leaves its cells without a function.
 */

import type { Grid } from "../scene/types";
import { cellOf } from "./contour";
import type { Smooth } from "./level";
import type { Sym } from "./quadratic";

/** Neighbors that a difference is made of, and without which there is none. */
const MOST = 7, LEAST = 3;

/** Derivatives of order 0, 1, 2 at a node, in one direction; both directions: 9 numbers a node. */
const ORDERS = 3, EACH = ORDERS * ORDERS;

/** Hermite's polynomials for f, f', f'' at 0 and at 1, by their coefficients from the constant on. */
const HERMITE = [
  [1, 0, 0, -10, 15, -6], [0, 1, 0, -6, 8, -3], [0, 0, 0.5, -1.5, 1.5, -0.5],
  [0, 0, 0, 10, -15, 6], [0, 0, 0, -4, 7, -3], [0, 0, 0, 0.5, -1, 0.5],
];

export interface Interpolant {
  /** Value, gradient and Hessian at a point; null outside of the grid and where values are missing. */
  at: Smooth;
  /** The Hessian at a node, as the differences have it. */
  atNode(i: number, j: number): Sym;
}

/** `stride`: differences are made of every so many neighbors. */
export function interpolant({ x, y, values }: Grid, stride = 1): Interpolant {
  const nu = x.length, nv = y.length, step = (ticks: number[]): number => (ticks.at(-1)! - ticks[0]) / (ticks.length - 1);
  const [h, k] = [step(x), step(y)], [A, B] = [new Float64Array(18), new Float64Array(18)];
  // Of node (i, j): the derivative of order (a in u, b in v) at EACH (j nu + i) + ORDERS b + a, per step of the grid.
  const nodes = new Float64Array(EACH * nu * nv);
  values.flat().forEach((value, i) => (nodes[EACH * i] = value));
  for (let j = 0; j < nv; j += 1) differences(nodes, EACH * j * nu, EACH, nu, stride, 1);
  for (let i = 0; i < nu; i += 1) for (let a = 0; a < ORDERS; a += 1) differences(nodes, EACH * i + a, EACH * nu, nv, stride, ORDERS);
  const at: Smooth = ([u, v]) => {
    const i = cellOf(x, u), j = cellOf(y, v);
    if (i < 0 || j < 0) return null;
    fill(A, (u - x[i]) / h);
    fill(B, (v - y[j]) / k);
    let value = 0, fu = 0, fv = 0, fuu = 0, fuv = 0, fvv = 0;
    for (let m = 0; m < 6; m += 1) {
      // Of two corners the numbers of one order in v, for the three in u: the next corner's are EACH further on.
      const row = EACH * ((j + Number(m >= ORDERS)) * nu + i) + ORDERS * (m % ORDERS);
      let s0 = 0, s1 = 0, s2 = 0;
      for (let l = 0; l < 6; l += 1) {
        const node = nodes[row + (l < ORDERS ? l : l - ORDERS + EACH)];
        s0 += A[l] * node;
        s1 += A[6 + l] * node;
        s2 += A[12 + l] * node;
      }
      value += B[m] * s0;
      fu += B[m] * s1;
      fuu += B[m] * s2;
      fv += B[6 + m] * s0;
      fuv += B[6 + m] * s1;
      fvv += B[12 + m] * s0;
    }
    if (!Number.isFinite(value + fu + fv + fuu + fuv + fvv)) return null;
    return { value, gradient: [fu / h, fv / k], hessian: [fuu / h / h, fuv / h / k, fvv / k / k] };
  };
  return {
    at,
    atNode: (i, j) => {
      const first = EACH * (j * nu + i);
      return [nodes[first + 2] / h / h, nodes[first + ORDERS + 1] / h / k, nodes[first + 2 * ORDERS] / k / k];
    },
  };
}

/** Hermite's polynomials at t, their first and their second derivatives. */
function fill(basis: Float64Array, t: number): void {
  HERMITE.forEach((c, l) => {
    let p = 0, d = 0, e = 0;
    for (let k = 5; k >= 0; k -= 1) {
      e = e * t + 2 * d;
      d = d * t + p;
      p = p * t + c[k];
    }
    basis[l] = p;
    basis[6 + l] = d;
    basis[12 + l] = e;
  });
}

/** First and second differences along a row of `count` nodes, put `next` and 2 `next` behind every value; NaN where there are none. */
function differences(nodes: Float64Array, first: number, step: number, count: number, stride: number, next: number): void {
  const value = (i: number): number => nodes[first + step * i], known = (i: number): boolean => i < count && Number.isFinite(value(i));
  for (let i = 0, low = 0, high = -1; i < count; i += 1) {
    // The neighbors without a gap between them and this one.
    if (i > high) for (low = high = i; known(high) && known(high + 1); ) high += 1;
    const before = Math.floor((i - low) / stride), after = Math.floor((high - i) / stride), width = Math.min(MOST, before + after + 1);
    const from = Math.max(-before, Math.min(-(width >> 1), after - width + 1)), lagrange = weights(from, width);
    let [d, e] = width < LEAST ? [NaN, NaN] : [0, 0];
    for (let k = 0; k < width; k += 1) {
      d += lagrange[k][1] * value(i + stride * (from + k));
      e += 2 * lagrange[k][2] * value(i + stride * (from + k));
    }
    nodes[first + step * i + next] = d / stride;
    nodes[first + step * i + 2 * next] = e / stride / stride;
  }
}

const weighed: Record<number, number[][]> = {};

/** Lagrange's polynomials a + b x + c x^2 + ... of the places from, from + 1, ... (`count` of them): at 0 their derivatives are b and 2 c. */
function weights(from: number, count: number): number[][] {
  const places = Array.from({ length: count }, (_, k) => from + k);
  return (weighed[MOST * from + count] ??= places.map((own) =>
    places.filter((other) => other !== own).reduce(([a, b, c], other) => [-other * a, a - other * b, b - other * c].map((p) => p / (own - other)), [1, 0, 0]),
  ));
}
