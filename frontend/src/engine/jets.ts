/**
 * Second-order forward mode: value, gradient and Hessian of a program along k directions, in one sweep.
 *
 * Every number has a value v, k first derivatives g, and T = k (k + 1) / 2 second ones h, the upper triangle row by row;
 * all of them lie in three arrays, and nothing is allocated on the way: a basin map asks a million times.
 * Source: Griewank and Walther (2008), "Evaluating Derivatives", chapter 13.
 */

import { Code, Plan, STRIDE, type Other, type Plain, type Rule } from "./plan";
import { decoded, type Program } from "./program";
import { out } from "./scalars";

export interface Jet {
  value: number;
  gradient: Float64Array;
  /** The upper triangle, row by row: h11, h12, h22 for two directions. */
  hessian: Float64Array;
}

/** The derivatives of all numbers along k directions, and what is answered. */
interface Slopes { g: Float64Array; h: Float64Array; gradient: Float64Array; hessian: Float64Array }

export class Machine {
  private readonly code: Int32Array;
  private readonly rules: Rule[];
  private readonly plain: Plain[];
  private readonly others: Other[];
  /** Where f is. */
  private readonly out: number;
  private readonly known = new Map<number, Slopes>();
  private readonly v: Float64Array;
  /** Of the sweep that is made. */
  private k = 0;
  private T = 0;
  private g: Float64Array = new Float64Array(0);
  private h: Float64Array = this.g;

  constructor(readonly program: Program) {
    const constants = program.constants.map(decoded);
    const { code, rules, plain, others, values, count } = new Plan(program, constants);
    [this.code, this.rules, this.plain, this.others, this.out] = [Int32Array.from(code), rules, plain, others, values[program.out][0]];
    // Two more: what a product is on the way.
    this.v = new Float64Array(count + 2);
    constants.forEach((constant, i) => this.v.set(constant, values[i + 1][0]));
  }

  get n(): number {
    return this.program.n;
  }

  /** f alone. */
  value(x: ArrayLike<number>): number {
    this.k = this.T = 0;
    for (let i = 0; i < this.n; i += 1) this.v[i] = x[i];
    this.compute();
    return this.v[this.out];
  }

  /** f along x + E p at p = 0: E (n, k) row by row. The answer is overwritten by the next one. */
  jet(x: ArrayLike<number>, E: ArrayLike<number>, k: number): Jet {
    const T = (k * (k + 1)) / 2, { gradient, hessian } = this.along(k, T), { v, g, h, out: at } = this;
    for (let i = 0; i < this.n; i += 1) v[i] = x[i];
    for (let i = 0; i < this.n * k; i += 1) g[i] = E[i];
    if (k === 2) this.pairs();
    else this.sweep();
    for (let p = 0; p < k; p += 1) gradient[p] = g[at * k + p];
    for (let t = 0; t < T; t += 1) hessian[t] = h[at * T + t];
    return { value: v[at], gradient, hessian };
  }

  /** Makes the arrays of k directions the current ones. */
  private along(k: number, T: number): Slopes {
    let slopes = this.known.get(k);
    if (!slopes) {
      const many = this.v.length;
      slopes = { g: new Float64Array(many * k), h: new Float64Array(many * T), gradient: new Float64Array(k), hessian: new Float64Array(T) };
      this.known.set(k, slopes);
    }
    [this.k, this.T, this.g, this.h] = [k, T, slopes.g, slopes.h];
    return slopes;
  }

  /** Values. */
  private compute(): void {
    const { v, code, plain } = this;
    for (let c = 0; c < code.length; c += STRIDE) {
      const to = code[c + 1], x = v[code[c + 2]], y = v[code[c + 3]];
      switch (code[c]) {
        case Code.Add: v[to] = x + y; break;
        case Code.Sub: v[to] = x - y; break;
        case Code.Mul: case Code.Scale: v[to] = x * y; break;
        case Code.Square: v[to] = x * x; break;
        case Code.Other: this.other(to, this.others[code[c + 4]]); break;
        default: v[to] = plain[code[c + 4]](x, y);
      }
    }
  }

