/** Level lines of f itself, as smooth as f is: of a grid first, then every corner is put onto its level. No DOM here. */

import { lines } from "../maths/contour";
import type { Vec } from "../maths/quadratic";
import { add, cross, dot, norm, scale, subtract } from "../maths/vector";
import type { Window } from "../maths/window";
import type { Terrain } from "./terrain";

/** Points on a side of the grid: the same everywhere, so that the printed tour is the same wherever it is made. */
const SIDE = 61;
/** A chord that leaves its line by this share of the window is cut in two, so often at most. */
const FINE = 1.5e-4, CUTS = 4;

/** The lines of all levels within a window. */
export function levelLines(land: Pick<Terrain, "value" | "smooth">, [x0, x1, y0, y1]: Window, levels: number[]): Vec[][] {
  const ticks = (low: number, high: number): number[] => Array.from({ length: SIDE }, (_, i) => low + ((high - low) * i) / (SIDE - 1));
  const [x, y] = [ticks(x0, x1), ticks(y0, y1)], grid = { x, y, values: y.map((v) => x.map((u) => land.value([u, v]))) };
  const cell = Math.max(x[1] - x[0], y[1] - y[0]), fine = FINE * Math.max(x1 - x0, y1 - y0);
  return levels.flatMap((level) => lines(grid, level).map((line) => smoothed(land, level, line, cell, fine)));
}

function smoothed(land: Pick<Terrain, "smooth">, level: number, line: Vec[], cell: number, fine: number): Vec[] {
  const corners = line.map((p) => onto(land, level, p, cell)), out: Vec[] = [corners[0]];
  const cut = (a: Vec, b: Vec, left: number): void => {
    const middle = onto(land, level, scale(0.5, add(a, b)), cell), chord = subtract(b, a);
    if (left > 0 && Math.abs(cross(chord, subtract(middle, a))) > fine * norm(chord)) {
      cut(a, middle, left - 1);
      cut(middle, b, left - 1);
    } else out.push(b);
  };
  for (let k = 1; k < corners.length; k += 1) cut(corners[k - 1], corners[k], CUTS);
  return thinned(out, fine / 2);
}

/** Without the points that lie on the chord of their neighbors as far as can be seen. */
function thinned(line: Vec[], fine: number): Vec[] {
  const out = [line[0]];
  for (let from = 0, k = 2; k <= line.length; k += 1) {
    const a = line[from], chord = k < line.length ? subtract(line[k], a) : null, size = chord ? norm(chord) : 0;
    if (chord && size > 0 && line.slice(from + 1, k).every((p) => Math.abs(cross(chord, subtract(p, a))) <= fine * size && dot(chord, subtract(p, a)) <= size * size)) continue;
    out.push(line[k - 1]);
    from = k - 1;
  }
  return out;
}

/** The point of the level near p, along the gradient; p itself where that is not near by. */
function onto(land: Pick<Terrain, "smooth">, level: number, p: Vec, cell: number): Vec {
  let q = p;
  for (let k = 0; k < 3; k += 1) {
    const here = land.smooth(q), slope = here ? dot(here.gradient, here.gradient) : 0;
    if (!here || !(slope > 0)) return p;
    const off = (level - here.value) / slope;
    q = add(q, scale(off, here.gradient));
    if (!(norm(subtract(q, p)) < cell)) return p;
    if (Math.abs(off) * Math.sqrt(slope) < 1e-5 * cell) break;
  }
  return q;
}
