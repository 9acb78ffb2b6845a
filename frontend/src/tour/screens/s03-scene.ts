/** The contour of a quadratic with given eigenvalues and axes: an ellipse, a strip, a hyperbola. Nothing here needs a page. */

import { asymptotes, level } from "../../maths/conic";
import { type Quadratic, type Vec, signs } from "../../maths/quadratic";
import { mapped, times } from "../../maths/symmetric";
import { lambdaAt, semiAxis } from "../../maths/tips";
import { add, norm, scale, turned } from "../../maths/vector";
import { type Window, exit, inside, roomy } from "../../maths/window";
import type { Item, Scene } from "../../scene/types";

/** The rise c of the contour: at lambda = 1 its semi-axis is 2. */
export const RISE = 2;
/** Eigenvalues that a hand can pull to: a tip has to stay in reach. */
const LEAST = 0.05, MOST = 6;
const WINDOW: Window = [-3.3, 3.3, -2.6, 2.6];
/** Contours of other heights, as multiples of c. */
const OTHERS = [0.25, 2.25, 4, 6.25];
/** Gradients are drawn at this share of their length, one at each of so many points of an ellipse; this far apart on a curve without ends. */
const SHOWN = 0.13, AROUND = 24, APART = 0.6;
/** Too short to be seen. */
const HAIR = 0.003;

export interface Shape {
  lambda: Vec;
  /** Radians from x1 to the first eigenvector. */
  turn: number;
}

export type Name = "ellipse" | "strip" | "hyperbola";

export const vectorsOf = ({ turn }: Shape): [Vec, Vec] => {
  const first: Vec = [Math.cos(turn), Math.sin(turn)];
  return [first, turned(first)];
};

export const hessianOf = (shape: Shape): Quadratic["hessian"] => mapped({ values: shape.lambda, axes: vectorsOf(shape) }, (lambda) => lambda);

export const quadraticOf = (shape: Shape): Quadratic => ({ at: [0, 0], value: 0, gradient: [0, 0], hessian: hessianOf(shape) });

/** Half the length of the contour along an eigenvector; it has no end where lambda is not positive. */
export const semiOf = (lambda: number): number => semiAxis(lambda, RISE);

/** The first eigenvalue is positive always: the second one decides. */
export const nameOf = ({ lambda }: Shape): Name => (lambda[1] > 0 ? "ellipse" : lambda[1] < 0 ? "hyperbola" : "strip");

/** The shape whose tip of axis i is at p: both axes turn with it, and only its own eigenvalue changes. */
export function pulled(shape: Shape, i: 0 | 1, p: Vec): Shape {
  if (norm(p) === 0) return shape;
  const own = Math.min(MOST, Math.max(LEAST, lambdaAt({ g: 0, k: 2 * RISE }, norm(p)))), turn = Math.atan2(p[1], p[0]) - (i * Math.PI) / 2;
  return { lambda: i ? [shape.lambda[0], own] : [own, shape.lambda[1]], turn };
}

/** The two tips that can be pulled; null where an axis has no end. */
export const tipsOf = (shape: Shape): (Vec | null)[] => vectorsOf(shape).map((v, i) => (shape.lambda[i] > 0 ? scale(semiOf(shape.lambda[i]), v) : null));

/** Points of the contour, and both tips of each axis among them. */
export function pointsOf(shape: Shape): Vec[] {
  const { lambda: [steep, other] } = shape, [u, v] = vectorsOf(shape), at = (p: number, r: number): Vec => add(scale(p, u), scale(r, v));
  if (other > 0) {
    const [a, b] = [semiOf(steep), semiOf(other)];
    return Array.from({ length: AROUND }, (_, k) => at(a * Math.cos((2 * Math.PI * k) / AROUND), b * Math.sin((2 * Math.PI * k) / AROUND)));
  }
  return Array.from({ length: 17 }, (_, k) => APART * (k - 8)).flatMap((r) => [1, -1].map((side) => at(side * Math.sqrt((2 * RISE - other * r * r) / steep), r)));
}

export interface AxesLabels {
  axis(i: number, lambda: number, semi: number): string;
  gradient: string;
  level: string;
}

export function axesScene(shape: Shape, names: [string, string], said: AxesLabels): Scene {
  const q = quadraticOf(shape), room = roomy(WINDOW), lifts = OTHERS.flatMap((k) => (signs(q)[0] < 0 ? [k * RISE, -k * RISE] : [k * RISE]));
  const lower = (items: Item[], below: boolean): Item[] => items.map((item) => (item.kind === "curve" && below ? { ...item, dashed: true } : item));
  const axes = vectorsOf(shape).flatMap((v, i): Item[] => {
    const reach = Math.min(semiOf(shape.lambda[i]), exit(room, [0, 0], v)), label = said.axis(i, shape.lambda[i], semiOf(shape.lambda[i]));
    // The name stands beyond the tip and its arrow; where they are out of the picture, anywhere along the axis.
    const end = reach * (1 + SHOWN * shape.lambda[i]), beside = inside(WINDOW, scale(end, v));
    const line: Item = { kind: "curve", role: "axis", points: [scale(-reach, v), [0, 0], scale(reach, v)], label: beside ? "" : label };
    return beside ? [line, { kind: "curve", role: "axis", points: [scale(end, v), scale(end + HAIR, v)], label }] : [line];
  });
  const slopes = pointsOf(shape).filter((p) => inside(room, p)).map((p, k): Item => ({ kind: "arrow", role: "slope-part", tail: p, head: add(p, scale(SHOWN, times(q.hessian, p))), label: k === 2 ? said.gradient : "" }));
  const own = level(q, WINDOW, "model-level", RISE);
  return {
    view: "axes", question: "", window: WINDOW, equal: true, x_label: names[0], y_label: names[1],
    items: [
      ...lifts.flatMap((c) => lower(level(q, WINDOW, "model", c), c < 0)), ...asymptotes(q, WINDOW), ...axes, ...slopes,
      ...own.map((item, k) => (k ? item : ({ ...item, label: said.level } as Item))), { kind: "dots", role: "center", points: [[0, 0]], filled: [false] },
    ],
  };
}
