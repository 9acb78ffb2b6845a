/** Windows (x0, x1, y0, y1) of the plane, and what lies in them. */

import type { Vec } from "./quadratic";

export type Window = [number, number, number, number];

export const middle = (w: Window): Vec => [(w[0] + w[1]) / 2, (w[2] + w[3]) / 2];
export const halves = (w: Window): Vec => [(w[1] - w[0]) / 2, (w[3] - w[2]) / 2];
export const inside = (w: Window, p: Vec): boolean => p[0] >= w[0] && p[0] <= w[1] && p[1] >= w[2] && p[1] <= w[3];
/** The window of these half sizes around a point. */
export const around = (p: Vec, half: Vec): Window => [p[0] - half[0], p[0] + half[0], p[1] - half[1], p[1] + half[1]];

/** What lies in both windows. */
export const common = (v: Window, w: Window): Window => v.map((a, k) => (k % 2 ? Math.min(a, w[k]) : Math.max(a, w[k]))) as Window;

/** A square with room for every shape of panel: renderers widen a window until a unit is as long on both axes. */
export function roomy(w: Window): Window {
  const [a, b] = halves(w), size = 4 * Math.max(a, b);
  return around(middle(w), [size, size]);
}

/** How far from `p` in direction `d` a window is left; 0 if it never is. */
export function exit(w: Window, p: Vec, d: Vec): number {
  const ways = [0, 1].map((k) => (d[k] > 0 ? (w[2 * k + 1] - p[k]) / d[k] : d[k] < 0 ? (w[2 * k] - p[k]) / d[k] : Infinity));
  const way = Math.min(...ways);
  return Number.isFinite(way) && way > 0 ? way : 0;
}
