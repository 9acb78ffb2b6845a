/** The tips of the axes in the large picture: pulled, they change H. */

import { eigen, rise, type Vec } from "../maths/quadratic";
import type { Eigen } from "../maths/symmetric";
import { type Crossing, type End, crossing, pulledTo, semiAxis, signsIn } from "../maths/tips";
import { add, dot, norm, scale, subtract } from "../maths/vector";
import { type Window, exit, inside } from "../maths/window";
import { raised, sizeOf } from "../views/anatomy";
import type { Pair } from "../scene/types";
import type { Context } from "../views/context";
import type { Figure } from "./figure";
import { Handle } from "./handle";
import type { Store } from "./store";
import type { Words } from "./words/words";

/** Nearer than this (px) to x or to one another two handles cannot be told apart; so near to the foot of x a pixel would be all of lambda. */
const APART = 20;
/** Pixels within which a tip that goes through zero stays there. */
const SNAP = 2;
/** Tips stay so far from x, in sizes of the window: farther than x from a centre that it can be told from. */
const LEAST = 0.01;

/** The axes of the picture and their eigenvalues, in an order that stays while a hand changes them. */
export const frameOf = ({ quad, hand }: Context): Eigen => hand ?? eigen(quad);

export const nameOf = (i: number): string => ["λ₁", "λ₂"][i];

/** One axis in words: its lambda, and how long it is. */
export function axisWords(context: Context, i: 0 | 1, { views }: Pick<Words, "views">): string {
  const frame = frameOf(context), sign = signsIn(context.quad, frame), lambda = frame.values[i];
  const text = sign[0] * sign[1] > 0 ? views.axis(lambda, semiAxis(lambda, raised(context) || rise(context.quad))) : !sign[i] ? views.axisFlat : lambda > 0 ? views.axisUp(lambda) : views.axisDown(lambda);
  return text.replace("λ", nameOf(i));
}

/** Puts handles on the tips of a figure; what it returns brings them where the tips of a context are. */
export function tipHandles(figure: Figure, store: Store, { local: { hand, draggable }, ...words }: Words): (context: Context) => void {
  let context: Context | null = null;
  const crossingOf = (c: Context, axis: 0 | 1): Crossing | null => (c.section === "shadow" ? null : crossing(c.quad, frameOf(c), axis, raised(c)));
  /** Brings the tip of an axis to `where` on its line. */
  const pull = (axis: 0 | 1, end: End, where: (c: Crossing) => number): void => {
    const c = context && crossingOf(context, axis), { frame } = figure;
    if (!context || !c?.[end] || !frame) return;
    const { axes, values: [p, q] } = frameOf(context), values: Vec = [p, q];
    values[axis] = pulledTo(c, end, where(c), LEAST * sizeOf(context.window), (SNAP * (frame.window[1] - frame.window[0])) / frame.plot.width);
    store.set({ hand: { axes, values } });
  };
  const tips = ([0, 1] as const).flatMap((axis) => (["far", "near"] as const).map((end) => {
    const handle = new Handle(figure, {
      label: hand.tip + nameOf(axis), kind: draggable, role: "axis", small: true, reset: () => store.set({ hand: null }),
      move: (to) => pull(axis, end, (c) => dot(subtract(to, c.foot), c.along)),
      // By shares of its own length: a tip may be far out of sight. Upwards is negative in pixels.
      nudge: ([right, down], share) => pull(axis, end, (c) => c[end] + 2 * share * Math.abs(c[end]) * (right * c.along[0] - down * c.along[1])),
    });
    handle.root.classList.add("tip");
    // The other end of the same axis: a second stop for the Tab key would say nothing new.
    if (end === "near") handle.root.tabIndex = -1;
    return { axis, end, handle };
  }));
  return (now) => {
    const { frame } = figure;
    context = now;
    if (!frame) return;
    const pixelOf = (p: Vec): Pair => frame.toPixel(p), taken = [pixelOf(now.quad.at)];
    for (const { axis, end, handle } of tips) {
      const c = crossingOf(now, axis), at = c?.[end] ? seen(c, c[end], frame.window) : null;
      // The far tip is always there for the keyboard; the near one where it can be told from all others.
      const free = at && (end === "far" || (!at.beyond && [...taken, pixelOf(c!.foot)].every((other) => norm(subtract(pixelOf(at.place), other)) >= APART)));
      handle.root.classList.toggle("beyond", at?.beyond ?? false);
      handle.place(free ? at.place : null, axisWords(now, axis, words));
      if (free) taken.push(pixelOf(at.place));
    }
  };
}

/** Where a tip is seen; null where neither it nor the foot of its axis is in the window. */
function seen({ foot, along }: Crossing, tau: number, window: Window): { place: Vec; beyond: boolean } | null {
  const tip = add(foot, scale(tau, along)), way = scale(Math.sign(tau), along), beyond = !inside(window, tip);
  return beyond && !inside(window, foot) ? null : { place: beyond ? add(foot, scale(exit(window, foot, way), way)) : tip, beyond };
}
