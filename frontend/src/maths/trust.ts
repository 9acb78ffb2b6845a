/** How far a quadratic may be trusted; the twin of src/raphson/picture/views/fidelity.py. */

import type { Quadratic, Vec } from "./quadratic";
import { decomposed, form, mapped } from "./symmetric";
import { add, dot, scale } from "./vector";

/** An error up to this share of the model's terms counts as right. */
export const TRUSTED = 0.1;
/** Differences of so many units in the last place of f say nothing. */
const ROUNDING = 64;
const EPS = 2.2e-16;

/** Distances along a ray, as shares of the farthest one: where the end is looked for before it is closed in on. */
const SHARES = Array.from({ length: 44 }, (_, k) => 2e-2 ** (1 - k / 43));
const TRIES = 60, CLOSE = 1e-8;
/** Between two of them the error may have a peak: one that is nearly wrong is climbed. */
const NEARLY = 0.6, CLIMBS = 24;

/** (f - m) / (|g's| + 1/2 s'|H|s) as a function of s: the error in units of the model's own terms, which are 0 nowhere but at x. */
export function fidelity(q: Quadratic, f: (p: Vec) => number): (s: Vec) => number {
  const size = mapped(decomposed(q.hessian), Math.abs);
  return (s) => {
    const slope = dot(q.gradient, s), terms = Math.abs(slope) + 0.5 * form(size, s), value = f(add(q.at, s)), off = value - (q.value + slope + 0.5 * form(q.hessian, s));
    return Math.abs(off) <= ROUNDING * EPS * Math.max(Math.abs(q.value), Math.abs(value)) || terms === 0 ? 0 : off / terms;
  };
}

/** The first distance along each ray at which the model is off by `share` or f is not finite; Infinity: not up to `farthest`. */
export function trusted(q: Quadratic, f: (p: Vec) => number, rays: Vec[], farthest: number, share = TRUSTED): number[] {
  const error = fidelity(q, f);
  return rays.map((d) => {
    const off = (r: number): number => Math.abs(error(scale(r, d)));
    let [before, last, right] = [0, 0, 0];
    for (const [k, part] of SHARES.entries()) {
      const end = part * farthest, now = off(end);
      if (!(now <= share)) return closed(off, right, end, share);
      if (last > before && last > now && last > NEARLY * share) {
        const top = peak(off, k > 1 ? SHARES[k - 2] * farthest : 0, end);
        if (off(top) > share) return closed(off, k > 1 ? SHARES[k - 2] * farthest : 0, top, share);
      }
      [before, last, right] = [last, now, end];
    }
    return Infinity;
  });
}

/**
 * The end between two distances, right at the one and wrong at the other: by false position, halving where f is not
 * finite. Source: Dowell and Jarratt (1971), "A modified regula falsi method" (the Illinois algorithm).
 */
function closed(off: (r: number) => number, right: number, wrong: number, share: number): number {
  let [low, high, last] = [off(right) - share, off(wrong) - share, 0];
  for (let i = 0; i < TRIES && wrong - right > 1e-12 * wrong; i += 1) {
    const next = Number.isFinite(high) ? (right * high - wrong * low) / (high - low) : (right + wrong) / 2, here = off(next) - share;
    if (Math.abs(here) <= CLOSE * share) return next;
    if (here <= 0) {
      if (last < 0) high /= 2;
      [right, low, last] = [next, here, -1];
    } else {
      if (last > 0) low /= 2;
      [wrong, high, last] = [next, here, 1];
    }
  }
  return right;
}

/** Where the error is largest between two distances: a third of what is left is given up each time. */
function peak(off: (r: number) => number, low: number, high: number): number {
  for (let i = 0; i < CLIMBS; i += 1) {
    const third = (high - low) / 3;
    if (off(low + third) < off(high - third)) low += third;
    else high -= third;
  }
  return (low + high) / 2;
}

/** Rays at first; neighbours whose ends lie apart get others between them, so many times over. */
const RAYS = 120;
const DEPTH = 5;
/** One end is farther from x than the other by more than this share. */
const APART = 0.04;

export interface Ring {
  /** The ring itself, in pieces: it ends where a ray stays right for much longer than the one beside it. */
  pieces: Vec[][];
  /** All that is seen from x along rays that are right so far. */
  inside: Vec[];
  nearest: number;
  /** Infinity where a ray does not end. */
  farthest: number;
}

/** Around x, the ends of all rays; rays that do not end are cut at `farthest`. */
export function ring(q: Quadratic, f: (p: Vec) => number, farthest: number): Ring {
  const at = (angle: number): End => {
    const d: Vec = [Math.cos(angle), Math.sin(angle)], [reach] = trusted(q, f, [d], farthest);
    return { angle, reach, point: add(q.at, scale(Math.min(reach, farthest), d)) };
  };
  const first = angles(q).map(at), again = { ...first[0], angle: first[0].angle + 2 * Math.PI };
  const ends = first.flatMap((end, k) => [end, ...finer(at, end, first[k + 1] ?? again, DEPTH)]);
  const reaches = ends.map(({ reach }) => reach);
  return { pieces: joined([...ends, ends[0]]), inside: ends.map(({ point }) => point), nearest: Math.min(...reaches), farthest: Math.max(...reaches) };
}

/** All around, and along the level through x, where the slope's term is 0: there the ring has its notches. */
function angles({ gradient: [a, b] }: Quadratic): number[] {
  const along = (Math.atan2(a, -b) + 2 * Math.PI) % Math.PI, even = Array.from({ length: RAYS }, (_, k) => (2 * Math.PI * k) / RAYS);
  return [...even, along, along + Math.PI].sort((p, q) => p - q);
}

interface End { angle: number; reach: number; point: Vec }

const near = (a: End, b: End): boolean => Math.abs(a.reach - b.reach) <= APART * Math.min(a.reach, b.reach);

/** The ends of rays between two, where these are apart. */
function finer(at: (angle: number) => End, a: End, b: End, depth: number): End[] {
  if (!depth || near(a, b) || (a.reach === Infinity && b.reach === Infinity)) return [];
  const middle = at((a.angle + b.angle) / 2);
  return [...finer(at, a, middle, depth - 1), middle, ...finer(at, middle, b, depth - 1)];
}

/** Pieces of ends that are near one another; one piece where it closes. */
function joined(ends: End[]): Vec[][] {
  const out: Vec[][] = [];
  let last: End | null = null;
  for (const end of ends) {
    if (end.reach === Infinity) last = null;
    else {
      if (last && near(last, end)) out[out.length - 1].push(end.point);
      else out.push([end.point]);
      last = end;
    }
  }
  return out.filter((piece) => piece.length > 1);
}
