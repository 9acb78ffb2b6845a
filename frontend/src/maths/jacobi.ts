/** Eigenvalues and eigenvectors of small symmetric matrices. */

/** Off-diagonal entries below this share of the diagonal ones are zero to rounding. */
const ROUNDING = 1e-17;
const SWEEPS = 60;

export interface Spectral {
  /** Ascending. */
  values: number[];
  /** The unit vector of each, in the sign in which the first of the (nearly) largest entries is positive. */
  vectors: number[][];
}

/** Of H (n, n), row by row. Source: Jacobi's method, Golub and Van Loan (2013), section 8.5. */
export function spectral(H: ArrayLike<number>, n: number): Spectral {
  const A = Float64Array.from(H), V = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0));
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep += 1) {
    turned = false;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) if (rotate(A, V, n, p, q)) turned = true;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => A[i * n + i] - A[j * n + j]);
  return { values: order.map((i) => A[i * n + i]), vectors: order.map((i) => upright(Array.from({ length: n }, (_, k) => V[k * n + i]))) };
}

/** Turns the plane of p and q until A has nothing there; whether there was anything. */
function rotate(A: Float64Array, V: Float64Array, n: number, p: number, q: number): boolean {
  const [pp, qq, pq] = [A[p * n + p], A[q * n + q], A[p * n + q]];
  if (!(Math.abs(pq) > ROUNDING * Math.sqrt(Math.abs(pp)) * Math.sqrt(Math.abs(qq)))) return false;
  const w = (qq - pp) / (2 * pq), t = (w < 0 ? -1 : 1) / (Math.abs(w) + Math.hypot(1, w)), c = 1 / Math.hypot(1, t), s = t * c;
  for (let k = 0; k < n; k += 1) turn(A, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k += 1) turn(A, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k += 1) turn(V, k * n + p, k * n + q, c, s);
  A[p * n + q] = A[q * n + p] = 0;
  return true;
}

function turn(A: Float64Array, i: number, j: number, c: number, s: number): void {
  const [a, b] = [A[i], A[j]];
  A[i] = c * a - s * b;
  A[j] = s * a + c * b;
}

function upright(v: number[]): number[] {
  const most = Math.max(...v.map(Math.abs));
  return v[v.findIndex((a) => Math.abs(a) > (1 - 1e-6) * most)] < 0 ? v.map((a) => -a) : v;
}
