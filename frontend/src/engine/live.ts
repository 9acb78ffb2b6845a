/** f, g and H wherever the reader goes: the program of the recording, seen in a plane through a recorded point. */

import { spectral } from "../maths/jacobi";
import { CURVATURE_NOISE, EPS, GRADIENT_NOISE } from "../maths/number";
import { type Quadratic, type Sym, type Vec } from "../maths/quadratic";
import type { Smooth } from "../maths/level";
import { decomposed } from "../maths/symmetric";
import { filled, naturalScale } from "../methods/scale";
import type { Section, Spectrum, Window } from "./engine";
import { Machine } from "./jets";
import type { Source } from "../views/context";
import type { Program } from "./program";
import type { Plane, Point } from "./record";

/** Up to so many variables the whole Hessian is computed: spectra and shadows follow, too. */
export const WHOLE = 8;

export interface Seen {
  quad: Quadratic;
  /** Of the whole H; null where only the plane is known. */
  spectrum: Spectrum | null;
  /** The grid that all of it was read from; none: the page computed f itself. */
  source?: Source;
}

/** The function in one plane through one point. */
export interface Live {
  /** The quadratic of f at p and the spectrum there; else why not: f or a derivative is not finite, it has no shadow, or it is not known. */
  at(p: Vec): Seen | "infinite" | "shadow" | "model";
  /** f, g and H in the plane (of the slice, whatever the section). */
  smooth: Smooth;
  value(p: Vec): number;
  /** The largest window around p in which f is known; null: not at p. */
  room(p: Vec): Window | null;
}

const EVERYWHERE: Window = [-Infinity, Infinity, -Infinity, Infinity];

const machines = new WeakMap<Program, Machine>();

export function machineOf(program: Program): Machine {
  const machine = machines.get(program) ?? new Machine(program);
  machines.set(program, machine);
  return machine;
}

/** Null where the record has no program, or not all that places it in the plane. */
export function liveIn(program: Program | null | undefined, plane: Plane, point: Point, names: string[], section: Section): Live | null {
  const view = point.views[plane.id], E = plane.basis;
  if (!program || !E || !view || point.x.length !== program.n || point.x.some((a) => a === null)) return null;
  const machine = machineOf(program), n = program.n, x0 = point.x as number[], flat = E.flat();
  const x = (p: Vec): number[] => x0.map((a, i) => a + E[i][0] * (p[0] - view.at[0]) + E[i][1] * (p[1] - view.at[1]));
  const smooth: Smooth = (p) => {
    const { value, gradient, hessian } = machine.jet(x(p), flat, 2);
    const all = [value, ...gradient, ...hessian];
    return all.every(Number.isFinite) ? { value, gradient: [gradient[0], gradient[1]], hessian: [hessian[0], hessian[1], hessian[2]] } : null;
  };
  const at = (p: Vec): Seen | "infinite" | "shadow" => {
    const slice = smooth(p);
    if (!slice) return "infinite";
    if (n > WHOLE) return section === "shadow" ? "shadow" : { quad: { at: p, ...slice }, spectrum: null };
    const { value, g, H } = whole(machine, x(p), n);
    const spectrum = spectrumOf(g, H, names, x(p));
    const quad = section === "shadow" ? shadow(value, g, H, plane, p) : { at: p, ...slice, noise: EPS * cancellation(H, E) };
    return quad ? { quad, spectrum } : "shadow";
  };
  return { at, smooth, value: (p) => machine.value(x(p)), room: () => EVERYWHERE };
}

/** f of one variable at a place; else why not, as `Live.at` says. */
export type OnLine = (x: number) => { value: number; gradient: number; hessian: number; source?: Source } | "infinite" | "model";

/** Of one variable. */
export function liveOnLine(program: Program | null | undefined): OnLine | null {
  if (!program || program.n !== 1) return null;
  const machine = machineOf(program);
  return (x) => {
    const { value, gradient, hessian } = machine.jet([x], [1], 1);
    const all = [value, gradient[0], hessian[0]];
    return all.every(Number.isFinite) ? { value, gradient: gradient[0], hessian: hessian[0] } : "infinite";
  };
}

/** f, g (n) and H (n, n) at a point. */
export function whole(machine: Machine, x: number[], n: number): { value: number; g: number[]; H: number[][] } {
  const unit = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
  const { value, gradient, hessian } = machine.jet(x, unit, n);
  const entry = (i: number, j: number): number => hessian[i <= j ? i * n - (i * (i - 1)) / 2 + j - i : j * n - (j * (j - 1)) / 2 + i - j];
  return { value, g: [...gradient], H: gradient.length ? Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => entry(i, j))) : [] };
}

