/** Vectors of the plane. */

import type { Vec } from "./quadratic";

export const add = (a: Vec, b: Vec): Vec => [a[0] + b[0], a[1] + b[1]];
export const subtract = (a: Vec, b: Vec): Vec => [a[0] - b[0], a[1] - b[1]];
export const scale = (k: number, a: Vec): Vec => [k * a[0], k * a[1]];
export const dot = (a: Vec, b: Vec): number => a[0] * b[0] + a[1] * b[1];
export const cross = (a: Vec, b: Vec): number => a[0] * b[1] - a[1] * b[0];
export const norm = (a: Vec): number => Math.hypot(a[0], a[1]);
/** A quarter turn to the left. */
export const turned = (a: Vec): Vec => [-a[1], a[0]];

/** The direction of `a`; zero stays zero. */
export function unit(a: Vec): Vec {
  const largest = Math.max(Math.abs(a[0]), Math.abs(a[1]));
  if (!(largest > 0 && largest < Infinity)) return [0, 0];
  const b: Vec = [a[0] / largest, a[1] / largest];
  return scale(1 / norm(b), b);
}

/**
 * Degrees between two vectors, accurate near 0, 90 and 180 (arccos of the cosine is not); NaN if one is zero.
 * Source: Kahan (2006), "How futile are mindless assessments of roundoff", section 12.
 */
export function angleBetween(u: Vec, v: Vec): number {
  const a = unit(u), b = unit(v);
  if (norm(a) === 0 || norm(b) === 0) return NaN;
  return (360 / Math.PI) * Math.atan2(norm(subtract(a, b)), norm(add(a, b)));
}
