/** Curves of steps s(tau): a ray, the damped path, the exact arc of a trust region (src/raphson/paths). */

import { gradientError, newtonBy } from "./curvature";
import { eigenpairs } from "../maths/jacobi";
import { cholesky, components, diagonal, divided, dot, factorize, inDoubt, largestRow, lower, multiple, noiseOf, norm, plus, scaled, times, upper } from "./dense";
import type { Factor } from "./dense";
import { TINY } from "../maths/number";
import type { Path, Vector } from "./types";

/** tau d along a descent direction; tau = 1 is the full step. Nocedal and Wright (2006), chapter 3. */
export const ray: Path = (model) => {
  const direction = model.curvature.newton(model);
  return (tau) => ({ s: multiple(tau, direction), bound: tau < 1 });
};

/**
 * -(H + lambda D^2)^-1 g with tau = 1/lambda; where H has negative eigenvalues lambda counts from the smallest of them.
 * Levenberg (1944); Marquardt (1963); Goldfeld, Quandt and Trotter (1966).
 */
export const damped: Path = (model) => {
  const { gradient, scale, curvature } = model, found = eigenpairs(scaled(curvature.matrix!, scale), scale.length);
  let a = components(found, divided(gradient, scale));
  const noise = noiseOf(found.w), error = found.w.some((w) => Math.abs(w) <= noise) ? gradientError(model) : null;
  if (error) {
    const doubt = inDoubt(found, a, divided(error, scale));
    a = a.map((slope, i) => (doubt[i] ? 0 : slope));
  }
  const lowest = Math.max(0, -found.w[0]), slope = norm(a);
  return (tau) => {
    const shift = 1 / tau + lowest;
    const y = new Array<number>(a.length);
    for (let i = 0; i < a.length; i += 1) {
      const below = found.w[i] + shift;
      y[i] = a[i] === 0 ? 0 : -a[i] / (below === 0 ? TINY : below);
    }
    return { s: divided(times(found.V, y), scale), bound: shift * norm(y) > 0.1 * slope };
  };
};

/** The step's length may miss the radius by EASY; in the hard case it may miss the best decrease by about HARD. */
const EASY = 0.05, HARD = 0.05;
/** Factorizations per subproblem. */
const LIMIT = 40;

/** The scaled model with its factor, the Newton step, and a bound on every |eigenvalue|. */
interface Ball { g: number[]; n: number; factor: Factor; newton: number[]; bound: number }

/** A shift between two others: at `low` the step is too long or H + low is not definite, at `high` too short. */
interface Bracket { shift: number; low: number; high: number }

/** The minimum of the model over ||D s|| <= tau, for any H. More and Sorensen (1983), "Computing a trust region step". */
export const trust: Path = (model) => {
  const { gradient, scale, curvature } = model, n = scale.length, H = scaled(curvature.matrix!, scale);
  const factor = factorize(H, n), bound = largestRow(H, n);
  const newton = factor.L ? newtonBy(factor, model) : [];
  const ball: Ball = { g: divided(gradient, scale), n, factor, newton, bound };
  return (tau) => {
    const inside = factor.L !== null && norm(newton) <= tau;
    return { s: divided(inside ? newton : boundary(ball, tau), scale), bound: !inside };
  };
};

