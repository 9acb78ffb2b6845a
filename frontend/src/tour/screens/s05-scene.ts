/** What H^-1 does to -g, part by part: split along the eigenvectors, divided by the eigenvalues, added up. */

import { contours } from "../../maths/contour";
import { type Quadratic, type Vec, center, eigen, kind, newton } from "../../maths/quadratic";
import { parts } from "../../maths/stretch";
import { add, dot, norm, scale, turned, unit } from "../../maths/vector";
import { type Window, inside } from "../../maths/window";
import type { Arrow, Grid, Item, Scene } from "../../scene/types";
import { type Look, STILL, axes, levels, sizeOf } from "../../views/anatomy";
import type { ViewWords } from "../../views/words";

export const WINDOW: Window = [-2.7, 2.7, -2.4, 1.9];
/** Where -g has been split, where its parts have been divided; at 1 they are added up. */
export const SPLIT = 0.25, DIVIDED = 0.75;
/** -g is drawn at most so long, where that leaves one part to shrink and one to grow. */
const LONGEST = 1.7;
/** Ellipses that are thinner, or whose center is out of the picture, are not walked on. */
const LEAST_SHARE = 0.03;

/** A part of -g along an eigenvector, and of the step. */
export interface Part {
  axis: Vec;
  lambda: number;
  slope: number;
  step: number;
}

/** Both parts, the flat one first. */
export function partsOf(q: Quadratic): [Part, Part] {
  const { values, axes } = eigen(q), slopes = parts(q, scale(-1, q.gradient));
  return [0, 1].map((i): Part => ({ axis: axes[i], lambda: values[i], slope: slopes[i], step: slopes[i] / values[i] })) as [Part, Part];
}

/**
 * The length at which a -g of length 1 is drawn, in units of x: it has no length of its own there. Between 1/lambda of
 * both axes, so that one part shrinks on its way to the step and the other grows.
 */
export function scaleOf(q: Quadratic): number {
  const [flat, steep] = eigen(q).values;
  return Math.max(1 / steep, Math.min(1 / Math.sqrt(flat * steep), LONGEST / norm(q.gradient)));
}

/** Whether all of this can be seen at q: a bowl whose center is in the picture. */
export function walkable(q: Quadratic | null): q is Quadratic {
  if (!q || !inside(WINDOW, q.at) || kind(q) !== "bowl") return false;
  const [flat, steep] = eigen(q).values;
  return flat >= LEAST_SHARE * steep && inside(WINDOW, center(q));
}

/** As far on the way from one place to another as the ground can be walked on. */
export function kept(from: Vec, to: Vec, seen: (p: Vec) => Quadratic | null): Vec {
  const at = (share: number): Vec => [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  if (walkable(seen(to))) return to;
  let [low, high] = [0, 1];
  for (let k = 0; k < 24; k += 1) {
    const share = (low + high) / 2;
    if (walkable(seen(at(share)))) low = share;
    else high = share;
  }
  return at(low);
}

/** Whether x is the center, as far as can be seen. */
export const atRest = (q: Quadratic): boolean => norm(newton(q)) < STILL * sizeOf(WINDOW);

/** How much of a phase is over, slower at its ends. */
function during(t: number, from: number, to: number): number {
  const share = Math.min(1, Math.max(0, (t - from) / (to - from)));
  return share * share * (3 - 2 * share);
}

export interface DividesLabels {
  slope(scale: number): string;
  part(steep: boolean): string;
  divided(steep: boolean, lambda: number): string;
  center: string;
}

/** `t` from 0 (-g alone) to 1 (the sum of its divided parts, which is the Newton step). */
export function dividesScene(q: Quadratic, t: number, grid: Grid | null, names: [string, string], said: DividesLabels, words: ViewWords): Scene {
  const look: Look = {
    level: "model-level", axis: "axis", descent: "minus-gradient", goal: "newton", descentLabel: "", goalLabel: "", levelLabel: () => "", lift: 0, frame: eigen(q), words,
  };
  return {
    view: "divides", question: "", window: WINDOW, equal: true, x_label: names[0], y_label: names[1],
    items: [
      ...(grid ? [contours(grid)] : []), ...levels(q, WINDOW, look), ...axes(q, WINDOW, look).map((item) => ({ ...item, label: "" }) as Item), ...(atRest(q) ? [] : division(q, t, said, words)),
      { kind: "dots", role: "center", points: [center(q)], filled: [false], label: said.center }, { kind: "dots", role: "point", points: [q.at], filled: [true], label: words.point },
    ],
  };
}

function division(q: Quadratic, t: number, said: DividesLabels, words: ViewWords): Item[] {
  const k = scaleOf(q), own = partsOf(q), [flat, steep] = own, x = q.at, down = scale(-k, q.gradient), head = add(x, down);
  const split = during(t, 0, SPLIT), divide = during(t, SPLIT, DIVIDED), sum = during(t, DIVIDED, 1), role = divide > 0 ? "step-part" : "slope-part";
  const before = own.map(({ axis, slope }) => scale(split * k * slope, axis));
  const now = own.map(({ axis, slope, step }) => scale((1 - divide) * split * k * slope + divide * step, axis));
  const label = (part: Part): string => (divide > 0 ? said.divided(part === steep, part.lambda) : said.part(part === steep));
  const tails = [add(x, scale(sum, now[1])), x];
  // The mark stands on the side of -g where the step is not.
  const side = turned(unit(down)), across = dot(side, newton(q)) > 0 ? scale(-1, side) : side;
  const items: Item[] = [{ kind: "rightangle", role: "right-angle", at: x, along: unit(down), across }];
  if (split > 0) items.push(...before.map((part): Item => ({ kind: "curve", role: "closing", points: [add(x, part), add(x, scale(split, down))] })));
  items.push({ kind: "arrow", role: "minus-gradient", tail: x, head, label: said.slope(k) });
  // Where the parts ended before they were divided.
  if (divide > 0) items.push({ kind: "dots", role: "slope-part", points: before.map((part) => add(x, part)), filled: [false, false] });
  if (sum > 0) items.push({ kind: "arrow", role: "newton", tail: x, head: add(x, scale(sum, add(now[0], now[1]))), label: sum === 1 ? words.newton : "" });
  if (split > 0) items.push(...[flat, steep].flatMap((part, i) => named({ kind: "arrow", role, tail: tails[i], head: add(tails[i], now[i]) }, label(part))));
  return items;
}

/** An arrow whose name stands beside its middle: at its head the next one begins. */
function named(arrow: Arrow, label: string): Item[] {
  const at = (share: number): Vec => [0, 1].map((k) => arrow.tail[k] + share * (arrow.head[k] - arrow.tail[k])) as Vec;
  return [arrow, { kind: "curve", role: arrow.role, points: [at(0.45), at(0.6)], label }];
}
