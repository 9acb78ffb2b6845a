/** What does H^-1 make of every direction? Left every -g of one length, right H^(-t) of them: at t = 1 their steps. */

import { type Quadratic, type Vec, angleDeg, eigen, kind, newton, signs } from "../maths/quadratic";
import { factors, parts, whole } from "../maths/stretch";
import { add, angleBetween, norm, scale, unit } from "../maths/vector";
import { around as windowAround, type Window } from "../maths/window";
import type { Item, Scene } from "../scene/types";
import { raised } from "./anatomy";
import type { Context } from "./context";
import type { ViewWords } from "./words";

/** Lines through x that are drawn: evenly spread before, crowded around the flat axis after. */
export const SPOKES = 8;
/** A part shorter than this share has no room for a label. */
const SEEN = 0.06;

/** What the reader chose: the power t, and where on the circle (radians; null: the gradient's own place). */
export interface Choice {
  t: number;
  around: number | null;
}

/** The vector on the circle that is followed. */
export interface Chosen {
  /** |g|, or 1 where x is the centre to the eye and g would be noise. */
  length: number;
  still: boolean;
  vector: Vec;
  /** It is the -g at x. */
  own: boolean;
}

export function chosen(context: Context, choice: Choice): Chosen {
  const { quad } = context;
  // Where there is no inverse no step would follow.
  const around = factors(quad, 1) && choice.around;
  const still = norm(quad.gradient) === 0 || raised(context) !== 0, length = still ? 1 : norm(quad.gradient);
  if (around !== null) return { length, still, vector: scale(length, [Math.cos(around), Math.sin(around)]), own: false };
  const [u, v] = eigen(quad).axes;
  return { length, still, vector: still ? unit(add(u, v)) : scale(-1, quad.gradient), own: !still };
}

/** The circle of gradients. */
export function slopes(context: Context, choice: Choice): Scene {
  const { quad, axes: names, words: { views: words } } = context, { length, still, vector, own } = chosen(context, choice);
  const { values, axes } = eigen(quad), components = parts(quad, vector);
  const items: Item[] = [
    ...spokes(quad, length, [1, 1]),
    ...axes.map((axis, i): Item => ({ kind: "curve", role: "axis", points: [scale(-length, axis), scale(length, axis)], label: signs(quad)[i] ? words.lambda(values[i]) : words.axisFlat })),
    { kind: "ellipse", role: "slopes", center: [0, 0], semi: [length, length], angle: 0, label: words.slopes(length) },
    ...sum(quad, components, "slope-part", components.map((p) => (Math.abs(p) > SEEN * length ? words.part(Math.abs(p)) : ""))),
  ];
  if (!still) items.push(arrow("minus-gradient", scale(-1, quad.gradient), words.minusGradient, own));
  if (!own) items.push(arrow("slopes", vector, still ? words.unitSlope : words.otherSlope, true));
  return {
    view: "slopes", question: words.questionSlopes, equal: true, window: square(length), items: [...items, origin],
    x_label: `\u2212${words.gradientAxis(names[0])}`, y_label: `\u2212${words.gradientAxis(names[1])}`, caption: words.captionSlopes(length), notes: [],
  };
}

/** What H^(-t) makes of that circle; of a plane that has no inverse what is left of it. */
export function stretch(context: Context, choice: Choice): Scene {
  const { quad, axes: names, words: { views: words } } = context, t = powerOf(quad, choice.t), by = factors(quad, t), told = chosen(context, choice);
  const power = t === 1 ? "s" : words.power(t);
  const scene = {
    view: "stretch", question: words.questionStretch(t), equal: true, notes: [], x_label: words.along(power, names[0]), y_label: words.along(power, names[1]),
    caption: caption(context, t, told),
  };
  if (!by || !by.every((f) => Number.isFinite(told.length * f) && f !== 0)) return { ...scene, ...endless(context, told) };
  const { values, axes } = eigen(quad), semi = by.map((f) => told.length * Math.abs(f)) as Vec, angle = Math.atan2(axes[0][1], axes[0][0]);
  const components = parts(quad, told.vector), image = components.map((p, i) => p * by[i]) as Vec;
  const label = (p: number, i: number): string => (Math.abs(p) > SEEN * told.length && Math.abs(image[i]) > SEEN * Math.max(...semi) ? words.division(Math.abs(p), values[i], t) : "");
  const items: Item[] = [
    ...spokes(quad, told.length, by),
    ...axes.map((axis, i): Item => ({ kind: "curve", role: "axis", points: [scale(-semi[i], axis), scale(semi[i], axis)], label: words.axis(values[i], semi[i]) })),
    { kind: "ellipse", role: "stretched", center: [0, 0], semi, angle, lam: values, label: words.stretched(t) },
    ...turned(told, whole(quad, image), 1.1 * Math.max(...semi), words), ...sum(quad, image, "step-part", components.map(label)), ...images(quad, t, by, whole(quad, image), told, words),
  ];
  return { ...scene, window: square(Math.max(...semi)), items: [...items, origin] };
}

