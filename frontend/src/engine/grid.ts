/** f where the page has nothing but recorded values of it: interpolated, and only where the values themselves say that this is f. */

import { cellOf, sample } from "../maths/contour";
import { interpolant } from "../maths/interpolant";
import type { Smooth } from "../maths/level";
import { CURVATURE_NOISE, EPS } from "../maths/number";
import { type Quadratic, type Sym, type Vec, units } from "../maths/quadratic";
import { norm, subtract } from "../maths/vector";
import { halves, inside, type Window } from "../maths/window";
import type { Grid as Drawn } from "../scene/types";
import type { Source } from "../views/context";
import { decode, range } from "./decode";
import { type Live, type OnLine, type Seen, spectrumOf } from "./live";
import type { Grid, Held, Line, Plane, Point } from "./record";

/**
 * H from differences of neighbors may differ from H from every other neighbor by this share of its size. On the zoo's
 * problems in two variables the true error was then 2.7 % at most (docs/design-notes.md).
 */
export const DOUBT = 0.1;

/** The error of f at the middles of cells that the record knows, as a share of the range of f; and in how many of them H may be told. */
const ERROR = 1e-3;
const TOLD = 0.25;

/** The rounding of the recorded values, as such a share. */
const SINGLE = 2 ** -24;

/** A Hessian that bends the level through x by less than this over the whole window is as good as none. */
const STRAIGHT = 0.05;

/** One grid of f. */
export interface Patch {
  window: Window;
  source: Source;
  /** The width of a cell. */
  cell: number;
  /** Value, gradient, Hessian; null where they are not known, or H is in doubt. */
  at: Smooth;
  /** f, smooth where it can be told to be, else straight from value to value. */
  value(p: Vec): number;
  /** The same as a quadratic, with the noise of its Hessian in natural units; and by how much its gradient is in doubt. */
  quadratic(p: Vec): { quad: Quadratic; error: Vec } | null;
}

/** `held`: values at the middles of cells, in the unit of the record; `size`: how many values, in words. Null where they say that this is not f. */
export function patch(values: Drawn, { cells, values: held }: Held, size: string, base = 0, unit = 1): Patch | null {
  const { x, y } = values, fine = interpolant(values), coarse = interpolant(values, 2), [low, high] = range(values.values);
  const window: Window = [x[0], x.at(-1)!, y[0], y.at(-1)!], wide = 2 * Math.max(...halves(window));
  /** By both interpolants, and how their Hessians differ at a point and at the corners of its cell; null where that is too much. */
  const told = (p: Vec): [here: Place, other: Place, differences: Sym[]] | null => {
    const here = fine.at(p), other = coarse.at(p), i = cellOf(x, p[0]), j = cellOf(y, p[1]);
    if (!here || !other) return null;
    const corners = [[i, j], [i + 1, j], [i, j + 1], [i + 1, j + 1]].map(([a, b]) => minus(fine.atNode(a, b), coarse.atNode(a, b)));
    const differences = [minus(here.hessian, other.hessian), ...corners];
    const bend = Math.max(length(here.hessian), (STRAIGHT * norm(here.gradient)) / wide);
    return differences.every((d) => length(d) <= DOUBT * bend) ? [here, other, differences] : null;
  };
  const at: Smooth = (p) => told(p)?.[0] ?? null;
  const errors = cells.flatMap(([i, j], k) => {
    const here = at([(x[i] + x[i + 1]) / 2, (y[j] + y[j + 1]) / 2]);
    return here ? [Math.abs(here.value - unit * (base / unit + (held[k] ?? Infinity))) / (high - low)] : [];
  });
  const error = Math.max(SINGLE, ...errors);
  if (!(errors.length > TOLD * cells.length && error <= ERROR)) return null;
  return {
    window, at, source: { size, error }, cell: x[1] - x[0],
    value: (p) => at(p)?.value ?? sample(values, p),
    quadratic: (p) => {
      const seen = told(p);
      if (!seen) return null;
      const [here, other, differences] = seen, [d, e] = units(here.hessian);
      const share = Math.max(...differences.flatMap(([a, b, c]) => [a / d / d, b / d / e, c / e / e].map(Math.abs)));
      const noise = Math.max(EPS, share / (2 * CURVATURE_NOISE));
      return { quad: { at: p, ...here, noise }, error: subtract(here.gradient, other.gradient) };
    },
  };
}

