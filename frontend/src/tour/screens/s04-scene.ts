/** A walk around one level: where -g points, how far it passes the center, and the angle all the way around. */

import { type Quadratic, type Vec, angleDeg, center, largestAngle } from "../../maths/quadratic";
import { mapped, times } from "../../maths/symmetric";
import { add, dot, norm, scale, subtract, turned, unit } from "../../maths/vector";
import { type Window, exit, roomy } from "../../maths/window";
import type { Item, Scene } from "../../scene/types";
import { type Look, arrows, axes, levels, points } from "../../views/anatomy";
import type { ViewWords } from "../../views/words";

const WINDOW: Window = [-3.7, 3.7, -2.4, 2.4];
/** How the long axis lies (radians), and how long it is in a circle. */
const TILT = 0.5, ROUND = 2.1;
export const MOST_CONDITION = 100;
/** A distance below this share of the window cannot be seen, nor an angle (degrees) below this. */
const SEEN = 0.004, LEAST = 0.05;
/** Too short to be seen. */
const HAIR = 0.003;
/** The lower edge of the curve's picture: words stand below its zeros. */
const LOW = -19;

export interface Place {
  /** Degrees around the ellipse, counted on the circle of which it is the image: the ends of the axes are at 0, 90, 180 and 270. */
  around: number;
  /** Steepest by flattest curvature. */
  condition: number;
}

const LONG: Vec = [Math.cos(TILT), Math.sin(TILT)], SHORT: Vec = turned(LONG);

/** Half the long and half the short axis: with k the ellipse grows longer, so that it stays in the picture and is not a line. */
export const semiAxes = (k: number): Vec => [ROUND * k ** 0.1, ROUND * k ** -0.4];

/** The quadratic at that place of its level; its center is 0. */
export function quadraticAt({ around, condition }: Place): Quadratic {
  const [a, b] = semiAxes(condition), phi = (around * Math.PI) / 180, at = add(scale(a * Math.cos(phi), LONG), scale(b * Math.sin(phi), SHORT));
  const hessian = mapped({ values: [1, condition], axes: [LONG, SHORT] }, (lambda) => lambda);
  return { at, value: 0.5 * a * a, gradient: times(hessian, at), hessian };
}

/** Degrees between -g and the Newton step, everywhere around. */
export const angleAt = (place: Place): number => angleDeg(quadraticAt(place));

/** The largest angle that any place of such an ellipse has. */
export const mostAt = (condition: number): number => largestAngle(quadraticAt({ around: 0, condition }));

/** Where the ray along -g is nearest to the center. */
export function nearest(q: Quadratic): Vec {
  const down = unit(scale(-1, q.gradient));
  return add(q.at, scale(dot(down, subtract(center(q), q.at)), down));
}

export const missed = (q: Quadratic): number => norm(subtract(nearest(q), center(q)));

/** Whether -g hits the center, as far as can be seen. */
export const hits = (place: Place): boolean => angleAt(place) < LEAST;

/** The place on the ellipse that is nearest to p, in degrees around. */
export function placeNear(p: Vec, condition: number): number {
  const [a, b] = semiAxes(condition), [u, v] = [dot(p, LONG), dot(p, SHORT)];
  const away = (degrees: number): number => Math.hypot(a * Math.cos((degrees * Math.PI) / 180) - u, b * Math.sin((degrees * Math.PI) / 180) - v);
  let best = 0, reach = 1;
  for (let degrees = 0; degrees < 360; degrees += 1) if (away(degrees) < away(best)) best = degrees;
  for (; reach > 1e-4; reach /= 2) best = [best - reach, best, best + reach].reduce((near, other) => (away(other) < away(near) ? other : near));
  return (best + 360) % 360;
}

export interface MissesLabels {
  passes(distance: number): string;
  ends: string;
  center: string;
  largest(angle: number): string;
  walk: string;
  angle: string;
}

export function missesScene(place: Place, names: [string, string], said: MissesLabels, words: ViewWords): Scene {
  const q = quadraticAt(place), down = unit(scale(-1, q.gradient)), foot = nearest(q), distance = missed(q);
  const look: Look = {
    level: "model-level", axis: "axis", descent: "minus-gradient", goal: "newton", descentLabel: words.minusGradient, goalLabel: words.newton,
    levelLabel: () => "", lift: 0, frame: { values: [1, place.condition], axes: [LONG, SHORT] }, words: { ...words, center: said.center },
  };
  const miss: Item[] = distance < SEEN * (WINDOW[1] - WINDOW[0]) ? [] : [
    { kind: "curve", role: "miss", points: [[0, 0], foot] },
    // The distance stands beside the middle of its line: a piece too short to be seen holds the words there.
    { kind: "curve", role: "miss", points: [scale(0.5, foot), scale(0.5 + HAIR / distance, foot)], label: said.passes(distance) },
    { kind: "rightangle", role: "right-angle", at: foot, along: scale(-1, down), across: unit(scale(-1, foot)) },
  ];
  const arms = arrows(q, WINDOW, look).filter((item) => item.kind !== "arc" || !hits(place));
  return {
    view: "misses", question: "", window: WINDOW, equal: true, x_label: names[0], y_label: names[1],
    items: [
      ...levels(q, WINDOW, look), ...axes(q, WINDOW, look).map((item) => ({ ...item, label: "" }) as Item),
      { kind: "curve", role: "ray", points: [q.at, add(q.at, scale(exit(roomy(WINDOW), q.at, down), down))] }, ...miss, ...arms, ...points(q, look),
    ],
  };
}

/** The angle around the whole level. */
export function walkScene(place: Place, said: MissesLabels): Scene {
  const { condition } = place, most = mostAt(condition), top = 96, ends = [0, 90, 180, 270, 360];
  const walk = Array.from({ length: 361 }, (_, around): Vec => [around, angleAt({ around, condition })]);
  return {
    view: "misses-walk", question: "", window: [-5, 365, LOW, top], equal: false, ticks: "y", x_label: said.walk, y_label: said.angle,
    items: [
      ...ends.map((at): Item => ({ kind: "curve", role: "spoke", points: [[at, LOW], [at, top]] })),
      { kind: "curve", role: "closing", points: [[0, most], [360, most]], label: said.largest(most) },
      { kind: "curve", role: "run", points: walk },
      ...ends.map((at): Item => ({ kind: "dots", role: "center", points: [[at, 0]], filled: [false] })), { kind: "text", role: "center", at: [180, LOW / 1.7], text: said.ends, anchor: "middle" },
      { kind: "dots", role: "point", points: [[place.around, angleAt(place)]], filled: [true] },
    ],
  };
}
