/** Sums of squares f = 1/2 |r|^2: their gradient J'r, J'J in the place of H, and the fit of a decay with its errors. */

import type { Sym, Vec } from "../maths/quadratic";
import { decomposed, inverse } from "../maths/symmetric";
import { run } from "../methods/run";
import type { Jet, Objective, Trial, Vector } from "../methods/types";

export interface Squares {
  residuals(x: Vector): number[];
  /** One row for each residual. */
  jacobian(x: Vector): number[][];
}

/** f, g and J'J. */
export function normal(r: Vector, J: readonly Vector[], n: number): Jet {
  const gradient = new Array<number>(n).fill(0), hessian = new Array<number>(n * n).fill(0);
  let value = 0;
  r.forEach((a, k) => {
    value += 0.5 * a * a;
    // Rows of a map have six entries among many zeros.
    const own = [...J[k].keys()].filter((i) => J[k][i] !== 0);
    for (const i of own) {
      gradient[i] += J[k][i] * a;
      for (const j of own) hessian[i * n + j] += J[k][i] * J[k][j];
    }
  });
  return { value, gradient, hessian };
}

/**
 * What the methods of the page need, with J'J for H: so Newton's method becomes that of Gauss and Newton, and the damped one that of
 * Levenberg and Marquardt. Nocedal and Wright (2006), section 10.3.
 */
export const gaussNewton = ({ residuals, jacobian }: Squares): Objective => (x) => normal(residuals(x), jacobian(x), x.length);

/** r and J of y = a exp(-b t), with x = (a, b). */
export function decay(t: Vector, y: Vector): Squares {
  return {
    residuals: ([a, b]) => t.map((s, i) => a * Math.exp(-b * s) - y[i]),
    jacobian: ([a, b]) => t.map((s) => [Math.exp(-b * s), -a * s * Math.exp(-b * s)]),
  };
}

/** The sum of squares of a decay: in a plain loop, for a picture asks ten thousand times. */
export function sumAt(t: Vector, y: Vector, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < t.length; i += 1) {
    const r = a * Math.exp(-b * t[i]) - y[i];
    sum += r * r;
  }
  return sum;
}

/** H itself: J'J and every residual times the Hessian of its model. */
export function wholeHessian(t: Vector, y: Vector, [a, b]: Vector): Sym {
  const squares = decay(t, y), r = squares.residuals([a, b]), [p, q, , s] = normal(r, squares.jacobian([a, b]), 2).hessian;
  const sum = (f: (i: number) => number): number => t.reduce((all, _, i) => all + f(i), 0);
  return [p, q - sum((i) => r[i] * t[i] * Math.exp(-b * t[i])), s + sum((i) => r[i] * a * t[i] ** 2 * Math.exp(-b * t[i]))];
}

export interface Fit {
  x: Vec;
  /** 1/2 |r|^2 at x. */
  value: number;
  residuals: number[];
  jacobian: number[][];
  /** J'J and H. */
  squares: Sym;
  hessian: Sym;
  /** The standard deviation of the data about the curve, and the standard errors of a and b. */
  spread: number;
  errors: Vec;
}

/** Trials that a way may take. */
const MOST = 200;
/** J'J of a condition beyond this determines no second parameter. */
const CONDITION = 1e10;
/** At the answer the residuals are at right angles to every column of J, to this cosine, Moré (1978), section 7; or they are rounding. */
const RIGHT = 1e-6, ROUNDING = 1e-14;

/** The ways of Gauss-Newton and of Levenberg-Marquardt from a start. */
export function ways(t: Vector, y: Vector, start: Vec): { newton: Trial[]; damped: Trial[] } {
  const objective = gaussNewton(decay(t, y)), way = (name: "newton" | "damped"): Trial[] => run(name, objective, start, { trials: MOST });
  return { newton: way("newton"), damped: way("damped") };
}

/** The trials that were taken: the steps. */
export const taken = (way: readonly Trial[]): Trial[] => way.filter(({ accepted }) => accepted);

/** Where b is looked for, and in how many places. */
const RANGE = [-1, 6], PLACES = 71;

/** a and b near the least sum of squares: for every b the best a is known. Golub and Pereyra (1973), "variable projection". */
export function near(t: Vector, y: Vector): Vec {
  const all = Array.from({ length: PLACES }, (_, k): Vec => {
    const b = RANGE[0] + ((RANGE[1] - RANGE[0]) * k) / (PLACES - 1), e = t.map((s) => Math.exp(-b * s));
    return [e.reduce((sum, u, i) => sum + u * y[i], 0) / e.reduce((sum, u) => sum + u * u, 0), b];
  });
  return all.reduce((best, x) => (sumAt(t, y, ...x) < sumAt(t, y, ...best) ? x : best));
}

/** The best fit; null where the data do not determine both parameters. */
export function fit(t: Vector, y: Vector): Fit | null {
  const from = near(t, y), [a, b] = taken(ways(t, y, from).damped).at(-1)?.end ?? from;
  if (!Number.isFinite(a + b)) return null;
  const x: Vec = [a, b], squares = decay(t, y), residuals = squares.residuals(x), jacobian = squares.jacobian(x);
  const { value, gradient, hessian: H } = normal(residuals, jacobian, 2), JJ: Sym = [H[0], H[1], H[3]], { values: [low, high] } = decomposed(JJ);
  if (!(low > 0 && high < CONDITION * low)) return null;
  const small = RIGHT * Math.sqrt(2 * value) + ROUNDING * Math.hypot(...y);
  if (![0, 1].every((i) => Math.abs(gradient[i]) <= small * Math.sqrt(JJ[2 * i]))) return null;
  const spread = Math.sqrt((2 * value) / (t.length - 2)), [c, , d] = inverse(JJ);
  return { x, value, residuals, jacobian, squares: JJ, hessian: wholeHessian(t, y, x), spread, errors: [spread * Math.sqrt(c), spread * Math.sqrt(d)] };
}
