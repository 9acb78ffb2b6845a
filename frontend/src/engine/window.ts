/** The window of the local picture where no grid of f says which: x, the centre and the level through x, if sensible. */

import { center, eigen, kind, newton, rise } from "../maths/quadratic";
import type { Quadratic } from "../maths/quadratic";
import type { Window } from "./engine";

/** An ellipse longer than this many Newton steps is not shown whole: its middle would be a line. */
const LONGEST = 4;

/** Less than this share of the usual window is too little to see. */
const NARROWEST = 0.02;

/** Steps below this share of x are rounding: a window of their size would show nothing else. */
const SMALLEST = 1e-6;

/** `usual` is the window of the point where it is known: one much smaller than it is not used. */
export function windowOf(quad: Quadratic, end: [number, number] | null = null, usual: Window | null = null): Window {
  const [u, v] = quad.at;
  const middle = center(quad);
  const step = newton(quad);
  const length = Math.hypot(step[0], step[1]);
  let [low, high] = [[u, v], [u, v]];
  const include = (p: readonly number[]) => {
    if (!p.every(Number.isFinite)) return;
    low = [Math.min(low[0], p[0]), Math.min(low[1], p[1])];
    high = [Math.max(high[0], p[0]), Math.max(high[1], p[1])];
  };
  if (length > 0) {
    include(middle);
    const reach = levelReach(quad).map((r) => Math.min(r, LONGEST * length));
    include([middle[0] - reach[0], middle[1] - reach[1]]);
    include([middle[0] + reach[0], middle[1] + reach[1]]);
  }
  if (end && Math.hypot(end[0] - u, end[1] - v) <= LONGEST * length) include(end);
  const least = usual ? NARROWEST * (usual[1] - usual[0]) : SMALLEST * Math.max(Math.abs(u), Math.abs(v));
  if (Math.max(high[0] - low[0], high[1] - low[1]) > least) return padded(low, high);
  const half = Math.max(Math.abs(u), Math.abs(v), 1) * 1e-3;
  return usual ?? [u - half, u + half, v - half, v + half];
}

/** Half width and half height of the level through x, around the centre; zero where it is no ellipse. */
function levelReach(quad: Quadratic): [number, number] {
  if (kind(quad) !== "bowl") return [0, 0];
  const { values, axes } = eigen(quad);
  const c = 2 * Math.max(rise(quad), 0);
  const along = (k: 0 | 1) => Math.sqrt(values.reduce((sum, value, i) => sum + (c / value) * axes[i][k] ** 2, 0));
  return [along(0), along(1)];
}

function padded(low: number[], high: number[]): Window {
  const size = Math.max(high[0] - low[0], high[1] - low[1]);
  const pad = 0.2 * size;
  const [du, dv] = [0, 1].map((k) => Math.max(0, (0.5 * size - (high[k] - low[k])) / 2));
  return [low[0] - pad - du, high[0] + pad + du, low[1] - pad - dv, high[1] + pad + dv];
}
