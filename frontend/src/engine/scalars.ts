/** The elementary functions with their first two derivatives, left in `out` so that nothing is allocated on the way. */

import { digamma, erf, erfc, lgamma, tetragamma, trigamma } from "../maths/special";

/** Value, derivatives by the first and the second argument, and the second derivatives. */
export const out = { f: 0, a: 0, b: 0, aa: 0, ab: 0, bb: 0 };

const set = (f: number, a: number, aa: number): void => {
  out.f = f;
  out.a = a;
  out.aa = aa;
};

const set2 = (f: number, a: number, b: number, aa: number, ab: number, bb: number): void => {
  set(f, a, aa);
  out.b = b;
  out.ab = ab;
  out.bb = bb;
};

/** 1 / (1 + exp(-x)). */
const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const bell = (x: number): number => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);

/** Functions of one argument. */
export const UNARY: Record<string, (x: number) => void> = {
  neg: (x) => set(-x, -1, 0),
  // At 0 the slope is 1, as in JAX.
  abs: (x) => set(Math.abs(x), x >= 0 ? 1 : -1, 0),
  exp: (x) => { const e = Math.exp(x); set(e, e, e); },
  exp2: (x) => { const e = 2 ** x; set(e, e * Math.LN2, e * Math.LN2 * Math.LN2); },
  expm1: (x) => { const e = Math.exp(x); set(Math.expm1(x), e, e); },
  log: (x) => set(Math.log(x), 1 / x, -1 / (x * x)),
  log2: (x) => set(Math.log2(x), Math.LOG2E / x, -Math.LOG2E / (x * x)),
  log1p: (x) => set(Math.log1p(x), 1 / (1 + x), -1 / ((1 + x) * (1 + x))),
  sqrt: (x) => { const r = Math.sqrt(x); set(r, 0.5 / r, -0.25 / (r * x)); },
  rsqrt: (x) => { const r = 1 / Math.sqrt(x); set(r, (-0.5 * r) / x, (0.75 * r) / (x * x)); },
  cbrt: (x) => { const r = Math.cbrt(x); set(r, 1 / (3 * r * r), -2 / (9 * r * r * x)); },
  square: (x) => set(x * x, 2 * x, 2),
  sin: (x) => { const [s, c] = [Math.sin(x), Math.cos(x)]; set(s, c, -s); },
  cos: (x) => { const [s, c] = [Math.sin(x), Math.cos(x)]; set(c, -s, -c); },
  tan: (x) => { const t = Math.tan(x); set(t, 1 + t * t, 2 * t * (1 + t * t)); },
  asin: (x) => { const w = (1 - x) * (1 + x); set(Math.asin(x), 1 / Math.sqrt(w), x / (w * Math.sqrt(w))); },
  acos: (x) => { const w = (1 - x) * (1 + x); set(Math.acos(x), -1 / Math.sqrt(w), -x / (w * Math.sqrt(w))); },
  atan: (x) => { const w = 1 / (1 + x * x); set(Math.atan(x), w, -2 * x * w * w); },
  sinh: (x) => { const [s, c] = [Math.sinh(x), Math.cosh(x)]; set(s, c, s); },
  cosh: (x) => { const [s, c] = [Math.sinh(x), Math.cosh(x)]; set(c, s, c); },
  tanh: (x) => { const t = Math.tanh(x), w = 1 / Math.cosh(x) ** 2; set(t, w, -2 * t * w); },
  asinh: (x) => { const w = 1 + x * x; set(Math.asinh(x), 1 / Math.sqrt(w), -x / (w * Math.sqrt(w))); },
  acosh: (x) => { const w = (x - 1) * (x + 1); set(Math.acosh(x), 1 / Math.sqrt(w), -x / (w * Math.sqrt(w))); },
  atanh: (x) => { const w = 1 / ((1 - x) * (1 + x)); set(Math.atanh(x), w, 2 * x * w * w); },
  logistic: (x) => { const s = logistic(x), w = s * logistic(-x); set(s, w, w * (1 - 2 * s)); },
  erf: (x) => { const e = bell(x); set(erf(x), e, -2 * x * e); },
  erfc: (x) => { const e = bell(x); set(erfc(x), -e, 2 * x * e); },
  lgamma: (x) => set(lgamma(x), digamma(x), trigamma(x)),
  digamma: (x) => set(digamma(x), trigamma(x), tetragamma(x)),
  relu: (x) => set(x !== x ? NaN : x > 0 ? x : 0, x > 0 ? 1 : 0, 0),
};

