/** The level of a function through a point, followed step by step: exact where a grid is not. */

import type { Sym, Vec } from "./quadratic";
import { form } from "./symmetric";
import { add, angleBetween, dot, norm, scale, subtract, turned } from "./vector";
import { type Window, around, halves, inside, middle } from "./window";

/** f, its gradient and its Hessian at a point of the plane; null where they are not finite. */
export type Smooth = (p: Vec) => { value: number; gradient: Vec; hessian: Sym } | null;

/** A step is at most this share of the window, and turns by at most so many radians; those beside x and where f ends are shorter. */
const STRIDE = 0.01;
const TURN = 0.06;
const FIRST = 1 / 6;
const STRAIGHT = 1 / 20;
const GROWTH = 1.5;
const NEAR = 0.01;
const MOST = 900;
/** A point lies on the level when it is this share of a step away from it. */
const CLOSE = 1e-6;

/** Milliseconds that a level may take, and how often f is asked on a usual one: where that takes longer it is read from the grid. */
const PATIENCE = 40;
const USUAL = 400;
/** Calls in a row that are timed, and how often: what another program takes from this one is not f's. */
const CALLS = 4;
const TIMES = 3;

/**
 * The level line of f through p, as far as it stays near the window and f is finite. Null where it was lost on the way:
 * p is a stationary point, f has a kink, or it takes too long.
 */
export function levelThrough(f: Smooth, p: Vec, window: Window, patience = PATIENCE): Vec[] | null {
  if (patience < Infinity && USUAL * costOf(f, p) > patience) return null;
  const room = around(middle(window), scale(1.3, halves(window)));
  const ahead = follow(f, p, room, 1);
  if (ahead.end === "closed") return opposite(ahead.points);
  const behind = ahead.end === "lost" ? ahead : follow(f, p, room, -1);
  return behind.end === "left" ? [...behind.points.slice(1).reverse(), ...ahead.points] : null;
}

/** Milliseconds of one call, at best. */
function costOf(f: Smooth, p: Vec): number {
  let best = Infinity;
  for (let k = 0; k < TIMES; k += 1) {
    const begin = performance.now();
    for (let i = 0; i < CALLS; i += 1) f(p);
    best = Math.min(best, (performance.now() - begin) / CALLS);
  }
  return best;
}

/** A closed line that begins and ends far from x, where the corner of its ends is not seen. */
function opposite(points: Vec[]): Vec[] {
  const half = points.length >> 1;
  return [...points.slice(half), ...points.slice(1, half + 1)];
}

/** "left": out of the room, or to where f is not finite. */
type End = "closed" | "left" | "lost";

function follow(smooth: Smooth, start: Vec, room: Window, way: number): { points: Vec[]; end: End } {
  let edge = false;
  const f: Smooth = (q) => {
    const seen = smooth(q);
    edge ||= seen === null;
    return seen;
  };
  const first = f(start), points = [start], longest = 2 * STRIDE * Math.max(...halves(room));
  if (!first || norm(first.gradient) === 0) return { points, end: "lost" };
  let [p, here, last] = [start, first, (longest * FIRST) / GROWTH];
  for (let k = 0; k < MOST; k += 1) {
    const step = stepped(f, first.value, p, here, way, Math.min(longest, GROWTH * last), k < 2 ? TURN * STRAIGHT : TURN);
    if (!step) return { points, end: edge ? "left" : "lost" };
    // On the other flank of a thin level the gradient points the other way.
    if (k > 2 && dot(first.gradient, step.at.gradient) > 0 && between(start, p, step.p, step.h)) {
      // Beside x lies no point so near that the picture's rounding would turn the line.
      if (norm(subtract(start, p)) < 0.5 * longest * FIRST) points.pop();
      return { points: [...points, start], end: "closed" };
    }
    points.push(step.p);
    if (!inside(room, step.p)) return { points, end: "left" };
    // Where f ends, steps get ever smaller, until none can be told from rounding.
    if (edge && step.h < NEAR * longest) return { points, end: "left" };
    [p, here, last] = [step.p, step.at, step.h];
    edge = false;
  }
  return { points, end: "lost" };
}

type Place = NonNullable<ReturnType<Smooth>>;

/** The next point of the level, at most h away; nearer where the level bends more than it did at p. */
function stepped(f: Smooth, level: number, p: Vec, here: Place, way: number, h: number, turn: number): { p: Vec; at: Place; h: number } | null {
  const slope = norm(here.gradient), normal = scale(1 / slope, here.gradient), along = scale(way, turned(normal));
  const bend = form(here.hessian, along) / slope;
  h = Math.min(h, turn / Math.max(Math.abs(bend), Number.MIN_VALUE));
  for (let tries = 0; tries < 6; tries += 1, h /= 2) {
    const found = corrected(f, level, add(add(p, scale(h, along)), scale(-0.5 * bend * h * h, normal)), h);
    if (found && angleBetween(found.at.gradient, here.gradient) <= (1.5 * turn * 180) / Math.PI) return { ...found, h };
  }
  return null;
}

/** The point of the level near p, by Newton's method along the gradient; null where it is not found near by. */
function corrected(f: Smooth, level: number, from: Vec, h: number): { p: Vec; at: Place } | null {
  let p = from;
  for (let k = 0; k < 6; k += 1) {
    const at = f(p), size = at ? dot(at.gradient, at.gradient) : 0;
    if (!at || !(size > 0)) return null;
    const off = (at.value - level) / Math.sqrt(size);
    if (Math.abs(off) <= CLOSE * h) return { p, at };
    if (Math.abs(off) > h) return null;
    p = add(p, scale((level - at.value) / size, at.gradient));
  }
  return null;
}

/** Whether the step from p to q passes the start. */
function between(start: Vec, p: Vec, q: Vec, h: number): boolean {
  const [a, b] = [subtract(start, p), subtract(q, p)];
  return norm(a) <= 1.5 * h && dot(a, b) >= 0 && norm(a) <= norm(b) * 1.001;
}