  /** With two directions, written out: what maps and drags ask for. The sums are those of `sweep`, in its order. */
  private pairs(): void {
    const { v, g, h, code } = this;
    for (let c = 0; c < code.length; c += STRIDE) {
      const to = code[c + 1], a = code[c + 2], b = code[c + 3], x = v[a], y = v[b];
      const G = 2 * to, H = 3 * to, A = 2 * a, B = 2 * b, P = 3 * a, Q = 3 * b;
      switch (code[c]) {
        case Code.Add:
          v[to] = x + y;
          g[G] = g[A] + g[B];
          g[G + 1] = g[A + 1] + g[B + 1];
          h[H] = h[P] + h[Q];
          h[H + 1] = h[P + 1] + h[Q + 1];
          h[H + 2] = h[P + 2] + h[Q + 2];
          break;
        case Code.Sub:
          v[to] = x - y;
          g[G] = g[A] - g[B];
          g[G + 1] = g[A + 1] - g[B + 1];
          h[H] = h[P] - h[Q];
          h[H + 1] = h[P + 1] - h[Q + 1];
          h[H + 2] = h[P + 2] - h[Q + 2];
          break;
        case Code.Scale:
          v[to] = x * y;
          g[G] = y * g[A];
          g[G + 1] = y * g[A + 1];
          h[H] = y * h[P];
          h[H + 1] = y * h[P + 1];
          h[H + 2] = y * h[P + 2];
          break;
        case Code.Mul: case Code.Square: {
          const p = g[A], q = g[A + 1], r = g[B], s = g[B + 1];
          v[to] = x * y;
          g[G] = y * p + x * r;
          g[G + 1] = y * q + x * s;
          h[H] = y * h[P] + x * h[Q] + 2 * p * r;
          h[H + 1] = y * h[P + 1] + x * h[Q + 1] + (p * s + q * r);
          h[H + 2] = y * h[P + 2] + x * h[Q + 2] + 2 * q * s;
          break;
        }
        default: this.one(c);
      }
    }
  }

  /** With any directions. */
  private sweep(): void {
    for (let c = 0; c < this.code.length; c += STRIDE) this.one(c);
  }

  private one(c: number): void {
    const { v, code } = this, to = code[c + 1], a = code[c + 2], b = code[c + 3], more = code[c + 4];
    switch (code[c]) {
      case Code.Add: return this.add(to, a, b, 1);
      case Code.Sub: return this.add(to, a, b, -1);
      case Code.Scale: return this.scale(to, a, v[b]);
      case Code.Mul: case Code.Square: return this.multiply(to, a, b);
      case Code.Other: return this.other(to, this.others[more]);
    }
    this.rules[more](v[a], v[b]);
    v[to] = out.f;
    if (code[c] === Code.First) this.alone(to, a, out.a, out.aa);
    else if (code[c] === Code.Second) this.alone(to, b, out.b, out.bb);
    else if (code[c] === Code.Both) this.both(to, a, b);
  }

  /** Derivatives of a function of one number. */
  private alone(to: number, a: number, d: number, dd: number): void {
    const { k, T, g, h } = this, G = to * k, A = a * k, H = to * T, P = a * T;
    for (let p = 0, t = 0; p < k; p += 1) {
      g[G + p] = d * g[A + p];
      for (let q = p; q < k; q += 1, t += 1) h[H + t] = d * h[P + t] + dd * g[A + p] * g[A + q];
    }
  }

  /** Derivatives of a function of two numbers. */
  private both(to: number, i: number, j: number): void {
    const { k, T, g, h } = this, { a, b, aa, ab, bb } = out, G = to * k, A = i * k, B = j * k, H = to * T, P = i * T, Q = j * T;
    for (let p = 0, t = 0; p < k; p += 1) {
      g[G + p] = a * g[A + p] + b * g[B + p];
      for (let q = p; q < k; q += 1, t += 1) {
        const across = ab * g[A + p] * g[B + q] + ab * g[A + q] * g[B + p];
        h[H + t] = a * h[P + t] + aa * g[A + p] * g[A + q] + (b * h[Q + t] + bb * g[B + p] * g[B + q]) + across;
      }
    }
  }

  private other(to: number, { operation: { op, size, group = 1, matrices }, args, live }: Other): void {
    const [a, b] = args;
    if (op === "select_n") for (let i = 0; i < size; i += 1) this.scale(to + i, this.chosen(args, i), 1);
    else if (op === "clamp") for (let i = 0; i < size; i += 1) this.clamp(to + i, args.map((arg) => placed(arg, i)));
    else if (op === "dot") this.dot(to, a, b, matrices!, live);
    else if (op === "cumsum") for (let i = 0; i < size; i += 1) i % group ? this.add(to + i, a[i], to + i - 1, 1) : this.scale(to + i, a[i], 1);
    else for (let i = 0; i < size; i += 1) this.reduce(op, to + i, a, i * group, (i + 1) * group);
  }