/** The nearest whole number; `half`: where a half goes, by the whole number below it. x + 0.5 would be rounded itself. */
function whole(x: number, half: (below: number) => number): number {
  const size = Math.abs(x), below = Math.floor(size), rest = size - below;
  return Math.sign(x) * (rest < 0.5 ? below : rest > 0.5 ? below + 1 : rest === 0.5 ? half(below) : size);
}

/** Functions of one or two arguments that are constant in pieces. */
export const STEPS: Record<string, (x: number, y: number) => number> = {
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  /** Halves go away from zero, as `lax.round` rounds them. */
  round: (x) => whole(x, (below) => below + 1),
  /** Halves go to the even neighbor, as `jnp.round` rounds them. */
  round_even: (x) => whole(x, (below) => below + (below % 2)),
  is_finite: (x) => Number(Number.isFinite(x)),
  not: (x) => Number(!x),
  stop: (x) => x,
  eq: (x, y) => Number(x === y),
  ne: (x, y) => Number(x !== y),
  lt: (x, y) => Number(x < y),
  le: (x, y) => Number(x <= y),
  gt: (x, y) => Number(x > y),
  ge: (x, y) => Number(x >= y),
  and: (x, y) => Number(Boolean(x) && Boolean(y)),
  or: (x, y) => Number(Boolean(x) || Boolean(y)),
  xor: (x, y) => Number(Boolean(x) !== Boolean(y)),
};

/** Functions of two arguments. */
export const BINARY: Record<string, (x: number, y: number) => void> = {
  add: (x, y) => set2(x + y, 1, 1, 0, 0, 0),
  sub: (x, y) => set2(x - y, 1, -1, 0, 0, 0),
  mul: (x, y) => set2(x * y, y, x, 0, 1, 0),
  div: (x, y) => { const q = x / y; set2(q, 1 / y, -q / y, 0, -1 / (y * y), (2 * q) / (y * y)); },
  pow: power,
  // Where both are the same each has one half, as in JAX.
  max: (x, y) => extreme(x > y ? 1 : x < y ? 0 : 0.5, x, y),
  min: (x, y) => extreme(x < y ? 1 : x > y ? 0 : 0.5, x, y),
  atan2: (x, y) => {
    const w = x * x + y * y, [p, q] = [x / w, y / w];
    set2(Math.atan2(x, y), q, -p, -2 * p * q, p * p - q * q, 2 * p * q);
  },
  rem: (x, y) => set2(x % y, 1, -Math.trunc(x / y), 0, 0, 0),
  logaddexp: (x, y) => {
    const s = logistic(x - y), w = s * logistic(y - x);
    const f = x === y ? x + Math.LN2 : Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
    set2(Number.isFinite(x - y) ? f : Math.max(x, y), s, 1 - s, w, -w, w);
  },
};

/** Those whose derivatives cost more than the value, for where it is asked for alone. */
export const PLAIN: Record<string, (x: number, y: number) => number> = {
  pow: (x, y) => x ** y, div: (x, y) => x / y, log: Math.log, sin: Math.sin, cos: Math.cos, sinh: Math.sinh, cosh: Math.cosh,
  tanh: Math.tanh, erf, erfc, lgamma, digamma,
};

function extreme(share: number, x: number, y: number): void {
  const f = x !== x || y !== y ? NaN : share === 1 ? x : y;
  set2(f, share, 1 - share, 0, 0, 0);
}

/** x^y. A whole y is told from one that is not: x may be negative then. */
function power(x: number, y: number): void {
  const f = x ** y, log = Math.log(x);
  const [a, aa] = y === 0 ? [0, 0] : y === 1 ? [1, 0] : [y * x ** (y - 1), y === 2 ? 2 : y * (y - 1) * x ** (y - 2)];
  // 0^y is 0 for all y > 0: it does not change with y.
  const still = x === 0 && y > 0;
  const b = still ? 0 : f * log;
  set2(f, a, b, aa, still ? 0 : x ** (y - 1) * (1 + y * log), still ? 0 : b * log);
}

/** x^p for a whole p. */
export const raised = (x: number, p: number): number => (p === 0 ? 1 : p === 1 ? x : p === 2 ? x * x : x ** p);

/** The same with its derivatives. */
export function wholePower(x: number, p: number): void {
  set(raised(x, p), p === 0 ? 0 : p * raised(x, p - 1), p === 0 || p === 1 ? 0 : p * (p - 1) * raised(x, p - 2));
}
