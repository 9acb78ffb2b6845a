/** A formula as a program of the engine: x is the vector of its free names, in order of appearance. */

import type { Operation, Program } from "../engine/program";
import { CONSTANTS, type Step } from "./grammar";
import { parse, type Formula } from "./parse";

export interface Compiled {
  formula: Formula;
  program: Program;
  names: string[];
}

/** Names of the engine's operations where they are not those of the formula. */
const OWN: ReadonlyMap<string, string> = new Map([
  ["+", "add"], ["-", "sub"], ["*", "mul"], ["/", "div"], ["**", "pow"], ["^", "pow"], ["negative", "neg"], ["ln", "log"],
  ["arcsin", "asin"], ["arccos", "acos"], ["arctan", "atan"], ["arctan2", "atan2"],
]);

/** Reads and compiles; FormulaError if the text is no formula. */
export function compile(text: string): Compiled {
  const formula = parse(text);
  const writer = new Writer(formula.names);
  const out = writer.run(formula.code);
  return { formula, names: formula.names, program: writer.program(out) };
}

/** Constants have negative numbers until their count is known. */
class Writer {
  private constants: number[] = [];
  private operations: Operation[] = [];
  private known = new Map<number | string, number>();
  private loaded: number[];

  constructor(private names: string[]) {
    this.loaded = names.map((_, i) => this.write({ op: "pick", args: [0], size: 1, runs: [[i, 0, 1]] }));
  }

  run(code: Step[]): number {
    const stack: number[] = [];
    for (const step of code) {
      if (step.kind === "push") stack.push(this.constant(step.value));
      else if (step.kind === "load") stack.push(this.load(step.name));
      else stack.push(this.apply(step.name, stack.splice(stack.length - step.arity), step.power));
    }
    return stack[0];
  }

  program(out: number): Program {
    const count = this.constants.length;
    const settled = (k: number): number => (k === 0 ? 0 : k > 0 ? count + k : -k);
    const operations = this.operations.map((operation) => ({ ...operation, args: operation.args.map(settled) }));
    return { n: this.names.length, constants: this.constants, operations, out: settled(out) };
  }

  private write(operation: Operation): number {
    this.operations.push(operation);
    return this.operations.length;
  }

  private constant(value: number): number {
    const key = Object.is(value, -0) ? "-0" : value;
    const known = this.known.get(key) ?? -this.constants.push(value);
    this.known.set(key, known);
    return known;
  }

  private load(name: string): number {
    return CONSTANTS.has(name) ? this.constant(CONSTANTS.get(name)!) : this.loaded[this.names.indexOf(name)];
  }

  private make(op: string, ...args: number[]): number {
    return this.write({ op, args, size: 1 });
  }

  private apply(name: string, args: number[], power?: number): number {
    switch (name) {
      case "whole": return this.write({ op: "integer_pow", args, size: 1, power });
      case "log2": return this.make("div", this.make("log", args[0]), this.constant(Math.LN2));
      case "log10": return this.make("div", this.make("log", args[0]), this.constant(Math.LN10));
      case "gamma": return this.gamma(args[0]);
    }
    return this.make(OWN.get(name) ?? name, ...args);
  }

  /** exp(lgamma), negative where x < 0 lies above an odd whole number. */
  private gamma(x: number): number {
    const odd = this.make("abs", this.make("rem", this.make("floor", x), this.constant(2)));
    const below = this.make("mul", odd, this.make("lt", x, this.constant(0)));
    const sign = this.make("sub", this.constant(1), this.make("mul", this.constant(2), below));
    return this.make("mul", sign, this.make("exp", this.make("lgamma", x)));
  }
}