/** The point of the boundary where the model is least. */
function boundary(ball: Ball, tau: number): number[] {
  const { g, n, factor: { H } } = ball;
  let bracket = begun(ball, tau), y = multiple(0, g), z = FIRST[n];
  for (let k = 0; ; k += 1) {
    const { shift } = bracket, L = cholesky(H, n, shift);
    if (!L) {
      bracket = narrowed(bracket, false, 0, 0, tau, 0);
      if (k >= LIMIT) return y;
      continue;
    }
    const w = lower(L, g), step = multiple(-1, upper(L, w)), length = norm(step);
    let lowest = 0;
    if (length < tau) {
      // Short: the boundary is reached along a near-null vector of H + shift, which in the hard case is nearly as good.
      z = nullVector(L, z);
      const Lz = transposedTimes(L, z), curvature = dot(Lz, Lz), along = dot(step, z) < 0 ? multiple(-1, z) : z, t = toBoundary(step, along, tau);
      lowest = shift - curvature;
      if (t * t * dot(along, along) * curvature <= HARD * (dot(w, w) + shift * tau ** 2)) return plus(step, along, t);
    }
    y = multiple(Math.min(1, tau / (length > 0 ? length : 1)), step);
    if (Math.abs(length - tau) <= EASY * tau || k >= LIMIT) return y;
    bracket = narrowed(bracket, true, length, inverseBend(L, step), tau, lowest);
  }
}

/** The first bracket (More and Sorensen, section 4) and the first guess: the Newton iterate from shift 0. */
function begun({ g, n, factor, newton, bound }: Ball, tau: number): Bracket {
  const reach = norm(g) / tau, low = Math.max(0, -Math.min(...diagonal(factor.H, n)), reach - bound);
  const known = factor.L ? newtonMove(norm(newton), inverseBend(factor.L, newton), tau) : -Infinity;
  return kept({ shift: low, low, high: 1.01 * (reach + bound) }, known);
}

/** Where inverse iteration starts, for every n. */
const FIRST = Array.from({ length: 9 }, (_, n) => {
  const z = Array.from({ length: n }, (_, i) => Math.sin(1 + i)), size = Math.sqrt(dot(z, z));
  return z.map((a) => a / size);
});

/** y'(L L')^-1 y. */
function inverseBend(L: Vector, y: Vector): number {
  const w = lower(L, y);
  return dot(w, w);
}

/** Two steps of inverse iteration with L L', from the last vector known. */
function nullVector(L: Vector, z: Vector): number[] {
  const one = upper(L, lower(L, z)), size = norm(one), two = upper(L, lower(L, one.map((a) => a / size))), length = norm(two);
  return two.map((a) => a / length);
}

/** L'z. */
function transposedTimes(L: Vector, z: Vector): number[] {
  const n = z.length;
  return z.map((_, i) => {
    let sum = 0;
    for (let j = i; j < n; j += 1) sum += L[j * n + i] * z[j];
    return sum;
  });
}

/** The t >= 0 with ||s + t d|| = radius, for ||s|| <= radius, free of cancellation. */
function toBoundary(s: Vector, d: Vector, radius: number): number {
  const dd = dot(d, d), sd = dot(s, d), gap = Math.max(radius ** 2 - dot(s, s), 0);
  const root = Math.abs(sd) + Math.sqrt(sd ** 2 + dd * gap), below = sd > 0 ? root : dd;
  return (sd > 0 ? gap : root) / (below > 0 ? below : 1);
}

/** How far Newton's method on wanted / ||y|| - 1 moves the shift; `bend` is y'(H + shift)^-1 y. Hebden (1973). */
function newtonMove(length: number, bend: number, wanted: number): number {
  const whole = length > 0 ? length : 1, slope = bend / whole / whole;
  return slope > 0 ? (length / (wanted > 0 ? wanted : 1) - 1) / slope : -Infinity;
}

/** The guess where it lies inside, else a point well inside a bracket that may span many decades. */
function kept({ low, high }: Bracket, guess: number): Bracket {
  const inside = guess > low && guess < high;
  return { shift: inside ? guess : Math.max(Math.sqrt(low) * Math.sqrt(high), low + 0.01 * (high - low)), low, high };
}

function narrowed({ shift, low, high }: Bracket, ok: boolean, length: number, bend: number, wanted: number, lowest: number): Bracket {
  const short = ok && length < wanted;
  const next = { shift, low: Math.max(low, short ? lowest : shift), high: short ? shift : high };
  return kept(next, ok ? shift + newtonMove(length, bend, wanted) : -Infinity);
}
