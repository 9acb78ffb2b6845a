/** Where x sits at a bound beyond which f falls, methods leave that variable out: what is left of the model there. */

import { type Quadratic, type Vec } from "../maths/quadratic";
import { form } from "../maths/symmetric";
import { dot, norm, scale, subtract, unit } from "../maths/vector";
import type { Context } from "./context";

export interface Reduced {
  /** The plane's axis whose bound it is; -1: a bound across both. */
  axis: number;
  /** The step along the bound to the bottom of the model there; null where it has none, or two bounds hold x. */
  step: Vec | null;
  corner: boolean;
}

/** x is at a bound where it is nearer than this share of the window. */
const TOUCHING = 1e-6;

/** What holds x; null where x is free, or no bound is in sight. */
export function reduced({ quad, feasible, window }: Pick<Context, "quad" | "feasible" | "window">): Reduced | null {
  if (!feasible || feasible.length < 3 || norm(quad.gradient) === 0) return null;
  const near = TOUCHING * Math.max(window[1] - window[0], window[3] - window[2]), middle = centroid(feasible);
  const edges = feasible.map((a, i) => { const edge = subtract(feasible[(i + 1) % feasible.length], a); return { a, along: unit(edge), length: norm(edge) }; });
  const holding = edges.filter(({ a, along, length }) => {
    const off = subtract(quad.at, a), normal: Vec = [-along[1], along[0]], out = dot(normal, subtract(a, middle)) > 0 ? normal : scale(-1, normal);
    return Math.abs(dot(normal, off)) <= near && between(dot(off, along), length, near) && dot(out, quad.gradient) < -1e-12 * norm(quad.gradient);
  });
  if (holding.length === 0) return null;
  if (holding.length > 1) return { axis: -1, step: null, corner: true };
  const { along } = holding[0];
  return { axis: axisOf(along), step: bottom(quad, along), corner: false };
}

/** Whether a place along an edge lies on it. */
const between = (s: number, length: number, near: number): boolean => s >= -near && s <= length + near;

/** The axis that does not change along an edge. */
const axisOf = ([u, v]: Vec): number => (Math.abs(u) < 1e-9 ? 0 : Math.abs(v) < 1e-9 ? 1 : -1);

function bottom(quad: Quadratic, along: Vec): Vec | null {
  const bend = form(quad.hessian, along);
  return bend > 0 ? scale(-dot(quad.gradient, along) / bend, along) : null;
}

const centroid = (corners: readonly Vec[]): Vec => [0, 1].map((k) => corners.reduce((sum, c) => sum + c[k], 0) / corners.length) as Vec;
