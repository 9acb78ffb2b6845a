/**
 * A look at one point of a formula: the recording that raphson/picture/recording/record.py would write for
 * `local_model(f, start)`, made in the page. Grids are computed when a picture first asks for them.
 */

import { Machine } from "../engine/jets";
import { liveIn, type Seen, spectrumOf, units, whole } from "../engine/live";
import type { Grid, Plane, Point, PointView, Quad, Recording } from "../engine/record";
import { range } from "../engine/decode";
import type { Window } from "../engine/engine";
import type { Compiled } from "../formula/compile";
import { spectral } from "../maths/jacobi";
import type { Quadratic, Vec } from "../maths/quadratic";
import { finiteAt, lowest } from "./descent";
import { mapWindow, nearWindow, together, widened } from "./windows";
import { addLine } from "./line";

/** Points on a side of the map, and of the surroundings of the point: as many as this many operations allow. */
const WORK = 1e6;
const MAP = 161;
const NEAR = 113;
const FEWEST = 33;
const SPARE = 1.12;
/** Natural lengths that differ by more than this are drawn in powers of ten. */
const SPREAD = 1e3;

/** Of a formula with one variable or more. */
export function look({ program, names, formula }: Compiled, start: number[]): Recording {
  const machine = new Machine(program), n = names.length;
  const finite = finiteAt(machine, start);
  const point = pointAt(machine, start, names, finite);
  const recording: Recording = {
    schema: 1, kind: "look", title: formula.text.trim(), n, names, dtype: "float64", verdict: null, lines: [], trials: null,
    planes: [], points: [point], notes: [], program, frozen: "",
  };
  const end = finite ? lowest(machine, start) : null;
  if (n === 1) addLine(recording, machine, start[0], end && end[0], finite);
  else addPlanes(recording, machine, start, end, finite);
  return recording;
}

function pointAt(machine: Machine, x: number[], names: string[], finite: boolean): Point {
  const value = machine.value(x);
  const bare: Point = {
    trial: -1, x, value: Number.isFinite(value) ? value : null, gradientNorm: null, eigenvalues: [], energy: [], components: [],
    directions: [], inertia: null, views: {},
  };
  if (!finite) return bare;
  const { g, H } = whole(machine, x, x.length), spectrum = spectrumOf(g, H, names, x), size = Math.hypot(...g);
  const count = (sign: number): number => spectrum.signs.filter((s) => s === sign).length;
  return {
    ...bare, gradientNorm: Math.max(...g.map(Math.abs)), eigenvalues: spectrum.eigenvalues, components: spectrum.components,
    directions: spectrum.directions, energy: spectrum.components.map((c) => (size > 0 ? (c / size) ** 2 : 0)),
    inertia: [count(-1), count(0), count(1)], gradientError: spectrum.error,
  };
}

/** All pairs of variables, the others as at the start. */
function addPlanes(recording: Recording, machine: Machine, start: number[], end: number[] | null, finite: boolean): void {
  const { names, n } = recording, [point] = recording.points;
  const { g, H } = finite ? whole(machine, start, n) : { g: [], H: [] };
  const d = finite ? scales(start, units(H)) : start.map(() => 1);
  const axes = finite ? spectral(H.flat(), n).vectors : [];
  for (let i = 0; i < n; i += 1)
    for (let j = i + 1; j < n; j += 1) {
      const plane = planeOf(i, j, d, names), at: Vec = [start[i] / d[i], start[j] / d[j]];
      const place = { ...point, views: { [plane.id]: { at } as PointView } };
      const seen = finite ? liveIn(recording.program, plane, place, names, "slice") : null;
      const quad = seenQuad(seen?.at(at));
      plane.start = at;
      const map = mapWindow(at, end && [end[i] / d[i], end[j] / d[j]], quad), near = quad && nearWindow(quad, map);
      plane.window = near ? together(map, near) : map;
      const fine = Math.max(FEWEST, Math.floor(Math.sqrt(WORK / recording.program!.operations.length)));
      const sample = (window: Window, side: number): Grid => sampled(machine, plane, start, at, window, Math.min(side, fine));
      Object.defineProperty(plane, "grid", { enumerable: true, get: once(() => sample(widened(plane.window, SPARE), MAP)) });
      if (quad && near) {
        const shadow = plane.whole ? null : seenQuad(liveIn(recording.program, plane, place, names, "shadow")?.at(at));
        point.views[plane.id] = viewOf(at, quad, shadow, near, plane, axes, sample);
      }
      recording.planes.push(plane);
    }
  if (n === 3 && finite) {
    const h = (p: number, q: number): number => H[p][q] * d[p] * d[q];
    point.cube = { gradient: [g[0] * d[0], g[1] * d[1], g[2] * d[2]], hessian: [h(0, 0), h(0, 1), h(0, 2), h(1, 1), h(1, 2), h(2, 2)] };
  }
}

