/** The formula of a program, where it is short enough to be read: what the page computes, written down again. */

import { decoded, places, type Operation, type Program } from "./program";
import { BINARY, UNARY } from "./scalars";

export type Expression =
  | { kind: "number"; value: number }
  | { kind: "name"; name: string }
  /** Operators and functions by the engine's names; "pow" has two arguments, as has "integer_pow" (the second a number). */
  | { kind: "apply"; op: string; args: Expression[] };

/** Numbers, names and functions that a formula may have: more is not read but skipped. */
const LONGEST = 40;
/** Entries of a value that are followed one by one. */
const WIDEST = 16;

/** The formula in these names; null where it is long, or made of cases that a formula does not show. */
export function expressionOf(program: Program, names: string[]): Expression | null {
  const constants = program.constants.map(decoded);
  if (program.n > WIDEST || constants.some((a) => a.length > WIDEST)) return null;
  const values: Expression[][] = [
    Array.from({ length: program.n }, (_, i) => ({ kind: "name", name: names[i] ?? `x${i + 1}` })),
    ...constants.map((a) => [...a].map(number)),
  ];
  for (const operation of program.operations) {
    const made = operation.size <= WIDEST ? entries(operation, operation.args.map((k) => values[k])) : null;
    if (!made) return null;
    values.push(made);
  }
  const [found] = values[program.out];
  return leaves(found, LONGEST) > LONGEST ? null : found;
}

const number = (value: number): Expression => ({ kind: "number", value });
const isNumber = (e: Expression, value: number): boolean => e.kind === "number" && e.value === value;

/** How many numbers and names, counted until they are too many. */
function leaves(e: Expression, most: number): number {
  if (e.kind !== "apply") return 1;
  // A function counts, too: sines of sines are no formula to read.
  let count = e.args.length === 1 ? 1 : 0;
  for (const arg of e.args) if ((count += leaves(arg, most - count)) > most) break;
  return count;
}

/** The entries of what an operation makes; null for those that are no part of a formula. */
function entries(operation: Operation, args: Expression[][]): Expression[] | null {
  const { op, size, group = 1 } = operation, entry = (a: Expression[], i: number): Expression => (a.length === 1 ? a[0] : a[i]);
  const each = (make: (i: number) => Expression): Expression[] => Array.from({ length: size }, (_, i) => make(i));
  if (op === "pick") {
    const all = args.flat();
    return [...places(operation.runs!)].map((k) => all[k]);
  }
  if (op === "sum" || op === "prod") {
    const [join, none] = op === "sum" ? ([add, 0] as const) : ([times, 1] as const);
    return each((i) => args[0].slice(i * group, (i + 1) * group).reduce(join, number(none)));
  }
  if (op === "dot") return products(operation, args);
  if (op === "integer_pow") return each((i) => raised(entry(args[0], i), operation.power!));
  if (op === "square") return each((i) => raised(entry(args[0], i), 2));
  if (op in UNARY) return each((i) => apply(op, entry(args[0], i)));
  if (!(op in BINARY)) return null;
  const make = { add, sub: subtract, mul: times }[op] ?? ((a: Expression, b: Expression) => apply(op, a, b));
  return each((i) => make(entry(args[0], i), entry(args[1], i)));
}

/** (B, M, K) times (B, N, K), entry by entry. */
function products({ matrices }: Operation, [a, b]: Expression[][]): Expression[] {
  const [B, M, N, K] = matrices!, out: Expression[] = [];
  for (let p = 0; p < B; p += 1)
    for (let i = 0; i < M; i += 1)
      for (let j = 0; j < N; j += 1)
        out.push(Array.from({ length: K }, (_, k) => times(a[(p * M + i) * K + k], b[(p * N + j) * K + k])).reduce(add, number(0)));
  return out;
}

const apply = (op: string, ...args: Expression[]): Expression => ({ kind: "apply", op, args });

function add(a: Expression, b: Expression): Expression {
  if (isNumber(a, 0)) return b;
  if (isNumber(b, 0)) return a;
  return b.kind === "apply" && b.op === "neg" ? apply("sub", a, b.args[0]) : apply("add", a, b);
}

function subtract(a: Expression, b: Expression): Expression {
  if (isNumber(b, 0)) return a;
  return isNumber(a, 0) ? apply("neg", b) : apply("sub", a, b);
}

function times(a: Expression, b: Expression): Expression {
  if (isNumber(a, 1)) return b;
  if (isNumber(b, 1)) return a;
  if (a === b) return raised(a, 2);
  // Numbers first, as people write them.
  return b.kind === "number" && a.kind !== "number" ? apply("mul", b, a) : apply("mul", a, b);
}

const raised = (a: Expression, power: number): Expression => (power === 1 ? a : apply("integer_pow", a, number(power)));
