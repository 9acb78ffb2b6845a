/** Which way, and why not along -g? The levels of f and of its model through x, -g and the Newton step. */

import { contours, holes, lines, sample } from "../maths/contour";
import { insideConvex } from "../maths/polygon";
import { type Quadratic, type Vec, angleDeg, cauchy, center, eigen, hasCenter, kind, newton, rise, signs } from "../maths/quadratic";
import { angleInSpace } from "../maths/space";
import { decomposed } from "../maths/symmetric";
import { crossing } from "../maths/tips";
import { add, dot, norm, scale, unit } from "../maths/vector";
import { exit, inside, roomy } from "../maths/window";
import type { Item, Pair, Scene } from "../scene/types";
import { type Look, STILL, arrows, axes, levels, points, raised, sizeOf } from "./anatomy";
import { reduced } from "./bound";
import type { Context } from "./context";
import type { ViewWords } from "./words";

export function local(context: Context): Scene {
  const { quad, window, words: { views: words } } = context;
  const look = lookOf(context, raised(context), words);
  const items = [
    ...ground(context), ...beyond(context), ...region(context), ...levels(quad, window, look), ...axes(quad, window, look), ...throughX(context),
    ...ray(context), ...curve(context), ...arrows(quad, window, look), ...alongBound(context), ...ends(context), ...points(quad, look),
  ];
  return {
    view: "local", question: words.questionLocal, window, items, holds: holds(context), x_label: context.axes[0], y_label: context.axes[1],
    equal: true, caption: caption(context), notes: notes(context),
  };
}

/** The tips of the axes, which a hand pulls. */
function holds(context: Context): Pair[] {
  const { quad, hand, section } = context, frame = hand ?? eigen(quad);
  if (section === "shadow") return [];
  return ([0, 1] as const).flatMap((i) => {
    const c = crossing(quad, frame, i, raised(context));
    return c ? [c.far, c.near].filter(Boolean).map((tau) => add(c.foot, scale(tau, c.along)) as Pair) : [];
  });
}

function lookOf(context: Context, lift: number, words: ViewWords): Look {
  const { quad, section } = context;
  const levelLabel = (q: Quadratic): string => {
    const shape = kind(q);
    return shape === "bowl" ? words.modelLevel(rise(q)) : shape === "dome" && !signs(q).includes(0) ? words.hillLevel(rise(q)) : words.modelThrough;
  };
  return {
    level: "model-level", axis: "axis", descent: "minus-gradient", goal: "newton",
    descentLabel: words.minusGradient, goalLabel: reduced(context) ? words.newtonFree : section === "slice" ? words.newtonHere : words.newton, levelLabel, words, lift, frame: eigen(quad),
  };
}

/** f's contours, behind everything. */
function ground(context: Context): Item[] {
  const grid = shown(context);
  return grid ? [contours(grid)] : [];
}

/** The grid of f where it is to be seen: not under a quadratic of another's, or one that moves without f. */
const shown = ({ grid, showFunction, frozen }: Context): Context["grid"] => (showFunction && frozen !== "model" && frozen !== "hand" ? grid : null);

/** Hatching beyond the bounds: exactly there, whatever is known of f. */
const beyond = ({ feasible }: Context): Item[] => (feasible ? [{ kind: "outside", role: "bounds", points: feasible }] : []);

/** The step that is left where a bound holds x. */
function alongBound(context: Context): Item[] {
  const { quad, window, words: { views } } = context, step = reduced(context)?.step;
  if (!step || norm(step) <= STILL * sizeOf(window)) return [];
  return [{ kind: "arrow", role: "newton", tail: quad.at, head: add(quad.at, step), label: views.newtonHeld }];
}

/** The stretches of a line that lie on feasible ground: beyond it nothing is said of f. */
function pieces(line: Vec[], feasible: Vec[] | undefined): Vec[][] {
  const out: Vec[][] = [[]];
  for (const p of line) {
    if (!feasible || insideConvex(feasible, p)) out[out.length - 1].push(p);
    else if (out[out.length - 1].length) out.push([]);
  }
  return out.filter((run) => run.length > 1);
}

/** The level of f through x itself, in front of the other contours. */
export function throughX(context: Context): Item[] {
  const { grid, showFunction, quad, words, level, frozen, feasible } = context, lift = raised(context);
  if (frozen || !showFunction) return [];
  if (level && lift) return [];
  if (level) return pieces(level, feasible).map((points, i): Item => ({ kind: "curve", role: "function-level", points, label: i ? "" : words.views.functionLevel }));
  const height = grid && showFunction && !lift ? sample(grid, quad.at) : NaN;
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
function ray(context: Context): Item[] {
  const { quad, window, words } = context;
  const down = unit(scale(-1, quad.gradient)), step = cauchy(quad), room = roomy(window);
  if (norm(down) === 0 || raised(context) || !inside(room, quad.at)) return [];
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

/** The whole space comes first, then what a bound leaves, then the plane. */
function caption(context: Context): string {
  const { words: { views }, axes, window } = context, held = reduced(context);
  const away = held?.step ? norm(held.step) : null, seen = away !== null && away <= STILL * sizeOf(window) ? 0 : away;
  const bound = !held ? "" : held.corner ? views.captionCorner : views.captionHeld(axes[held.axis] ?? null, seen);
  return [inSpace(context), bound, inPlane(context)].filter(Boolean).join(" ");
}

/** The angle in all n dimensions, where it is known and no rounding. */
function inSpace({ section, spectrum, quad, base, stale, frozen, words: { views } }: Context): string {
  const { eigenvalues, signs, components, total = eigenvalues.length, error = 0, angle } = spectrum;
  if (section === "whole" || stale || frozen || Math.hypot(...components) <= error) return "";
  const known = total === eigenvalues.length && section === "slice" ? angleInSpace(eigenvalues, signs, components) : quad === base ? (angle ?? NaN) : NaN;
  return Number.isFinite(known) ? views.captionSpace(total, known) : "";
}

function inPlane(context: Context): string {
  const { quad, words: { views } } = context;
  const angle = angleDeg(quad), shape = kind(quad), sign = signs(quad);
  if (shape === "flat") return views.captionFlat;
  const lift = raised(context);
  if (lift) return shape === "saddle" ? views.captionStillSaddle(lift) : views.captionStill(lift);
  if (!hasCenter(quad)) return views.captionParabola(angle);
  if (shape === "bowl") return views.captionBowl(angle, rise(quad));
  if (shape === "saddle") return views.captionSaddle(angle, dot(quad.gradient, newton(quad)) > 0);
  if (shape === "valley") return views.captionValley(angle);
  return sign[1] === 0 ? views.captionRidge(angle) : views.captionDome(angle);
}

function notes(context: Context): string[] {
  const { quad, base, window, section, feasible, held, frozen, source, words: { views } } = context, grid = shown(context), out: string[] = [];
  if (section === "slice") out.push(views.noteSlice);
  if (section === "shadow") out.push(views.noteShadow);
  if (!frozen && !source && (quad.at[0] !== base.at[0] || quad.at[1] !== base.at[1])) out.push(views.noteLive);
  if (kind(quad) !== "flat" && hasCenter(quad) && !inside(window, center(quad))) out.push(views.noteOutside);
  if (grid && holes(grid, feasible && ((p) => !insideConvex(feasible, p))).length) out.push(views.noteHatched);
  if (feasible) out.push(views.noteBounds);
  if (held?.length && section !== "whole" && quad === base) out.push(views.noteHeld(held));
  return out;
}
