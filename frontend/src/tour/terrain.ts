/** A function of the tour: typed as a formula, computed by the engine of the page. */

import { machineOf, spectrumOf, whole } from "../engine/live";
import { objectiveOf, type Sight } from "../engine/objective";
import { sampled } from "../engine/refined";
import { compile } from "../formula/compile";
import { levelThrough, type Smooth } from "../maths/level";
import type { Quadratic, Vec } from "../maths/quadratic";
import type { Window } from "../maths/window";
import type { Objective } from "../methods/types";
import type { Grid } from "../scene/types";
import type { Context } from "../views/context";
import type { Words } from "../app/words/words";
import { bareContext } from "./bare";

/** A gentle bent valley, lowest at 0: H changes from place to place, and is positive definite in the middle. */
export const VALLEY = "0.5*x1^2 + 2*(x2 - 0.25*x1^2)^2 + 0.4*x1*x2";
export const ROSENBROCK = "(1 - x1)^2 + 100*(x2 - x1^2)^2";

export interface Terrain {
  formula: string;
  names: [string, string];
  value(p: Vec): number;
  /** f, g and H at p; null where one is not finite. */
  quadratic(p: Vec): Quadratic | null;
  smooth: Smooth;
  /** For the methods of the page, and for their workers. */
  objective: Objective;
  sight: Sight;
  /** f over a window, with what a picture widened to its frame needs beyond. */
  grid(window: Window): Grid | null;
}

/** f of two variables; `side`: points along a side of its grids, more where valleys are narrow. */
export function terrain(formula: string, side?: number): Terrain {
  const { program, names } = compile(formula), machine = machineOf(program), flat = [1, 0, 0, 1];
  const sight: Sight = { program, x0: [0, 0], at: [0, 0], basis: [[1, 0], [0, 1]] }, grids = new Map<string, Grid | null>();
  const smooth: Smooth = (p) => {
    const { value, gradient, hessian } = machine.jet(p, flat, 2);
    const all = [value, ...gradient, ...hessian];
    return all.every(Number.isFinite) ? { value, gradient: [gradient[0], gradient[1]], hessian: [hessian[0], hessian[1], hessian[2]] } : null;
  };
  const value = (p: Vec): number => machine.value(p);
  const grid = (window: Window): Grid | null => {
    const key = window.join();
    // The first calls of a cold engine are slow: they must not make contours coarse, least of all on paper.
    if (!grids.has(key)) grids.set(key, sampled({ value }, wider(window), { patience: Infinity, most: side }));
    return grids.get(key)!;
  };
  const quadratic = (p: Vec): Quadratic | null => {
    const seen = smooth(p);
    return seen && { at: p, ...seen };
  };
  return { formula, names: [indexed(names[0]), indexed(names[1])], value, quadratic, smooth, objective: objectiveOf(sight), sight, grid };
}

/** Pictures with equal axes are widened to their frames, at most so much. */
const BEYOND = 0.45;

function wider([u0, u1, v0, v1]: Window): Window {
  const [du, dv] = [BEYOND * (u1 - u0), BEYOND * (v1 - v0)];
  return [u0 - du, u1 + du, v0 - dv, v1 + dv];
}

/** x1 as it is written by hand. */
const indexed = (name: string): string => name.replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);

/** What the views of a report's page (src/views) need, at x; null where f or a derivative is not finite. */
export function contextAt(land: Terrain, x: Vec, window: Window, page: Words, more: Partial<Context> = {}): Context | null {
  const quad = land.quadratic(x);
  if (!quad) return null;
  const { g, H } = whole(machineOf(land.sight.program), x, 2);
  return bareContext(quad, window, page, { level: levelThrough(land.smooth, x, window, Infinity), grid: land.grid(window), spectrum: spectrumOf(g, H, land.names, x), axes: land.names, ...more });
}
