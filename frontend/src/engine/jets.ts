/**
 * Second-order forward mode: value, gradient and Hessian of a program along k directions, in one sweep.
 *
 * Every value is an array of jets: numbers v (size), first derivatives g (size, k), and second derivatives h (size, T) with
 * T = k (k + 1) / 2, the upper triangle row by row. What is constant has no g, what is linear in x no h.
 * Source: Griewank and Walther (2008), "Evaluating Derivatives", chapter 13.
 */

import { decoded, places, type Operation, type Program } from "./program";
import { BINARY, STEPS, UNARY, out, wholePower } from "./scalars";

/** One value of a program. */
interface Jets {
  v: Float64Array;
  g: Float64Array | null;
  h: Float64Array | null;
}

export interface Jet {
  value: number;
  gradient: Float64Array;
  /** The upper triangle, row by row: h11, h12, h22 for two directions. */
  hessian: Float64Array;
}

/** What kind of function of x a value is: its derivatives beyond that vanish. */
const enum Degree { Constant, Linear, Curved }

/** The arrays of a program for so many directions, and what fills them, in order. */
interface Tape {
  jets: Jets[];
  fill: (() => void)[];
}

export class Machine {
  private readonly constants: Float64Array[];
  private readonly degrees: Degree[] = [];
  private readonly where = new Map<Operation, Int32Array>();
  private readonly tapes = new Map<number, Tape>();

  constructor(readonly program: Program) {
    this.constants = program.constants.map(decoded);
    this.degrees = [Degree.Linear, ...this.constants.map(() => Degree.Constant)];
    for (const operation of program.operations) {
      if (operation.runs) this.where.set(operation, places(operation.runs));
      this.degrees.push(degreeOf(operation, operation.args.map((k) => this.degrees[k])));
    }
  }

  get n(): number {
    return this.program.n;
  }

  /** f alone. */
  value(x: ArrayLike<number>): number {
    return this.sweep(x, null, 0).v[0];
  }

  /** f along x + E p at p = 0: E (n, k) row by row. The answer is overwritten by the next one. */
  jet(x: ArrayLike<number>, E: ArrayLike<number>, k: number): Jet {
    const { v, g, h } = this.sweep(x, E, k);
    return { value: v[0], gradient: g ?? new Float64Array(k), hessian: h ?? new Float64Array((k * (k + 1)) / 2) };
  }

  private sweep(x: ArrayLike<number>, E: ArrayLike<number> | null, k: number): Jets {
    const { jets, fill } = this.tapes.get(k) ?? this.tape(k);
    jets[0].v.set(x);
    if (E) jets[0].g!.set(E);
    for (const step of fill) step();
    return jets[this.program.out];
  }

  private tape(k: number): Tape {
    const { operations } = this.program;
    const sizes = [this.n, ...this.constants.map((c) => c.length), ...operations.map((operation) => operation.size)];
    const jets = sizes.map((size, i): Jets => ({
      v: new Float64Array(size),
      g: k > 0 && this.degrees[i] >= Degree.Linear ? new Float64Array(size * k) : null,
      h: k > 0 && this.degrees[i] >= Degree.Curved ? new Float64Array((size * k * (k + 1)) / 2) : null,
    }));
    this.constants.forEach((constant, i) => jets[i + 1].v.set(constant));
    const first = 1 + this.constants.length;
    const fill = operations.map((operation, i) => filler(operation, jets[first + i], operation.args.map((a) => jets[a]), k, this.where.get(operation)));
    this.tapes.set(k, { jets, fill });
    return { jets, fill };
  }
}

const MOVES = new Set(["pick", "add", "sub", "neg", "sum", "relu", "abs", "max", "min", "select_n", "largest", "smallest", "clamp", "rem", "cumsum"]);

/** Operations that are linear, if only in pieces, keep what their arguments are. */
function degreeOf({ op, power }: Operation, args: Degree[]): Degree {
  const most = Math.max(...args) as Degree;
  if (most === Degree.Constant || op in STEPS) return Degree.Constant;
  if (op === "select_n") return Math.max(...args.slice(1)) as Degree;
  if (op === "rem") return args[1] === Degree.Constant ? args[0] : Degree.Curved;
  if (MOVES.has(op)) return most;
  if ((op === "mul" || op === "dot") && Math.min(...args) === Degree.Constant) return most;
  if (op === "div" && args[1] === Degree.Constant) return args[0];
  if (op === "integer_pow" && (power === 0 || power === 1)) return power === 0 ? Degree.Constant : most;
  return Degree.Curved;
}

