/** Eigenvalues and eigenvectors of small symmetric matrices. In plain loops: a basin map asks a million times. */

/** Off-diagonal entries below this share of the diagonal ones are zero to rounding. */
const ROUNDING = 1e-17;
const SWEEPS = 60;

export interface Spectral {
  /** Ascending. */
  values: number[];
  /** The unit vector of each, in the sign in which the first of the (nearly) largest entries is positive. */
  vectors: number[][];
}

/** Of H (n, n), row by row. */
export function spectral(H: ArrayLike<number>, n: number): Spectral {
  const { w, V } = eigenpairs(H, n);
  return { values: w, vectors: w.map((_, i) => upright(Array.from({ length: n }, (_, k) => V[k * n + i]))) };
}

/** Eigenvalues ascending, `V` with the eigenvectors as columns, in any sign. */
export interface Eigenpairs { w: number[]; V: number[] }

/** Reads the lower half. Source: Jacobi's method, Golub and Van Loan (2013), section 8.5; for two variables one rotation. */
export function eigenpairs(H: ArrayLike<number>, n: number): Eigenpairs {
  if (n === 2) return paired(H[0], H[2], H[3]);
  const A = new Array<number>(n * n), V = new Array<number>(n * n), w = new Array<number>(n);
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < n; j += 1) {
      A[i * n + j] = i < j ? H[j * n + i] : H[i * n + j];
      V[i * n + j] = i === j ? 1 : 0;
    }
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep += 1) {
    turned = false;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) turned = rotate(A, V, n, p, q) || turned;
  }
  for (let i = 0; i < n; i += 1) w[i] = A[i * n + i];
  for (let i = 1; i < n; i += 1) for (let j = i; j > 0 && w[j] < w[j - 1]; j -= 1) exchange(w, V, n, j);
  return { w, V };
}

/** The same of two variables: its one rotation. */
function paired(pp: number, pq: number, qq: number): Eigenpairs {
  let low = pp, high = qq, c = 1, s = 0;
  if (Math.abs(pq) > ROUNDING * Math.sqrt(Math.abs(pp)) * Math.sqrt(Math.abs(qq)) && Math.abs(pq) < Infinity) {
    const t = tangent(pp, qq, pq);
    [c, low, high] = [1 / Math.sqrt(t * t + 1), pp - t * pq, qq + t * pq];
    s = t * c;
  }
  return high < low ? { w: [high, low], V: [s, c, c, -s] } : { w: [low, high], V: [c, s, -s, c] };
}

/** Of the angle that takes pq away. */
function tangent(pp: number, qq: number, pq: number): number {
  const w = (qq - pp) / (2 * pq), size = Math.abs(w);
  return (w < 0 ? -1 : 1) / (size + (size > 1e150 ? size : Math.sqrt(w * w + 1)));
}

/** Turns the plane of p and q until A has nothing there; whether there was anything. */
function rotate(A: number[], V: number[], n: number, p: number, q: number): boolean {
  const pp = A[p * n + p], qq = A[q * n + q], pq = A[p * n + q];
  if (!(Math.abs(pq) > ROUNDING * Math.sqrt(Math.abs(pp)) * Math.sqrt(Math.abs(qq)) && Math.abs(pq) < Infinity)) return false;
  const t = tangent(pp, qq, pq), c = 1 / Math.sqrt(t * t + 1), s = t * c;
  for (let k = 0; k < n; k += 1) turn(A, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k += 1) turn(A, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k += 1) turn(V, k * n + p, k * n + q, c, s);
  A[p * n + p] = pp - t * pq;
  A[q * n + q] = qq + t * pq;
  A[p * n + q] = A[q * n + p] = 0;
  return true;
}

function turn(A: number[], i: number, j: number, c: number, s: number): void {
  const a = A[i], b = A[j];
  A[i] = c * a - s * b;
  A[j] = s * a + c * b;
}

/** Eigenvalues j and j - 1 change places, and their vectors. */
function exchange(w: number[], V: number[], n: number, j: number): void {
  for (let k = 0; k < n; k += 1) {
    const entry = V[k * n + j];
    V[k * n + j] = V[k * n + j - 1];
    V[k * n + j - 1] = entry;
  }
  const value = w[j];
  w[j] = w[j - 1];
  w[j - 1] = value;
}

function upright(v: number[]): number[] {
  const most = Math.max(...v.map(Math.abs));
  return v[v.findIndex((a) => Math.abs(a) > (1 - 1e-6) * most)] < 0 ? v.map((a) => -a) : v;
}