/** How many times larger the terms of E'HE were than what is left of them, on its diagonal. As `cancellation` in Python. */
function cancellation(H: number[][], E: number[][]): number {
  const ratios = [0, 1].map((k) => {
    let [left, size] = [0, 0];
    for (const [i, row] of H.entries())
      for (const [j, h] of row.entries()) {
        left += E[i][k] * h * E[j][k];
        size += Math.abs(E[i][k] * h * E[j][k]);
      }
    return left === 0 ? 1 : size / Math.abs(left);
  });
  return Math.min(1e15, Math.max(1, ...ratios));
}

/** Natural units of length: as `hessian_units` in Python. */
export const units = (H: number[][]): number[] => filled(naturalScale(H.flat(), H.length));

/** `noise`: relative rounding of H in natural units. */
export function spectrumOf(g: number[], H: number[][], names: string[], x: number[], noise = EPS): Spectrum {
  const n = g.length, { values, vectors } = spectral(H.flat(), n);
  return {
    eigenvalues: values,
    components: vectors.map((v) => v.reduce((sum, a, i) => sum + a * g[i], 0)),
    directions: vectors.map((v) => direction(v, names)),
    signs: signsOf(H, noise),
    total: n,
    // What rounding x makes of g, and that of g itself: as `Model.gradient_error` in Python.
    error: GRADIENT_NOISE * EPS * Math.hypot(...H.map((row, i) => row.reduce((sum, h, j) => sum + Math.abs(h * x[j]), Math.abs(g[i])))),
  };
}

/** -1, 0, 1 in the order of the eigenvalues: signs beyond rounding, in natural units (Sylvester's law). */
function signsOf(H: number[][], noise: number): number[] {
  const n = H.length, d = units(H);
  const { values } = spectral(H.flatMap((row, i) => row.map((h, j) => h / d[i] / d[j])), n);
  const level = CURVATURE_NOISE * n * noise * Math.max(...values.map(Math.abs));
  return values.map((w) => (w < -level ? -1 : w > level ? 1 : 0));
}

/** A unit vector in words, as `direction` in raphson/picture/views/spectrum.py. */
export function direction(v: number[], names: string[]): string {
  const order = v.map((_, i) => i).sort((i, j) => Math.abs(v[j]) - Math.abs(v[i])).slice(0, 2).filter((i) => Math.abs(v[i]) >= 0.005);
  const parts = order.map((i) => `${v[i] < 0 ? "\u2212" : "+"} ${Math.abs(v[i]).toFixed(2)} ${names[i]}`.replace("1.00 ", ""));
  const rest = 1 - order.reduce((sum, i) => sum + v[i] * v[i], 0) > 0.02 ? " ..." : "";
  return parts.join(" ").replace(/^\+ /, "") + rest;
}

/** f with everything outside the plane minimized again, to second order: `Plane.shadow` in Python. Null without a bowl. */
function shadow(value: number, g: number[], H: number[][], plane: Plane, at: Vec): Quadratic | null {
  const n = g.length, d = units(H), P = plane.project;
  const { values, vectors } = spectral(H.flatMap((row, i) => row.map((h, j) => h / d[i] / d[j])), n);
  if (!P || !(values[0] > CURVATURE_NOISE * n * EPS * values[n - 1])) return null;
  const inverse = (b: number[]): number[] => {
    const scaled = b.map((a, i) => a / d[i]), out = new Array<number>(n).fill(0);
    vectors.forEach((v, k) => {
      const c = v.reduce((sum, a, i) => sum + a * scaled[i], 0) / values[k];
      v.forEach((a, i) => (out[i] += (c * a) / d[i]));
    });
    return out;
  };
  const times = (row: number[], b: number[]): number => row.reduce((sum, a, i) => sum + a * b[i], 0);
  const [first, second] = [inverse(P[0]), inverse(P[1])], step = inverse(g).map((a) => -a);
  const C: Sym = [times(P[0], first), times(P[0], second), times(P[1], second)];
  const { values: w, axes } = decomposed(C);
  const hessian: Sym = [0, 0, 0];
  axes.forEach(([a, b], k) => [a * a, a * b, b * b].forEach((c, i) => (hessian[i] += c / w[k])));
  const away: Vec = [-times(P[0], step), -times(P[1], step)];
  const gradient: Vec = [hessian[0] * away[0] + hessian[1] * away[1], hessian[1] * away[0] + hessian[2] * away[1]];
  const low = value + 0.5 * times(g, step);
  return { at, value: low + 0.5 * (away[0] * gradient[0] + away[1] * gradient[1]), gradient, hessian };
}