/** What computes one operation. */
function filler(operation: Operation, to: Jets, args: Jets[], k: number, where: Int32Array | undefined): () => void {
  const { op, group = 1 } = operation, [a, b] = args;
  switch (op) {
    case "pick": return () => pick(to, args, k, where!);
    case "sum": return () => sum(to, a, k, group);
    case "cumsum": return () => running(to, a, k, group);
    case "dot": return () => dot(to, a, b, k, operation.matrices!);
    case "prod": return () => product(to, a, k, group);
    case "largest": return () => most(to, a, k, group, 1);
    case "smallest": return () => most(to, a, k, group, -1);
    case "select_n": return () => select(to, args, k);
    case "clamp": return () => clamp(to, args, k);
    case "integer_pow": return () => unary(to, a, k, (x) => wholePower(x, operation.power!));
  }
  if (op in UNARY) return () => unary(to, a, k, UNARY[op]);
  if (op in BINARY) return () => binary(to, a, b, k, BINARY[op]);
  if (op in STEPS) return () => steps(to, args, STEPS[op]);
  throw new Error(`the program has an operation that this page does not know: ${op}`);
}

function unary(to: Jets, a: Jets, k: number, rule: (x: number) => void): void {
  const step = a.v.length === 1 ? 0 : 1, T = (k * (k + 1)) / 2;
  for (let i = 0; i < to.v.length; i += 1) {
    const j = i * step;
    rule(a.v[j]);
    to.v[i] = out.f;
    if (!to.g) continue;
    const { a: d, aa: dd } = out, g = a.g!;
    for (let p = 0; p < k; p += 1) to.g[i * k + p] = d * g[j * k + p];
    if (!to.h) continue;
    for (let p = 0, t = 0; p < k; p += 1)
      for (let q = p; q < k; q += 1, t += 1)
        to.h[i * T + t] = d * (a.h ? a.h[j * T + t] : 0) + dd * g[j * k + p] * g[j * k + q];
  }
}

function binary(to: Jets, a: Jets, b: Jets, k: number, rule: (x: number, y: number) => void): void {
  const sa = a.v.length === 1 ? 0 : 1, sb = b.v.length === 1 ? 0 : 1, T = (k * (k + 1)) / 2;
  for (let i = 0; i < to.v.length; i += 1) {
    const ia = i * sa, ib = i * sb;
    rule(a.v[ia], b.v[ib]);
    to.v[i] = out.f;
    if (!to.g) continue;
    const { a: da, b: db, aa, ab, bb } = out, [ga, gb] = [a.g, b.g];
    for (let p = 0; p < k; p += 1) to.g[i * k + p] = (ga ? da * ga[ia * k + p] : 0) + (gb ? db * gb[ib * k + p] : 0);
    if (!to.h) continue;
    for (let p = 0, t = 0; p < k; p += 1)
      for (let q = p; q < k; q += 1, t += 1) {
        let s = 0;
        if (ga) s += da * (a.h ? a.h[ia * T + t] : 0) + aa * ga[ia * k + p] * ga[ia * k + q];
        if (gb) s += db * (b.h ? b.h[ib * T + t] : 0) + bb * gb[ib * k + p] * gb[ib * k + q];
        if (ga && gb) s += ab * ga[ia * k + p] * gb[ib * k + q] + ab * ga[ia * k + q] * gb[ib * k + p];
        to.h[i * T + t] = s;
      }
  }
}

function steps(to: Jets, args: Jets[], rule: (x: number, y: number) => number): void {
  const [a, b] = [args[0].v, (args[1] ?? args[0]).v];
  const [sa, sb] = [a.length === 1 ? 0 : 1, b.length === 1 ? 0 : 1];
  for (let i = 0; i < to.v.length; i += 1) to.v[i] = rule(a[i * sa], b[i * sb]);
}

/** Copies jet j of one value to place i of another. */
function copy(to: Jets, i: number, from: Jets, j: number, k: number): void {
  const T = (k * (k + 1)) / 2;
  to.v[i] = from.v[j];
  if (to.g) for (let p = 0; p < k; p += 1) to.g[i * k + p] = from.g ? from.g[j * k + p] : 0;
  if (to.h) for (let t = 0; t < T; t += 1) to.h[i * T + t] = from.h ? from.h[j * T + t] : 0;
}

function pick(to: Jets, args: Jets[], k: number, where: Int32Array): void {
  for (let i = 0; i < where.length; i += 1) {
    let [at, a] = [where[i], 0];
    while (at >= args[a].v.length) at -= args[a++].v.length;
    copy(to, i, args[a], at, k);
  }
}

function select(to: Jets, [which, ...cases]: Jets[], k: number): void {
  const step = which.v.length === 1 ? 0 : 1;
  for (let i = 0; i < to.v.length; i += 1) {
    const from = cases[Math.min(cases.length - 1, Math.max(0, which.v[i * step]))];
    copy(to, i, from, from.v.length === 1 ? 0 : i, k);
  }
}

