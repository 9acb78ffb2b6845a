/**
 * Formulas typed by a reader, parsed and never executed as a script. The grammar is that of src/raphson/cli/expression.py:
 *
 *     formula := [NAME "="] sum
 *     sum     := product (("+" | "-") product)*
 *     product := signed (("*" | "/") signed)*
 *     signed  := ("-" | "+") signed | power
 *     power   := value [("**" | "^") signed]           so -x**2 is -(x**2), and 2^3^2 is 2^(3^2)
 *     value   := NUMBER | NAME | FUNCTION "(" sum ("," sum)* ")" | "(" sum ")"
 */

import { CONSTANTS, DEPTH, FUNCTIONS, FormulaError, LENGTH, Level, OPERATORS, UNROLLED, type Fault, type Step } from "./grammar";
import { nearTo } from "./near";
import { isDigit, isSpace, isStart, isWord, oddIn } from "./text";

export interface Formula {
  text: string;
  /** Free names in order of appearance. */
  names: string[];
  response: string | null;
  code: Step[];
}

interface Token {
  kind: "number" | "name" | "sign" | "end" | "other";
  text: string;
  column: number;
}

/** Reads a formula; FormulaError if it is not one. */
export function parse(text: string): Formula {
  const characters = [...text];
  if (characters.length > LENGTH) throw new FormulaError({ key: "length", length: characters.length }, LENGTH);
  const left = response(characters);
  const parser = new Parser(characters, left ? left.end : 0);
  parser.expression(Level.Sum);
  parser.finish();
  return { text, names: [...parser.names].filter((name) => !CONSTANTS.has(name)), response: left?.name ?? null, code: parser.code };
}

/** What stands left of an equals sign, and where that ends. */
function response(characters: string[]): { name: string; end: number } | null {
  let at = 0;
  const skip = (test: (c: string | undefined) => boolean): number => {
    while (test(characters[at])) at += 1;
    return at;
  };
  const begin = skip(isSpace);
  if (!isStart(characters[at])) return null;
  const end = skip(isWord);
  skip(isSpace);
  return characters[at] === "=" && characters[at + 1] !== "=" ? { name: characters.slice(begin, end).join(""), end: at + 1 } : null;
}

/** Precedence climbing; writes postfix `code`, collects `names`. */
class Parser {
  code: Step[] = [];
  names = new Set<string>();
  private depth = 0;
  private token: Token;

  constructor(private characters: string[], private end: number) {
    this.token = this.scan();
  }

  expression(level: Level): void {
    this.operand();
    for (;;) {
      const own = this.token.kind === "sign" ? OPERATORS.get(this.token.text) : undefined;
      if (own === undefined || own < level) return;
      const { text } = this.advance(), begin = this.code.length;
      if (own === Level.Power) {
        this.nested(Level.Power);
        this.power(begin);
      } else {
        this.expression(own + 1);
        this.code.push({ kind: "apply", name: text, arity: 2 });
      }
    }
  }

  finish(): void {
    if (this.token.kind !== "end") throw this.stray();
  }

  private scan(): Token {
    const all = this.characters;
    let at = this.end;
    while (isSpace(all[at])) at += 1;
    const column = at, c = all[at];
    const token = (kind: Token["kind"], end: number): Token => {
      this.end = end;
      return { kind, text: all.slice(column, end).join(""), column };
    };
    if (c === undefined) return token("end", at);
    if (isDigit(c) || (c === "." && isDigit(all[at + 1]))) return token("number", this.numberEnd(at));
    if (isStart(c)) {
      while (isWord(all[at])) at += 1;
      return token("name", at);
    }
    if (c === "*" && all[at + 1] === "*") return token("sign", at + 2);
    return token("-+*/^(),".includes(c) ? "sign" : "other", at + 1);
  }

  private numberEnd(at: number): number {
    const all = this.characters;
    const digits = (): void => {
      while (isDigit(all[at])) at += 1;
    };
    digits();
    if (all[at] === ".") at += 1;
    digits();
    const sign = all[at + 1] === "+" || all[at + 1] === "-" ? 1 : 0;
    if ((all[at] === "e" || all[at] === "E") && isDigit(all[at + 1 + sign])) {
      at += 1 + sign;
      digits();
    }
    return at;
  }

