/** A program as straight-line code on numbered numbers: what every one is computed from, in order. */

import { places, type Operation, type Program } from "./program";
import { BINARY, PLAIN, STEPS, UNARY, out, raised, wholePower } from "./scalars";

/**
 * How a number is computed. What a basin map makes most of is written out; `First`, `Second`, `Both`: an elementary
 * function of which the first argument has derivatives, the second, or both; `Value`: none has; `Other`: several at once.
 */
export const enum Code { Add, Sub, Mul, Scale, Square, First, Second, Both, Value, Other }

/** Numbers of an instruction: its code, the number that it computes, those that it takes, which rule or other operation. */
export const STRIDE = 5;

export type Rule = (x: number, y: number) => void;
export type Plain = (x: number, y: number) => number;

/** An operation on several numbers; `live`: whether an argument has derivatives. */
export interface Other { operation: Operation; args: number[][]; live: boolean[] }

/** Sums of up to so many numbers are written out; longer ones are loops. */
const WRITTEN = 8;

export class Plan {
  /** Instructions, one after another. */
  readonly code: number[] = [];
  readonly rules: Rule[] = [];
  /** What they compute, without derivatives. */
  readonly plain: Plain[] = [];
  readonly others: Other[] = [];
  /** The numbers of every value: 0 to n - 1 are x. */
  readonly values: number[][] = [];
  /** Which numbers have derivatives. */
  private readonly live: boolean[] = [];

  constructor({ n, operations }: Program, constants: readonly Float64Array[]) {
    this.values.push(this.fresh(n, true), ...constants.map(({ length }) => this.fresh(length, false)));
    for (const operation of operations) this.values.push(this.numbers(operation, operation.args.map((k) => this.values[k])));
  }

  /** How many numbers there are. */
  get count(): number {
    return this.live.length;
  }

  private fresh(size: number, live: boolean): number[] {
    return Array.from({ length: size }, () => this.live.push(live) - 1);
  }

  private put(code: Code, live: boolean, a: number, b: number, more = 0): number {
    const to = this.live.push(live) - 1;
    this.code.push(code, to, a, b, more);
    return to;
  }

  /** The numbers of an operation's result. What only moves numbers about moves nothing here. */
  private numbers(operation: Operation, args: number[][]): number[] {
    const { op, size, group = 1, runs } = operation, [a, b = a] = args, add = (x: number, y: number): number => this.elementary("add", undefined, x, y);
    if (op === "pick") {
      const all = args.length > 1 ? args.flat() : a;
      return Array.from(places(runs!), (k) => all[k]);
    }
    if (op === "sum" && group > 0 && group <= WRITTEN) return Array.from({ length: size }, (_, i) => a.slice(i * group, (i + 1) * group).reduce(add));
    const rule = ruleOf(operation);
    if (rule) {
      const more = this.rules.push(rule) - 1;
      this.plain.push(plainOf(operation, rule));
      const one = args.length === 1, at = (from: number[], i: number): number => from[from.length === 1 ? 0 : i];
      return Array.from({ length: size }, (_, i) => this.elementary(op, operation.power, at(a, i), at(b, i), more, one));
    }
    const live = args.map((arg) => arg.some((k) => this.live[k])), to = this.fresh(size, (op === "select_n" ? live.slice(1) : live).includes(true));
    if (size > 0) this.code.push(Code.Other, to[0], 0, 0, this.others.push({ operation, args, live }) - 1);
    return to;
  }

  /** One number from one or two. */
  private elementary(op: string, power: number | undefined, a: number, b: number, rule = 0, one = false): number {
    // x^0 is 1 whatever x is, also where that has no derivative.
    const constant = op === "integer_pow" && power === 0, first = this.live[a] && !constant, second = !one && this.live[b], live = first || second;
    if (op === "add" || op === "sub") return this.put(op === "add" ? Code.Add : Code.Sub, live, a, b);
    if (op in STEPS || !live) return this.put(Code.Value, false, a, b, rule);
    if (op === "mul") return first && second ? this.put(Code.Mul, true, a, b) : this.put(Code.Scale, true, first ? a : b, first ? b : a);
    if (op === "square" || (op === "integer_pow" && power === 2)) return this.put(Code.Square, true, a, a);
    return this.put(first ? (second ? Code.Both : Code.First) : Code.Second, true, a, b, rule);
  }
}

function plainOf({ op, power = 1 }: Operation, rule: Rule): Plain {
  return op === "integer_pow" ? (x) => raised(x, power) : (PLAIN[op] ?? STEPS[op] ?? ((x, y) => (rule(x, y), out.f)));
}

/** An elementary function; none for what is computed of several numbers at once. */
function ruleOf({ op, power = 1, args }: Operation): Rule | undefined {
  if (op in STEPS) return (x, y) => void (out.f = STEPS[op](x, y));
  if (op === "integer_pow") return (x) => wholePower(x, power);
  return args.length === 1 ? UNARY[op] : BINARY[op];
}