type Place = NonNullable<ReturnType<Smooth>>;

const minus = ([a, b, c]: Sym, [d, e, f]: Sym): Sym => [a - d, b - e, c - f];

/** The size of a symmetric matrix (Frobenius). */
const length = ([a, b, c]: Sym): number => Math.hypot(a, b, b, c);

const known = new WeakMap<Grid, Patch | null>();

function patchOf(grid: Grid): Patch | null {
  if (!known.has(grid)) known.set(grid, patch(decode(grid)!, grid.held!, `${grid.nu} \u00d7 ${grid.nv}`, grid.base, grid.unit));
  return known.get(grid)!;
}

/** Those that may stand for f, the finest first. */
const usable = (all: (Patch | null)[]): Patch[] => all.filter((own) => own !== null).sort((a, b) => a.cell - b.cell);

/** What the first of them that knows an answer says. */
const first = <T>(all: Patch[], ask: (patch: Patch) => T | null): T | null => all.reduce<T | null>((found, patch) => found ?? ask(patch), null);

/** Grids in one plane as a function; null where none may stand for f. */
export function interpolated(grids: (Grid | null)[], plane: Plane, point: Point, names: string[]): Live | null {
  const all = usable(grids.map((grid) => (grid?.held ? patchOf(grid) : null)));
  if (all.length === 0) return null;
  return {
    at: (p) => first(all, ({ quadratic, source }): Seen | null => {
      const seen = quadratic(p);
      return seen && { quad: seen.quad, spectrum: spectrumIn(plane, point, seen, names), source };
    }) ?? "model",
    smooth: (p) => first(all, ({ at }) => at(p)),
    value: (p) => first(all, ({ window, value }) => (inside(window, p) ? value(p) : null)) ?? NaN,
    room: (p) => all.filter(({ window }) => inside(window, p)).at(-1)?.window ?? null,
  };
}

/** Rows of a grid that is the same in all of them: as many as both differences ask for. */
const ROWS = [0, 1, 2, 3, 4, 5, 6];

/** f of one variable; null where nothing may stand for it. */
export function interpolatedOnLine(lines: (Line | undefined)[]): OnLine | null {
  const all = usable(lines.map((line) => {
    if (!line?.held) return null;
    return patch({ x: line.x, y: ROWS, values: ROWS.map(() => line.f.map((a) => a ?? NaN)) }, line.held, `${line.x.length}`);
  }));
  if (all.length === 0) return null;
  return (x) => first(all, ({ at, source }) => {
    const seen = at([x, 0.5]);
    return seen && { value: seen.value, gradient: seen.gradient[0], hessian: seen.hessian[0], source };
  }) ?? "model";
}

/** Of the whole H, where the plane is all there is: then its axes are the two variables, in units of their own. */
function spectrumIn({ id, basis }: Plane, { x, views }: Point, { quad, error }: { quad: Quadratic; error: Vec }, names: string[]): Seen["spectrum"] {
  if (!basis) return null;
  const d = [basis[0][0], basis[1][1]], [a, b, c] = quad.hessian, [g, wide] = [quad.gradient, error].map((v) => v.map((p, i) => p / d[i]));
  const H = [[a, b], [b, c]].map((row, i) => row.map((h, j) => h / d[i] / d[j]));
  const seen = spectrumOf(g, H, names, d.map((unit, i) => x[i]! + unit * (quad.at[i] - views[id].at[i])), quad.noise);
  return { ...seen, error: Math.max(seen.error!, Math.hypot(...wide)) };
}
