// @vitest-environment jsdom
/** The formula that a page shows is the function that it computes. */
import { describe, expect, it } from "vitest";
import { expressionOf, type Expression } from "../src/engine/expression";
import type { Program } from "../src/engine/program";
import { compile } from "../src/formula/compile";
import { BINARY, UNARY, out } from "../src/engine/scalars";
import { typeset } from "../src/app/typeset";
import programs from "./fixtures/programs.json";

const cases = programs as unknown as { name: string; program: Program; places: { x: number[]; f: number }[] }[];

/** By hand, not by the engine's loops. */
function value(e: Expression, at: Record<string, number>): number {
  if (e.kind === "number") return e.value;
  if (e.kind === "name") return at[e.name];
  const [a, b] = e.args.map((arg) => value(arg, at));
  if (e.op === "neg") return -a;
  if (e.op === "integer_pow") return a ** b;
  if (e.op in UNARY) UNARY[e.op](a);
  else BINARY[e.op](a, b);
  return out.f;
}

describe("the formula of a program", () => {
  const known = cases.map((one) => ({ ...one, formula: expressionOf(one.program, Array.from({ length: one.program.n }, (_, i) => `x${i + 1}`)) })).filter((one) => one.formula);

  it("is there for short ones", () => expect(known.length).toBeGreaterThan(15));

  it.each(known.map((one) => [one.name, one] as const))("%s is f", (_, { formula, places }) => {
    for (const { x, f } of places) expect(Math.abs(value(formula!, Object.fromEntries(x.map((a, i) => [`x${i + 1}`, a]))) - f)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(f)));
    expect(typeset("f", formula!).querySelectorAll("i, span").length).toBeGreaterThan(1);
  });
});

/** As text, with ^ for a raised part, _ for an index and / for a fraction. */
function flat(node: Node): string {
  if (!(node instanceof HTMLElement)) return node.textContent!.replace(/[\s\u2009]/g, "");
  const parts = [...node.childNodes].map(flat);
  if (node.className === "fraction") return `[${parts[0]}]/[${parts[1]}]`;
  const text = parts.join("");
  return node.localName === "sup" ? `^${text}` : node.localName === "sub" ? `_${text}` : node.className === "under" ? `[${text}]` : text;
}

describe("what is no formula to read", () => {
  const chain = (length: number): Program => ({ n: 1, constants: [], operations: Array.from({ length }, (_, k) => ({ op: "cos", args: [k], size: 1 })), out: length });

  it("a sum of nothing is zero, a product of nothing one", () => {
    const nothing = (op: string): Program => ({ n: 1, constants: [], operations: [{ op: "pick", args: [0], size: 0, runs: [] }, { op, args: [1], size: 1, group: 0 }], out: 2 });
    expect(expressionOf(nothing("sum"), ["x"])).toEqual({ kind: "number", value: 0 });
    expect(expressionOf(nothing("prod"), ["x"])).toEqual({ kind: "number", value: 1 });
  });
  it("functions of functions without an end are left out", () => {
    expect(expressionOf(chain(5), ["x"])).not.toBe(null);
    expect(expressionOf(chain(2000), ["x"])).toBe(null);
  });
});

describe("typeset", () => {
  const shown = (text: string): string => {
    const { program, names } = compile(text);
    return flat(typeset("f", expressionOf(program, names)!));
  };

  it.each([
    ["(1 - x1)^2 + 100*(x2 - x1^2)^2", "f=(1−x_1)^2+100(x_2−x_1^2)^2"],
    ["x^4 - 3*x*y + y^2", "f=x^4−3xy+y^2"],
    ["-x^2", "f=−x^2"], ["(-x)^2", "f=(−x)^2"], ["x - (y - 1)", "f=x−(y−1)"], ["x - (y + 1)", "f=x−(y+1)"], ["x + -y", "f=x−y"],
    ["2*3^x", "f=2·3^x"], ["x*2", "f=2x"], ["exp(-x^2)/y", "f=[e^−x^2]/[y]"], ["(x/y)^2", "f=([x]/[y])^2"], ["(x^2)^y", "f=(x^2)^y"], ["sqrt(x + 1)", "f=√[x+1]"],
    ["log(x)*sin(y)", "f=ln(x)sin(y)"], ["abs(x)", "f=|x|"], ["alpha*x_2", "f=αx_2"], ["rate*time", "f=rate·time"], ["constructor + __proto__*toString", "f=constructor+__proto__·toString"], ["pi*x", "f=πx"], ["cos(2*pi*y)", "f=cos(2πy)"], ["0.1*x", "f=0.1x"], ["1e-7*x", "f=10^−7x"], ["2.5e8*x", "f=2.5·10^8x"],
    ["0.123456789*x", "f=0.1234568…x"], ["x*(y + 1)", "f=x(y+1)"], ["x + (-2)", "f=x−2"], ["(x + 1)*(-2)", "f=(−2)(x+1)"], ["exp(x)^2", "f=(e^x)^2"],
  ])("%s", (text, wanted) => expect(shown(text)).toBe(wanted));
});
