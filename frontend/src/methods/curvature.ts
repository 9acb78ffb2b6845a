/** Where the curvature of models comes from: the Hessian, a multiple of the identity, gradients (BFGS). */

import { absoluteStep, cholesky, divided, dot, factorize, lengthOf, lower, multiple, nearlySingular, norm, plain, plus, scaled, shortestStep, sizes, solve, times, upper } from "./dense";
import type { Factor } from "./dense";
import { EPS, GRADIENT_NOISE, ROOT_EPS } from "../maths/number";
import { FADING, initialCurvature, knownScale, naturalScale, roundingOf } from "./scale";
import type { Curvature, Jet, Learner, Matrix, Model, Vector } from "./types";
import { type Units, unitsAt } from "./units";

/** How far g may be off by rounding: that of x, and that of g itself; null where no matrix lies ready. */
export function gradientError({ curvature, x, gradient }: Model): number[] | null {
  if (!curvature.matrix) return null;
  return plus(roundingOf(curvature.matrix, x), sizes(gradient), GRADIENT_NOISE * EPS);
}

/** y = -D H^-1 g with the factor of D^-1 H D^-1; the shortest one where H is singular to rounding. */
export function newtonBy(factor: Factor, model: Model): number[] {
  const q = divided(model.gradient, model.scale), error = nearlySingular(factor) ? gradientError(model) : null;
  return error ? shortestStep(factor.H, q, divided(error, model.scale)) : multiple(-1, solve(factor, q));
}

/** The Hessian as it is. */
export class Dense implements Curvature {
  readonly semidefinite = false;
  constructor(readonly matrix: Matrix) {}

  times(v: Vector): number[] {
    return times(this.matrix, v);
  }

  quadratic(s: Vector): number {
    return dot(s, this.times(s));
  }

  newton(model: Model): number[] {
    const H = scaled(this.matrix, model.scale), factor = factorize(H, model.scale.length);
    const y = factor.L ? newtonBy(factor, model) : absoluteStep(H, divided(model.gradient, model.scale));
    return divided(y, model.scale);
  }
}

/** b times the identity: the curvature of gradient descent. */
class Multiple implements Curvature {
  readonly semidefinite = true;
  readonly matrix = null;
  constructor(private b: number) {}

  times(v: Vector): number[] {
    return multiple(this.b, v);
  }

  quadratic(s: Vector): number {
    return dot(s, this.times(s));
  }

  newton({ gradient }: Model): number[] {
    return gradient.map((a) => -(a / this.b));
  }
}

/** B known by its inverse A alone; along A g, where BFGS walks, s'B s costs no factorization. */
class Inverse implements Curvature {
  readonly semidefinite = true;
  readonly matrix = null;
  private known: number[];

  constructor(private inverse: Matrix, private g: Vector) {
    this.known = times(inverse, g);
  }

  quadratic(s: Vector): number {
    if (s.length === 1) return s[0] * (s[0] / this.inverse[0]);
    const { known, g } = this;
    let k = 0;
    for (let i = 1; i < known.length; i += 1) if (Math.abs(known[i]) > Math.abs(known[k])) k = i;
    const t = s[k] / (known[k] !== 0 ? known[k] : 1);
    return along(s, known, t) ? dot(s, multiple(t, g)) : dot(s, this.times(s));
  }

  /** B v, by a factor of the inverse in units that give it a diagonal of ones. */
  times(v: Vector): number[] {
    const n = v.length, e = v.map((_, i) => Math.sqrt(this.inverse[i * n + i]));
    const L = cholesky(scaled(this.inverse, e), n);
    return L ? divided(upper(L, lower(L, divided(v, e))), e) : v.map(() => NaN);
  }

  newton({ gradient }: Model): number[] {
    return multiple(-1, times(this.inverse, gradient));
  }
}

/** Whether s is t times `known`, to rounding. */
function along(s: Vector, known: Vector, t: number): boolean {
  for (let i = 0; i < s.length; i += 1) if (!(Math.abs(s[i] - t * known[i]) <= 4 * EPS * Math.abs(s[i]))) return false;
  return true;
}