/** min(max(x, low), high); where x is on a bound, or the bounds are crossed, without derivatives, as in JAX. */
function clamp(to: Jets, [low, x, high]: Jets[], k: number): void {
  clear(to);
  for (let i = 0; i < to.v.length; i += 1) {
    const at = ({ v }: Jets): number => (v.length === 1 ? 0 : i);
    const [l, a, h] = [low.v[at(low)], x.v[at(x)], high.v[at(high)]];
    const from = a > h ? high : l > a && l < h ? low : l < a && a < h ? x : null;
    if (from) copy(to, i, from, at(from), k);
    to.v[i] = Math.min(Math.max(a, l), h);
  }
}

/** Adds jet j of a value to place i of another. */
function accumulate(to: Jets, i: number, from: Jets, j: number, k: number, share: number): void {
  const T = (k * (k + 1)) / 2;
  to.v[i] += share * from.v[j];
  if (from.g && to.g) for (let p = 0; p < k; p += 1) to.g[i * k + p] += share * from.g[j * k + p];
  if (from.h && to.h) for (let t = 0; t < T; t += 1) to.h[i * T + t] += share * from.h[j * T + t];
}

function clear(to: Jets): void {
  to.v.fill(0);
  to.g?.fill(0);
  to.h?.fill(0);
}

function sum(to: Jets, a: Jets, k: number, group: number): void {
  clear(to);
  for (let i = 0; i < to.v.length; i += 1) for (let j = 0; j < group; j += 1) accumulate(to, i, a, i * group + j, k, 1);
}

/** Running sums within every group. */
function running(to: Jets, a: Jets, k: number, group: number): void {
  clear(to);
  for (let i = 0; i < to.v.length; i += 1) {
    accumulate(to, i, a, i, k, 1);
    if (i % group) accumulate(to, i, to, i - 1, k, 1);
  }
}

/** The largest (way 1) or smallest of every group; several that are the same share the derivatives, as in JAX. */
function most(to: Jets, a: Jets, k: number, group: number, way: number): void {
  clear(to);
  for (let i = 0; i < to.v.length; i += 1) {
    const part = a.v.subarray(i * group, (i + 1) * group);
    const top = part.reduce(way > 0 ? (one, other) => Math.max(one, other) : (one, other) => Math.min(one, other));
    const count = part.reduce((many, value) => many + Number(value === top), 0);
    for (let j = 0; j < group; j += 1) if (part[j] === top) accumulate(to, i, a, i * group + j, k, 1 / count);
    to.v[i] = top;
  }
}

/** The jets of single numbers of two values, multiplied and added to place i of a third. */
function addProduct(to: Jets, i: number, a: Jets, ia: number, b: Jets, ib: number, k: number): void {
  const T = (k * (k + 1)) / 2, [x, y] = [a.v[ia], b.v[ib]], [ga, gb] = [a.g, b.g];
  to.v[i] += x * y;
  if (!to.g) return;
  for (let p = 0; p < k; p += 1) to.g[i * k + p] += (ga ? y * ga[ia * k + p] : 0) + (gb ? x * gb[ib * k + p] : 0);
  if (!to.h) return;
  for (let p = 0, t = 0; p < k; p += 1)
    for (let q = p; q < k; q += 1, t += 1) {
      let s = (a.h ? y * a.h[ia * T + t] : 0) + (b.h ? x * b.h[ib * T + t] : 0);
      if (ga && gb) s += ga[ia * k + p] * gb[ib * k + q] + ga[ia * k + q] * gb[ib * k + p];
      to.h[i * T + t] += s;
    }
}

function dot(to: Jets, a: Jets, b: Jets, k: number, [B, M, N, K]: [number, number, number, number]): void {
  clear(to);
  for (let c = 0; c < B; c += 1)
    for (let m = 0; m < M; m += 1)
      for (let n = 0; n < N; n += 1)
        for (let j = 0; j < K; j += 1) addProduct(to, (c * M + m) * N + n, a, (c * M + m) * K + j, b, (c * N + n) * K + j, k);
}

function product(to: Jets, a: Jets, k: number, group: number): void {
  const T = (k * (k + 1)) / 2;
  let [before, after] = [0, 1].map((): Jets => ({ v: new Float64Array(1), g: new Float64Array(k), h: new Float64Array(T) }));
  for (let i = 0; i < to.v.length; i += 1) {
    clear(before);
    before.v[0] = 1;
    for (let j = 0; j < group; j += 1) {
      clear(after);
      addProduct(after, 0, before, 0, a, i * group + j, k);
      [before, after] = [after, before];
    }
    copy(to, i, before, 0, k);
  }
}
