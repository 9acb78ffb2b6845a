/** Special functions to double precision: erf, erfc, log Gamma and its derivatives. Checked against SciPy in the tests. */

/** From here on erfc by its continued fraction (80 terms): below, 1 - erf loses up to three digits of it, none of erf. */
const SERIES = 2.2;

/** Abramowitz and Stegun (1964), 7.1.6 and 7.1.14 (by Lentz's way, Numerical Recipes 5.2). */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const size = Math.abs(x);
  if (size > SERIES) return Math.sign(x) * (1 - tail(size));
  let [term, sum] = [size, size];
  for (let n = 0; term > 1e-17 * sum; n += 1) sum += term *= (2 * size * size) / (2 * n + 3);
  return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-size * size) * sum;
}

export function erfc(x: number): number {
  return x > SERIES ? tail(x) : 1 - erf(x);
}

/** erfc for x > SERIES. */
function tail(x: number): number {
  if (x > 27.3) return 0;
  let fraction = 0;
  for (let k = 80; k >= 1; k -= 1) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** From here on the asymptotic series of Stirling are exact to rounding with seven terms. */
const LARGE = 12;

const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
const DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12];
const TRIGAMMA = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];

/** log |Gamma(x)|. Abramowitz and Stegun 6.1.41, 6.1.15, 6.1.17. */
export function lgamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * (x - Math.round(x))))) - lgamma(1 - x);
  if (Math.abs(x - 1) < 0.25 || Math.abs(x - 2) < 0.25) return nearRoot(x);
  let [y, product] = [x, 1];
  for (; y < LARGE; y += 1) product *= y;
  const z = 1 / (y * y);
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + horner(STIRLING, z) / y - Math.log(product);
}

/** Near its zeros 1 and 2 log Gamma is a sum of logarithms near 0, here by its product over 1/k. */
function nearRoot(x: number): number {
  // log Gamma(1 + u) = -log1p(u) + u (1 - gamma) + sum (-1)^n (zeta(n) - 1) u^n / n: A. and S. 6.1.33.
  const u = x < 1.5 ? x - 1 : x - 2;
  let [sum, power] = [0, u];
  for (let n = 2; n <= 40; n += 1) {
    power *= -u;
    sum += (zetaLess1(n) * -power) / n;
  }
  return (x < 1.5 ? -Math.log1p(u) : 0) + u * (1 - 0.5772156649015329) + sum;
}

const zetas: number[] = [];

/** zeta(n) - 1, by Euler and Maclaurin from the 41st term on. */
function zetaLess1(n: number): number {
  if (zetas[n] !== undefined) return zetas[n];
  let sum = 0;
  for (let k = 40; k >= 2; k -= 1) sum += k ** -n;
  const a = 41;
  sum += a ** (1 - n) / (n - 1) + a ** -n / 2 + (n * a ** (-n - 1)) / 12 - (n * (n + 1) * (n + 2) * a ** (-n - 3)) / 720;
  sum += (n * (n + 1) * (n + 2) * (n + 3) * (n + 4) * a ** (-n - 5)) / 30240;
  return (zetas[n] = sum);
}

/** The derivative of log Gamma. Abramowitz and Stegun 6.3.18, 6.3.5, 6.3.7. */
export function digamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return NaN;
  if (x < 0.5) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let [y, sum] = [x, 0];
  for (; y < LARGE; y += 1) sum -= 1 / y;
  const z = 1 / (y * y);
  return sum + Math.log(y) - 0.5 / y - horner(DIGAMMA, z) * z;
}

/** Its second derivative. Abramowitz and Stegun 6.4.12, 6.4.6, 6.4.7. */
export function trigamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) return (Math.PI / Math.sin(Math.PI * (x - Math.round(x)))) ** 2 - trigamma(1 - x);
  let [y, sum] = [x, 0];
  for (; y < LARGE; y += 1) sum += 1 / (y * y);
  const z = 1 / (y * y);
  return sum + 1 / y + z / 2 + (horner(TRIGAMMA, z) * z) / y;
}

/** The third derivative of log Gamma, for second derivatives of digamma. Abramowitz and Stegun 6.4.13, 6.4.6. */
export function tetragamma(x: number): number {
  if (x <= 0 && Number.isInteger(x)) return NaN;
  if (x < 0.5) {
    const t = Math.tan(Math.PI * (x - Math.round(x))), s = Math.sin(Math.PI * (x - Math.round(x)));
    return tetragamma(1 - x) - (2 * Math.PI ** 3) / (t * s * s);
  }
  let [y, sum] = [x, 0];
  for (; y < LARGE; y += 1) sum -= 2 / y ** 3;
  const z = 1 / (y * y);
  const series = TRIGAMMA.reduceRight((rest, c, k) => (2 * k + 3) * c + rest * z, 0);
  return sum - z - z / y - z * z * series;
}

/** The sum of c_k z^k. */
function horner(c: number[], z: number): number {
  return c.reduceRight((rest, a) => a + rest * z, 0);
}
