/** The level set of a quadratic: an ellipse, the branches of a hyperbola, a parabola, a strip, or nothing. */

import type { Item } from "../scene/types";
import { type Quadratic, type Vec, center, eigen, hasCenter, kind, rise, signs } from "./quadratic";
import { add, dot, scale, subtract } from "./vector";
import { type Window, inside, roomy } from "./window";

/** Points along a visible piece of a curve: its sagitta stays far below a pixel, see `pieces`. */
const POINTS = 240;

/** A curve that leaves every window at both its ends. */
interface Track {
  /** A line needs no points between its ends. */
  straight?: boolean;
  at(t: number): Vec;
  /** Where the coordinate `axis` has this value. */
  crossings(axis: 0 | 1, value: number): number[];
}

/**
 * The level set through x (`q.at`), or that `lift` higher. Curves that are not bounded are cut to a room around the
 * window; where the level passes through x, x is one of their vertices. A contour around a top is marked as a hill.
 */
export function level(q: Quadratic, window: Window, role: string, lift = 0): Item[] {
  const room = roomy(window);
  const curve = (points: Vec[]): Item => ({ kind: "curve", role, points });
  const [low, high] = signs(q);
  if (low * high > 0) return ellipse(q, role, rise(q) + lift);
  if (low * high < 0) return hyperbola(q, rise(q) + lift, lift === 0).flatMap(({ track, through }) => pieces(track, room, through)).map(curve);
  if (low === 0 && high === 0) return [];
  const tracks = hasCenter(q) ? strip(q, lift) : [parabola(q, lift)];
  return tracks.flatMap((track, i) => pieces(track, room, lift === 0 && i === 0 ? { t: 0, point: q.at } : null)).map(curve);
}

/** The lines on which a saddle is as high as its centre. */
export function asymptotes(q: Quadratic, window: Window): Item[] {
  const [low, high] = signs(q);
  if (!(low < 0 && high > 0)) return [];
  const { values, axes } = eigen(q), room = roomy(window), c = center(q);
  const slope = Math.sqrt(-values[0] / values[1]);
  const lines = [1, -1].flatMap((side) => pieces(straight(c, add(axes[0], scale(side * slope, axes[1]))), room, null));
  return lines.map((points): Item => ({ kind: "curve", role: "asymptote", points }));
}

function ellipse(q: Quadratic, role: string, height: number): Item[] {
  const { values, axes } = eigen(q), semi = values.map((lambda) => Math.sqrt((2 * height) / lambda)) as Vec;
  if (!(semi[0] > 0 && semi[1] > 0 && Math.max(...semi) < Infinity)) return [];
  const angle = Math.atan2(axes[0][1], axes[0][0]);
  return [{ kind: "ellipse", role, center: center(q), semi, angle, lam: values, hill: kind(q) === "dome" }];
}

/** A lift at which the contour fills `share` of a window of these half sizes around the centre; negative at a dome. */
export function fitting(q: Quadratic, half: Vec, share = 0.6): number {
  const { values, axes } = eigen(q), live = signs(q);
  const shown = [0, 1].filter((i) => live[i] !== 0) as (0 | 1)[];
  const sign = kind(q) === "dome" ? -1 : 1;
  if (kind(q) === "saddle" || live.includes(0)) {
    // The vertices of the branches (the edges of the strip) lie on the axes.
    const rises = shown.map((i) => 0.5 * Math.abs(values[i]) * (share * reach(axes[i], half)) ** 2);
    return sign * Math.min(...rises);
  }
  const box = ([0, 1] as const).map((k) => shown.reduce<number>((sum, i) => sum + axes[i][k] ** 2 / Math.abs(values[i]), 0));
  return sign * Math.min((0.5 * (share * half[0]) ** 2) / box[0], (0.5 * (share * half[1]) ** 2) / box[1]);
}

/** How far a window of these half sizes reaches in a direction. */
const reach = (d: Vec, half: Vec): number => Math.min(...([0, 1] as const).map((k) => (d[k] === 0 ? Infinity : half[k] / Math.abs(d[k]))));

/** Both branches of 1/2 (a p^2 + b r^2) = c with a < 0 < b; as lines where c = 0. */
function hyperbola(q: Quadratic, c: number, throughX: boolean): { track: Track; through: Through | null }[] {
  const { values, axes } = eigen(q), origin = center(q), from = subtract(q.at, origin);
  const here: Vec = [dot(axes[0], from), dot(axes[1], from)];
  if (c === 0) {
    const slope = Math.sqrt(-values[0] / values[1]);
    return [1, -1].map((side) => ({ track: straight(origin, add(axes[0], scale(side * slope, axes[1]))), through: null }));
  }
  // `open` is the axis on which the branches have their vertices.
  const open = c > 0 ? 1 : 0, flank = c > 0 ? 0 : 1;
  const near = Math.sqrt((2 * c) / values[open]), wide = Math.sqrt((-2 * c) / values[flank]);
  return [1, -1].map((side) => {
    const mine = throughX && side === (here[open] < 0 ? -1 : 1);
    const through = mine ? { t: Math.asinh(here[flank] / wide), point: q.at } : null;
    return { track: branch(origin, scale(side * near, axes[open]), scale(wide, axes[flank])), through };
  });
}

