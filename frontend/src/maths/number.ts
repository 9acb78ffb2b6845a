/** Machine precision, written once: the twin of src/raphson/kernel/number.py in double precision. */

export const EPS = 2 ** -52, TINY = 2 ** -1022, HUGE = Number.MAX_VALUE;

/** f is taken to be known to this many units in the last place. */
export const VALUE_NOISE = 10;
/** g is taken to be known to this many units of |H| |x|, the change that rounding x alone makes. */
export const GRADIENT_NOISE = 16;
/** Eigenvalues of a scaled Hessian below this many units times n times the largest are called zero. */
export const CURVATURE_NOISE = 32;

/** How much f can change without meaning anything. */
export const valueNoise = (value: number): number => VALUE_NOISE * EPS * Math.abs(value);

/** Relative accuracy asked of x: a Newton step of this size leaves an error of about its square. */
export const TOLERANCE = EPS ** (2 / 3);

/** Powers of the precision, written once: they are asked for in every trial. */
export const ROOT_EPS = EPS ** 0.5, FOURTH_ROOT_EPS = EPS ** 0.25, CUBE_ROOT_EPS = EPS ** (1 / 3), EPS_4_3 = EPS ** (4 / 3), EPS_2 = EPS ** 2;

export const clip = (a: number, low: number, high: number): number => Math.min(high, Math.max(low, a));
