/**
 * What is drawn of every quadratic: its level through x, axes, the direction straight down, the step to the centre,
 * and the angle between the two. The contour, its dual and its whitened picture differ only in names.
 */

import { asymptotes, fitting, level } from "../maths/conic";
import { type Quadratic, type Vec, angleDeg, center, hasCenter, kind, newton, rise, signs } from "../maths/quadratic";
import { type Eigen, form } from "../maths/symmetric";
import { add, dot, norm, scale, turned, unit } from "../maths/vector";
import { type Window, exit, halves, roomy } from "../maths/window";
import type { Item } from "../scene/types";
import type { Context } from "./context";
import type { ViewWords } from "./words";

export interface Look {
  /** Roles of the level, the axes, the arrow at right angles to the level, and the arrow to the centre. */
  level: string;
  axis: string;
  descent: string;
  goal: string;
  descentLabel: string;
  goalLabel: string;
  levelLabel: (q: Quadratic) => string;
  /** 0: the level through x is drawn; else x is at the centre, and the contour of this rise stands for it. */
  lift: number;
  /** 0 (or not given): -g is drawn as long as is well seen; 1: as long as the step to the centre; between, between. */
  reach?: number;
  /** The axes of this picture, and the eigenvalues of H itself that belong to them. */
  frame: Eigen;
  words: ViewWords;
}

/** A Newton step below this share of the window cannot be seen: x is then at the centre. */
export const STILL = 0.004;
/** Length of the arrow of a direction, as a share of the window. */
const DIRECTION = 0.24;

/** The size of a window: the mean of its sides. */
export const sizeOf = (window: Window): number => halves(window)[0] + halves(window)[1];

/** Whether x is at the stationary point, as far as can be seen: there is no level through it then. */
function still(q: Quadratic, window: Window): boolean {
  return hasCenter(q) && norm(newton(q)) <= STILL * sizeOf(window);
}

/** The rise of the contour drawn in place of one through x: a round number that fits the window; 0 where x has a level. */
export function liftOf(q: Quadratic, window: Window): number {
  if (!still(q, window)) return 0;
  const fits = fitting(q, halves(window), kind(q) === "saddle" ? 0.35 : 0.6), size = Math.abs(fits);
  if (!(size > 0 && size < Infinity)) return 0;
  return Math.sign(fits) * Number(`${Math.floor(Number(size.toExponential().split("e")[0]))}e${size.toExponential().split("e")[1]}`);
}

/** The same for a context: what a hand makes of H must not change it. */
export const raised = ({ quad, window, lift }: Pick<Context, "quad" | "window" | "lift">): number => lift ?? liftOf(quad, window);

/** The level through x, or where x is at the centre the contour that stands for it: at a saddle above and below. */
export function levels(q: Quadratic, window: Window, look: Look): Item[] {
  const { lift, words } = look, lifts = lift && kind(q) === "saddle" ? [lift, -lift] : [lift];
  const label = lift ? words.riseLevel(Math.abs(lift)) : look.levelLabel(q);
  return named([...crossed(q, window, look), ...lifts.flatMap((c) => level(q, window, look.level, c))], look.level, label);
}

/** The asymptotes of a saddle, in the color of its level. */
const crossed = (q: Quadratic, window: Window, look: Look): Item[] =>
  asymptotes(q, window).map((item) => (look.level === "dual" ? ({ ...item, role: "dual-axis", dashed: true } as Item) : item));

/** Writes `label` on the first item of a role. */
function named(items: Item[], role: string, label: string): Item[] {
  const first = items.find((item) => item.role === role);
  return items.map((item) => (item === first ? ({ ...item, label } as Item) : item));
}

/** Both axes through the centre, as long as the ellipse is; where there is none, through the window. */
export function axes(q: Quadratic, window: Window, look: Look): Item[] {
  const sign = signs(q), c = center(q), { words, frame } = look, room = roomy(window);
  if (kind(q) === "flat" || !hasCenter(q)) return [];
  const height = look.lift || rise(q);
  return ([0, 1] as const).flatMap((i) => {
    const axis = frame.axes[i], lambda = frame.values[i], bend = form(q.hessian, axis), semi = Math.sqrt((2 * height) / bend);
    const closed = sign[0] * sign[1] > 0 && semi > 0;
    const reach = (side: number): Vec => add(c, scale(side * (closed ? semi : exit(room, c, scale(side, axis))), axis));
    const flat = sign[0] * sign[1] === 0 && Math.abs(bend) <= Math.abs(form(q.hessian, frame.axes[1 - i]));
    const label = closed ? words.axis(lambda, semi) : flat ? words.axisFlat : lambda > 0 ? words.axisUp(lambda) : words.axisDown(lambda);
    return [{ kind: "curve", role: look.axis, points: [reach(-1), reach(1)], label } satisfies Item];
  });
}

/** The direction straight down with its right angle, the step to the centre, and the angle between them. */
export function arrows(q: Quadratic, window: Window, look: Look): Item[] {
  const step = newton(q), down = unit(scale(-1, q.gradient)), items: Item[] = [];
  if (norm(down) === 0 || look.lift) return items;
  const size = sizeOf(window), stepLength = norm(step), angle = angleDeg(q);
  // Near the centre the arrow becomes shorter, so that it does not hide the step it is compared with.
  const near = Math.min(DIRECTION * size, stepLength > 0 ? Math.max(0.72 * stepLength, 0.09 * size) : Infinity), length = near + (look.reach ?? 0) * (stepLength - near);
  const seen = kind(q) !== "flat";
  if (stepLength > 0) items.push({ kind: "arrow", role: look.goal, tail: q.at, head: add(q.at, step), label: look.goalLabel });
  items.push({ kind: "arrow", role: look.descent, tail: q.at, head: add(q.at, scale(length, down)), label: look.descentLabel });
  if (seen) {
    // The mark stands on the side of -g where the Newton step is not.
    const side = turned(down), across = dot(side, step) > 0 ? scale(-1, side) : side;
    items.unshift({ kind: "rightangle", role: "right-angle", at: q.at, along: down, across });
  }
  if (angle >= 0.5) items.unshift({ kind: "arc", role: "angle", at: q.at, start: down, end: unit(step), degrees: angle, label: look.words.angle(angle) });
  return items;
}

/** Marks of the centre and of x. */
export function points(q: Quadratic, look: Look): Item[] {
  const name = { bowl: look.words.center, saddle: look.words.saddlePoint, dome: look.words.top, valley: "", flat: "" }[kind(q)];
  const dot = (role: string, at: Vec, label: string, filled: boolean): Item => ({ kind: "dots", role, points: [at], filled: [filled], label });
  return [...(name ? [dot("center", center(q), name, false)] : []), dot("point", q.at, look.words.point, true)];
}
