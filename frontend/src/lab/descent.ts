/** Where f goes down to from a point: only to choose what a picture shows, no method of the library. */

import { whole } from "../engine/live";
import type { Machine } from "../engine/jets";
import { spectral } from "../maths/jacobi";

const STEPS = 80;
const HALVINGS = 30;
/** Curvatures below this share of the largest do not lengthen a step. */
const FLOOR = 1e-6;
/** Steps shorter than this share of x have arrived. */
const ARRIVED = 1e-6;

/** Newton's steps with |lambda| in place of lambda, halved until f falls; null where they do not arrive nearby. */
export function lowest(machine: Machine, start: number[]): number[] | null {
  const n = start.length, size = Math.max(1, ...start.map(Math.abs));
  let x = start, f = machine.value(x);
  for (let k = 0; k < STEPS; k += 1) {
    const { g, H } = whole(machine, x, n);
    if (![f, ...g, ...H.flat()].every(Number.isFinite)) return null;
    const { values, vectors } = spectral(H.flat(), n), top = Math.max(...values.map(Math.abs));
    const step = new Array<number>(n).fill(0);
    vectors.forEach((v, i) => {
      const c = -v.reduce((sum, a, j) => sum + a * g[j], 0) / (Math.max(Math.abs(values[i]), FLOOR * top) || 1);
      v.forEach((a, j) => (step[j] += c * a));
    });
    if (Math.hypot(...step) <= ARRIVED * size) return x;
    const next = halved(machine, x, f, step);
    if (!next) return x;
    [x, f] = [next, machine.value(next)];
    if (!x.every((a) => Math.abs(a) < 1e3 * size)) return null;
  }
  return null;
}

function halved(machine: Machine, x: number[], f: number, step: number[]): number[] | null {
  for (let k = 0, t = 1; k < HALVINGS; k += 1, t /= 2) {
    const next = x.map((a, i) => a + t * step[i]);
    if (machine.value(next) < f) return next;
  }
  return null;
}

/** A start for a formula that says none: the first of a few usual ones at which f and its derivatives are finite. */
export function usualStart(machine: Machine, n: number): number[] {
  const bases = [[-1.2, 1], [1.2, 0.8], [0.4, 0.6], [2.5, 1.5], [-0.4, -0.6], [5, 3], [0.05, 0.02], [40, 60]];
  const starts = bases.map((base) => Array.from({ length: n }, (_, i) => base[i % 2] * (1 + 0.25 * Math.floor(i / 2))));
  return starts.find((x) => finiteAt(machine, x)) ?? starts[0];
}

/** Whether f, g and H are finite at x. */
export function finiteAt(machine: Machine, x: number[]): boolean {
  const { value, g, H } = whole(machine, x, x.length);
  return [value, ...g, ...H.flat()].every(Number.isFinite);
}
