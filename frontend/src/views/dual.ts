/** What does H^-1 look like? The gradients of a level of the model, in their own units. */

import { type Quadratic, type Vec, dual as dualOf, angleDeg, eigen, kind, rise, signs } from "../maths/quadratic";
import { add, norm, scale } from "../maths/vector";
import { type Window, around, middle } from "../maths/window";
import type { Item, Scene } from "../scene/types";
import { type Look, arrows, axes, levels, liftOf, points, raised } from "./anatomy";
import type { Context } from "./context";
import type { ViewWords } from "./words";

export function dual(context: Context): Scene {
  const { quad, words: { views: words } } = context, lift = raised(context);
  const scene = {
    view: "dual", question: words.questionDual, x_label: words.gradientAxis(context.axes[0]), y_label: words.gradientAxis(context.axes[1]),
    equal: true, window: windowOf(context, lift), notes: [],
  };
  const flipped = dualOf(quad);
  if (!flipped) return { ...scene, ...squeezed(context, scene.window) };
  const look: Look = {
    level: "dual", axis: "dual-axis", descent: "newton", goal: "minus-gradient", descentLabel: words.newtonDirection, goalLabel: words.minusGradient,
    levelLabel: (q) => ({ bowl: words.dualLevel, dome: words.dualHill, saddle: words.dualBranches, valley: "", flat: "" })[kind(q)], words, lift,
    frame: eigen(quad),
  };
  const { window } = scene;
  const marks = points(flipped, look).map((item) => ("label" in item && item.role === "point" ? { ...item, label: words.gradient } : item));
  const items = [
    ...levels(flipped, window, look).map((item) => ofH(item, quad)), ...axes(flipped, window, look), ...arrows(flipped, window, look), ...marks,
  ];
  return { ...scene, items, caption: caption(quad, lift, words) };
}

/** H without an inverse: its gradients lie on a line, and where there is no curvature at all there is but one. */
function squeezed({ quad, words: { views } }: Context, window: Window): Pick<Scene, "items" | "caption"> {
  if (kind(quad) === "flat") return { caption: views.captionFlat, items: [{ kind: "text", role: "text", at: middle(window), text: views.captionFlat, anchor: "middle" }] };
  const { axes } = eigen(quad), steep = axes[signs(quad)[0] === 0 ? 1 : 0], g = quad.gradient, far = 4 * (window[1] - window[0]);
  const items: Item[] = [{ kind: "curve", role: "dual-axis", points: [-far, 0, far].map((k) => add(g, scale(k, steep))), label: views.dualLine }];
  if (norm(g) > 0) items.push({ kind: "arrow", role: "minus-gradient", tail: g, head: [0, 0], label: views.minusGradient });
  items.push({ kind: "dots", role: "center", points: [[0, 0]], filled: [false], label: "0" }, { kind: "dots", role: "point", points: [g], filled: [true], label: views.gradient });
  return { caption: views.captionDualSingular, items };
}

/** An ellipse names the eigenvalues of H, which every picture calls lambda; those of H^-1 are their inverses, in the other order. */
const ofH = (item: Item, q: Quadratic): Item => (item.kind === "ellipse" ? { ...item, lam: [eigen(q).values[1], eigen(q).values[0]] } : item);

function caption(q: Quadratic, lift: number, words: ViewWords): string {
  if (lift) return kind(q) === "saddle" ? words.captionStillDualSaddle(lift) : words.captionStillDual(lift);
  const tell = { bowl: words.captionDual, saddle: words.captionDualSaddle, dome: words.captionDualDome };
  return tell[kind(q) as keyof typeof tell](angleDeg(q));
}

/** Around zero, with room for the gradients of the recorded level; wider where x was dragged beyond it. */
function windowOf({ quad, base, window }: Context, lift: number): Window {
  const least = 1e-3 * steepness(base, window), [p, q] = [reachOf(base, liftOf(base, window)), reachOf(quad, lift)];
  const reach = [0, 1].map((k) => Math.max(p[k], q[k], least)), size = Math.max(...reach) || 1;
  return around([0, 0], reach.map((half) => 1.25 * Math.max(half, 0.4 * size)) as Vec);
}

/** How far the gradients on a level reach along the axes: sqrt(2 c |H_ii|), and at least g itself. */
function reachOf(q: Quadratic, lift: number): Vec {
  const height = lift || (kind(q) === "saddle" ? 0 : rise(q)), [a, b] = q.gradient.map(Math.abs);
  return [Math.max(a, Math.sqrt(Math.abs(2 * height * q.hessian[0]))), Math.max(b, Math.sqrt(Math.abs(2 * height * q.hessian[2])))];
}

/** The gradients that belong to a window: how much g changes across it. */
const steepness = (q: Quadratic, [x0, x1, y0, y1]: Window): number => Math.max(...eigen(q).values.map(Math.abs)) * Math.max(x1 - x0, y1 - y0);