  private clear(to: number): void {
    const { k, T } = this;
    this.v[to] = 0;
    this.g.fill(0, to * k, (to + 1) * k);
    this.h.fill(0, to * T, (to + 1) * T);
  }

  private scale(to: number, a: number, p: number): void {
    const { k, T, v, g, h } = this;
    v[to] = p * v[a];
    for (let i = 0; i < k; i += 1) g[to * k + i] = p * g[a * k + i];
    for (let t = 0; t < T; t += 1) h[to * T + t] = p * h[a * T + t];
  }

  /** A number and q times another. */
  private add(to: number, a: number, b: number, q: number): void {
    const { k, T, v, g, h } = this;
    v[to] = v[a] + q * v[b];
    for (let i = 0; i < k; i += 1) g[to * k + i] = g[a * k + i] + q * g[b * k + i];
    for (let t = 0; t < T; t += 1) h[to * T + t] = h[a * T + t] + q * h[b * T + t];
  }

  /** Adds the product of two numbers to another. */
  private addProduct(to: number, a: number, b: number): void {
    const { k, T, v, g, h } = this, x = v[a], y = v[b];
    v[to] += x * y;
    for (let p = 0, t = 0; p < k; p += 1) {
      g[to * k + p] += y * g[a * k + p] + x * g[b * k + p];
      for (let q = p; q < k; q += 1, t += 1)
        h[to * T + t] += y * h[a * T + t] + x * h[b * T + t] + (g[a * k + p] * g[b * k + q] + g[a * k + q] * g[b * k + p]);
    }
  }

  private multiply(to: number, a: number, b: number): void {
    this.clear(to);
    this.addProduct(to, a, b);
  }

  private chosen([which, ...cases]: number[][], i: number): number {
    return placed(cases[Math.min(cases.length - 1, Math.max(0, this.v[placed(which, i)]))], i);
  }

  /** min(max(x, low), high); where x is on a bound, or the bounds are crossed, without derivatives, as in JAX. */
  private clamp(to: number, [low, x, high]: number[]): void {
    const { v } = this, [l, a, h] = [v[low], v[x], v[high]], from = a > h ? high : l > a && l < h ? low : l < a && a < h ? x : -1;
    if (from < 0) this.clear(to);
    else this.scale(to, from, 1);
    v[to] = Math.min(Math.max(a, l), h);
  }

  private dot(to: number, a: number[], b: number[], [B, M, N, K]: [number, number, number, number], [first, second]: boolean[]): void {
    for (let c = 0; c < B; c += 1)
      for (let m = 0; m < M; m += 1)
        for (let n = 0; n < N; n += 1, to += 1) {
          this.clear(to);
          for (let j = 0; j < K; j += 1) {
            const one = a[(c * M + m) * K + j], other = b[(c * N + n) * K + j];
            if (first && second) this.addProduct(to, one, other);
            else this.add(to, to, first ? one : other, this.v[first ? other : one]);
          }
        }
  }

  /** One number from a group: its sum, its product, its largest or smallest one. */
  private reduce(op: string, to: number, from: number[], start: number, end: number): void {
    this.clear(to);
    if (op === "sum") for (let j = start; j < end; j += 1) this.add(to, to, from[j], 1);
    else if (op === "prod") this.product(to, from, start, end);
    else if (op === "largest" || op === "smallest") this.most(to, from.slice(start, end), op === "largest" ? Math.max : Math.min);
    else throw new Error(`the program has an operation that this page does not know: ${op}`);
  }

  /** Several that are the same share the derivatives, as in JAX. */
  private most(to: number, from: number[], better: (a: number, b: number) => number): void {
    const { v } = this, top = from.reduce((best, j) => better(best, v[j]), v[from[0]]), same = from.filter((j) => v[j] === top);
    for (const j of same) this.add(to, to, j, 1 / same.length);
    v[to] = top;
  }

  private product(to: number, from: number[], start: number, end: number): void {
    let before = this.v.length - 1, after = before - 1;
    this.clear(before);
    this.v[before] = 1;
    for (let j = start; j < end; j += 1) {
      this.multiply(after, before, from[j]);
      [before, after] = [after, before];
    }
    this.scale(to, before, 1);
  }
}

/** The number at a place; one number stands for as many. */
const placed = (from: number[], i: number): number => from[from.length === 1 ? 0 : i];