function planeOf(i: number, j: number, d: number[], names: string[]): Plane {
  const n = names.length, label = (k: number): string => (d[k] === 1 ? names[k] : `${names[k]} / 1e${Math.round(Math.log10(d[k]))}`);
  return {
    id: `${names[i]},${names[j]}`, kind: "parameters", axes: [label(i), label(j)], label: `${names[i]}, ${names[j]}`, whole: n === 2,
    share: null, window: [0, 1, 0, 1], grid: null, u: [], v: [], start: [0, 0], bounds: null,
    basis: names.map((_, k) => [k === i ? d[i] : 0, k === j ? d[j] : 0]),
    project: [i, j].map((index) => names.map((_, k) => (k === index ? 1 / d[index] : 0))) as [number[], number[]],
  };
}

function viewOf(at: Vec, quad: Quadratic, shadow: Quadratic | null, window: Window, plane: Plane, axes: number[][], sample: (window: Window, side: number) => Grid): PointView {
  const E = plane.basis!;
  const view: PointView = {
    at, slice: quadOf(quad), shadow: shadow && quadOf(shadow), window, grid: null, curve: null, metric: null,
    turn: axes.map((v) => [0, 1].map((k) => v.reduce((sum, a, i) => sum + a * E[i][k], 0)) as Vec),
  };
  return Object.defineProperty(view, "grid", { enumerable: true, get: once(() => sample(widened(window, SPARE), NEAR)) });
}

const quadOf = ({ value, gradient, hessian }: Quadratic): Quad => ({ value, gradient: [...gradient], hessian: [...hessian] });

function once<T>(make: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= make());
}

/** Powers of ten in which variables are drawn: as `scales` in raphson/picture/plane.py. */
function scales(x: number[], unit: number[]): number[] {
  const decades = unit.map((a) => -Math.log10(a));
  if (!(Math.max(...decades) - Math.min(...decades) > Math.log10(SPREAD))) return x.map(() => 1);
  const size = x.map((a) => Math.abs(Math.log10(Math.abs(a) || 1)));
  const reference = decades[size.indexOf(Math.min(...size))];
  return decades.map((a) => 10 ** Math.min(300, Math.max(-300, Math.round(a - reference))));
}

/** f on a grid of the plane through x, as a record holds it. */
function sampled(machine: Machine, plane: Plane, x: number[], at: Vec, window: Window, side: number): Grid {
  const [u0, u1, v0, v1] = window, E = plane.basis!;
  const values = Float64Array.from({ length: side * side }, (_, k) => {
    const du = u0 + ((u1 - u0) * (k % side)) / (side - 1) - at[0], dv = v0 + ((v1 - v0) * Math.floor(k / side)) / (side - 1) - at[1];
    return machine.value(x.map((a, i) => a + E[i][0] * du + E[i][1] * dv));
  });
  const [base, high] = range([values]), unit = high / 2 - base / 2 || 1;
  const heights = Float32Array.from(values, (f) => (Number.isFinite(f) ? f / unit - base / unit : NaN));
  return { window, nu: side, nv: side, base, unit, values: packed(heights) };
}

/** Little-endian Float32 in base64. */
function packed(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((a, i) => view.setFloat32(4 * i, a, true));
  let binary = "";
  for (const byte of new Uint8Array(view.buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

const seenQuad = (seen: Seen | string | undefined): Seen["quad"] | null => (typeof seen === "object" ? seen.quad : null);
