/** What a formula may hold: as in src/raphson/cli/expression.py. */

/** Characters that a formula may have. */
export const LENGTH = 10_000;
/** Parentheses, calls, signs and powers that may stand inside one another. */
export const DEPTH = 100;
/** Largest whole number n for which x**n is a chain of products. */
export const UNROLLED = 64;

export const CONSTANTS: ReadonlyMap<string, number> = new Map([["pi", Math.PI], ["e", Math.E]]);

/** How many arguments a function takes, in the order in which they are listed. */
export const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ["exp", 1], ["expm1", 1], ["log", 1], ["ln", 1], ["log1p", 1], ["log2", 1], ["log10", 1], ["sqrt", 1], ["cbrt", 1], ["abs", 1],
  ["sin", 1], ["cos", 1], ["tan", 1], ["sinh", 1], ["cosh", 1], ["tanh", 1], ["asin", 1], ["arcsin", 1], ["acos", 1],
  ["arccos", 1], ["atan", 1], ["arctan", 1], ["atan2", 2], ["arctan2", 2], ["erf", 1], ["erfc", 1], ["gamma", 1], ["lgamma", 1],
  ["min", 2], ["max", 2],
]);

export const enum Level { Sum = 1, Product = 2, Sign = 3, Power = 4 }

export const OPERATORS: ReadonlyMap<string, Level> = new Map([
  ["+", Level.Sum], ["-", Level.Sum], ["*", Level.Product], ["/", Level.Product], ["**", Level.Power], ["^", Level.Power],
]);

/** What is wrong: a key with what its sentence needs. The sentences are in words/laboratory.ts. */
export type Fault =
  | { key: "length"; length: number }
  | { key: "deep" | "never closed" | "never opened" | "comma" | "ends" | "empty" }
  | { key: "expected" | "missing operator"; text: string }
  | { key: "too large"; text: string }
  | { key: "meaningless"; character: string }
  | { key: "unknown"; name: string; near: string[] }
  | { key: "count"; name: string; takes: number; given: number };

export class FormulaError extends Error {
  /** `column` from 0, in characters. */
  constructor(readonly fault: Fault, readonly column: number) {
    super(fault.key);
  }
}

/** Postfix code: what a loop runs on a stack. */
export type Step =
  | { kind: "push"; value: number }
  | { kind: "load"; name: string }
  /** `name`: an operator, a function, "negative", or "whole" with its exponent. */
  | { kind: "apply"; name: string; arity: number; power?: number };
