/** Level lines of a grid, by marching squares; cells with a value that is not finite are left out. */

import type { Contours, Grid } from "../scene/types";
import type { Vec } from "./quadratic";

type Line = Vec[];

/** f between the points of a grid (bilinear); NaN outside of it and in cells that are not finite. */
export function sample(grid: Grid, p: Vec): number {
  const i = cellOf(grid.x, p[0]), j = cellOf(grid.y, p[1]);
  if (i < 0 || j < 0) return NaN;
  const s = (p[0] - grid.x[i]) / (grid.x[i + 1] - grid.x[i]), t = (p[1] - grid.y[j]) / (grid.y[j + 1] - grid.y[j]);
  const [low, high] = [grid.values[j], grid.values[j + 1]];
  return (1 - t) * ((1 - s) * low[i] + s * low[i + 1]) + t * ((1 - s) * high[i] + s * high[i + 1]);
}

/** The cell that a coordinate lies in; -1 outside. */
export function cellOf(ticks: number[], value: number): number {
  if (!(value >= ticks[0] && value <= ticks[ticks.length - 1])) return -1;
  let [low, high] = [0, ticks.length - 1];
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (ticks[half] <= value) low = half;
    else high = half;
  }
  return low;
}

/** The lines where f has the value `level`; a line that passes the cell of `through` gets this point as a vertex. */
export function lines(grid: Grid, level: number, through: Vec | null = null): Line[] {
  const links = linked(grid, level);
  const nodes = new Map<number, Vec>();
  const node = (edge: number): Vec => nodes.get(edge) ?? nodes.set(edge, crossing(grid, level, edge)).get(edge)!;
  const out: Line[] = [];
  const walk = (start: number, next: number): number[] => {
    const path = [start];
    for (let [from, to] = [start, next]; to >= 0; ) {
      path.push(to);
      if (to === start) break;
      const ends = links.get(to)!, other = ends[0] === from ? (ends[1] ?? -1) : ends[0];
      links.delete(to);
      [from, to] = [to, other];
    }
    return path;
  };
  for (const first of [true, false]) {
    // Open lines first, from their ends; what is left then is closed.
    for (const [edge, neighbours] of links) {
      if (first && neighbours.length > 1) continue;
      links.delete(edge);
      const path = walk(edge, neighbours[0]);
      if (path.length > 1) out.push(path.map(node));
    }
  }
  return through ? bent(grid, out, through) : out;
}

/** For every grid edge that the level crosses (2 * index, + 1 for the edge upwards) its neighbours on the line. */
function linked(grid: Grid, level: number): Map<number, number[]> {
  const { values } = grid, nx = grid.x.length, links = new Map<number, number[]>();
  const join = (a: number, b: number): void => {
    links.set(a, [...(links.get(a) ?? []), b]);
    links.set(b, [...(links.get(b) ?? []), a]);
  };
  for (let j = 0; j + 1 < grid.y.length; j += 1) {
    const [low, high] = [values[j], values[j + 1]];
    for (let i = 0; i + 1 < nx; i += 1) {
      const a = low[i], b = low[i + 1], c = high[i + 1], d = high[i];
      const code = Number(a > level) | (Number(b > level) << 1) | (Number(c > level) << 2) | (Number(d > level) << 3);
      if (code === 0 || code === 15 || !Number.isFinite(a + b + c + d)) continue;
      const bottom = 2 * (j * nx + i), left = bottom + 1, right = bottom + 3, top = bottom + 2 * nx;
      const edges = [bottom, right, top, left].filter((_, k) => ((code >> k) ^ (code >> (k + 1) % 4)) & 1);
      // Of the two ways through a cell with four crossings the middle decides.
      if (edges.length === 4 && (a + b + c + d) / 4 > level !== a > level) edges.unshift(edges.pop()!);
      if (edges.length === 4) [[0, 1], [2, 3]].forEach(([p, q]) => join(edges[p], edges[q]));
      else join(edges[0], edges[1]);
    }
  }
  return links;
}