  private advance(): Token {
    const token = this.token;
    this.token = this.scan();
    return token;
  }

  private take(sign: string): boolean {
    const taken = this.token.kind === "sign" && this.token.text === sign;
    if (taken) this.advance();
    return taken;
  }

  private fail(fault: Fault, column = this.token.column): FormulaError {
    return new FormulaError(fault, column);
  }

  private nested(level: Level): void {
    this.depth += 1;
    if (this.depth > DEPTH) throw this.fail({ key: "deep" });
    this.expression(level);
    this.depth -= 1;
  }

  /** A power, whose exponent is the code from `begin` on; a whole number gives a chain of products. */
  private power(begin: number): void {
    const [exponent] = this.code.slice(begin);
    if (this.code.length === begin + 1 && exponent.kind === "push" && Number.isInteger(exponent.value) && Math.abs(exponent.value) <= UNROLLED)
      this.code.splice(begin, 1, { kind: "apply", name: "whole", arity: 1, power: exponent.value });
    else this.code.push({ kind: "apply", name: "**", arity: 2 });
  }

  private operand(): void {
    const token = this.token;
    if (this.take("+")) this.nested(Level.Sign);
    else if (this.take("-")) {
      const begin = this.code.length;
      this.nested(Level.Sign);
      this.negate(begin);
    } else if (this.take("(")) {
      this.nested(Level.Sum);
      this.close(token);
    } else if (token.kind === "number") this.code.push({ kind: "push", value: this.number(this.advance()) });
    else if (token.kind === "name") this.name(this.advance());
    else throw this.missing();
  }

  /** Minus the code from `begin` on; a number is stored with its sign, for x**-2. */
  private negate(begin: number): void {
    const last = this.code[this.code.length - 1];
    if (this.code.length === begin + 1 && last.kind === "push") this.code[begin] = { kind: "push", value: -last.value };
    else this.code.push({ kind: "apply", name: "negative", arity: 1 });
  }

  private number({ text, column }: Token): number {
    const value = Number(text);
    if (!Number.isFinite(value)) throw this.fail({ key: "too large", text }, column);
    return value;
  }

  private name({ text, column }: Token): void {
    const odd = oddIn(text);
    if (odd >= 0) throw this.fail({ key: "meaningless", character: [...text][odd] }, column + odd);
    const opening = this.token;
    if (!this.take("(")) {
      this.names.add(text);
      this.code.push({ kind: "load", name: text });
      return;
    }
    const takes = FUNCTIONS.get(text);
    if (takes === undefined) throw this.fail({ key: "unknown", name: text, near: nearTo(text.toLowerCase(), [...FUNCTIONS.keys()], 2) }, column);
    let given = this.token.text === ")" ? 0 : 1;
    if (given) {
      this.nested(Level.Sum);
      for (; this.take(","); given += 1) this.nested(Level.Sum);
    }
    this.close(opening);
    if (given !== takes) throw this.fail({ key: "count", name: text, takes, given }, column);
    this.code.push({ kind: "apply", name: text, arity: takes });
  }

  private close(opening: Token): void {
    if (this.take(")")) return;
    throw this.token.kind === "end" ? this.fail({ key: "never closed" }, opening.column) : this.stray();
  }

  /** Something stands where a value is expected. */
  private missing(): FormulaError {
    const { kind, text } = this.token;
    if (kind === "other") return this.fail({ key: "meaningless", character: text });
    if (kind === "end") return this.fail({ key: this.code.length > 0 ? "ends" : "empty" });
    return this.fail({ key: "expected", text });
  }

  /** Something stands where an operator is expected. */
  private stray(): FormulaError {
    const { kind, text } = this.token;
    if (kind === "other") return this.fail({ key: "meaningless", character: text });
    if (text === ")") return this.fail({ key: "never opened" });
    return this.fail(text === "," ? { key: "comma" } : { key: "missing operator", text });
  }
}
