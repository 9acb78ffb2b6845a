/** Why does Newton's step hit the centre? The morph y = H^(t/2) (u - centre) turns the ellipse into a circle. */

import { type Quadratic, type Vec, angleDeg, cauchy, eigen, kind, moved, newton, rise, whitened as whitenedOf } from "../maths/quadratic";
import { inverse, power, times } from "../maths/symmetric";
import { add, norm, scale } from "../maths/vector";
import { type Window, around, halves, middle } from "../maths/window";
import type { Item, Scene } from "../scene/types";
import { type Look, arrows, axes, levels, liftOf, points, raised, sizeOf } from "./anatomy";
import type { Context } from "./context";

/** Steps of steepest descent drawn at most. */
export const STEPS = 40;
/** -gradient grows to its true length only as the picture becomes round: before, its units are not those of a step. */
const LATE = 4;

/** What a picture brings of its own in place of the mesh: lines that the morph has carried along, and where it looks. */
export interface Ground {
  items: Item[];
  window: Window;
}

export function whitened(context: Context, own: Ground | null = null): Scene {
  const { quad, base, morph, words: { views: words } } = context;
  const round = whitenedOf(quad, morph), scene = { view: "whitened", question: words.questionWhitened, equal: true, notes: [] };
  if (!round) {
    const text = words.captionNotWhitened(words.kinds[kind(quad)]), at = middle(context.window);
    return { ...scene, window: context.window, caption: text, ticks: "", items: [{ kind: "text", role: "text", at, text, anchor: "middle" }] };
  }
  // The plane is bent by the H of x; while that is the recorded one, the recorded level gives the measure.
  const ground = base.hessian === quad.hessian ? base : quad;
  const lift = raised(context), height = (ground === quad ? lift : liftOf(ground, context.window)) || rise(ground);
  const window = own?.window ?? windowOf(ground, Math.max(height, lift || rise(quad)), morph);
  const look: Look = {
    level: "whitened", axis: "axis", descent: "minus-gradient", goal: "newton", descentLabel: words.minusGradient, goalLabel: words.newton,
    levelLabel: () => words.modelLevel(rise(quad)), words, lift, frame: eigen(quad),
    // In the round picture the gradient is the way to the centre, in length as well: its arrow ends there.
    reach: morph ** LATE,
  };
  const items = [
    ...(own?.items ?? mesh(ground, height, morph, window)), ...levels(round, window, look).map((item) => ofH(item, quad)),
    ...axes(round, window, look), ...(lift ? [] : descent(round, window, words.steepest)),
    ...arrows(round, window, look), ...points(round, look),
  ];
  const caption = lift ? words.captionStill(lift) : words.captionWhitened(morph, angleDeg(round));
  return { ...scene, window, items, caption, x_label: "y₁", y_label: "y₂" };
}

/** An ellipse names the eigenvalues of H: its semi-axes are sqrt(2c) lambda^((t-1)/2). */
const ofH = (item: Item, q: Quadratic): Item => (item.kind === "ellipse" ? { ...item, lam: eigen(q).values } : item);

/** Around the centre, with room for the contour of this rise. */
function windowOf(q: Quadratic, height: number, morph: number): Window {
  const { values, axes } = eigen(q), semi = values.map((lambda) => Math.sqrt(2 * height) * lambda ** ((morph - 1) / 2));
  const box = ([0, 1] as const).map((k) => Math.hypot(semi[0] * axes[0][k], semi[1] * axes[1][k]));
  return around([0, 0], box.map((half) => 1.3 * Math.max(half, 0.4 * Math.max(...box))) as Vec);
}

/** Lines of constant u and v as the morph bends the plane; every second one touches the recorded contour, always. */
function mesh(q: Quadratic, height: number, morph: number, window: Window): Item[] {
  const inner = inverse(q.hessian), box: Vec = [Math.sqrt(2 * height * inner[0]), Math.sqrt(2 * height * inner[2])];
  const root = power(q.hessian, morph / 2), far = 12 * Math.max(...halves(window));
  const line = (at: Vec, way: Vec): Item => {
    const p = times(root, at), d = times(root, way), reach = far / norm(d);
    return { kind: "curve", role: "function", points: [add(p, scale(-reach, d)), add(p, scale(reach, d))] };
  };
  const steps = Array.from({ length: 13 }, (_, k) => (k - 6) / 2);
  return steps.flatMap((k) => [line([k * box[0], 0], [0, 1]), line([0, k * box[1]], [1, 0])]);
}

/** The path of steepest descent with exact line search; in the round picture it is one step. */
function descent(q: Quadratic, window: Window, label: string): Item[] {
  const path: Vec[] = [q.at];
  for (let here = q; path.length <= STEPS && norm(newton(here)) > 0.002 * sizeOf(window); ) {
    const step = cauchy(here);
    if (!step) break;
    here = moved(here, add(here.at, step));
    path.push(here.at);
  }
  return path.length > 1 ? [{ kind: "curve", role: "cauchy", points: path, label }] : [];
}