/** origin + a cosh t + b sinh t */
function branch(origin: Vec, a: Vec, b: Vec): Track {
  return {
    at: (t) => add(origin, add(scale(Math.cosh(t), a), scale(Math.sinh(t), b))),
    crossings: (k, value) => roots((a[k] + b[k]) / 2, origin[k] - value, (a[k] - b[k]) / 2).filter((e) => e > 0).map(Math.log),
  };
}

/** The visible pieces of an ellipse that is far larger than its window. */
export function arcs(origin: Vec, semi: Vec, angle: number, window: Window): Vec[][] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)], a: Vec = [semi[0] * c, semi[0] * s], b: Vec = [-semi[1] * s, semi[1] * c];
  const crossings = (k: 0 | 1, value: number): number[] => {
    const size = Math.hypot(a[k], b[k]), share = (value - origin[k]) / size, first = Math.atan2(b[k], a[k]);
    return Math.abs(share) <= 1 ? [first + Math.acos(share), first - Math.acos(share)].flatMap((t) => [t - 2 * Math.PI, t, t + 2 * Math.PI]) : [];
  };
  return pieces({ at: (t) => add(origin, add(scale(Math.cos(t), a), scale(Math.sin(t), b))), crossings }, window, null);
}

/** A valley that also falls along its floor: its level is a parabola. */
function parabola(q: Quadratic, lift: number): Track {
  const { values, axes } = eigen(q), flat = signs(q)[0] === 0 ? 0 : 1, steep = 1 - flat;
  const along = axes[flat], across = axes[steep], lambda = values[steep];
  const slope = dot(along, q.gradient), tilt = dot(across, q.gradient);
  return {
    at: (t) => add(q.at, add(scale(t, across), scale((lift - tilt * t - 0.5 * lambda * t * t) / slope, along))),
    crossings: (k, value) =>
      roots((-0.5 * lambda * along[k]) / slope, across[k] - (tilt * along[k]) / slope, q.at[k] - value + (lift * along[k]) / slope),
  };
}

/** The two lines of a valley (or ridge) that has a floor: the first through x where nothing is lifted. */
function strip(q: Quadratic, lift: number): Track[] {
  const { values, axes } = eigen(q), flat = signs(q)[0] === 0 ? 0 : 1, steep = 1 - flat;
  const lambda = values[steep], tilt = dot(axes[steep], q.gradient);
  const toFloor = -tilt / lambda, square = toFloor * toFloor + (2 * lift) / lambda;
  if (square < 0) return [];
  const half = lift === 0 ? Math.abs(toFloor) : Math.sqrt(square), side = toFloor > 0 ? -1 : 1;
  const line = (r: number): Track => straight(add(q.at, scale(r, axes[steep])), axes[flat]);
  return half === 0 ? [line(toFloor)] : [line(lift === 0 ? 0 : toFloor + side * half), line(toFloor - side * half)];
}

function straight(p: Vec, d: Vec): Track {
  return { straight: true, at: (t) => add(p, scale(t, d)), crossings: (k, value) => (d[k] === 0 ? [] : [(value - p[k]) / d[k]]) };
}

interface Through {
  t: number;
  point: Vec;
}

/**
 * The pieces of a curve within a window, cut exactly where it crosses the window's sides, and sampled only there:
 * however far away the rest is, what is seen is smooth. `through` becomes a vertex, with neighbours close by.
 */
function pieces(track: Track, window: Window, through: Through | null): Vec[][] {
  const cuts = ([0, 1] as const).flatMap((k) => [window[2 * k], window[2 * k + 1]].flatMap((value) => track.crossings(k, value)));
  const count = track.straight ? 1 : POINTS, sorted = cuts.filter(Number.isFinite).sort((a, b) => a - b), out: Vec[][] = [];
  for (let i = 0; i + 1 < sorted.length; i += 1) {
    const [a, b] = [sorted[i], sorted[i + 1]];
    if (!(b > a) || !inside(window, track.at((a + b) / 2))) continue;
    if (!through || through.t <= a || through.t >= b) {
      out.push(Array.from({ length: count + 1 }, (_, j) => track.at(a + ((b - a) * j) / count)));
      continue;
    }
    const before = away(through.t, a, (b - a) / count).map((t) => track.at(t)).reverse();
    out.push([...before, through.point, ...away(through.t, b, (b - a) / count).map((t) => track.at(t))]);
  }
  return out;
}

/** Parameters from just after `from` to `to`, about `step` apart, and a third of that at first. */
function away(from: number, to: number, step: number): number[] {
  const count = Math.max(4, Math.ceil(Math.abs(to - from) / step));
  return Array.from({ length: count }, (_, j) => {
    const share = (j + 1) / count;
    return from + (to - from) * (share / 3 + (2 * share ** 3) / 3);
  });
}

/** Real roots of a x^2 + b x + c. Source: Press et al. (2007), "Numerical Recipes", section 5.6. */
function roots(a: number, b: number, c: number): number[] {
  if (a === 0) return b === 0 ? [] : [-c / b];
  const inner = b * b - 4 * a * c;
  if (inner < 0) return [];
  const q = -(b + (b < 0 ? -1 : 1) * Math.sqrt(inner)) / 2;
  return q === 0 ? [0] : [q / a, c / q];
}