/** The direction of -g beside what became of it, where they differ visibly. */
function turned({ vector, own }: Chosen, head: Vec, reach: number, words: ViewWords): Item[] {
  if (!(angleBetween(vector, head) > 2.5)) return [];
  return [{ kind: "curve", role: "ray", points: [[0, 0], scale(reach, unit(vector))], label: own ? words.descentWay : words.slopeWay }];
}

/** A power between is there for a bowl alone: elsewhere the inverse itself is shown. */
export const powerOf = (q: Quadratic, t: number): number => (kind(q) === "bowl" ? t : 1);

/** What becomes of the vector that is followed, and of -g itself where that is another. */
function images(q: Quadratic, t: number, by: Vec, head: Vec, { own, still }: Chosen, words: ViewWords): Item[] {
  const name = t === 1 ? words.newton : t === 0 ? words.minusGradient : words.image(t);
  const mine = t === 1 ? newton(q) : whole(q, parts(q, q.gradient).map((p, i) => -p * by[i]) as Vec);
  const role = t === 1 ? "newton" : t === 0 ? "minus-gradient" : "stretched";
  return [...(still ? [] : [arrow(role, mine, name, own)]), ...(own ? [] : [arrow("stretched", head, words.otherImage(t), true)])];
}

/** Where H has no inverse: {s: |Hs| = length} is two parallel lines, or nothing. */
function endless({ quad, words: { views: words } }: Context, { length, own }: Chosen): Pick<Scene, "items" | "window"> {
  const sign = signs(quad), { values, axes } = eigen(quad), k = sign[0] === 0 ? 1 : 0, half = length / Math.abs(values[k]);
  if (kind(quad) === "flat" || !sign.includes(0) || !Number.isFinite(half))
    return { window: [-1, 1, -1, 1], items: [{ kind: "text", role: "text", at: [0, 0], text: words.nothingToDivide, anchor: "middle" }] };
  const window = square(2 * half), far = 16 * half, flat = axes[1 - k];
  const lines = [-1, 1].map((side): Item => {
    const at = scale(side * half, axes[k]);
    return { kind: "curve", role: "stretched", points: [add(at, scale(-far, flat)), at, add(at, scale(far, flat))], label: side < 0 ? words.noEnd : "" };
  });
  const across: Item = { kind: "curve", role: "axis", points: [scale(-half, axes[k]), scale(half, axes[k])], label: words.axis(values[k], half) };
  const along: Item = { kind: "curve", role: "axis", points: [scale(-far, flat), [0, 0], scale(far, flat)], label: words.axisFlat };
  const step = newton(quad);
  return { window, items: [across, along, ...lines, ...(own && norm(step) > 0 ? [arrow("newton", step, words.shortest)] : []), origin] };
}

function caption({ quad, words: { views: words } }: Context, t: number, { length, still, vector, own }: Chosen): string {
  const shape = kind(quad), by = factors(quad, t);
  if (shape === "flat") return words.captionFlat;
  if (shape === "valley" || !by) return words.captionEndless(signs(quad)[0] < 0);
  const semi = by.map((f) => length * Math.abs(f)) as Vec, size = still ? "1" : "|g|";
  if (shape !== "bowl") return words.captionReversed(shape === "dome", semi, size, eigen(quad).values[0]);
  if (t === 0) return words.captionCircle;
  if (t !== 1) return words.captionPower(t, semi, size);
  const image = whole(quad, parts(quad, vector).map((p, i) => p * by[i]) as Vec);
  return words.captionStretch(semi, size, own ? angleDeg(quad) : angleBetween(vector, image), own);
}

const arrow = (role: string, head: Vec, label: string, held = false): Item => ({ kind: "arrow", role, tail: [0, 0], head, held, label });
const origin: Item = { kind: "dots", role: "point", points: [[0, 0]], filled: [true] };

/** As wide as high, whatever the ellipse becomes, with room for labels. */
const square = (reach: number): Window => windowAround([0, 0], [1.3 * reach, 1.3 * reach]);

/** What becomes of lines that were evenly spread, counted from the first axis. */
const spokes = (q: Quadratic, length: number, by: Vec): Item[] =>
  Array.from({ length: SPOKES }, (_, k): Item => {
    const turn = (Math.PI * k) / SPOKES, tip = whole(q, [length * by[0] * Math.cos(turn), length * by[1] * Math.sin(turn)]);
    return { kind: "curve", role: "spoke", points: [scale(-1, tip), tip] };
  });

/** Parts along both axes, and the sides that close the rectangle of which their sum is the diagonal. */
function sum(q: Quadratic, components: Vec, role: string, labels: string[]): Item[] {
  const tips = [whole(q, [components[0], 0]), whole(q, [0, components[1]])], end = add(tips[0], tips[1]);
  return [
    ...tips.map((tip): Item => ({ kind: "curve", role: "closing", points: [tip, end] })),
    ...tips.map((tip, i) => arrow(role, tip, labels[i])),
  ];
}
