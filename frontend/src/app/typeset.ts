/** A formula as it is written by hand, in plain elements: MathML wants a font that many machines lack. */

import type { Expression } from "../engine/expression";
import { element } from "./dom";

/** How tightly a part holds together: what is looser than its surroundings wants brackets. */
const enum Bond { Sum, Product, Sign, Power, Whole }
interface Piece { node: HTMLElement; bond: Bond }

/** Digits of a number; more are dots. */
const DIGITS = 7;
/** By name; names that every object has are not among them. */
const GREEK = new Map(Object.entries({
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", zeta: "ζ", eta: "η", theta: "θ", kappa: "κ", lambda: "λ", mu: "μ", nu: "ν", xi: "ξ", rho: "ρ",
  sigma: "σ", tau: "τ", phi: "φ", chi: "χ", psi: "ψ", omega: "ω",
}));
const LETTERS = new Map([[Math.PI, "π"], [2 * Math.PI, "2π"], [Math.E, "e"]]);
/** Names of functions where the engine's are not those of mathematics. */
const NAMES: Record<string, string> = { log: "ln", asin: "arcsin", acos: "arccos", atan: "arctan", atan2: "arctan", asinh: "arsinh", acosh: "arcosh", atanh: "artanh", logistic: "σ", lgamma: "ln Γ", digamma: "ψ", rem: "mod" };

/** `left` = the formula. */
export function typeset(left: string, formula: Expression): HTMLElement {
  return element("span", { class: "math" }, letter(left), operator(" = "), piece(formula).node);
}

const row = (...parts: HTMLElement[]): HTMLElement => element("span", {}, ...parts);
const letter = (text: string): HTMLElement => element("i", {}, text);
const plain = (text: string): HTMLElement => element("span", {}, text);
const raised = (base: HTMLElement, exponent: HTMLElement): HTMLElement => row(base, element("sup", {}, exponent));
const root = (under: HTMLElement, degree = ""): HTMLElement => row(plain(`${degree}√`), element("span", { class: "under" }, under));
const fraction = (over: HTMLElement, under: HTMLElement): HTMLElement => element("span", { class: "fraction" }, over, under);
const operator = plain;
const bracketed = (node: HTMLElement, open = "(", close = ")"): HTMLElement => row(plain(open), node, plain(close));
/** In brackets where it holds together less than its place asks. */
const held = ({ node, bond }: Piece, least: Bond): HTMLElement => (bond < least ? bracketed(node) : node);

function piece(e: Expression): Piece {
  if (e.kind === "number") return figure(e.value);
  if (e.kind === "name") return { node: name(e.name), bond: Bond.Whole };
  const [a, b] = e.args;
  switch (e.op) {
    case "add": return { node: row(piece(a).node, ...after(b)), bond: Bond.Sum };
    case "sub": return { node: row(piece(a).node, operator(" − "), held(piece(b), Bond.Product)), bond: Bond.Sum };
    case "neg": return { node: row(operator("−"), held(piece(a), Bond.Product)), bond: Bond.Sum };
    case "mul": return { node: row(held(piece(a), Bond.Product), ...between(a, b), held(piece(b), Bond.Product)), bond: Bond.Product };
    case "div": return { node: fraction(piece(a).node, piece(b).node), bond: Bond.Product };
    case "pow": case "integer_pow": return power(a, b);
    case "exp": return { node: raised(letter("e"), piece(a).node), bond: Bond.Power };
    case "sqrt": return { node: root(piece(a).node), bond: Bond.Whole };
    case "cbrt": return { node: root(piece(a).node, "³"), bond: Bond.Whole };
    case "abs": return { node: bracketed(piece(a).node, "|", "|"), bond: Bond.Whole };
    default: return called(e.op, e.args);
  }
}

/** A sum goes on; a negative number is taken away. */
function after(b: Expression): HTMLElement[] {
  if (b.kind === "number" && b.value < 0) return [operator(" − "), figure(-b.value).node];
  const { node } = piece(b);
  return [operator(" + "), node.textContent!.startsWith("−") ? bracketed(node) : node];
}

/** Between factors stands nothing, but between numbers, and between names that would be read as one. */
const between = (a: Expression, b: Expression): HTMLElement[] => {
  const [left, right] = [edge(a, 1), edge(b, 0)];
  const merged = left.kind === "name" && right.kind === "name" && (isLong(left.name) || isLong(right.name));
  const digit = right.kind === "number" && (right.value < 0 || !LETTERS.has(right.value));
  return digit || merged ? [operator(" · ")] : [];
};

/** What a factor begins with (side 0) or ends with. */
function edge(e: Expression, side: 0 | 1): Expression {
  const open = e.kind === "apply" && (e.op === "mul" || (side === 0 && (e.op === "pow" || e.op === "integer_pow")));
  return open ? edge(e.args[side], side) : e;
}

/** A name of several letters. */
const isLong = (text: string): boolean => !GREEK.has(text) && text.replace(/_?\d+$/, "").length > 1;

function power(base: Expression, exponent: Expression): Piece {
  const under = held(piece(base), Bond.Whole);
  return { node: raised(under, piece(exponent).node), bond: Bond.Power };
}

function called(op: string, args: Expression[]): Piece {
  const inner = args.flatMap((arg, i) => (i ? [operator(", "), piece(arg).node] : [piece(arg).node]));
  return { node: row(plain(`\u2009${NAMES[op] ?? op}`), bracketed(row(...inner))), bond: Bond.Whole };
}

/** x12 has an index; Greek names are letters. */
function name(text: string): HTMLElement {
  const parts = /^(.*?[^\d_])_?(\d+)$/.exec(text), own = (part: string): HTMLElement => letter(GREEK.get(part) ?? part);
  return parts ? row(own(parts[1]), element("sub", {}, parts[2])) : own(text);
}

function figure(value: number): Piece {
  if (!Number.isFinite(value)) return { node: plain(Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞"), bond: Bond.Sum };
  if (value < 0) return { node: row(operator("−"), figure(-value).node), bond: Bond.Sum };
  if (LETTERS.has(value)) return { node: letter(LETTERS.get(value)!), bond: Bond.Whole };
  if (value !== 0 && Number.isFinite(value) && (value >= 1e6 || value < 1e-4)) return scientific(value);
  return { node: plain(digits(value)), bond: Bond.Whole };
}

/** 2.5 · 10^-7 */
function scientific(value: number): Piece {
  const exponent = Math.floor(Math.log10(value)), mantissa = Number((value / 10 ** exponent).toPrecision(15));
  const ten = raised(plain("10"), plain(String(exponent).replace("-", "−")));
  return mantissa === 1 ? { node: ten, bond: Bond.Power } : { node: row(plain(digits(mantissa)), operator(" · "), ten), bond: Bond.Product };
}

/** Never a rounded number without a sign of it. */
function digits(value: number): string {
  const short = String(Number(value.toPrecision(DIGITS)));
  return Number(short) === value || Math.abs(Number(short) - value) < 1e-14 * value ? short : `${short}…`;
}