function crossing(grid: Grid, level: number, edge: number): Vec {
  const nx = grid.x.length, index = edge >> 1, i = index % nx, j = (index - i) / nx, up = edge & 1;
  const [a, b] = [grid.values[j][i], up ? grid.values[j + 1][i] : grid.values[j][i + 1]];
  const s = a === b ? 0.5 : (level - a) / (b - a);
  return up ? [grid.x[i], grid.y[j] + s * (grid.y[j + 1] - grid.y[j])] : [grid.x[i] + s * (grid.x[i + 1] - grid.x[i]), grid.y[j]];
}

/** The same lines, bent within the cell of `p` so that they pass through it. */
function bent(grid: Grid, paths: Line[], p: Vec): Line[] {
  const i = cellOf(grid.x, p[0]), j = cellOf(grid.y, p[1]);
  if (i < 0 || j < 0) return paths;
  const holds = (q: Vec): boolean => q[0] >= grid.x[i] && q[0] <= grid.x[i + 1] && q[1] >= grid.y[j] && q[1] <= grid.y[j + 1];
  let best: { path: Line; k: number; far: number } | null = null;
  for (const path of paths)
    for (let k = 0; k + 1 < path.length; k += 1) {
      if (!holds(path[k]) || !holds(path[k + 1])) continue;
      const far = Math.hypot((path[k][0] + path[k + 1][0]) / 2 - p[0], (path[k][1] + path[k + 1][1]) / 2 - p[1]);
      if (!best || far < best.far) best = { path, k, far };
    }
  if (best) best.path.splice(best.k + 1, 0, p);
  return paths;
}

/**
 * The cells with a value that is not finite, as boxes (x0, x1, y0, y1), row by row. `beyond`: where f is not known
 * because it was not to be asked there (beyond bounds): that alone makes no hole.
 */
export function holes(grid: Grid, beyond: (p: Vec) => boolean = () => false): [number, number, number, number][] {
  const out: [number, number, number, number][] = [], { x, y, values } = grid;
  for (let j = 0; j + 1 < y.length; j += 1) {
    const missing = (i: number, k: number): boolean => !Number.isFinite(values[k][i]) && !beyond([x[i], y[k]]);
    const whole = (i: number): boolean => Number.isFinite(values[j][i] + values[j][i + 1] + values[j + 1][i] + values[j + 1][i + 1]);
    const broken = (i: number): boolean => !whole(i) && (missing(i, j) || missing(i + 1, j) || missing(i, j + 1) || missing(i + 1, j + 1));
    for (let i = 0; i + 1 < x.length; i += 1) {
      if (!broken(i)) continue;
      const from = i;
      while (i + 2 < x.length && broken(i + 1)) i += 1;
      out.push([x[from], x[i + 1], y[j], y[j + 1]]);
    }
  }
  return out;
}

/** Levels that show the whole range of a grid: steps grow with the height where most of the grid is low. */
export function levels(grid: Grid, count = 12): number[] {
  // Sorted as numbers: with a comparison it takes longer than f on the grid.
  const values = Float64Array.from(grid.values.flat().filter(Number.isFinite)).sort();
  const at = (share: number): number => values[Math.round(share * (values.length - 1))];
  const low = at(0), high = at(0.97);
  if (!(high > low)) return [];
  const power = Math.min(6, Math.max(1, Math.log((at(0.5) - low) / (high - low)) / Math.log(0.5)));
  return Array.from({ length: count }, (_, k) => low + (high - low) * ((k + 1) / (count + 0.5)) ** power);
}

const remembered = new WeakMap<Grid, Contours>();

/** The contours of a grid; the same object for the same grid, so that renderers draw them once. */
export function contours(grid: Grid): Contours {
  const known = remembered.get(grid) ?? { kind: "contours", role: "function", grid, levels: levels(grid) };
  remembered.set(grid, known);
  return known;
}