/** The exact Hessian, with variables measured in its natural units; remembers the scale at the last point. */
export const exact: Learner<Vector> = {
  start: (_, x) => x.map(() => 0),
  model(x, jet, _, last) {
    const n = x.length, H = plain(jet.hessian), gradient = plain(jet.gradient), own = naturalScale(H, n);
    const scale = new Array<number>(n);
    for (let i = 0; i < n; i += 1) scale[i] = Math.max(FADING * last[i], own[i]);
    const known = knownScale(jet.value, gradient, H, own, scale, x);
    return { model: { x, value: jet.value, gradient, scale: known, curvature: new Dense(H) }, memory: scale };
  },
};

/** b I, b fixed by the first point; remembers b (0: not known yet). */
export const identity: Learner<number> = {
  start: () => 0,
  model(x, jet, _, before) {
    const gradient = plain(jet.gradient), b = before > 0 ? before : initialCurvature(jet.value, norm(gradient));
    return { model: { x, value: jet.value, gradient, scale: x.map(() => 1), curvature: new Multiple(b) }, memory: b };
  },
};

/** What BFGS remembers: the last gradient, the inverse of B, units of the variables, pairs used (-1: no point yet). */
export interface Secant { g: Vector; inverse: Matrix; units: Units; pairs: number }

/** Broyden, Fletcher, Goldfarb, Shanno (1970); Nocedal and Wright (2006), equation 6.17. It starts with b D^2. */
export const bfgs: Learner<Secant> = {
  start: (objective, x) => ({ g: x.map(() => 0), inverse: [], units: unitsAt(objective, x), pairs: -1 }),
  model(x, jet, s, memory) {
    const g = plain(jet.gradient), { units } = memory, d = units.scale, y = plus(g, memory.g, -1);
    const ok = memory.pairs >= 0 && positivePair(s, y, d);
    const fresh = memory.pairs < 0 || (ok && memory.pairs === 0);
    let A = fresh ? inverseOfDiagonal(firstDiagonal(jet, g, s, y, units, ok)) : memory.inverse;
    if (ok) A = updated(A, s, y);
    const model: Model = { x, value: jet.value, gradient: g, scale: d, curvature: new Inverse(A, g) };
    return { model, memory: { g, inverse: A, units, pairs: Math.max(memory.pairs, 0) + Number(ok) } };
  },
};

/** Whether y's is safely positive, so that an update keeps B positive definite. */
function positivePair(s: Vector, y: Vector, d: Vector): boolean {
  const size = lengthOf(s, d);
  return size > 0 && dot(s, y) > ROOT_EPS * size * norm(divided(y, d));
}

/** The diagonal of B before an update: b D^2 at the first point, (y'D^-2 y / s'y) D^2 at the first pair. */
function firstDiagonal(jet: Jet, g: Vector, s: Vector, y: Vector, { scale, least }: Units, ok: boolean): number[] {
  const v = divided(y, scale);
  // Where g is rounding, |f| / g would lead 1e16 away along a flat direction.
  const b = ok ? dot(v, v) / dot(s, y) : Math.max(initialCurvature(jet.value, norm(divided(g, scale))), least);
  return scale.map((d) => b * d * d);
}

function inverseOfDiagonal(entries: Vector): number[] {
  const n = entries.length, out = new Array<number>(n * n);
  for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) out[i * n + j] = i === j ? 1 / entries[i] : 0;
  return out;
}

/** (I - s y'/s'y) A (I - y s'/s'y) + s s'/s'y. */
function updated(A: Matrix, s: Vector, y: Vector): number[] {
  const n = s.length, sy = dot(s, y), Ay = times(A, y), more = (1 + dot(y, Ay) / sy) / sy;
  if (n === 2) {
    const across = (s[0] * Ay[1] + Ay[0] * s[1]) / sy, both = s[0] * s[1] * more;
    return [A[0] - (s[0] * Ay[0] + Ay[0] * s[0]) / sy + s[0] * s[0] * more, A[1] - across + both, A[2] - across + both, A[3] - (s[1] * Ay[1] + Ay[1] * s[1]) / sy + s[1] * s[1] * more];
  }
  const out = new Array<number>(n * n);
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < n; j += 1) out[i * n + j] = A[i * n + j] - (s[i] * Ay[j] + Ay[i] * s[j]) / sy + s[i] * s[j] * more;
  return out;
}
