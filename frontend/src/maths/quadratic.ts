/** A quadratic in two variables; the twin of src/raphson/picture/quadratic.py. No DOM here. */

import { CURVATURE_NOISE, EPS } from "./number";
import { add, angleBetween, dot, norm, scale, subtract } from "./vector";
import { type Eigen, decomposed, form, inverse, mapped, solve, times } from "./symmetric";

export type Vec = [number, number];
/** h11, h12, h22 */
export type Sym = [number, number, number];

export interface Quadratic {
  at: Vec;
  value: number;
  gradient: Vec;
  hessian: Sym;
  /** Relative rounding of H (that of double precision where not given). */
  noise?: number;
}

export type Kind = "bowl" | "saddle" | "dome" | "valley" | "flat";

/** Eigenvalues, ascending, and axes of settled sign. */
export const eigen = (q: Quadratic): Eigen => decomposed(q.hessian);

/** m(u). */
export function evaluate(q: Quadratic, u: Vec): number {
  const s = subtract(u, q.at);
  return q.value + dot(q.gradient, s) + 0.5 * form(q.hessian, s);
}

/** The same quadratic, written down at another point. */
export function moved(q: Quadratic, u: Vec): Quadratic {
  const s = subtract(u, q.at);
  return { ...q, at: u, value: evaluate(q, u), gradient: add(q.gradient, times(q.hessian, s)) };
}

/** Natural units of length, as `units` in raphson/model/geometry.py. */
export function units([a, b, c]: Sym): Vec {
  const plain: Vec = [Math.sqrt(Math.abs(a)), Math.sqrt(Math.abs(c))];
  const across = Math.abs(b), largest = Math.max(plain[0], plain[1]);
  if (largest === 0) return across > 0 ? [Math.sqrt(across), Math.sqrt(across)] : [1, 1];
  const own = (mine: number, other: number): number => mine || (across > 0 ? across / other : largest);
  return [own(plain[0], plain[1]), own(plain[1], plain[0])];
}

/** -1, 0, 1 for each eigenvalue: its sign beyond the rounding of H, in natural units (Sylvester's law). */
export function signs(q: Quadratic): Vec {
  const [d, e] = units(q.hessian), [a, b, c] = q.hessian;
  const w = decomposed([a / d / d, b / d / e, c / e / e]).values;
  const level = CURVATURE_NOISE * 2 * (q.noise ?? EPS) * Math.max(Math.abs(w[0]), Math.abs(w[1]));
  const sign = (x: number): number => (x < -level ? -1 : x > level ? 1 : 0);
  return [sign(w[0]), sign(w[1])];
}

export function kind(q: Quadratic): Kind {
  const [low, high] = signs(q);
  if (low < 0) return high > 0 ? "saddle" : "dome";
  if (low > 0) return "bowl";
  return high > 0 ? "valley" : "flat";
}

/** The step to the stationary point; the shortest least-squares one where H is singular. */
export function newton(q: Quadratic): Vec {
  const live = signs(q);
  if (live[0] !== 0 && live[1] !== 0) return scale(-1, solve(q.hessian, q.gradient));
  const { values, axes } = eigen(q);
  const along = (i: 0 | 1): Vec => (live[i] && values[i] ? scale(-dot(axes[i], q.gradient) / values[i], axes[i]) : [0, 0]);
  return add(along(0), along(1));
}

/** The stationary point. */
export const center = (q: Quadratic): Vec => add(q.at, newton(q));

/** 1/2 g'H^-1 g: the height of x above the centre (negative below it). */
export const rise = (q: Quadratic): number => -0.5 * dot(q.gradient, newton(q));

/** Degrees from -g to the Newton step. */
export const angleDeg = (q: Quadratic): number => angleBetween(scale(-1, q.gradient), newton(q));

/** The largest angle that any gradient can make with its Newton step: arccos(2 sqrt(k)/(1+k)); 180 where lambda < 0. */
export function largestAngle(q: Quadratic): number {
  const shape = kind(q);
  if (shape === "flat") return NaN;
  if (shape !== "bowl") return shape === "valley" ? 90 : 180;
  const k = condition(q);
  return (180 / Math.PI) * Math.atan2(k - 1, 2 * Math.sqrt(k));
}

/** max |lambda| / min |lambda|; infinite where H is singular to rounding. */
export function condition(q: Quadratic): number {
  const [low, high] = eigen(q).values.map(Math.abs) as Vec;
  return signs(q).includes(0) ? Infinity : Math.max(low, high) / Math.min(low, high);
}

/** Whether m has a stationary point: not if it falls along a flat direction. As `has_center` in Python. */
export function hasCenter(q: Quadratic): boolean {
  const { axes } = eigen(q), size = norm(q.gradient);
  return signs(q).every((sign, i) => sign !== 0 || Math.abs(dot(axes[i as 0 | 1], q.gradient)) <= 1e-6 * size);
}

/** The step to the lowest point along -g; null where m does not rise again along it. */
export function cauchy(q: Quadratic): Vec | null {
  const [a, b] = q.gradient, size = Math.max(Math.abs(a), Math.abs(b));
  if (!(size > 0 && size < Infinity)) return null;
  const g: Vec = [a / size, b / size], bend = form(q.hessian, g);
  const largest = Math.max(...q.hessian.map(Math.abs));
  return bend > CURVATURE_NOISE * (q.noise ?? EPS) * largest ? scale((-size * dot(g, g)) / bend, g) : null;
}

/**
 * The dual, in the space of gradients: D(g) = 1/2 g'H^-1 g at this g, whose own gradient is H^-1 g and whose own
 * Newton step is -g. Null where H is singular.
 */
export function dual(q: Quadratic): Quadratic | null {
  if (signs(q).includes(0)) return null;
  return { at: q.gradient, value: rise(q), gradient: scale(-1, newton(q)), hessian: inverse(q.hessian), noise: q.noise };
}

/**
 * The quadratic in y = H^(t/2) (u - centre), t from 0 (as it is) to 1 (a round bowl): gradient H^(-t/2) g, Hessian
 * H^(1-t). Null unless H is positive definite: only then is there such a root.
 */
export function whitened(q: Quadratic, t: number): Quadratic | null {
  if (kind(q) !== "bowl") return null;
  const frame: Eigen = eigen(q), [u, v] = frame.axes, [p, r] = frame.values;
  const g: Vec = [dot(u, q.gradient), dot(v, q.gradient)];
  const along = (e: number): Vec => add(scale(g[0] * p ** e, u), scale(g[1] * r ** e, v));
  return {
    at: along(t / 2 - 1), value: q.value, gradient: along(-t / 2), noise: q.noise,
    hessian: t === 1 ? [1, 0, 1] : mapped(frame, (lambda) => lambda ** (1 - t)),
  };
}
