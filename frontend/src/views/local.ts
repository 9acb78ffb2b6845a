/** Which way, and why not along -g? The levels of f and of its model through x, -g and the Newton step. */

import { contours, holes, lines, sample } from "../maths/contour";
import { type Quadratic, type Vec, angleDeg, cauchy, center, eigen, hasCenter, kind, newton, rise, signs } from "../maths/quadratic";
import { decomposed } from "../maths/symmetric";
import { add, dot, norm, scale, unit } from "../maths/vector";
import { exit, inside, roomy } from "../maths/window";
import type { Item, Pair, Scene } from "../scene/types";
import { type Look, arrows, axes, levels, liftOf, points } from "./anatomy";
import type { Context } from "./context";
import type { ViewWords } from "./words";

export function local(context: Context): Scene {
  const { quad, window, words: { views: words } } = context;
  const look = lookOf(quad, liftOf(quad, window), words);
  const items = [
    ...ground(context), ...region(context), ...levels(quad, window, look), ...axes(quad, window, look), ...throughX(context),
    ...ray(context), ...curve(context), ...arrows(quad, window, look), ...ends(context), ...points(quad, look), ...banner(context),
  ];
  return {
    view: "local", question: words.questionLocal, window, items, x_label: context.axes[0], y_label: context.axes[1],
    equal: true, caption: caption(context), notes: notes(context),
  };
}

function lookOf(quad: Quadratic, lift: number, words: ViewWords): Look {
  const levelLabel = (q: Quadratic): string => {
    const shape = kind(q);
    return shape === "bowl" ? words.modelLevel(rise(q)) : shape === "dome" && !signs(q).includes(0) ? words.hillLevel(rise(q)) : words.modelThrough;
  };
  return {
    level: "model-level", axis: "axis", descent: "minus-gradient", goal: "newton",
    descentLabel: words.minusGradient, goalLabel: words.newton, levelLabel, words, lift, frame: eigen(quad),
  };
}

/** f's contours, behind everything. */
const ground = ({ grid, showFunction, frozen }: Context): Item[] => (grid && showFunction && frozen !== "model" ? [contours(grid)] : []);

/** The level of f through x itself, in front of the other contours. */
function throughX({ grid, showFunction, quad, window, words, level, frozen }: Context): Item[] {
  if (frozen || !showFunction) return [];
  if (level) return level.length > 1 && !liftOf(quad, window) ? [{ kind: "curve", role: "function-level", points: level, label: words.views.functionLevel }] : [];
  const height = grid && showFunction && !liftOf(quad, window) ? sample(grid, quad.at) : NaN;
  if (!grid || !Number.isFinite(height)) return [];
  const paths = lines(grid, height, quad.at).sort((a, b) => b.length - a.length);
  return paths.map((path, i): Item => ({ kind: "curve", role: "function-level", points: path, label: i ? "" : words.views.functionLevel }));
}

/** The trust region of the recorded trial: {s'Ms <= radius^2} around the recorded point. */
function region({ trial, base, section, words }: Context): Item[] {
  if (!trial?.metric || !trial.radius || section === "shadow") return [];
  const frame = decomposed(trial.metric), semi = frame.values.map((m) => trial.radius! / Math.sqrt(m)) as Vec;
  if (!semi.every((a) => a > 0 && a < Infinity)) return [];
  const angle = Math.atan2(frame.axes[0][1], frame.axes[0][0]);
  return [{ kind: "ellipse", role: "trust-region", center: base.at, semi, angle, label: words.views.trustRegion }];
}

/** The ray along -g, and the lowest point of the model on it. */
function ray({ quad, window, words }: Context): Item[] {
  const down = unit(scale(-1, quad.gradient)), step = cauchy(quad), room = roomy(window);
  if (norm(down) === 0 || liftOf(quad, window) || !inside(room, quad.at)) return [];
  const line: Item = { kind: "curve", role: "ray", points: [quad.at, add(quad.at, scale(exit(room, quad.at, down), down))] };
  if (!step) return [line];
  return [line, { kind: "dots", role: "cauchy", points: [add(quad.at, step)], filled: [true], label: words.views.cauchy }];
}

/** The curve of steps that the method tried from the recorded point. */
function curve({ trial, words }: Context): Item[] {
  return trial?.curve && trial.curve.length > 1 ? [{ kind: "curve", role: "path", points: trial.curve, label: words.views.path }] : [];
}

/** Where the trial ended, and the recorded point if x was dragged away from it. */
function ends({ trial, quad, base, words: { views } }: Context): Item[] {
  const items: Item[] = [];
  const mark = (role: string, at: Pair, filled: boolean, label: string) => items.push({ kind: "dots", role, points: [at], filled: [filled], label });
  if (quad.at[0] !== base.at[0] || quad.at[1] !== base.at[1]) mark("muted", base.at, false, views.recorded);
  if (trial) mark("trial", trial.end, trial.accepted, trial.accepted ? views.taken : views.rejected);
  return items;
}

/** Written across the picture where it is not f's own at x. */
function banner({ frozen, window, words: { views } }: Context): Item[] {
  if (!frozen) return [];
  const text = frozen === "model" ? views.bannerModel : views.bannerInfinite;
  return [{ kind: "text", role: "frozen", at: [(window[0] + window[1]) / 2, window[3] - 0.06 * (window[3] - window[2])], text, anchor: "middle" }];
}

function caption({ quad, window, words: { views } }: Context): string {
  const angle = angleDeg(quad), shape = kind(quad), sign = signs(quad);
  if (shape === "flat") return views.captionFlat;
  const lift = liftOf(quad, window);
  if (lift) return shape === "saddle" ? views.captionStillSaddle(lift) : views.captionStill(lift);
  if (!hasCenter(quad)) return views.captionParabola(angle);
  if (shape === "bowl") return views.captionBowl(angle, rise(quad));
  if (shape === "saddle") return views.captionSaddle(angle, dot(quad.gradient, newton(quad)) > 0);
  if (shape === "valley") return views.captionValley(angle);
  return sign[1] === 0 ? views.captionRidge(angle) : views.captionDome(angle);
}

function notes({ quad, base, window, grid, showFunction, section, frozen, words: { views } }: Context): string[] {
  const out: string[] = [];
  if (section === "slice") out.push(views.noteSlice);
  if (section === "shadow") out.push(views.noteShadow);
  if (frozen) out.push(frozen === "model" ? views.noteDragged : views.noteInfinite);
  else if (quad.at[0] !== base.at[0] || quad.at[1] !== base.at[1]) out.push(views.noteLive);
  if (kind(quad) !== "flat" && hasCenter(quad) && !inside(window, center(quad))) out.push(views.noteOutside);
  if (grid && showFunction && holes(grid).length) out.push(views.noteHatched);
  return out;
}
